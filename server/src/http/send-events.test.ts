import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sendEvents } from './send-events.ts'

/** Streams what a generator yields over real HTTP; what was written is what each `write` and `end` were given. */
async function stream(produce: (signal: AbortSignal) => AsyncIterable<string>) {
  const app = Fastify()
  onTestFinished(() => app.close())
  const written: string[] = []
  app.get('/', async (_, reply) => {
    const write = reply.raw.write.bind(reply.raw) as (chunk: string) => boolean
    reply.raw.write = ((chunk: string) => {
      written.push(chunk)
      return write(chunk)
    }) as typeof reply.raw.write
    const end = reply.raw.end.bind(reply.raw) as (chunk?: string) => typeof reply.raw
    reply.raw.end = ((chunk?: string) => {
      if (chunk) written.push(chunk)
      return end(chunk)
    }) as typeof reply.raw.end
    return sendEvents(reply, produce)
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { written, text: await (await fetch(url)).text() }
}

describe('an event stream', () => {
  it('writes the first frame at once and those that come closely after it together', async () => {
    const frames = Array.from({ length: 50 }, (_, index) => `data: ${index}\n\n`)
    const { written, text } = await stream(async function* () {
      yield* frames
    })
    expect(text).toBe(frames.join(''))
    expect(written[0]).toBe(frames[0])
    expect(written.length).toBeLessThan(10)
  })

  it('writes at once what comes after a silence', async () => {
    const { written } = await stream(async function* () {
      for (const frame of ['a', 'b', 'c']) {
        yield `data: ${frame}\n\n`
        await sleep(30)
      }
    })
    expect(written).toEqual(['data: a\n\n', 'data: b\n\n', 'data: c\n\n'])
  })

  it('ends with an error event when it breaks, after all that has come', async () => {
    const { text } = await stream(async function* () {
      yield 'data: a\n\n'
      yield 'data: b\n\n'
      throw new Error('a bug with details')
    })
    expect(text).toMatch(/^data: a\n\ndata: b\n\nevent: error\ndata: \{"detail":"internal",/)
    expect(text).not.toContain('details')
  })
})
