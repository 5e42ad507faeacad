import { describe, expect, it } from 'vitest'
import type { Database } from '../../db/open.ts'
import { testDatabases } from '../../db/testing.ts'
import { equals, feedbackApp } from './testing.ts'

const CALL = 'weave:///ada/demo/call/a'

describe.each(testDatabases)('annotations on $name', ({ open }) => {
  it('are what their spec allows', async () => {
    const { annotate, publish, specRef, send, query } = await annotationApp(await open())
    expect((await annotate({ value: 3 })).status).toBe(200)
    expect((await annotate({ value: 3.0, more: 'x' })).status).toBe(200)
    for (const value of ['3', -1, null, 2.5]) {
      const { status, body } = await annotate({ value })
      expect([status, body.reason]).toEqual([400, 'Feedback payload does not match annotation spec'])
    }
    const other = await publish('other', { _type: 'Model', _class_name: 'Model', _bases: ['Object', 'BaseModel'] })
    const refusals: [string, number, string][] = [
      ['weave:///ada/demo/object/quality:nothing', 404, 'Obj quality:nothing not found'],
      [other, 400, `Annotation ref ${other} is not a valid annotation spec`],
      [
        'weave:///ada/other/object/quality:v0',
        400,
        'Annotation ref weave:///ada/other/object/quality:v0 does not match project id ada/demo',
      ],
    ]
    for (const [annotation_ref, status, reason] of refusals) {
      const feedback_type = annotation_ref === other ? 'wandb.annotation.other' : 'wandb.annotation.quality'
      const reply = await annotate({ value: 3 }, { annotation_ref, feedback_type })
      expect([reply.status, reply.body.reason]).toEqual([status, reason])
    }
    const foreign = await annotate({ value: 3 }, { annotation_ref: 'weave:///bob/demo/object/quality:v0' })
    expect([foreign.status, foreign.body]).toEqual([403, { detail: 'Project not found' }])

    await send('/obj/delete', { project_id: 'ada/demo', object_id: 'quality', digests: [specRef.split(':').at(-1)] })
    const deleted = await annotate({ value: 3 })
    expect([deleted.status, deleted.body.reason]).toEqual([404, `Annotation ref ${specRef} not found`])
    expect((await query({ limit: 0 })).total_count).toBe(2)
  })

  it('given in a queue begin the call there, and need a queue that exists', async () => {
    const { annotate, send, queueWithCall, query } = await annotationApp(await open())
    const unknown = await annotate({ value: 3 }, { queue_id: 'unknown' })
    expect([unknown.status, unknown.body.reason]).toEqual([400, 'Queue unknown not found or has been deleted'])
    const { queue_id, states } = await queueWithCall()
    expect(await states()).toEqual(['unstarted'])
    expect((await annotate({ value: 3 }, { queue_id })).status).toBe(200)
    expect(await states()).toEqual(['in_progress'])
    expect((await query({ query: equals('queue_id', queue_id) })).total_count).toBe(1)
    const inQueue = { project_id: 'ada/demo', query: equals('annotation_queue_items.queue_id', queue_id) }
    expect((await send('/calls/query_stats', inQueue)).body.count).toBe(1)
    const elsewhere = await send('/feedback/create', {
      project_id: 'ada/other',
      weave_ref: 'r',
      feedback_type: 'x',
      payload: {},
      queue_id,
    })
    expect([elsewhere.status, elsewhere.body.reason]).toEqual([400, `Queue ${queue_id} not found or has been deleted`])
  })
})

async function annotationApp(database: Database) {
  const app = await feedbackApp(database)
  /** @returns the ref of a new version of an object. */
  async function publish(object_id: string, val: object): Promise<string> {
    const { status, text, body } = await app.send('/obj/create', { obj: { project_id: 'ada/demo', object_id, val } })
    if (status !== 200) throw new Error(text)
    return `weave:///ada/demo/object/${object_id}:${body.digest}`
  }
  const specRef = await publish('quality', {
    _type: 'AnnotationSpec',
    name: 'Quality',
    field_schema: { type: 'integer', minimum: 0 },
    _class_name: 'AnnotationSpec',
    _bases: ['Object', 'BaseModel'],
  })
  const annotate = (payload: object, more: object = {}) =>
    app.create({
      weave_ref: CALL,
      feedback_type: 'wandb.annotation.quality',
      annotation_ref: specRef,
      payload,
      ...more,
    })

  async function queueWithCall() {
    const start = {
      project_id: 'ada/demo',
      id: 'a',
      op_name: 'predict',
      trace_id: 'a',
      started_at: '2026-11-25T10:00:00Z',
      attributes: {},
      inputs: {},
    }
    await app.send('/call/upsert_batch', { batch: [{ mode: 'start', req: { start } }] })
    const named = { project_id: 'ada/demo', name: 'Look at these', scorer_refs: [specRef] }
    const queue_id: string = (await app.send('/annotation_queues', named)).body.id
    const items = `/annotation_queues/${queue_id}/items`
    await app.send(items, { project_id: 'ada/demo', call_ids: ['a'], display_fields: [] })
    const states = async () =>
      (await app.send(`${items}/query`, { project_id: 'ada/demo' })).body.items.map(
        ({ annotation_state }: { annotation_state: string }) => annotation_state,
      )
    return { queue_id, states }
  }

  return { ...app, publish, specRef, annotate, queueWithCall }
}
