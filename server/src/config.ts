import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'

/**
 * The whole configuration, from the environment and an optional JSON file.
 *
 * Only `main.ts` reads `process.env`; everyone else is given values from here.
 */
export type Config = {
  host: string
  port: number
  /** Absolute folder of the SQLite file, the secret and everything else that must survive a restart. */
  dataFolder: string
  database: { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string }
  /** Undefined means: use (or make) the file `secret` in the data folder. */
  secret: string | undefined
  logLevel: LogLevel
  providers: ProviderConfig[]
  models: ModelConfig[]
  outbound: { allow: string[] }
  /** Where spans of Etude's own work are sent, too. */
  otlp: OtlpConfig | undefined
  /** Requests a minute for one person (or one address while not signed in); 0 switches the limit off. */
  requestsPerMinute: number
  /** Writes titles of sessions; without one they are cut from the prompt. */
  titleModel: string | undefined
}

type LogLevel = (typeof LOG_LEVELS)[number]
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const name = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\w][\w.:/@ -]*$/u, 'may hold letters, digits, spaces and . : / @ _ -')
const httpUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))

const ProviderSchema = z.strictObject({
  name: name.describe('What models refer to.'),
  kind: z.enum(['openai-compatible', 'anthropic', 'google', 'ollama']),
  baseUrl: httpUrl.optional().describe('Needed for openai-compatible, e.g. http://127.0.0.1:9000/v1'),
  apiKey: z.string().min(1).optional().describe('The key itself; prefer apiKeyEnv.'),
  apiKeyEnv: z.string().min(1).optional().describe('The environment variable that holds the key.'),
  headers: z.record(z.string(), z.string()).default({}).describe('Sent with every request.'),
  connectTimeoutMs: z.int().min(1).max(600_000).default(10_000),
  idleTimeoutMs: z.int().min(1).max(3_600_000).default(120_000).describe('Longest silence before or inside a stream.'),
  retries: z.int().min(0).max(10).default(2).describe('Tries after the first, before any text has come.'),
  concurrency: z.int().min(1).max(100_000).default(256).describe('Requests under way at once; more wait.'),
})
export type ProviderConfig = Omit<z.output<typeof ProviderSchema>, 'apiKeyEnv'>

export const PARAMETER_NAMES = [
  'temperature',
  'top_p',
  'top_k',
  'max_completion_tokens',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'stop',
  'seed',
  'reasoning_effort',
] as const

const ModelSchema = z.strictObject({
  name: name.describe("The catalog's logical name, which people and clients use."),
  displayName: z.string().min(1).max(128).optional(),
  provider: name,
  model: z.string().min(1).describe("The provider's own name for it."),
  modality: z.enum(['chat', 'embedding']).default('chat'),
  dimensions: z.int().min(1).max(65_536).optional().describe('Of an embedding model: how long its vectors are.'),
  contextTokens: z.int().min(256).default(8192),
  maxOutputTokens: z.int().min(1).default(2048),
  tokenizer: z.string().min(1).default('estimate').describe('o200k_base, cl100k_base, … or estimate.'),
  pricePerMillionTokens: z
    .strictObject({ input: z.number().min(0), output: z.number().min(0) })
    .optional()
    .describe('US dollars.'),
  unsupported: z.array(z.enum(PARAMETER_NAMES)).default([]).describe('Parameters that must not be sent.'),
  capabilities: z
    .strictObject({
      tools: z.boolean().default(false),
      images: z.boolean().default(false),
      json: z.boolean().default(false),
    })
    .prefault({}),
})
export type ModelConfig = z.output<typeof ModelSchema>

const OtlpSchema = z
  .strictObject({
    endpoint: httpUrl.describe('Of a collector, without /v1/traces: http://127.0.0.1:4318'),
    headers: z.record(z.string(), z.string()).default({}).describe('Sent with every request.'),
    content: z.boolean().default(false).describe('Whether prompts and answers are exported, too.'),
  })
  .describe('Where Etude sends spans of its own work by OTLP; without it, nowhere.')
export type OtlpConfig = z.output<typeof OtlpSchema>

const FileSchema = z.strictObject({
  $schema: z.string().optional(),
  providers: z.array(ProviderSchema).default([]),
  models: z.array(ModelSchema).default([]),
  outbound: z
    .strictObject({ allow: z.array(httpUrl).default([]).describe('Private origins that skills may call.') })
    .prefault({}),
  otlp: OtlpSchema.optional(),
  titleModel: z
    .string()
    .min(1)
    .optional()
    .describe('The model that writes titles of sessions; without it they are cut from the prompt.'),
  requestsPerMinute: z.int().min(0).default(6000),
})

const EnvironmentSchema = z.object({
  ETUDE_HOST: z.string().min(1).default('127.0.0.1'),
  ETUDE_PORT: z.coerce.number().int().min(0).max(65_535).default(4747),
  ETUDE_DATA: z.string().min(1).default('./data'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
    .optional(),
  ETUDE_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  ETUDE_CONFIG: z.string().min(1).optional(),
  ETUDE_LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
})

/** Every mistake in the configuration, one line each, with the key's path. */
export class ConfigError extends Error {
  readonly problems: string[]

  constructor(problems: string[]) {
    const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`
    super(`The configuration has ${count}:\n${problems.map((line) => `  ${line}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads and checks the environment and, where there is one, `etude.config.json`.
 *
 * @throws {ConfigError} naming all mistakes together.
 */
export function loadConfig(environment: Record<string, string | undefined>): Config {
  const problems: string[] = []
  // An empty variable means "not set": that is what `docker run -e NAME` and many shells leave behind.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const variables = EnvironmentSchema.safeParse(given)
  if (!variables.success)
    problems.push(...variables.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))

  const file = loadFile(given.ETUDE_CONFIG, problems)
  const providers = file.providers.map(({ apiKeyEnv, ...provider }, index) => {
    const apiKey = provider.apiKey ?? (apiKeyEnv ? given[apiKeyEnv] : undefined)
    if (apiKeyEnv && !apiKey) problems.push(`providers[${index}].apiKeyEnv: the variable ${apiKeyEnv} is not set`)
    if (provider.kind === 'openai-compatible' && !provider.baseUrl)
      problems.push(`providers[${index}].baseUrl: an openai-compatible provider needs one`)
    return apiKey ? { ...provider, apiKey } : provider
  })
  problems.push(...duplicates('providers', file.providers), ...duplicates('models', file.models))
  for (const [index, model] of file.models.entries()) {
    if (!providers.some((provider) => provider.name === model.provider))
      problems.push(`models[${index}].provider: there is no provider named ${model.provider}`)
    const kind = providers.find((provider) => provider.name === model.provider)?.kind
    if (model.modality === 'embedding' && kind !== undefined && kind !== 'openai-compatible' && kind !== 'ollama')
      problems.push(`models[${index}].modality: embeddings come from openai-compatible and ollama providers only`)
    if (model.modality === 'chat' && model.dimensions !== undefined)
      problems.push(`models[${index}].dimensions: only an embedding model has them`)
    if (model.maxOutputTokens > model.contextTokens)
      problems.push(`models[${index}].maxOutputTokens: is larger than contextTokens`)
  }
  if (problems.length > 0 || !variables.success) throw new ConfigError(problems)

  const { data } = variables
  const dataFolder = resolve(data.ETUDE_DATA)
  return {
    host: data.ETUDE_HOST,
    port: data.ETUDE_PORT,
    dataFolder,
    database: data.DATABASE_URL
      ? { kind: 'postgres', url: data.DATABASE_URL }
      : { kind: 'sqlite', file: resolve(dataFolder, 'etude.sqlite') },
    secret: data.ETUDE_SECRET,
    logLevel: data.ETUDE_LOG_LEVEL,
    providers,
    models: file.models,
    outbound: file.outbound,
    otlp: file.otlp,
    requestsPerMinute: file.requestsPerMinute,
    titleModel: file.titleModel,
  }
}

/** JSON Schema of `etude.config.json`, for editors. */
export function configFileJsonSchema() {
  return z.toJSONSchema(FileSchema, { io: 'input' })
}

function loadFile(path: string | undefined, problems: string[]): z.output<typeof FileSchema> {
  const empty = FileSchema.parse({})
  const file = path ?? 'etude.config.json'
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT' && path === undefined
    if (!absent) problems.push(`${file}: cannot be read (${(error as Error).message})`)
    return empty
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    problems.push(`${file}: is not JSON (${(error as Error).message})`)
    return empty
  }
  const parsed = FileSchema.safeParse(json)
  if (parsed.success) return parsed.data
  problems.push(...parsed.error.issues.map((issue) => `${jsonPath(issue.path)}: ${issue.message}`))
  return empty
}

function jsonPath(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text.replace(/^\./, '') || '(top level)'
}

function duplicates(list: string, items: readonly { name: string }[]): string[] {
  return items.flatMap((item, index) =>
    items.findIndex((other) => other.name === item.name) < index
      ? [`${list}[${index}].name: ${item.name} is used twice`]
      : [],
  )
}
