import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { weaveApp } from './testing.ts'

const project_id = 'sam/demo'

describe.each(testDatabases)('refs on $name', ({ open }) => {
  async function published() {
    const test = await weaveApp(await open())
    const { post } = test.as.sam
    const publish = async (object_id: string, val: unknown): Promise<string> =>
      (await post('/obj/create', { obj: { project_id, object_id, val } })).body.digest
    const rows = [{ id: 1, in: { big: 1 } }, { id: 2 }]
    const table = (await post('/table/create', { table: { project_id, rows } })).body
    const dataset = await publish('numbers', {
      _type: 'Dataset',
      rows: `weave:///${project_id}/table/${table.digest}`,
      list: ['a', { 'with space': 'b' }],
    })
    const read = (...refs: string[]) => post('/refs/read_batch', { refs })
    return { ...test, publish, read, table, dataset, rows }
  }

  it('lead to objects and to what is inside them', async () => {
    const { read, dataset, table, rows } = await published()
    const object = `weave:///${project_id}/object/numbers:${dataset}`
    const reply = await read(
      object,
      `weave:///${project_id}/object/numbers:latest/attr/list/index/0`,
      `weave:///${project_id}/object/numbers:v0/attr/list/index/1/key/with%20space`,
      `${object}/attr/rows/id/${table.row_digests[1]}`,
      `${object}/attr/rows/id/${table.row_digests[0]}/key/in/key/big`,
      `${object}/attr/nothing/key/x`,
      `${object}/attr/list/index/7`,
    )
    expect(reply.body.vals).toEqual([
      { _type: 'Dataset', rows: `weave:///${project_id}/table/${table.digest}`, list: ['a', { 'with space': 'b' }] },
      'a',
      'b',
      rows[1],
      1,
      null,
      null,
    ])
    expect((await read()).body).toEqual({ vals: [] })
  })

  it('are refused all together when one is none or leads nowhere', async () => {
    const { read, dataset, publish, as } = await published()
    const good = `weave:///${project_id}/object/numbers:${dataset}`
    const refused = async (ref: string) => {
      const { status, body } = await read(good, ref)
      return [status, body.reason ?? body.detail]
    }
    expect(await refused(`weave:///${project_id}/object/numbers:nothing`)).toEqual([
      404,
      'Obj numbers:nothing not found',
    ])
    expect(await refused(`weave:///${project_id}/op/numbers:latest`)).toEqual([404, 'Obj numbers:latest not found'])
    expect(await refused(`weave:///${project_id}/table/abc`)).toEqual([400, 'Table refs not supported'])
    expect((await refused('garbage'))[0]).toBe(400)
    expect((await refused(`${good}/attr/rows/id/nothing`))[0]).toBe(404)
    expect((await refused(`${good}/attr/list/id/x`))[1]).toContain('expected TableRef')
    expect((await refused(`weave:///tea/demo/object/x:latest`))[0]).toBe(403)
    expect((await read(...Array(1001).fill(good))).body.reason).toBe('Too many refs')
    const gone = await publish('gone', { n: 1 })
    await as.sam.post('/obj/delete', { project_id, object_id: 'gone' })
    const deleted = `weave:///${project_id}/object/gone:${gone}`
    expect((await read(deleted, `${deleted}/attr/rows/id/x`)).body).toEqual({ vals: [null, null] })
  })

  it('lead to calls, too', async () => {
    const { read, as } = await published()
    const start = { project_id, id: 'call-1', op_name: 'ask', trace_id: 'trace-1', started_at: '2026-11-25T10:00:00Z' }
    await as.sam.post('/call/start', { start: { ...start, attributes: {}, inputs: { question: { big: 1 } } } })
    const call = `weave:///${project_id}/call/call-1`
    const { body } = await read(call, `${call}/attr/inputs/key/question`)
    expect(body.vals).toEqual([expect.objectContaining({ id: 'call-1', op_name: 'ask' }), { big: 1 }])
    expect((await read(`${call}0`)).status).toBe(404)
    expect((await as.mina.post('/refs/read_batch', { refs: [call] })).status).toBe(403)
  })

  it('into projects that a reader cannot see are hidden in what is shared', async () => {
    const { publish, as, classProject, dataset } = await published()
    expect(dataset).toBeDefined()
    await publish('mine', 'x')
    const secret = `weave:///${project_id}/object/mine:latest`
    await as.sam.post('/obj/create', { obj: { project_id: classProject, object_id: 'hint', val: { see: secret } } })
    const key = { project_id: classProject, object_id: 'hint', digest: 'latest' }
    expect((await as.sam.post('/obj/read', key)).body.obj.val.see).toBe(secret)
    expect((await as.mina.post('/obj/read', key)).body.obj.val.see).toBe('weave-private://///object/mine:latest')
    const [read] = (await as.mina.post('/refs/read_batch', { refs: [`weave:///${classProject}/object/hint:latest`] }))
      .body.vals
    expect(read.see).toBe('weave-private://///object/mine:latest')
  })

  it('in objects count as the project that they name, under the name that clients are told', async () => {
    const { as, table } = await published()
    const { body } = await as.sam.python('/service/projects_info', {
      project_ids: [project_id, 'mina/demo', 'sam/none'],
    })
    expect(body).toEqual([
      { external_project_id: project_id, internal_project_id: expect.stringMatching(/^[\w+/]+=*$/) },
    ])
    const { createHash } = await import('node:crypto')
    const python = `{"rows": "weave-trace-internal:///${body[0].internal_project_id}/table/${table.digest}"}`
    const expected = createHash('sha256').update(python).digest('base64url').replaceAll('-', 'X').replaceAll('_', 'Y')
    const created = await as.sam.python('/obj/create', {
      obj: {
        project_id,
        object_id: 'd',
        val: { rows: `weave:///${project_id}/table/${table.digest}` },
        expected_digest: expected,
      },
    })
    expect([created.status, created.body.digest]).toEqual([200, expected])
  })
})
