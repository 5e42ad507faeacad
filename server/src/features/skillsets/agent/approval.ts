import type { JsonObject } from '../../../models/language-model.ts'
import type { SkillCall, SkillTool } from './skill-call.ts'

/** What became of a call that needs permission. */
export type Approval = { name: 'allowed'; arguments?: JsonObject } | { name: 'denied'; reason: string }

/**
 * Decides whether calls of operations may be made that need the permission of a person.
 *
 * A model has no part in it: neither what it writes nor what an API answered reaches this.
 */
export interface Approver {
  /** What is known without asking anybody; undefined when a person must be asked. */
  known(tool: SkillTool): Promise<Approval | undefined>
  /** When the wait for a person ends by itself. */
  until(): Date
  /** Asks a person and waits; a wait that ends by itself is denied. */
  ask(call: SkillCall, signal: AbortSignal): Promise<Approval>
}
