import { AppError, InvalidRequestError, NotFoundError } from '../../../errors.ts'
import type { ChatMessage } from '../../../models/language-model.ts'
import type { Person } from '../../accounts/person.ts'
import type { CatalogModel } from '../../catalog/catalog.ts'
import { type GatewayService, usualAnswer } from '../../gateway/service.ts'
import type { TraceParent } from '../../gateway/store.ts'
import type { OwnTraces } from '../../traces/own/own-traces.ts'
import type { SkillAnswer } from '../../traces/own/skill-answers.ts'
import type { OverrideValues } from '../call/operation-result.ts'
import type { SkillsetService } from '../service.ts'
import type { SkillsetVersion } from '../skill.ts'
import type { Approver } from './approval.ts'
import type { AgentModel } from './planner.ts'
import type { SkillAgent } from './skill-agent.ts'
import type { AgentEvent } from './skill-call.ts'
import { type ToldCall, toldCall } from './told-call.ts'

export type FinalAnswerRequest = {
  skillsetId: string
  version: number | 'latest'
  query: string
  /** Of users and assistants, oldest first, without the query. */
  history: readonly ChatMessage[]
  base: OverrideValues | undefined
  operations: readonly OperationOverride[]
}

/** For one operation: values of the client's own, and permission to call it where that is needed. */
type OperationOverride = OverrideValues & { operationId: string; isApproved: boolean }

/** Answers questions with a version of a skillset, for a client that waits for the answer. */
export class FinalAnswers {
  readonly #skillsets: Pick<SkillsetService, 'getRunnable' | 'credentialsFor'>
  readonly #gateway: Pick<GatewayService, 'ask' | 'getModel' | 'isModel' | 'listModels'>
  readonly #agent: SkillAgent
  readonly #traces: Pick<OwnTraces, 'skillAnswer'>

  constructor(deps: {
    skillsets: Pick<SkillsetService, 'getRunnable' | 'credentialsFor'>
    gateway: Pick<GatewayService, 'ask' | 'getModel' | 'isModel' | 'listModels'>
    agent: SkillAgent
    traces: Pick<OwnTraces, 'skillAnswer'>
  }) {
    this.#skillsets = deps.skillsets
    this.#gateway = deps.gateway
    this.#agent = deps.agent
    this.#traces = deps.traces
  }

  /**
   * Refuses what can be refused, and tells the rest as it happens.
   *
   * Nobody is there to ask for permission: an operation that needs it is called only when the request approves it.
   *
   * @throws {NotFoundError} `skillset_not_found`, `skillset_version_not_found`, `model_not_found`.
   * @throws {InvalidRequestError} `unknown_operation`, `skillset_model_missing`.
   */
  async ask(
    { person, requestId, signal }: { person: Person; requestId: string; signal: AbortSignal },
    asked: FinalAnswerRequest,
  ): Promise<AsyncGenerator<AgentEvent, void>> {
    const skillset = await this.#skillsets.getRunnable(person, asked.skillsetId, asked.version)
    checkOperations(skillset, asked.operations)
    const model = await this.#modelFor(person, skillset)
    const overrideOf = (operationId: string) => asked.operations.find((one) => one.operationId === operationId)
    const trace = await this.#traces.skillAnswer(person.handle)
    const about = {
      handle: person.handle,
      skillsetId: skillset.skillsetId,
      version: skillset.version,
      modelName: model.name,
      query: asked.query,
    }
    const events = this.#agent.answer(
      {
        model: this.#asAgentModel(model, person, requestId, trace.partOf),
        conversation: [...asked.history, { role: 'user', content: asked.query }],
        skillsets: [skillset],
        credentialsOf: (skill) => this.#skillsets.credentialsFor(person, skill),
        overridesFor: ({ operationId }) => ({ base: asked.base, operation: overrideOf(operationId) }),
        approver: approvedBefore((operationId) => overrideOf(operationId)?.isApproved ?? false),
      },
      signal,
    )
    return traced(events, (outcome) => trace.end({ ...about, ...outcome }))
  }

  async #modelFor(person: Person, { modelName, name }: SkillsetVersion): Promise<CatalogModel> {
    if (modelName !== null && !this.#gateway.isModel(modelName))
      throw new InvalidRequestError(
        'skillset_model_missing',
        `The skillset ${JSON.stringify(name)} uses the model ${JSON.stringify(modelName)}, which is not there any more.`,
      )
    if (modelName !== null) return this.#gateway.getModel(person, modelName)
    const first = (await this.#gateway.listModels(person)).find(({ modality }) => modality === 'chat')
    if (!first) throw new NotFoundError('model', 'for this skillset')
    return first
  }

  #asAgentModel(model: CatalogModel, person: Person, requestId: string, partOf: TraceParent): AgentModel {
    return {
      model,
      answerTokens: usualAnswer(model),
      ask: async (request, signal) => {
        const asked = { modelName: model.name, window: 'slide', dialect: 'clova', requestId, partOf } as const
        return (await this.#gateway.ask(person, { ...asked, request: { ...request, parameters: {} } }, signal)).events
      },
    }
  }
}

/** The same events; however they end, it is told. */
async function* traced(
  events: AsyncGenerator<AgentEvent, void>,
  tell: (outcome: Pick<SkillAnswer, 'calls' | 'answer' | 'error' | 'startedAt' | 'latencyMs'>) => void,
): AsyncGenerator<AgentEvent, void> {
  const startedAt = new Date()
  const calls = new Map<string, ToldCall>()
  let answer: string | null = null
  let error: string | null = 'stopped'
  try {
    for await (const event of events) {
      if (event.type === 'call') calls.set(event.call.callId, toldCall(event.call))
      if (event.type === 'final') {
        answer = event.answer
        error = null
      }
      yield event
    }
  } catch (thrown) {
    error = thrown instanceof AppError ? thrown.code : 'internal'
    throw thrown
  } finally {
    const latencyMs = Date.now() - startedAt.getTime()
    tell({ calls: [...calls.values()], answer, error, startedAt: startedAt.toISOString(), latencyMs })
  }
}

function checkOperations({ skills }: SkillsetVersion, operations: readonly OperationOverride[]): void {
  const known = new Set(skills.flatMap((skill) => skill.operations.map(({ operationId }) => operationId)))
  const unknown = operations.find(({ operationId }) => !known.has(operationId))
  if (unknown)
    throw new InvalidRequestError(
      'unknown_operation',
      `The skillset has no operation ${JSON.stringify(unknown.operationId)}.`,
    )
}

function approvedBefore(isApproved: (operationId: string) => boolean): Approver {
  return {
    known: async ({ operation }) => (isApproved(operation.operationId) ? { name: 'allowed' } : NOBODY_TO_ASK),
    until: () => new Date(),
    ask: async () => NOBODY_TO_ASK,
  }
}

const NOBODY_TO_ASK = {
  name: 'denied',
  reason:
    'It needs the permission of a person, and nobody can be asked here. Say in the answer that it was not done, and that the one who asks must approve the operation with the request.',
} as const
