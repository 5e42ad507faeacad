import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ChatMessage } from '../../models/language-model.ts'
import { TokenizerService } from './tokenizer-service.ts'
import { WindowService } from './window.ts'

const conversation = (turns: number): ChatMessage[] => [
  { role: 'system', content: 'You are a patient teacher.' },
  ...Array.from({ length: turns }, (_, turn): ChatMessage[] => [
    { role: 'user', content: `Question ${turn}: what is the capital of country number ${turn}?` },
    { role: 'assistant', content: `Answer ${turn}: 그 나라의 수도는 도시 ${turn}입니다.` },
  ]).flat(),
  { role: 'user', content: 'And which of them is the oldest?' },
]

describe('the window', () => {
  let window: WindowService
  let warnings: string[]
  beforeEach(() => {
    warnings = []
    const dataFolder = join(tmpdir(), 'etude-without-tokenizers')
    window = new WindowService({
      tokenizers: new TokenizerService({ dataFolder, warn: (message) => warnings.push(message) }),
    })
  })
  const exact = { tokenizer: 'o200k_base', model: 'gpt' }
  const estimated = { tokenizer: 'estimate', model: 'llama' }

  it('fits a long conversation and says what it left out', async () => {
    const messages = conversation(100)
    const {
      messages: kept,
      dropped,
      report,
    } = await window.fit(messages, {
      ...exact,
      contextTokens: 1000,
      answerTokens: 200,
    })
    expect(kept[0]).toBe(messages[0])
    expect(kept.at(-1)).toBe(messages.at(-1))
    expect(report).toMatchObject({
      context: 1000,
      reserved: 200,
      margin: 0,
      tokenizer: 'o200k_base',
      isEstimate: false,
      factor: 1,
      images: 0,
    })
    expect(report.tokens.total).toBeLessThanOrEqual(800)
    expect(report.tokens.total).toBeGreaterThan(700)
    expect(report.turnsLeftOut).toBe(dropped.length)
    expect(kept).toHaveLength(messages.length - report.messagesLeftOut)
  })

  it('counts what stays as `count` counts it', async () => {
    const { messages, report } = await window.fit(conversation(100), {
      ...exact,
      contextTokens: 1000,
      answerTokens: 200,
    })
    const count = await window.count(messages, exact)
    expect(count.total).toBe(report.tokens.total)
    expect(count.reply).toBe(report.tokens.fixed)
  })

  it('takes tools and the response format into account', async () => {
    const messages = conversation(100)
    const limits = { ...exact, contextTokens: 1000, answerTokens: 200 }
    const parameters = {
      type: 'object',
      properties: { city: { type: 'string', description: 'Name of a city. '.repeat(30) } },
    }
    const without = await window.fit(messages, limits)
    const withTools = await window.fit(messages, { ...limits, tools: [{ name: 'find_city', parameters }] })
    const withBoth = await window.fit(messages, {
      ...limits,
      tools: [{ name: 'find_city', parameters }],
      responseFormat: { type: 'json', schema: parameters },
    })
    expect(withTools.report.turnsLeftOut).toBeGreaterThan(without.report.turnsLeftOut)
    expect(withBoth.report.turnsLeftOut).toBeGreaterThan(withTools.report.turnsLeftOut)
    expect(withBoth.report.tokens.total).toBeLessThanOrEqual(800)
  })

  it('refuses before anything is called when the last turn cannot fit', async () => {
    const messages: ChatMessage[] = [{ role: 'user', content: 'word '.repeat(1_000_000) }]
    const started = performance.now()
    await expect(window.fit(messages, { ...exact, contextTokens: 4096, answerTokens: 512 })).rejects.toMatchObject({
      kind: 'invalid_request',
      code: 'context_too_long',
    })
    // Five million characters would take seconds; counting stops when the window is full.
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it('keeps something to spare for older turns when it can only estimate', async () => {
    const { report } = await window.fit(conversation(100), { ...estimated, contextTokens: 1000, answerTokens: 200 })
    expect(report).toMatchObject({ tokenizer: 'estimate', isEstimate: true, factor: 1 })
    expect(report.margin).toBe(80)
    expect(report.tokens.total + report.margin).toBeLessThanOrEqual(800)
    const strict = await window.fit(conversation(100), {
      ...estimated,
      contextTokens: 1000,
      answerTokens: 200,
      marginTokens: 0,
    })
    expect(strict.report.turnsLeftOut).toBeLessThan(report.turnsLeftOut)
  })

  it('learns how a model counts and keeps less of a conversation for one that needs more tokens', async () => {
    const options = { ...estimated, contextTokens: 2000, answerTokens: 200 }
    const before = await window.fit(conversation(100), options)
    for (let request = 0; request < 30; request++) {
      const { report } = await window.fit(conversation(100), options)
      window.calibrate('llama', report, Math.round((report.tokens.total / report.factor) * 1.5))
    }
    const after = await window.fit(conversation(100), options)
    expect(after.report.factor).toBeGreaterThan(1.4)
    expect(after.report.factor).toBeLessThan(1.55)
    expect(after.report.margin).toBeLessThan(before.report.margin)
    expect(after.report.turnsLeftOut).toBeGreaterThan(before.report.turnsLeftOut)
    expect(after.report.tokens.total).toBeLessThanOrEqual(1800)
    const other = await window.fit(conversation(100), { ...options, model: 'qwen' })
    expect(other.report.turnsLeftOut).toBe(before.report.turnsLeftOut)
  })

  it('keeps a long message that fits only because the model needs fewer tokens than estimated', async () => {
    const options = { ...estimated, contextTokens: 4000, answerTokens: 0 }
    for (let request = 0; request < 50; request++) {
      const { report } = await window.fit(conversation(20), options)
      window.calibrate('llama', report, Math.round((report.tokens.total / report.factor) * 0.6))
    }
    const long: ChatMessage[] = [{ role: 'user', content: 'word '.repeat(5000) }]
    expect((await window.fit(long, options)).report.tokens.total).toBeLessThan(4000)
    await expect(window.fit(long, { ...options, model: 'qwen' })).rejects.toMatchObject({ code: 'context_too_long' })
  })

  it('learns nothing from exact counts and from images', async () => {
    const image: ChatMessage = {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this? '.repeat(50) },
        { type: 'image', url: 'https://example.com/a.png' },
      ],
    }
    const options = { contextTokens: 10_000, answerTokens: 200 }
    const precise = await window.fit(conversation(10), { ...exact, ...options })
    window.calibrate('gpt', precise.report, precise.report.tokens.total * 2)
    const seen = await window.fit([image], { ...estimated, ...options })
    expect(seen.report.images).toBe(1)
    window.calibrate('llama', seen.report, seen.report.tokens.total * 2)
    for (const model of ['gpt', 'llama'])
      expect((await window.fit([image], { ...estimated, ...options, model })).report.factor).toBe(1)
  })

  it('goes on with the estimate when the tokenizer of a model is missing', async () => {
    const { report } = await window.fit(conversation(3), {
      tokenizer: 'lost',
      model: 'lab',
      contextTokens: 1000,
      answerTokens: 100,
    })
    expect(report).toMatchObject({ tokenizer: 'estimate', isEstimate: true })
    expect(warnings).toEqual([expect.stringContaining('"lost"')])
  })

  it('always fits and agrees with its own counts, whatever has been learnt', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 20, max: 400 }),
        fc.double({ min: 0.4, max: 2.5, noNaN: true }),
        async (texts, contextTokens, ratio) => {
          const messages = texts.map(
            (content, index): ChatMessage => ({ role: index % 2 ? 'assistant' : 'user', content }),
          )
          const options = { ...estimated, contextTokens, answerTokens: 10 }
          const fitted = await window.fit(messages, options).catch(() => undefined)
          if (!fitted) return
          expect(fitted.report.tokens.total + 10).toBeLessThanOrEqual(contextTokens)
          expect((await window.count(fitted.messages, estimated)).total).toBe(fitted.report.tokens.total)
          window.calibrate('llama', fitted.report, fitted.report.tokens.total * ratio)
        },
      ),
    )
  })

  describe('counting for the tokenizer endpoints', () => {
    it('gives each message, each part and the rest', async () => {
      const count = await window.count(
        [
          { role: 'system', content: 'Hello world' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Hello' },
              { type: 'image', url: 'https://example.com/a.png' },
            ],
          },
          { role: 'user', content: '' },
        ],
        { ...exact, tools: [{ name: 'find', parameters: {} }] },
      )
      expect(count.messages).toEqual([
        { tokens: 6, parts: [2] },
        { tokens: 4 + 1 + 1445, parts: [1, 1445] },
        { tokens: 4, parts: [0] },
      ])
      expect(count.tools).toBeGreaterThan(12)
      expect(count.responseFormat).toBe(0)
      expect(count.total).toBe(6 + 1450 + 4 + count.reply + count.tools)
    })
  })
})
