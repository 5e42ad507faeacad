import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../errors.ts'
import type { ChatMessage } from '../../models/language-model.ts'
import { slideWindow, type WindowLimits } from './slide.ts'

/** In these tests a message says itself how many tokens it has. */
const countTokens = (message: ChatMessage) => Number.parseInt(message.content as string, 10)

const system = (tokens: number): ChatMessage => ({ role: 'system', content: `${tokens}` })
const user = (tokens: number): ChatMessage => ({ role: 'user', content: `${tokens}` })
const assistant = (tokens: number): ChatMessage => ({ role: 'assistant', content: `${tokens}` })
const call = (tokens: number, ...ids: string[]): ChatMessage => ({
  role: 'assistant',
  content: `${tokens}`,
  toolCalls: ids.map((id) => ({ id, name: 'search', argumentsJson: '{}' })),
})
const result = (tokens: number, toolCallId: string): ChatMessage => ({ role: 'tool', toolCallId, content: `${tokens}` })

const slide = (messages: ChatMessage[], limits: WindowLimits) => slideWindow(messages, limits, countTokens)

describe('the sliding window', () => {
  it('leaves a conversation as it is that fits exactly', () => {
    const messages = [system(10), user(20), assistant(30), user(40)]
    const { messages: kept, dropped, report } = slide(messages, { context: 150, answer: 50 })
    expect(kept).toEqual(messages)
    expect(dropped).toEqual([])
    expect(report).toEqual({
      context: 150,
      reserved: 50,
      margin: 0,
      tokens: { system: 10, history: 50, lastTurn: 40, fixed: 0, total: 100 },
      turnsLeftOut: 0,
      messagesLeftOut: 0,
    })
  })

  it('drops the turns of 100 and 200 tokens when 200 are too many, as CLOVA Studio documents it', () => {
    const oldest = [user(40), assistant(60)]
    const second = [user(80), assistant(120)]
    const rest = [user(300), assistant(200), user(100)]
    const messages = [system(50), ...oldest, ...second, ...rest]
    // 950 tokens and 250 for the answer: 200 more than the model takes.
    const { messages: kept, dropped, report } = slide(messages, { context: 1000, answer: 250 })
    expect(kept).toEqual([messages[0], ...rest])
    expect(dropped).toEqual([
      { indexes: [1, 2], messages: oldest },
      { indexes: [3, 4], messages: second },
    ])
    expect(report).toMatchObject({ turnsLeftOut: 2, messagesLeftOut: 4, tokens: { total: 650 } })
  })

  it('drops one turn when that frees exactly what is missing', () => {
    const messages = [user(40), assistant(60), user(80), assistant(120), user(100)]
    expect(slide(messages, { context: 400, answer: 100 }).report).toMatchObject({ turnsLeftOut: 1, messagesLeftOut: 2 })
    expect(slide(messages, { context: 399, answer: 100 }).report).toMatchObject({ turnsLeftOut: 2, messagesLeftOut: 4 })
  })

  it('gives back the same objects and leaves the given list alone', () => {
    const messages = Object.freeze([system(1), user(5), user(5)])
    const { messages: kept } = slideWindow(messages, { context: 7, answer: 0 }, countTokens)
    expect(kept).toHaveLength(2)
    expect(kept[0]).toBe(messages[0])
    expect(kept[1]).toBe(messages[2])
    expect(slideWindow(messages, { context: 100, answer: 0 }, countTokens).messages).not.toBe(messages)
  })

  it('keeps several system messages where they stand', () => {
    const messages = [system(1), user(10), system(2), assistant(10), user(10), system(3), assistant(10), system(4)]
    const { messages: kept, report } = slide(messages, { context: 30, answer: 0 })
    expect(kept).toEqual([system(1), system(2), user(10), system(3), assistant(10), system(4)])
    expect(report.tokens).toEqual({ system: 10, history: 0, lastTurn: 20, fixed: 0, total: 30 })
  })

  it('takes what comes before the first user message for a turn of its own', () => {
    const messages = [assistant(10), assistant(10), user(10), assistant(10), user(10)]
    const { messages: kept, dropped } = slide(messages, { context: 30, answer: 0 })
    expect(kept).toEqual([user(10), assistant(10), user(10)])
    expect(dropped.map((turn) => turn.indexes)).toEqual([[0, 1]])
  })

  it('keeps a conversation of assistant messages only when it fits and refuses it when it does not', () => {
    const messages = [assistant(10), assistant(10)]
    expect(slide(messages, { context: 20, answer: 0 }).messages).toEqual(messages)
    expect(() => slide(messages, { context: 19, answer: 0 })).toThrow(AppError)
  })

  it('keeps system messages alone, and nothing of nothing', () => {
    expect(slide([system(3)], { context: 3, answer: 0 }).messages).toEqual([system(3)])
    expect(slide([], { context: 3, answer: 3 }).messages).toEqual([])
  })

  it.each([
    ['the last turn', [user(5), assistant(5), user(101)], { context: 150, answer: 50 }],
    ['the last turn with its tools', [user(50), call(20, 'a'), result(50, 'a')], { context: 150, answer: 50 }],
    ['the system messages', [system(60), system(50), user(1)], { context: 150, answer: 50 }],
    ['the system messages and the last turn', [system(60), user(41)], { context: 150, answer: 50 }],
    ['the system messages, with no turn at all,', [system(101)], { context: 150, answer: 50 }],
    ['the answer alone', [user(0)], { context: 150, answer: 151 }],
    ['what is sent beside the messages', [user(1)], { context: 150, answer: 50, fixed: 100 }],
  ])('refuses a conversation in which %s cannot fit', (_what, messages, limits) => {
    expect(() => slide(messages, limits)).toThrow(
      expect.objectContaining({ kind: 'invalid_request', code: 'context_too_long' }),
    )
  })

  it('keeps the margin free of older turns but not of the last one', () => {
    const messages = [user(10), assistant(10), user(60)]
    expect(slide(messages, { context: 100, answer: 10, margin: 10 }).messages).toEqual(messages)
    expect(slide(messages, { context: 100, answer: 10, margin: 11 }).messages).toEqual([user(60)])
    expect(slide([user(90)], { context: 100, answer: 10, margin: 50 }).messages).toEqual([user(90)])
  })

  describe('with tools', () => {
    it('keeps a call and its results in one turn', () => {
      const turn = [user(10), call(10, 'a', 'b'), result(10, 'a'), result(10, 'b'), assistant(10)]
      const messages = [user(10), ...turn, user(10)]
      expect(slide(messages, { context: 60, answer: 0 }).messages).toEqual([...turn, user(10)])
      expect(slide(messages, { context: 59, answer: 0 }).messages).toEqual([user(10)])
    })

    it('keeps turns together that a call and a late result join', () => {
      const messages = [user(10), user(10), call(10, 'a'), user(10), result(10, 'a'), user(10)]
      expect(slide(messages, { context: 60, answer: 0 }).messages).toHaveLength(6)
      expect(slide(messages, { context: 50, answer: 0 }).messages).toEqual(messages.slice(1))
      const tight = slide(messages, { context: 49, answer: 0 })
      expect(tight.messages).toEqual([user(10)])
      expect(tight.report).toMatchObject({ turnsLeftOut: 3, messagesLeftOut: 5 })
    })

    it('takes the turn of the call into the last turn when the result comes last', () => {
      const messages = [user(10), call(10, 'a'), user(10), result(10, 'a')]
      expect(slide(messages, { context: 40, answer: 0 }).report.tokens.lastTurn).toBe(40)
      expect(() => slide(messages, { context: 39, answer: 0 })).toThrow(AppError)
    })

    it('does not mistake an older call with the same id for the one that is answered', () => {
      const turn = [user(10), call(10, 'call_0'), result(10, 'call_0')]
      expect(slide([...turn, ...turn], { context: 30, answer: 0 }).messages).toEqual(turn)
    })

    it('lets a result go whose call is nowhere', () => {
      const messages = [user(10), result(10, 'lost'), user(10)]
      expect(slide(messages, { context: 10, answer: 0 }).messages).toEqual([user(10)])
    })

    it('finds a call far before its result, and the nearest of those with the same id', () => {
      const between = Array.from({ length: 500 }, () => user(1))
      const turns = [user(1), call(1, 'a'), ...between, result(1, 'a')]
      const messages = [...turns, ...turns, user(1)]
      expect(slide(messages, { context: 504, answer: 0 }).messages).toEqual([...turns, user(1)])
      expect(slide(messages, { context: 604, answer: 0 }).messages).toEqual([...turns, user(1)])
      expect(slide(messages, { context: 503, answer: 0 }).messages).toEqual([user(1)])
      expect(slide(messages, { context: 1007, answer: 0 }).messages).toEqual(messages)
    })
  })

  it('counts the newest first and no more than fits', () => {
    const messages = [system(1), ...Array.from({ length: 10_000 }, (_, index) => (index % 2 ? assistant(1) : user(1)))]
    const counted: number[] = []
    const { report } = slideWindow(messages, { context: 100, answer: 0 }, (message) => {
      counted.push(messages.indexOf(message))
      return 1
    })
    expect(report).toMatchObject({ turnsLeftOut: 4951, messagesLeftOut: 9902, tokens: { total: 99 } })
    expect(counted).toHaveLength(101)
    expect(counted.slice(0, 3)).toEqual([0, 10_000, 9_999])
  })

  it('stops counting inside a turn that is too large', () => {
    const messages = [user(1), ...Array.from({ length: 10_000 }, () => assistant(1)), user(1)]
    let counted = 0
    const { report } = slideWindow(messages, { context: 100, answer: 0 }, () => {
      counted++
      return 1
    })
    expect(report).toMatchObject({ turnsLeftOut: 1, messagesLeftOut: 10_001 })
    expect(counted).toBe(101)
  })

  it('takes ten thousand tool results without a call in a moment', () => {
    const messages = [user(1), ...Array.from({ length: 10_000 }, (_, index) => result(1, `lost${index}`))]
    const started = performance.now()
    slide(messages, { context: 20_000, answer: 0 })
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

const tokens = fc.nat({ max: 50 })
const id = fc.constantFrom('a', 'b', 'c')
const anyMessage: fc.Arbitrary<ChatMessage> = fc.oneof(
  { weight: 1, arbitrary: tokens.map(system) },
  { weight: 4, arbitrary: tokens.map(user) },
  { weight: 4, arbitrary: tokens.map(assistant) },
  { weight: 2, arbitrary: fc.tuple(tokens, fc.uniqueArray(id, { minLength: 1 })).map(([n, ids]) => call(n, ...ids)) },
  { weight: 2, arbitrary: fc.tuple(tokens, id).map(([n, toolCallId]) => result(n, toolCallId)) },
)
const anyCase = fc.record({
  messages: fc.array(anyMessage, { maxLength: 30 }),
  limits: fc.record({
    context: fc.nat({ max: 600 }),
    answer: fc.nat({ max: 60 }),
    fixed: fc.nat({ max: 20 }),
    margin: fc.nat({ max: 30 }),
  }),
})

/** The same rules written as plainly and slowly as can be; undefined when what must stay does not fit. */
function plainSlide(messages: ChatMessage[], { context, answer, fixed = 0, margin = 0 }: WindowLimits) {
  const turns: number[][] = []
  messages.forEach((message, index) => {
    if (message.role === 'system') return
    if (message.role === 'user' || turns.length === 0) turns.push([])
    turns.at(-1)!.push(index)
  })
  const turnOf = (index: number) => turns.findIndex((turn) => turn.includes(index))
  /** Whether turns `cut` and later can be kept without those before. */
  const isWhole = (cut: number) =>
    messages.every((message, index) => {
      if (message.role !== 'tool') return true
      const made = messages.findLastIndex(
        (other, at) =>
          at < index && other.role === 'assistant' && other.toolCalls?.some((c) => c.id === message.toolCallId),
      )
      return made < 0 || turnOf(index) < cut || turnOf(made) >= cut
    })
  const systems = messages.filter((message) => message.role === 'system')
  const sum = (list: ChatMessage[]) => list.reduce((all, message) => all + countTokens(message), 0)
  const keptFrom = (cut: number) =>
    messages.filter((message, index) => message.role === 'system' || turnOf(index) >= cut)
  const room = context - answer - fixed
  const cuts = turns.map((_, cut) => cut).filter(isWhole)
  const last = cuts.at(-1)
  if (last === undefined) return sum(systems) <= room ? { messages: systems, cut: 0 } : undefined
  if (sum(keptFrom(last)) > room) return undefined
  const cut = cuts.find((at) => at === last || sum(keptFrom(at)) <= room - margin)!
  return { messages: keptFrom(cut), cut }
}

describe('the sliding window, for any conversation', () => {
  const check = (test: (messages: ChatMessage[], limits: Required<WindowLimits>) => void) =>
    fc.assert(
      fc.property(anyCase, ({ messages, limits }) => test(messages, limits)),
      { numRuns: 2000 },
    )
  const trySlide = (messages: ChatMessage[], limits: WindowLimits) => {
    try {
      return slide(messages, limits)
    } catch (error) {
      expect(error).toMatchObject({ code: 'context_too_long' })
      return undefined
    }
  }

  it('does what a slow and obvious version does', () => {
    check((messages, limits) => {
      const expected = plainSlide(messages, limits)
      const actual = trySlide(messages, limits)
      expect(actual?.messages).toEqual(expected?.messages)
      expect(actual?.report.turnsLeftOut).toBe(expected?.cut)
    })
  })

  it('fits', () => {
    check((messages, limits) => {
      const actual = trySlide(messages, limits)
      if (!actual) return
      const { tokens: counted } = actual.report
      expect(counted.total + limits.answer).toBeLessThanOrEqual(limits.context)
      if (counted.history > 0) expect(counted.total + limits.answer + limits.margin).toBeLessThanOrEqual(limits.context)
      expect(counted.system + counted.history + counted.lastTurn + counted.fixed).toBe(counted.total)
      expect(actual.messages.reduce((all, message) => all + countTokens(message), limits.fixed)).toBe(counted.total)
    })
  })

  it('drops nothing but the oldest turns, and keeps the order and every system message', () => {
    check((messages, limits) => {
      const actual = trySlide(messages, limits)
      if (!actual) return
      const droppedIndexes = actual.dropped.flatMap((turn) => turn.indexes)
      const rest = messages.filter((message, index) => message.role !== 'system' && !droppedIndexes.includes(index))
      expect(actual.messages).toEqual(messages.filter((_, index) => !droppedIndexes.includes(index)))
      expect(actual.messages.filter((message) => message.role === 'system')).toHaveLength(
        messages.filter((message) => message.role === 'system').length,
      )
      const [oldestKept] = rest
      if (oldestKept) expect(Math.max(-1, ...droppedIndexes)).toBeLessThan(messages.indexOf(oldestKept))
      expect(actual.report.messagesLeftOut).toBe(droppedIndexes.length)
      expect(actual.report.turnsLeftOut).toBe(actual.dropped.length)
    })
  })

  it('drops the fewest: with the newest turn that left it would not fit', () => {
    const withoutTools = fc.record({
      messages: fc.array(fc.oneof(tokens.map(system), tokens.map(user), tokens.map(assistant)), { maxLength: 30 }),
      limits: fc.record({ context: fc.nat({ max: 600 }), answer: fc.nat({ max: 60 }) }),
    })
    fc.assert(
      fc.property(withoutTools, ({ messages, limits }) => {
        const actual = trySlide(messages, limits)
        const newest = actual?.dropped.at(-1)
        if (!actual || !newest) return
        const more = newest.messages.reduce((all, message) => all + countTokens(message), 0)
        expect(actual.report.tokens.total + more + limits.answer).toBeGreaterThan(limits.context)
      }),
      { numRuns: 2000 },
    )
  })

  it('never parts a tool call from its result', () => {
    check((messages, limits) => {
      const actual = trySlide(messages, limits)
      if (!actual) return
      const dropped = new Set(actual.dropped.flatMap((turn) => turn.indexes))
      messages.forEach((message, index) => {
        if (message.role !== 'tool') return
        const made = messages.findLastIndex(
          (other, at) =>
            at < index && other.role === 'assistant' && other.toolCalls?.some((c) => c.id === message.toolCallId),
        )
        if (made >= 0) expect(dropped.has(made)).toBe(dropped.has(index))
      })
    })
  })

  it('changes nothing when its result is fitted again', () => {
    check((messages, limits) => {
      const once = trySlide(messages, limits)
      if (!once) return
      const twice = slide(once.messages, limits)
      expect(twice.messages).toEqual(once.messages)
      expect(twice.report.turnsLeftOut).toBe(0)
    })
  })
})
