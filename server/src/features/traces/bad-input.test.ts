import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { TOO_LARGE } from './call-limits.ts'
import { endOf, startOf, tracesApp } from './testing.ts'

const MIB = 1024 * 1024

describe.each(testDatabases)('bad input of calls on $name', ({ open }) => {
  it('stores nothing of a batch in which one item is bad, and names the item', async () => {
    const { ada } = await tracesApp(await open())
    const batch = async (...bad: object[]) => {
      const reply = await ada.post('/call/upsert_batch', { batch: [startOf('good'), ...bad] })
      expect(await ada.calls({})).toEqual([])
      return [reply.statusCode, reply.json().detail?.[0]?.loc ?? reply.json().reason ?? reply.json().detail]
    }
    const place = (...more: string[]) => ['body', 'batch', 1, 'req', ...more]
    expect(await batch(startOf('bad', { inputs: [] }))).toEqual([422, place('start', 'inputs')])
    expect(await batch(startOf('bad', { started_at: 'yesterday' }))).toEqual([422, place('start', 'started_at')])
    expect(await batch(startOf(''))).toEqual([422, place('start', 'id')])
    expect(await batch(startOf('bad', { display_name: 'x'.repeat(1025) }))).toEqual([
      422,
      place('start', 'display_name'),
    ])
    expect(await batch(endOf('bad', { summary: null }))).toEqual([422, place('end', 'summary')])
    expect(await batch({ mode: 'middle', req: {} })).toEqual([422, ['body', 'batch', 1, 'mode']])
    expect((await batch(startOf('bad', { op_name: 'x'.repeat(129) })))[1]).toContain('Op name too long')
    expect(await batch(startOf('bad', { project_id: 'bob/tests' }))).toEqual([403, 'Project not found'])
    expect(await batch(startOf('bad', { project_id: 'nothing' }))).toEqual([403, 'Project not found'])
    expect(await batch(startOf('bad', { inputs: { ref: 'weave:///bob/tests/object/secret:v0' } }))).toEqual([
      403,
      'Project not found',
    ])
    expect((await batch(endOf('bad', { output: ['weave:///only-this'] })))[1]).toBe('Invalid URI: weave:///only-this')
    expect(await ada.upsert([])).toEqual({ res: [] })
  })

  it('refuses JSON that is broken or too deep', async () => {
    const { ada } = await tracesApp(await open())
    const broken = await ada.raw('/call/upsert_batch', '{"batch":[')
    expect([broken.statusCode, broken.json().detail[0].type]).toEqual([422, 'json_invalid'])
    const deep = JSON.stringify({ batch: [startOf('c')] }).replace(
      '"inputs":{}',
      `"inputs":{"a":${'['.repeat(600)}${']'.repeat(600)}}`,
    )
    expect((await ada.raw('/call/upsert_batch', deep)).statusCode).toBe(400)
    expect(await ada.calls({})).toEqual([])
  })

  it('keeps what fits in 3.5 MiB and leaves out the largest values of what does not', async () => {
    const { ada } = await tracesApp(await open())
    const overhead = '{}{"text":""}null{}'.length
    const fits = 'x'.repeat(3.5 * MIB - overhead)
    await ada.upsert([startOf('fits', { inputs: { text: fits } }), endOf('fits')])
    expect((await ada.read('fits')).inputs.text).toHaveLength(fits.length)
    await ada.upsert([
      startOf('large', { inputs: { text: `${fits}xx` }, attributes: { kept: true } }),
      endOf('large', { output: 'kept' }),
    ])
    expect(await ada.read('large')).toMatchObject({
      inputs: JSON.parse(TOO_LARGE),
      attributes: { kept: true },
      output: 'kept',
    })
  })

  it('refuses requests of more than 32 MiB', async () => {
    const { ada } = await tracesApp(await open())
    const reply = await ada.raw('/call/upsert_batch', `{"batch":[],"x":"${'x'.repeat(32 * MIB)}"}`)
    expect([reply.statusCode, reply.json()]).toEqual([
      413,
      { reason: 'Request too large', error_type: 'RequestTooLarge' },
    ])
  })
})

describe.each(testDatabases)('calls of a class on $name', ({ open }) => {
  it('are changed by their students only where they are their own, and practice is read so', async () => {
    const test = await tracesApp(await open())
    const boss = await test.person('boss', { isAdmin: true })
    const { class_id, slug } = (await boss.post('/classes', { name: 'Physics', status: 'active' })).json()
    for (const handle of ['ada', 'bob']) await boss.post(`/classes/${class_id}/members`, { handle, role: 'student' })
    const { ada, bob } = test
    for (const project of ['lab', 'practice']) {
      const project_id = `${slug}/${project}`
      await ada.upsert([startOf('ada-1', { project_id }), startOf('ada-2', { project_id, parent_id: 'bob-1' })])
      await bob.upsert([
        startOf('bob-1', { project_id }),
        endOf('ada-1', { project_id, output: 'not yours' }),
        startOf('ada-1', { project_id, inputs: { taken: 'over' } }),
      ])
      await bob.ok('/call/update', { project_id, call_id: 'ada-1', display_name: 'not yours' })
      expect(await bob.ok('/calls/delete', { project_id, call_ids: ['ada-1', 'bob-1'] })).toEqual({ num_deleted: 1 })
      const own = await ada.calls({ project_id })
      expect(own.map((call) => call.id)).toEqual(['ada-1', 'ada-2'])
      expect(own[0]).toMatchObject({ inputs: {}, ended_at: null, display_name: null, wb_user_id: 'ada' })
      expect(await bob.calls({ project_id })).toHaveLength(project === 'lab' ? 2 : 0)
      expect((await bob.read('ada-1', { project_id }))?.id).toBe(project === 'lab' ? 'ada-1' : undefined)
      expect((await bob.ok('/calls/query_stats', { project_id })).count).toBe(project === 'lab' ? 2 : 0)
      const teacher = (await boss.post('/calls/stream_query', { project_id })).body.trimEnd().split('\n')
      expect(teacher).toHaveLength(2)
      expect((await boss.post('/calls/delete', { project_id, call_ids: ['ada-1'] })).json()).toEqual({ num_deleted: 1 })
    }
  })
})
