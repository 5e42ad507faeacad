import { type ParquetReadOptions, parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../../cli/program.ts'
import { testDatabases } from '../../db/testing.ts'
import { toParquet } from './parquet.ts'
import { endOf, PROJECT, startOf, tracesApp } from './testing.ts'

const OLD = '2020-01-01T00:00:00Z'

async function readParquet(bytes: Buffer): Promise<Record<string, unknown>[]> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
  return parquetReadObjects({ file } as ParquetReadOptions)
}

describe('Parquet', () => {
  it('is written in row groups and read again as it was', async () => {
    const lines = Array.from({ length: 2_500 }, (_, index) =>
      JSON.stringify({ id: `call ${index}`, n: index % 2 ? null : index, inputs: { text: '왜?', index } }),
    )
    async function* groups() {
      for (let first = 0; first < lines.length; first += 200) yield lines.slice(first, first + 200)
    }
    const parts: Buffer[] = []
    for await (const part of toParquet(groups(), new Set(['n']))) parts.push(part)
    expect(parts).toHaveLength(4)
    const rows = await readParquet(Buffer.concat(parts))
    expect(rows).toHaveLength(2_500)
    expect(rows[2]).toEqual({ id: 'call 2', n: 2n, inputs: '{"text":"왜?","index":2}' })
    expect(rows[2_499]?.n ?? null).toBeNull()
  })
})

describe.each(testDatabases)('exports and retention on $name', ({ open, newConfig }) => {
  async function project() {
    const test = await tracesApp(await open())
    await test.ada.upsert([
      startOf('old', { started_at: OLD }),
      startOf('new', { started_at: new Date().toISOString(), inputs: { formula: '=1+1' }, display_name: '=danger' }),
      endOf('new'),
      endOf('lost', { ended_at: OLD }),
    ])
    for (const id of ['old', 'new'])
      await test.ada.ok('/feedback/create', {
        project_id: PROJECT,
        weave_ref: `weave:///${PROJECT}/call/${id}`,
        feedback_type: 'wandb.note.1',
        payload: { note: `about ${id}` },
      })
    const get = (what: string, format: string) => test.ada.get(`/v2/ada/tests/${what}/export?format=${format}`)
    return { ...test, get }
  }

  it('writes calls and feedback as JSON lines, CSV and Parquet', async () => {
    const { get, bob } = await project()
    const jsonl = await get('calls', 'jsonl')
    expect(jsonl.headers['content-disposition']).toBe('attachment; filename="tests-calls.jsonl"')
    expect(
      jsonl.body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(['old', 'new'])
    expect((await get('calls', 'csv')).body).toContain(",'=danger,")
    const calls = await readParquet((await get('calls', 'parquet')).rawPayload)
    expect(calls).toMatchObject([{ id: 'old' }, { id: 'new', inputs: '{"formula":"=1+1"}' }])
    const feedback = await readParquet((await get('feedback', 'parquet')).rawPayload)
    expect(feedback).toMatchObject([{ payload: '{"note":"about old"}' }, { feedback_type: 'wandb.note.1' }])
    expect((await get('feedback', 'csv')).body.split('\r\n')).toHaveLength(4)
    expect((await bob.get('/v2/ada/tests/calls/export')).statusCode).toBe(403)
    expect((await bob.get('/v2/ada/tests/feedback/export')).statusCode).toBe(403)
    expect((await get('calls', 'xml')).statusCode).toBe(422)
    expect((await bob.get('/v2/bob/none/calls/export?format=parquet')).rawPayload.subarray(0, 4).toString()).toBe(
      'PAR1',
    )
  })

  it('keeps calls for as many days as the project says, and removes what was said about older ones', async () => {
    const { ada, bob, app, services } = await project()
    const put = (who: typeof ada, body: object) =>
      app.inject({
        method: 'PUT',
        url: '/v2/ada/tests/retention',
        headers: { authorization: who.authorization },
        payload: body,
      })
    expect((await ada.get('/v2/ada/tests/retention')).json()).toEqual({ days: null })
    expect(await services.traces.retention.prune()).toEqual({ calls: 0, feedback: 0 })
    expect((await put(bob, { days: 1 })).statusCode).toBe(403)
    expect((await put(ada, { days: 0 })).statusCode).toBe(422)
    expect((await put(ada, { days: 30 })).json()).toEqual({ days: 30 })
    expect((await ada.read('old')).expire_at).toBe('2020-01-31T00:00:00.000000Z')
    expect(await services.traces.retention.prune()).toEqual({ calls: 2, feedback: 1 })
    expect(
      (await ada.calls({ include_feedback: true })).map((call) => [call.id, call.summary.weave.feedback.length]),
    ).toEqual([['new', 1]])
    await services.traces.retention.stop()
    await ada.upsert([startOf('older', { started_at: OLD })])
    expect(await services.traces.retention.prune()).toEqual({ calls: 0, feedback: 0 })
    await put(ada, { days: null })
    expect((await ada.get('/v2/ada/tests/retention')).json()).toEqual({ days: null })
  })

  it('is asked for on the command line, too', async () => {
    const config = await newConfig()
    let printed = ''
    const environment =
      config.database.kind === 'sqlite'
        ? { ETUDE_DATA: config.dataFolder }
        : { ETUDE_DATA: config.dataFolder, DATABASE_URL: config.database.url }
    const stream = { write: (text: string) => (printed += text) } as unknown as NodeJS.WritableStream
    const { run } = createProgram({
      environment,
      stdin: process.stdin,
      stdout: stream,
      stderr: stream,
      serve: async () => {},
    })
    expect(await run(['migrate'])).toBe(0)
    expect(await run(['retention', 'lab/chats', '--days', '7'])).toBe(0)
    expect(printed).toContain('lab/chats keeps its calls for 7 days.')
    expect(await run(['prune'])).toBe(0)
    expect(printed).toContain('Removed 0 calls and 0 pieces of feedback.')
    expect(await run(['retention', 'lab/chats', '--forever'])).toBe(0)
    expect(printed).toContain('lab/chats keeps its calls for ever.')
    expect(await run(['retention', 'lab/chats', '--days', '0'])).toBe(1)
  })
})
