import type { Person } from '../accounts/person.ts'
import { redact } from '../agents/agent.ts'
import { resolveParams } from './resolve-settings.ts'
import type { PracticeSession } from './session.ts'
import type { SettingsRevision } from './settings.ts'
import { toWireSettings } from './settings-schema.ts'
import type { SettingsService } from './settings-service.ts'

/** A session's settings as somebody may see them: a hidden prompt stays hidden. */
export async function showSettings(
  settings: SettingsService,
  person: Person,
  session: PracticeSession,
  revision: SettingsRevision,
) {
  return toWireSettings(session, revision, {
    agent: revision.agentSnapshot && redact(revision.agentSnapshot, person),
    agentLatestVersion: await settings.latestAgentVersion(revision),
    examples: await settings.examplesOf(session, revision.fewShotLinks),
    resolved: resolveParams(revision),
  })
}
