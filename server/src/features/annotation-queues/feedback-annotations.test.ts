import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { weaveApp } from '../objects/testing.ts'

const project_id = 'sam/demo'

describe.each(testDatabases)('annotations on $name', ({ open }) => {
  async function annotating() {
    const test = await weaveApp(await open())
    const { post } = test.as.sam
    for (const id of ['a', 'b']) {
      const start = { project_id, id, op_name: 'ask', trace_id: `trace-${id}`, started_at: '2026-11-25T10:00:00Z' }
      await post('/call/start', { start: { ...start, attributes: {}, inputs: {} } })
    }
    const publish = async (object_id: string, field_schema: unknown, more: object = {}) => {
      const val = { name: object_id, field_schema }
      const obj = { project_id, object_id, val, builtin_object_class: 'AnnotationSpec', ...more }
      return `weave:///${project_id}/object/${object_id}:${(await post('/obj/create', { obj })).body.digest}`
    }
    const say = async (more: object, url = '/feedback/create') => {
      const given = { project_id, weave_ref: `weave:///${project_id}/call/a`, ...more }
      const { status, body } = await post(url, url.includes('batch') ? { batch: [given] } : given)
      return [status, body.reason ?? body.detail ?? 'said']
    }
    const annotate = (name: string, annotation_ref: string, value: unknown) =>
      say({ feedback_type: `wandb.annotation.${name}`, annotation_ref, payload: { value } })
    return { ...test, post, publish, say, annotate }
  }

  it('say what their spec allows', async () => {
    const { publish, annotate } = await annotating()
    const grade = await publish('grade', { type: 'number', minimum: 0, maximum: 5 })
    expect(await annotate('grade', grade, 4)).toEqual([200, 'said'])
    expect(await annotate('grade', grade, 4.5)).toEqual([200, 'said'])
    for (const value of [6, 'four', null, [4]])
      expect(await annotate('grade', grade, value)).toEqual([400, 'Feedback payload does not match annotation spec'])
    const tags = await publish('tags', { type: 'array', items: { enum: ['good', 'bad'] }, uniqueItems: true })
    expect(await annotate('tags', tags, ['good'])).toEqual([200, 'said'])
    expect(await annotate('tags', tags, ['good', 'good'])).toEqual([
      400,
      'Feedback payload does not match annotation spec',
    ])
    expect(await annotate('free', await publish('free', {}), { any: ['thing'] })).toEqual([200, 'said'])
  })

  it('are refused when their spec is none, gone, of another project, or cannot be checked', async () => {
    const { publish, annotate, post } = await annotating()
    expect(await annotate('nothing', `weave:///${project_id}/object/nothing:latest`, 1)).toEqual([
      404,
      'Obj nothing:latest not found',
    ])
    await post('/obj/create', { obj: { project_id, object_id: 'plain', val: { field_schema: {} } } })
    const plain = `weave:///${project_id}/object/plain:latest`
    expect(await annotate('plain', plain, 1)).toEqual([400, `Annotation ref ${plain} is not a valid annotation spec`])
    for (const [name, schema] of [
      ['remote', { $ref: 'https://example.com/schema.json' }],
      ['wrong', { type: 'nonsense' }],
      ['text', 'string'],
    ] as const) {
      const ref = await publish(name, schema)
      expect(await annotate(name, ref, 1), name).toEqual([400, `Annotation ref ${ref} is not a valid annotation spec`])
    }
    const gone = await publish('gone', {})
    await post('/obj/delete', { project_id, object_id: 'gone' })
    expect(await annotate('gone', gone, 1)).toEqual([404, `Annotation ref ${gone} not found`])
    const other = 'weave:///sam/other/object/grade:latest'
    expect(await annotate('grade', other, 1)).toEqual([
      400,
      `Annotation ref ${other} does not match project id ${project_id}`,
    ])
    expect(await annotate('grade', 'weave:///tea/demo/object/grade:latest', 1)).toEqual([403, 'Project not found'])
    const endless = await publish('endless', { type: 'string', pattern: '^(a+)+$' })
    expect(await annotate('endless', endless, `${'a'.repeat(40)}!`)).toEqual([
      400,
      'Feedback payload does not match annotation spec',
    ])
  })

  it('in a queue begin their call for who gave them, and find it', async () => {
    const { post, publish, say, as } = await annotating()
    const grade = await publish('grade', { type: 'number' })
    const { id } = (await post('/annotation_queues', { project_id, name: 'q', scorer_refs: [grade] })).body
    await post(`/annotation_queues/${id}/items`, { project_id, call_ids: ['a'], display_fields: [] })
    const items = async () => (await post(`/annotation_queues/${id}/items/query`, { project_id })).body.items
    const given = {
      feedback_type: 'wandb.annotation.grade',
      annotation_ref: grade,
      payload: { value: 1 },
      queue_id: id,
    }

    expect(await say({ ...given, payload: { value: 'x' } })).toEqual([400, expect.any(String)])
    expect((await items())[0].annotation_state).toBe('unstarted')
    expect(await say(given, '/feedback/batch/create')).toEqual([200, 'said'])
    expect((await items())[0]).toMatchObject({ annotation_state: 'in_progress', annotator_user_id: 'sam' })
    const done = { project_id, annotation_state: 'completed' }
    expect((await post(`/annotation_queues/${id}/items/${(await items())[0].id}/progress`, done)).status).toBe(200)
    expect(await say(given)).toEqual([200, 'said'])
    expect((await items())[0].annotation_state).toBe('completed')
    // Of a call that is not in the queue.
    expect(await say({ ...given, weave_ref: `weave:///${project_id}/call/b` })).toEqual([200, 'said'])

    const inQueue = async (literal: string, operator = '$eq') => {
      const query = { $expr: { [operator]: [{ $getField: 'annotation_queue_items.queue_id' }, { $literal: literal }] } }
      const { text } = await post('/calls/stream_query', { project_id, query })
      return text.split('\n').flatMap((line) => (line ? [JSON.parse(line).id] : []))
    }
    expect(await inQueue(id)).toEqual(['a'])
    expect(await inQueue('nothing')).toEqual([])

    const nowhere = '01900000-0000-7000-8000-000000000000'
    const missing = [400, `Queue ${nowhere} not found or has been deleted`]
    expect(await say({ ...given, queue_id: nowhere })).toEqual(missing)
    expect(
      (await as.mina.post('/annotation_queues', { project_id: 'mina/own', name: 'q', scorer_refs: [] })).status,
    ).toBe(200)
    await as.sam.remove(`/annotation_queues/${id}?project_id=${project_id}`)
    expect(await say(given)).toEqual([400, `Queue ${id} not found or has been deleted`])
    expect(await inQueue(id)).toEqual([])
  })
})
