import { InvalidRequestError } from '../../errors.ts'
import type { ChatMessage } from '../../models/language-model.ts'

/** Token counts. */
export type WindowLimits = {
  /** The model's whole window. */
  context: number
  /** The part of it kept free for the answer. */
  answer: number
  /** What is sent beside the messages: tools, a response format, the beginning of the answer. */
  fixed?: number
  /** Kept free of older turns as well, for counts that may be wrong. The last turn may use it. */
  margin?: number
}

export type Slide = {
  /** What stays: the same objects in the same order. */
  messages: ChatMessage[]
  /** What leaves, oldest first; found when it is read, from the messages as they were given. */
  readonly dropped: readonly DroppedTurn[]
  report: SlideReport
}

type DroppedTurn = {
  /** Places of its messages in the conversation that was given. */
  indexes: number[]
  messages: ChatMessage[]
}

/** Token counts, and how much was left out. */
export type SlideReport = {
  context: number
  reserved: number
  margin: number
  tokens: { system: number; history: number; lastTurn: number; fixed: number; total: number }
  turnsLeftOut: number
  messagesLeftOut: number
}

/** A message to be counted. Above the limit the exact number does not matter any more. */
export type CountStep = { message: ChatMessage; limit: number }

/**
 * Drops the oldest turns until the conversation and the answer fit the model's context, and no more than that.
 *
 * System messages stay wherever they stand, and so does the last turn. A turn is a user message and everything up to
 * the next one; what comes before the first is a turn too. Turns leave whole, and a tool call leaves with its result:
 * turns that a call and its result hold together leave together.
 *
 * Messages are counted newest first, only until the room is full.
 *
 * @param countTokens may return any number above `limit` when there are more tokens than that.
 * @throws {AppError} `context_too_long` when what must stay does not fit.
 */
export function slideWindow(
  messages: readonly ChatMessage[],
  limits: WindowLimits,
  countTokens: (message: ChatMessage, limit: number) => number,
): Slide {
  const steps = slidingSteps(messages, limits)
  let step = steps.next()
  while (!step.done) step = steps.next(countTokens(step.value.message, step.value.limit))
  return step.value
}

/** `slideWindow` for callers that count in their own time: yields each message to be counted, takes the number. */
export function* slidingSteps(
  messages: readonly ChatMessage[],
  limits: WindowLimits,
): Generator<CountStep, Slide, number> {
  const { context, answer, fixed = 0, margin = 0 } = limits
  const outline = outlineOf(messages)
  const room = context - answer - fixed
  if (!(room >= 0)) throw contextTooLong(limits)

  let system = 0
  for (const index of outline.systems) {
    system += yield { message: messages[index]!, limit: room - system }
    if (system > room) throw contextTooLong(limits)
  }

  const links = new ToolLinks(messages)
  let lastTurn = 0
  let history = 0
  /** Everything from here on stays. */
  let start = messages.length
  let keptTurns = 0
  let keptMessages = 0
  let isLastTurn = true
  while (start > outline.first) {
    const left = room - system - lastTurn - history - (isLastTurn ? 0 : margin)
    // The turns from `index` to `start` that can only stay or leave together.
    let tokens = 0
    let turns = 0
    let count = 0
    let reachesBackTo = start
    let index = start
    let isWhole = false
    while (!isWhole && tokens <= left) {
      index--
      const message = messages[index]!
      if (message.role === 'system') continue
      tokens += yield { message, limit: left - tokens }
      count++
      if (message.role === 'tool') reachesBackTo = Math.min(reachesBackTo, links.callOf(message.toolCallId, index))
      const isTurnStart = message.role === 'user' || index === outline.first
      if (isTurnStart) turns++
      isWhole = isTurnStart && index <= reachesBackTo
    }
    if (tokens > left) {
      if (isLastTurn) throw contextTooLong(limits)
      break
    }
    if (isLastTurn) lastTurn = tokens
    else history += tokens
    isLastTurn = false
    start = index
    keptTurns += turns
    keptMessages += count
  }

  return {
    messages: kept(messages, outline.systems, start),
    get dropped() {
      return droppedTurns(messages, start)
    },
    report: {
      context,
      reserved: answer,
      margin,
      tokens: { system, history, lastTurn, fixed, total: system + history + lastTurn + fixed },
      turnsLeftOut: outline.turns - keptTurns,
      messagesLeftOut: messages.length - outline.systems.length - keptMessages,
    },
  }
}

type Outline = {
  /** Places of the system messages. */
  systems: number[]
  /** The first message that is not a system message; the length when there is none. */
  first: number
  turns: number
}

/** One pass over the roles: the only work that grows with what is stored instead of with what is kept. */
function outlineOf(messages: readonly ChatMessage[]): Outline {
  const systems: number[] = []
  let first = messages.length
  let turns = 0
  for (let index = 0; index < messages.length; index++) {
    const { role } = messages[index]!
    if (role === 'system') systems.push(index)
    else if (first === messages.length) {
      first = index
      turns = 1
    } else if (role === 'user') turns++
  }
  return { systems, first, turns }
}

/** How far back from a result its call is looked for before an index of all calls is made. */
const NEARBY = 32

/** Finds the calls that tool results answer; asked from the newest result to the oldest. */
class ToolLinks {
  readonly #messages: readonly ChatMessage[]
  /** For each id the places of the assistant messages that make the call, in order. */
  #calls: Map<string, number[]> | undefined

  constructor(messages: readonly ChatMessage[]) {
    this.#messages = messages
  }

  /**
   * The place of the nearest message before `index` that makes this call; `index` itself when there is none.
   *
   * Ids may come again: some servers begin with `call_0` in every turn.
   */
  callOf(id: string, index: number): number {
    for (let before = index - 1; before >= 0 && before >= index - NEARBY; before--)
      if (makesCall(this.#messages[before]!, id)) return before
    this.#calls ??= this.#allCalls()
    const places = this.#calls.get(id)
    while (places?.length && places.at(-1)! >= index) places.pop()
    return places?.at(-1) ?? index
  }

  #allCalls(): Map<string, number[]> {
    const calls = new Map<string, number[]>()
    for (const [index, message] of this.#messages.entries()) {
      if (message.role !== 'assistant') continue
      for (const { id } of message.toolCalls ?? []) {
        const places = calls.get(id)
        if (places) places.push(index)
        else calls.set(id, [index])
      }
    }
    return calls
  }
}

function makesCall(message: ChatMessage, id: string): boolean {
  return message.role === 'assistant' && (message.toolCalls?.some((call) => call.id === id) ?? false)
}

function kept(messages: readonly ChatMessage[], systems: readonly number[], start: number): ChatMessage[] {
  const older = systems.filter((index) => index < start).map((index) => messages[index]!)
  return older.concat(messages.slice(start))
}

function droppedTurns(messages: readonly ChatMessage[], start: number): DroppedTurn[] {
  const turns: DroppedTurn[] = []
  for (let index = 0; index < start; index++) {
    const message = messages[index]!
    if (message.role === 'system') continue
    if (message.role === 'user' || turns.length === 0) turns.push({ indexes: [], messages: [] })
    const turn = turns.at(-1)!
    turn.indexes.push(index)
    turn.messages.push(message)
  }
  return turns
}

function contextTooLong({ context, answer, fixed = 0 }: WindowLimits): InvalidRequestError {
  const besides = fixed > 0 ? `, and ${tokens(fixed)} for what is sent with them` : ''
  return new InvalidRequestError(
    'context_too_long',
    `The system messages and the last turn do not fit: the model takes ${tokens(context)}, of which ${tokens(answer)} ` +
      `are kept free for the answer${besides}.`,
  )
}

function tokens(count: number): string {
  return `${count.toLocaleString('en-US')} tokens`
}
