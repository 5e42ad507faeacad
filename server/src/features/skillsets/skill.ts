import type { JsonObject } from '../../models/language-model.ts'

/** An API that models can call: operations of an OpenAPI document, or tools of an MCP server, with names for people and for models. */
export type Skill = SkillContent & {
  skillId: number
  personId: number
  createdAt: string
  updatedAt: string
}

/** What an author says of a skill, and what a version of a skillset keeps of it. */
export type SkillContent = {
  /** For people: unique among the skills of a skillset. */
  nameForHuman: string
  /** For models: letters, digits and underscores, unique among the skills of a skillset. */
  nameForModel: string
  descriptionForHuman: string
  /** When to use it and what for; this is what a model chooses by. */
  descriptionForModel: string
  source: SkillSource
  operations: Operation[]
  /** How to sign in to the API; the secrets themselves are kept elsewhere, see `Credential`. */
  securitySchemes: SecurityScheme[]
}

/** Where a skill's operations come from. */
export type SkillSource =
  | { kind: 'openapi'; title: string; version: string; url?: string }
  | { kind: 'mcp'; url: string; title: string }

export type HttpMethod = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS' | 'HEAD' | 'PATCH' | 'TRACE'

/**
 * One thing that a skill can do. Everything that calling it needs is here: references are resolved and servers are
 * chosen, so nothing looks into the document again.
 */
export type Operation = {
  /** Unique in the skill: the document's, or made from method and path; an MCP tool's name. */
  operationId: string
  summary: string
  description: string
  /** Whether models may use it. */
  isEnabled: boolean
  approval: ApprovalRule
  /** `x-api-order`: where its results stand when they are shown in order. */
  apiOrder: number | null
  hint: ResponseHint
  call: HttpCall | McpCall
}

/** `never`: called at once; `always`: each call waits until a person has allowed it. */
type ApprovalRule = 'never' | 'always'

/** What of an answer a model shall see. */
export type ResponseHint = {
  /** Paths such as `items[].title`; empty is everything. */
  fields: string[]
  /** Of every list; null is as many as fit. */
  maxItems: number | null
}

export type HttpCall = {
  kind: 'http'
  method: HttpMethod
  /** Absolute, with its variables filled in, without a slash at its end. */
  server: string
  /** As in the document: `/hotels/{id}`. */
  path: string
  parameters: Parameter[]
  body: RequestBody | null
  /** Any one of these is enough; of each, all names of schemes are needed. An empty list needs none. */
  security: string[][]
}

export type McpCall = { kind: 'mcp'; tool: string; inputSchema: JsonObject; isReadOnly: boolean }

/** OpenAPI 3.1 §4.8.12, after 2.0 documents were brought into the form of 3. */
export type Parameter = {
  name: string
  in: 'path' | 'query' | 'header' | 'cookie'
  isRequired: boolean
  description: string
  schema: JsonObject
  style: 'matrix' | 'label' | 'form' | 'simple' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject'
  explode: boolean
  allowReserved: boolean
  /** When the value is written as a document of its own, e.g. `application/json`. */
  mediaType: string | null
}

export type RequestBody = {
  isRequired: boolean
  description: string
  mediaType: string
  schema: JsonObject
  /** How parts of a form are written, by the name of the property. */
  encoding: { [property: string]: PartEncoding }
}

export type PartEncoding = {
  contentType: string | null
  style: Parameter['style'] | null
  explode: boolean | null
  allowReserved: boolean
  /** Of parts of a multipart form. */
  headers: { [name: string]: string }
}

export type SecurityScheme =
  | { name: string; kind: 'apiKey'; in: 'header' | 'query' | 'cookie'; parameter: string; description: string }
  | { name: string; kind: 'bearer'; description: string }
  | { name: string; kind: 'basic'; description: string }

/** A secret that signs calls of a skill in; decrypted only to make a call. `basic` holds `user:password`. */
export type Credential = { scheme: string; secret: string }

/** What an author has made of up to ten skills. */
export type SkillsetContent = {
  name: string
  description: string
  /** Added to what the model is told. */
  instructions: string
  /** How answers shall look, in words: a table, JSON, fixed phrases. */
  answerFormat: string
  /** Of the catalog; null is the first one that the asking person may use. */
  modelName: string | null
  skills: (SkillContent & { skillId: number })[]
  demonstrations: Demonstration[]
}

/** A question that was answered well: it steers the planner as an example. */
export type Demonstration = {
  query: string
  steps: { skill: string; operationId: string; arguments: JsonObject }[]
  answer: string
}

/** An immutable state of a skillset. */
export type SkillsetVersion = SkillsetContent & {
  /** 8 lowercase letters and digits. */
  skillsetId: string
  /** From 1. */
  version: number
  ownerId: number
  createdAt: string
}

export const MAX_SKILLS = 10
export const MAX_VERSIONS = 50
export const MAX_CALLS_PER_QUERY = 10
export const MAX_QUERY_MS = 120_000
export const MAX_CALL_MS = 30_000
