import type { Demonstration, Skill, SkillContent, SkillSource } from '../skill.ts'
import type { TunedContent } from './tuning.ts'

/** A skill as its author works on it: with the number of its latest change. */
export type EditedSkill = Skill & TunedContent & { revision: number }

/** A skill as lists show it. */
export type SkillSummary = Pick<
  EditedSkill,
  'skillId' | 'revision' | 'nameForHuman' | 'nameForModel' | 'descriptionForHuman' | 'createdAt' | 'updatedAt'
> & { source: SkillSource; operationCount: number; enabledCount: number }

/** What an author says of a skillset, apart from its skills. */
export type DraftFields = {
  name: string
  description: string
  instructions: string
  answerFormat: string
  modelName: string | null
  demonstrations: Demonstration[]
}

/** What a draft shows of a skill. */
export type ChosenSkill = Pick<SkillSummary, 'skillId' | 'revision' | 'nameForHuman' | 'nameForModel' | 'enabledCount'>

/** A skillset as its author works on it: skills are named, not copied, until it is published. */
export type SkillsetDraft = DraftFields & {
  /** 8 lowercase letters and digits. */
  skillsetId: string
  personId: number
  /** From 1, one more with every change. */
  revision: number
  /** 0 before the first is published. */
  latestVersion: number
  /** In their order. */
  skills: ChosenSkill[]
  /** The classes with which it is shared. */
  classIds: number[]
  createdAt: string
  updatedAt: string
}

/** A skillset as lists show it, to its owner and to those who use it. */
export type SkillsetSummary = Pick<
  SkillsetDraft,
  'skillsetId' | 'personId' | 'latestVersion' | 'name' | 'description' | 'createdAt' | 'updatedAt'
>

/** A published skillset as those see it who may use it. */
export type SharedSkillset = SkillsetSummary & { skills: Pick<ChosenSkill, 'skillId' | 'nameForHuman'>[] }

/** A version as lists show it. */
export type VersionSummary = {
  version: number
  name: string
  skillCount: number
  /** Whether something or somebody needs it: then it is not deleted. */
  isInUse: boolean
  isPinned: boolean
  createdAt: string
}

/** Permission for a class to use a skillset of one of its teachers or assistants. */
export type SkillsetShare = {
  shareId: number
  skillsetId: string
  classId: number
  personId: number
  isActive: boolean
  createdAt: string
}

/** What is known of a secret without opening it. */
export type StoredCredential = {
  scheme: string
  hint: string
  /** Where it may be sent. */
  origins: string[]
  setBy: number
  setAt: string
}

/** Whose a secret is: it signs in one person, or everybody in a class. */
export type CredentialHolder = { personId: number } | { classId: number }

export function contentOf(skill: SkillContent): SkillContent {
  const { nameForHuman, nameForModel, descriptionForHuman, descriptionForModel, source, operations, securitySchemes } =
    skill
  return { nameForHuman, nameForModel, descriptionForHuman, descriptionForModel, source, operations, securitySchemes }
}

/** The holder of a version that its owner has pinned. */
export const BY_HAND = 'pinned by hand'

export const MAX_SKILLS_PER_PERSON = 200
export const MAX_SKILLSETS_PER_PERSON = 200
/** Of everything that is kept of a skill, as JSON. */
export const MAX_SKILL_BYTES = 16 * 1024 * 1024
