import type { GenerationParams } from '../../runs/turn.ts'
import type { AgentSnapshot } from '../agents/agent.ts'

export const STYLE_PRESETS = ['accurate', 'balanced', 'creative', 'custom'] as const
export type StylePreset = (typeof STYLE_PRESETS)[number]

/** What a session has been told about how to answer. Every change makes a revision; a revision never changes. */
export type Settings = {
  stylePreset: StylePreset | null
  styleParams: StyleParams
  generationParams: GenerationParams
  /** In the order in which models see them. */
  fewShotLinks: FewShotLink[]
  /** The agent as it was when it was set. */
  agentSnapshot: AgentSnapshot | null
  /** The model that summarises turns that do not fit a lane's window; null leaves them out. */
  summaryModel: string | null
}

export type StyleParams = { [name: string]: unknown }

export type FewShotLink = { id: number; exampleId: number; createdAt: string }

export type SettingsRevision = Settings & { revision: number; createdAt: string; personId: number }

export const NO_SETTINGS: Settings = {
  stylePreset: null,
  styleParams: {},
  generationParams: {},
  fewShotLinks: [],
  agentSnapshot: null,
  summaryModel: null,
}
