import type { Database } from '../../db/open.ts'
import type { Outbound } from '../../http/outbound.ts'
import { SecretBox, type ServerSecret } from '../accounts/secret.ts'
import type { ModelCatalog } from '../catalog/catalog.ts'
import type { ClassService } from '../classes/service.ts'
import { SkillAgent } from './agent/skill-agent.ts'
import { SkillCredentials } from './authoring/credential-service.ts'
import { CredentialStore } from './authoring/credential-store.ts'
import { SkillsetDrafts } from './authoring/draft-service.ts'
import { DraftStore } from './authoring/draft-store.ts'
import { OperationTrial } from './authoring/operation-trial.ts'
import { PublishStore } from './authoring/publish-store.ts'
import { RestoreStore } from './authoring/restore-store.ts'
import { ShareStore } from './authoring/share-store.ts'
import { SkillReader } from './authoring/skill-reader.ts'
import { SkillService } from './authoring/skill-service.ts'
import { SkillStore } from './authoring/skill-store.ts'
import { UsableSkills } from './authoring/usable-skills.ts'
import { SkillsetVersions } from './authoring/version-service.ts'
import { VersionStore } from './authoring/version-store.ts'
import { OperationCaller } from './call/operation-caller.ts'
import { McpTools } from './mcp/mcp-tools.ts'
import { SkillsetService } from './service.ts'

/** Everything about skills and skillsets, built once. */
export function createSkillsets(deps: {
  database: Database
  secret: ServerSecret
  outbound: Outbound
  classes: ClassService
  catalog: ModelCatalog
  now: () => Date
}) {
  const { database, secret, outbound, classes, catalog, now } = deps
  const { ids } = database
  const mcp = new McpTools({ outbound })
  const operationCaller = new OperationCaller({ outbound, mcp })
  const box = new SecretBox(secret.deriveKey('skill credentials'))
  const versionStore = new VersionStore(database)
  const credentialStore = new CredentialStore(database)
  const skillStore = new SkillStore(database)
  const draftStore = new DraftStore(database)
  const skillsets = new SkillsetService({ versions: versionStore, credentials: credentialStore, box, classes, now })
  const skillReader = new SkillReader({ outbound, mcp })
  const skills = new SkillService({ store: skillStore, drafts: draftStore, reader: skillReader, ids, now })
  const skillsetDrafts = new SkillsetDrafts({
    store: draftStore,
    publishing: new PublishStore(database),
    shares: new ShareStore(database),
    classes,
    catalog,
    ids,
    now,
  })
  const skillsetVersions = new SkillsetVersions({
    store: versionStore,
    restoring: new RestoreStore(database),
    drafts: skillsetDrafts,
    skills: skillStore,
    ids,
    now,
  })
  const skillCredentials = new SkillCredentials({
    store: credentialStore,
    skills: new UsableSkills({ skills: skillStore, versions: versionStore, classes }),
    box,
    classes,
    now,
  })
  return {
    skillsets,
    skills,
    skillReader,
    skillsetDrafts,
    skillsetVersions,
    skillCredentials,
    operationCaller,
    operationTrial: new OperationTrial({ skills, skillsets, caller: operationCaller }),
    skillAgent: new SkillAgent({ caller: operationCaller }),
  }
}
