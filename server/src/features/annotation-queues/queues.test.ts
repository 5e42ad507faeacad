import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { type WeaveClient, weaveApp } from '../objects/testing.ts'

const project_id = 'sam/demo'
const NONE = '01900000-0000-7000-8000-000000000000'

async function startCalls(client: WeaveClient, ids: string[], project = project_id) {
  for (const [index, id] of ids.entries()) {
    const started_at = `2026-11-25T10:00:0${index}Z`
    const start = { project_id: project, id, op_name: `op-${id}`, trace_id: `trace-${id}`, started_at }
    await client.post('/call/start', { start: { ...start, attributes: {}, inputs: {} } })
  }
}

describe.each(testDatabases)('annotation queues on $name', ({ open }) => {
  async function queue(project = project_id) {
    const test = await weaveApp(await open())
    const { sam } = test.as
    await startCalls(sam, ['a', 'b', 'c'], project)
    const created = await sam.post('/annotation_queues', { project_id: project, name: 'Errors', scorer_refs: [] })
    expect(created.status).toBe(200)
    const id: string = created.body.id
    const add = async (call_ids: string[], client = sam) =>
      client.post(`/annotation_queues/${id}/items`, { project_id: project, call_ids, display_fields: ['inputs.x'] })
    const items = async (more: object = {}, client = sam) =>
      (await client.post(`/annotation_queues/${id}/items/query`, { project_id: project, ...more })).body.items
    const progress = (item: string, annotation_state: string, client = sam) =>
      client.post(`/annotation_queues/${id}/items/${item}/progress`, { project_id: project, annotation_state })
    return { ...test, sam, id, add, items, progress }
  }

  it('are made, read, listed line by line, changed and deleted', async () => {
    const { sam, id, as } = await queue()
    const spec = `weave:///${project_id}/scorer/severity:abc`
    const second = await sam.python('/annotation_queues', {
      project_id,
      name: '오류 second',
      description: 'nul \0 ',
      scorer_refs: [spec],
      wb_user_id: null,
    })
    const read = async (queue_id: string) => sam.get(`/annotation_queues/${queue_id}?project_id=${project_id}`)
    expect((await read(second.body.id)).body.queue).toEqual({
      id: second.body.id,
      project_id,
      name: '오류 second',
      description: 'nul \0 ',
      scorer_refs: [spec],
      created_at: expect.stringMatching(/^20.*Z$/),
      created_by: 'sam',
      updated_at: expect.any(String),
      deleted_at: null,
    })
    const list = async (more: object = {}) => {
      const { text, headers } = await sam.post('/annotation_queues/query', { project_id, ...more })
      expect(headers['content-type']).toContain('application/jsonl')
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).name)
    }
    expect((await list()).toSorted()).toEqual(['Errors', '오류 second'])
    expect(await list({ name: 'ERR' })).toEqual(['Errors'])
    expect(await list({ name: '오류' })).toEqual(['오류 second'])
    const sort_by = [{ field: 'name', direction: 'desc' }]
    expect(await list({ sort_by })).toEqual(['오류 second', 'Errors'])
    expect(await list({ sort_by, limit: 1, offset: 1 })).toEqual(['Errors'])
    expect((await sam.post('/annotation_queues/query', { project_id, limit: -1 })).status).toBe(400)

    const changed = await sam.put(`/annotation_queues/${id}`, { project_id, name: 'Mistakes', description: null })
    expect(changed.body.queue).toMatchObject({ name: 'Mistakes', description: '', scorer_refs: [] })
    expect((await read(id)).body.queue.name).toBe('Mistakes')
    const deleted = await sam.remove(`/annotation_queues/${id}?project_id=${project_id}`)
    expect(deleted.body.queue.deleted_at).toMatch(/^20.*Z$/)
    expect(await list()).toEqual(['오류 second'])
    expect([(await read(id)).status, (await read(id)).body.reason]).toEqual([404, `Queue ${id} not found`])
    const again = await sam.remove(`/annotation_queues/${id}?project_id=${project_id}`)
    expect([again.status, again.body.reason]).toEqual([404, `Queue ${id} not found or already deleted`])
    expect((await sam.put(`/annotation_queues/${id}`, { project_id, name: 'x' })).status).toBe(404)
    expect((await sam.post('/annotation_queues', { project_id, scorer_refs: [] })).status).toBe(422)
    const foreign = { project_id, name: 'x', scorer_refs: ['weave:///tea/demo/object/s:latest'] }
    expect((await sam.post('/annotation_queues', foreign)).body).toEqual({ detail: 'Project not found' })
    expect((await as.mina.get(`/annotation_queues/${second.body.id}?project_id=${project_id}`)).status).toBe(403)
  })

  it('hold each call once, in the order in which they were added', async () => {
    const { sam, id, add, items } = await queue()
    expect((await add(['c', 'a', 'a', 'unknown'])).body).toEqual({ added_count: 2, duplicates: 1 })
    expect((await add(['a', 'b'])).body).toEqual({ added_count: 1, duplicates: 1 })
    expect((await add(['a'])).body).toEqual({ added_count: 0, duplicates: 1 })
    const [first, ...others] = await items({ include_position: true })
    expect(first).toEqual({
      id: expect.any(String),
      project_id,
      queue_id: id,
      call_id: 'c',
      call_started_at: expect.stringMatching(/^2026-11-25T10:00:02/),
      call_ended_at: null,
      call_op_name: 'op-c',
      call_trace_id: 'trace-c',
      display_fields: ['inputs.x'],
      added_by: 'sam',
      annotation_state: 'unstarted',
      annotator_user_id: null,
      created_at: expect.any(String),
      created_by: 'sam',
      updated_at: expect.any(String),
      deleted_at: null,
      position_in_queue: 1,
    })
    expect(others.map((item: { call_id: string }) => item.call_id)).toEqual(['a', 'b'])
    const unknown = await sam.post(`/annotation_queues/${NONE}/items`, {
      project_id,
      call_ids: ['a'],
      display_fields: [],
    })
    expect([unknown.status, unknown.body.reason]).toEqual([404, `Queue ${NONE} not found`])
  })

  it('are added to at the same moment without doubling a call', async () => {
    const { add, items } = await queue()
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, index) => add(index % 2 === 0 ? ['a', 'b', 'c'] : ['c', 'b', 'a'])),
    )
    expect(replies.reduce((sum, { body }) => sum + body.added_count, 0)).toBe(3)
    expect(replies.map(({ body }) => body.added_count + body.duplicates)).toEqual(Array(8).fill(3))
    expect(await items()).toHaveLength(3)
  })

  it('say how far everybody is, and let nobody go back', async () => {
    const { sam, id, add, items, progress } = await queue()
    await add(['a', 'b', 'c'])
    const [a, b, c] = (await items()).map((item: { id: string }) => item.id)
    expect((await progress(a, 'in_progress')).body.item).toMatchObject({
      annotation_state: 'in_progress',
      annotator_user_id: 'sam',
    })
    for (const [item, state] of [
      [a, 'in_progress'],
      [a, 'completed'],
      [a, 'completed'],
      [b, 'skipped'],
    ] as const)
      expect((await progress(item, state)).body.item.annotation_state, `${item} ${state}`).toBe(state)
    const refused = async (item: string, state: string) => {
      const { status, body } = await progress(item, state)
      expect(status).toBe(400)
      return body.reason
    }
    expect(await refused(a, 'in_progress')).toContain(
      "Cannot transition to 'in_progress' when a record already exists.",
    )
    expect(await refused(a, 'skipped')).toContain("Invalid state transition from 'completed' to 'skipped'.")
    expect(await refused(c, 'unstarted')).toBe(
      "Invalid annotation_state 'unstarted'. Must be one of: completed, in_progress, skipped",
    )
    expect(await refused(NONE, 'completed')).toBe(`Queue item '${NONE}' not found in queue '${id}'`)
    const stats = await sam.post('/annotation_queues/stats', { project_id, queue_ids: [id, NONE] })
    expect(stats.body.stats).toEqual([
      { queue_id: id, total_items: 3, completed_items: 2 },
      { queue_id: NONE, total_items: 0, completed_items: 0 },
    ])
    expect((await sam.post('/annotation_queues/stats', { project_id, queue_ids: [] })).body).toEqual({ stats: [] })
  })

  it('are searched by call, state and who added it, sorted and in pages, with the place in the whole queue', async () => {
    const { add, items, progress } = await queue()
    await add(['c', 'a', 'b'])
    const [c] = await items()
    await progress(c.id, 'completed')
    const found = async (more: object) =>
      (await items({ include_position: true, ...more })).map(
        (item: { call_id: string; position_in_queue: number }) => `${item.call_id}${item.position_in_queue}`,
      )
    expect(await found({ filter: { annotation_states: ['unstarted'] } })).toEqual(['a2', 'b3'])
    expect(await found({ filter: { annotation_states: ['completed', 'skipped'] } })).toEqual(['c1'])
    expect(await found({ filter: { call_id: 'b' } })).toEqual(['b3'])
    expect(await found({ filter: { id: c.id } })).toEqual(['c1'])
    expect(await found({ filter: { call_op_name: 'op-a', call_trace_id: 'trace-a', added_by: 'sam' } })).toEqual(['a2'])
    expect(await found({ filter: { added_by: 'mina' } })).toEqual([])
    expect(await found({ limit: 1, offset: 1 })).toEqual(['a2'])
    const sort_by = [{ field: 'call_started_at', direction: 'desc' }]
    expect(await found({ sort_by })).toEqual(['c1', 'b2', 'a3'])
    expect(await found({ sort_by, limit: 1, offset: 1 })).toEqual(['b2'])
    expect((await items({ filter: { annotation_states: [] } }))[0].position_in_queue).toBeNull()
    expect(await found({ sort_by: [{ field: 'nonsense', direction: 'asc' }] })).toEqual(['c1', 'a2', 'b3'])
  })

  it('of a class are worked on together: everybody has a state of their own, the latest is shown', async () => {
    const { as, add, items, progress, id, classProject } = await queue('class-50/demo')
    expect(classProject).toBe('class-50/demo')
    await add(['a', 'b'])
    const [a] = await items({}, as.mina)
    await progress(a.id, 'in_progress')
    expect((await progress(a.id, 'completed', as.mina)).body.item).toMatchObject({
      annotation_state: 'completed',
      annotator_user_id: 'mina',
    })
    expect((await progress(a.id, 'completed')).status).toBe(200)
    const stats = await as.tea.post('/annotation_queues/stats', { project_id: classProject, queue_ids: [id] })
    expect(stats.body.stats[0]).toMatchObject({ total_items: 2, completed_items: 1 })
    const change = { project_id: classProject, name: 'Mina’s' }
    expect((await as.mina.put(`/annotation_queues/${id}`, change)).status).toBe(404)
    expect((await as.mina.remove(`/annotation_queues/${id}?project_id=${classProject}`)).status).toBe(404)
    expect((await as.tea.put(`/annotation_queues/${id}`, change)).status).toBe(200)
    expect((await as.otto.post('/annotation_queues/query', { project_id: classProject })).status).toBe(403)
  })

  it('of the practice of a class show students only what is their own', async () => {
    const { as } = await weaveApp(await open())
    const practice = 'class-50/practice'
    await startCalls(as.sam, ['sams'], practice)
    await startCalls(as.mina, ['minas'], practice)
    const made = { project_id: practice, name: 'All', scorer_refs: [] }
    const { id } = (await as.tea.post('/annotation_queues', made)).body
    const added = { project_id: practice, call_ids: ['sams', 'minas'], display_fields: [] }
    expect((await as.tea.post(`/annotation_queues/${id}/items`, added)).body.added_count).toBe(2)
    const seen = async (client: WeaveClient) =>
      (await client.post(`/annotation_queues/${id}/items/query`, { project_id: practice })).body.items.map(
        (item: { call_id: string }) => item.call_id,
      )
    expect(await seen(as.tea)).toEqual(['sams', 'minas'])
    expect(await seen(as.sam)).toEqual(['sams'])
    const own = await as.mina.post('/annotation_queues', made)
    const others = await as.mina.post(`/annotation_queues/${own.body.id}/items`, added)
    expect(others.body).toEqual({ added_count: 1, duplicates: 0 })
  })

  it('are not found by text that no database can hold', async () => {
    const { sam, id, items } = await queue()
    for (const nasty of ['\0', '\ud800', "' or 1=1"]) {
      const path = encodeURIComponent(nasty.toWellFormed())
      expect((await sam.get(`/annotation_queues/${path}?project_id=${project_id}`)).status).toBe(404)
      const progress = { project_id, annotation_state: 'completed' }
      expect((await sam.post(`/annotation_queues/${id}/items/${path}/progress`, progress)).status).toBe(400)
      expect(await items({ filter: { call_id: nasty, added_by: nasty } })).toEqual([])
      const stats = await sam.post('/annotation_queues/stats', { project_id, queue_ids: [nasty] })
      expect(stats.body.stats[0].total_items).toBe(0)
      const added = { project_id, call_ids: [nasty], display_fields: [nasty] }
      expect((await sam.post(`/annotation_queues/${id}/items`, added)).body.added_count).toBe(0)
    }
  })
})
