import type { components } from './openapi.ts'

/** What the API sends and takes, under short names; the types are generated from the server's schemas. */
type Schemas = components['schemas']

export type Person = Schemas['Person']
export type Me = Schemas['Me']
export type ClassMembership = Me['classes'][number]
export type Model = Schemas['Model']
export type Page<Item> = { items: Item[]; total: number; page: number; size: number }
export type GenerationParams = Schemas['GenerationParamsInput']

/** One prompt asked of one or more models; the results are in the order asked. */
export type TurnResult = Schemas['PracticeTurnResult']
export type TurnStatus = TurnResult['status']
/** One model's answer to a turn. */
export type ModelResult = Schemas['PracticeTurnModelResult']
export type TokenUsage = NonNullable<ModelResult['token_usage']>
export type ResponseError = NonNullable<ModelResult['error']>
export type DroppedParam = ModelResult['dropped_params'][number]

/** A call of a skill's operation that a lane has made, or that waits for permission. */
export type SkillCall = Schemas['PracticeSkillCall']
export type SkillCallApproval = Schemas['SkillCallApproval']

export type SessionSummary = Schemas['PracticeSessionSummary']
export type Session = Schemas['PracticeSession']
export type SessionModel = Schemas['SessionModel']
export type SessionTurn = Session['turns'][number]

/** What somebody has said about an answer. */
export type Verdict = Schemas['Verdict']
export type VerdictRequest = Schemas['VerdictRequestInput']

/** One lane of a preview of what would be sent. */
export type WindowLane = Schemas['WindowPreview']['lanes'][number]

export type ApiKey = Schemas['ApiKey']
/** The only reply in which a key is ever shown. */
export type NewApiKey = Schemas['NewApiKey']

export type Skill = Schemas['Skill']
export type CreatedSkill = Schemas['CreatedSkill']
export type SkillSummary = Schemas['SkillSummary']
export type SkillOperation = Schemas['SkillOperation']
export type SkillOperationTuning = Schemas['SkillOperationTuningInput']
export type SkillSecurityScheme = Schemas['SkillSecurityScheme']
export type SkillCredential = Schemas['SkillCredential']
export type SkillDocumentProblem = Schemas['SkillDocumentProblem']
export type CheckedSkillDocument = Schemas['CheckedSkillDocument']
export type Skillset = Schemas['Skillset']
export type SkillsetSummary = Schemas['SkillsetSummary']
export type SkillsetVersionSummary = Schemas['SkillsetVersionSummary']
