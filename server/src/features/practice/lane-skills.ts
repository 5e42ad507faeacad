import type { GenerationParameters, ModelEvent, ModelRequest } from '../../models/language-model.ts'
import type { LaneEvent, LaneSkillCall } from '../../runs/turn.ts'
import type { Person } from '../accounts/person.ts'
import type { AgentSnapshot } from '../agents/agent.ts'
import type { CatalogModel, ModelCatalog } from '../catalog/catalog.ts'
import type { AgentModel } from '../skillsets/agent/planner.ts'
import type { SkillAgent } from '../skillsets/agent/skill-agent.ts'
import { type AgentEvent, addUsage, NO_USAGE, type SkillCall, type SkillTool } from '../skillsets/agent/skill-call.ts'
import { toldCall } from '../skillsets/agent/told-call.ts'
import type { SkillsetService } from '../skillsets/service.ts'
import type { WindowReport, WindowService } from '../window/window.ts'
import type { PracticeSession } from './session.ts'
import type { SkillApprovals } from './skill-approvals.ts'

/** A lane that answers with skills. */
export type SkilledLane = {
  session: PracticeSession
  responseId: number
  snapshot: AgentSnapshot
  model: CatalogModel
  answerTokens: number
}

/** Lets lanes answer through the skill agent, when their agent carries skillsets. */
export class LaneSkills {
  readonly #agent: SkillAgent
  readonly #skillsets: Pick<SkillsetService, 'getRunnable' | 'credentialsFor'>
  readonly #approvals: SkillApprovals
  readonly #catalog: Pick<ModelCatalog, 'languageModel'>
  readonly #windows: Pick<WindowService, 'fit' | 'calibrate'>
  readonly #findPerson: (personId: number) => Promise<Person | undefined>

  constructor(deps: {
    agent: SkillAgent
    skillsets: Pick<SkillsetService, 'getRunnable' | 'credentialsFor'>
    approvals: SkillApprovals
    catalog: Pick<ModelCatalog, 'languageModel'>
    windows: Pick<WindowService, 'fit' | 'calibrate'>
    findPerson: (personId: number) => Promise<Person | undefined>
  }) {
    this.#agent = deps.agent
    this.#skillsets = deps.skillsets
    this.#approvals = deps.approvals
    this.#catalog = deps.catalog
    this.#windows = deps.windows
    this.#findPerson = deps.findPerson
  }

  /** What answers in place of a lane's model: it asks the model and makes the calls, and tells both. */
  sourceFor(lane: SkilledLane): { stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<LaneEvent> } {
    return { stream: (request, signal) => this.#answer(lane, request, signal) }
  }

  /**
   * @throws {NotFoundError} `skillset_not_found`, `skillset_version_not_found`: the agent's owner may not use it any
   * more, or it is gone.
   */
  async *#answer(lane: SkilledLane, request: ModelRequest, signal: AbortSignal): AsyncGenerator<LaneEvent> {
    const { session, snapshot } = lane
    // Who shares an agent shares what it carries; who uses it calls with their own credentials or those of the class.
    const [owner, person] = await Promise.all([this.#getPerson(snapshot.owner_id), this.#getPerson(session.personId)])
    const skillsets = await Promise.all(
      (snapshot.skillsets ?? []).map((one) => this.#skillsets.getRunnable(owner, one.skillset_id, one.version)),
    )
    const callId = (call: SkillCall) => `${lane.responseId}-${call.callId.replace('.', '-')}`
    const operationKey = ({ skillset, skill, operation }: SkillTool) =>
      `${skillset.skillsetId}/${skillset.version}/${skill.skillId}/${operation.operationId}`
    const events = this.#agent.answer(
      {
        model: this.#asAgentModel(lane, request.parameters),
        conversation: request.messages,
        skillsets,
        credentialsOf: (skill) => this.#skillsets.credentialsFor(person, { ...skill, classId: session.classId }),
        overridesFor: () => ({}),
        approver: this.#approvals.approverFor(session.sessionId, { callId, operationKey }),
      },
      signal,
    )
    let usage = NO_USAGE
    for await (const event of events) {
      if (event.type === 'plan') {
        usage = addUsage(usage, event.usage)
        yield { type: 'usage', usage }
      }
      yield* toLaneEvents(event, (call) => ({
        callId: callId(call),
        operationKey: operationKey(call.tool),
        ...toldCall(call),
      }))
    }
  }

  async #getPerson(personId: number): Promise<Person> {
    const found = await this.#findPerson(personId)
    // Without rights of anybody's: what they shared is gone with them.
    return found ?? { personId, handle: '', name: '', isAdmin: false }
  }

  #asAgentModel({ model, answerTokens }: SkilledLane, parameters: GenerationParameters): AgentModel {
    return {
      model,
      answerTokens,
      ask: async ({ messages, ...rest }, signal) => {
        const fitted = await this.#windows.fit(messages, {
          contextTokens: model.contextTokens,
          answerTokens,
          tokenizer: model.tokenizer,
          model: model.name,
          ...(rest.tools && { tools: rest.tools }),
          ...(rest.responseFormat && { responseFormat: rest.responseFormat }),
        })
        const asked = { ...rest, messages: fitted.messages, parameters }
        return this.#learning(this.#catalog.languageModel(model.name).stream(asked, signal), model.name, fitted.report)
      },
    }
  }

  async *#learning(events: AsyncIterable<ModelEvent>, modelName: string, report: WindowReport) {
    for await (const event of events) {
      if (event.type === 'usage') this.#windows.calibrate(modelName, report, event.usage.inputTokens)
      yield event
    }
  }
}

function* toLaneEvents(event: AgentEvent, told: (call: SkillCall) => LaneSkillCall): Generator<LaneEvent> {
  switch (event.type) {
    case 'plan':
      yield { type: 'skill-plan', step: event.step, skills: event.skills }
      return
    case 'call': {
      const { name } = event.call.state
      yield { type: name === 'waiting' || name === 'running' ? 'skill-call' : 'skill-result', call: told(event.call) }
      return
    }
    case 'text-delta':
    case 'reasoning-delta':
      yield { type: event.type, text: event.text }
      return
    case 'final':
      if (event.isComposed) yield { type: 'text-delta', text: event.answer }
      yield { type: 'usage', usage: event.totalUsage }
      yield { type: 'end', finishReason: event.finishReason }
  }
}
