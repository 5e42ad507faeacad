import type { GenerationParams } from '../../runs/turn.ts'

/** A persona that sessions can use: its latest version, and what is true of all its versions. */
export type Agent = AgentContent & {
  agentId: number
  personId: number
  version: number
  /** Whether the prompt and the examples reach models and their owner, and nobody else. */
  isPromptHidden: boolean
  isActive: boolean
  /** Where it came from; null for one's own. */
  source: string | null
  createdAt: string
  updatedAt: string
  /** The classes with which it is shared, as far as the reader may know. */
  classIds: number[]
}

/** An agent without what is hidden from its reader. */
export type RedactedAgent = Omit<Agent, 'systemPrompt'> & { systemPrompt: string | null }

/** What makes a version. */
export type AgentContent = {
  name: string
  roleDescription: string | null
  systemPrompt: string
  examples: AgentExample[]
  generationParams: GenerationParams
  /** What its lanes answer with. */
  skillsets: AgentSkillset[]
}

/** A version of a skillset that an agent carries, under its wire names: it is stored as it is sent. */
export type AgentSkillset = { skillset_id: string; version: number; name: string }

type AgentExample = { input_text: string; output_text: string }

/** An immutable state of an agent. */
export type AgentVersion = AgentContent & {
  version: number
  /** The version that this one was made equal to. */
  restoredFrom: number | null
  createdAt: string
}

/** A version as lists show it. */
export type AgentVersionSummary = Pick<AgentVersion, 'version' | 'name' | 'restoredFrom' | 'createdAt'>

/** Permission for a class to use what one of its teachers or assistants owns. */
export type AgentShare = {
  shareId: number
  agentId: number
  classId: number
  personId: number
  isActive: boolean
  createdAt: string
}

/** An agent as it was when a session took it, under its wire names: it is stored as it is sent. */
export type AgentSnapshot = {
  agent_id: number
  /** Whose agent it is: nobody else sees what is hidden. */
  owner_id: number
  version: number
  name: string
  role_description: string | null
  system_prompt: string
  examples: AgentExample[]
  generation_params: GenerationParams
  /** Missing in snapshots from before agents had them. */
  skillsets?: AgentSkillset[]
  captured_at: string
  /** Whether the one who took it owns it, or uses it through a class. */
  source: 'own' | 'shared'
  is_hidden: boolean
}

/** A snapshot without what is hidden from its reader. */
export type RedactedSnapshot = Omit<AgentSnapshot, 'system_prompt'> & { system_prompt: string | null }

/**
 * Takes out of a snapshot what its reader may not see: the prompt, the examples and the skillsets of a hidden one, for
 * anybody but the agent's owner.
 */
export function redact(snapshot: AgentSnapshot, viewer: { personId: number }): RedactedSnapshot {
  if (!snapshot.is_hidden || snapshot.owner_id === viewer.personId) return snapshot
  return { ...snapshot, system_prompt: null, examples: [], skillsets: [] }
}

export const MAX_NAME_CHARACTERS = 100
export const MAX_ROLE_CHARACTERS = 2_000
export const MAX_PROMPT_CHARACTERS = 50_000
export const MAX_EXAMPLES = 50
export const MAX_SKILLSETS = 5
export const MAX_EXAMPLE_CHARACTERS = 20_000
/** Of all examples of an agent together. */
export const MAX_EXAMPLES_CHARACTERS = 200_000
export const MAX_AGENTS_PER_PERSON = 500
export const MAX_VERSIONS = 1_000
