import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { weaveApp } from './testing.ts'

const SOURCE = 'import weave\n\n@weave.op\ndef add(a, b):\n    return a + b\n'
const at = expect.stringMatching(/^20.*Z$/)

describe.each(testDatabases)('objects made of their parts on $name', ({ open }) => {
  async function typed() {
    const { as, ...test } = await weaveApp(await open())
    const v2 = '/v2/sam/demo'
    const create = async (type: string, body: object) => {
      const reply = await as.sam.post(`${v2}/${type}`, body)
      expect(reply.text).toContain('digest')
      return reply.body
    }
    const read = async (type: string, { object_id, digest }: { object_id: string; digest: string }, client = as.sam) =>
      client.get(`${v2}/${type}/${object_id}/versions/${digest}`)
    const list = async (type: string, query = '') =>
      (await as.sam.get(`${v2}/${type}${query}`)).text.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []))
    return { ...test, as, v2, create, read, list }
  }

  it('are published, read back in parts, listed line by line, and plain objects for everybody else', async () => {
    const { as, create, read, list } = await typed()
    const op = await create('ops', { name: 'My Op', source_code: SOURCE })
    expect(op).toEqual({ digest: expect.any(String), object_id: 'my_op', version_index: 0 })
    expect((await read('ops', op)).body).toEqual({ ...op, created_at: at, code: SOURCE })

    const rows = [{ id: 1, f: 0.5 }, { id: 2 }]
    const dataset = await create('datasets', { name: 'numbers', description: null, rows })
    const { body: readDataset } = await read('datasets', dataset)
    expect(readDataset).toEqual({
      ...dataset,
      created_at: at,
      name: 'numbers',
      description: null,
      rows: expect.stringMatching(/^weave:\/\/\/sam\/demo\/table\/[0-9a-f]{64}$/),
    })
    const table = readDataset.rows.split('/').at(-1)
    const stored = await as.sam.post('/table/query', { project_id: 'sam/demo', digest: table })
    expect(stored.body.rows.map(({ val }: { val: unknown }) => val)).toEqual(rows)

    const scorer = await create('scorers', { name: 'exact', op_source_code: SOURCE })
    expect(scorer.scorer).toBe(`weave:///sam/demo/object/exact:${scorer.digest}`)
    expect((await read('scorers', scorer)).body.score_op).toMatch(/^weave:\/\/\/sam\/demo\/op\/exact.score:/)

    const ref = `weave:///sam/demo/object/numbers:${dataset.digest}`
    const evaluation = await create('evaluations', {
      name: 'how good',
      dataset: ref,
      scorers: [scorer.scorer],
      trials: 2,
      eval_attributes: { team: 'blue', _type: 'Other' },
    })
    expect((await read('evaluations', evaluation)).body).toMatchObject({
      object_id: 'how_good',
      name: 'how good',
      dataset: ref,
      scorers: [scorer.scorer],
      trials: 2,
      evaluate_op: null,
    })

    const attributes = { temperature: 0.5, _type: 'Other' }
    const model = await create('models', { name: 'clerk', source_code: SOURCE, attributes })
    expect(model.model_ref).toBe(`weave:///sam/demo/object/clerk:${model.digest}`)
    expect((await read('models', model)).body).toMatchObject({ source_code: SOURCE, attributes: { temperature: 0.5 } })

    expect((await create('datasets', { name: 'numbers', rows: [] })).version_index).toBe(1)
    expect((await list('datasets')).map((one) => `${one.object_id}:${one.version_index}`)).toEqual(['numbers:1'])
    expect((await list('ops')).map(({ object_id }) => object_id)).toEqual(['my_op', 'exact.score'])
    expect((await list('ops', '?limit=1&offset=1')).map(({ object_id }) => object_id)).toEqual(['exact.score'])
    expect(await list('evaluations')).toHaveLength(1)
    const { body } = await as.sam.post('/objs/query', {
      project_id: 'sam/demo',
      filter: { base_object_classes: ['Model'] },
    })
    expect(body.objs[0].val).toMatchObject({ _type: 'Model', _class_name: 'Model', name: 'clerk' })
  })

  it('are not found under another type, nor by somebody else, and deleted by their own only', async () => {
    const { as, v2, create, read } = await typed()
    const dataset = await create('datasets', { rows: [{ a: 1 }] })
    expect(dataset.object_id).toBe('Dataset')
    for (const type of ['models', 'ops', 'scorers']) expect((await read(type, dataset)).status, type).toBe(404)
    expect((await read('datasets', { ...dataset, digest: 'nothing' })).body.reason).toBe(
      'Obj Dataset:nothing not found',
    )
    expect((await read('datasets', dataset, as.mina)).status).toBe(403)
    expect((await as.mina.post(`${v2}/datasets`, { rows: [] })).status).toBe(403)
    expect((await as.sam.remove(`${v2}/models/Dataset`)).status).toBe(404)
    expect((await as.mina.remove(`${v2}/datasets/Dataset`)).status).toBe(403)
    await create('datasets', { rows: [{ a: 2 }] })
    const one = await as.sam.remove(`${v2}/datasets/Dataset?digests=${dataset.digest}`)
    expect(one.body).toEqual({ num_deleted: 1 })
    expect((await read('datasets', dataset)).body.error_type).toBe('ObjectDeletedError')
    expect((await as.sam.remove(`${v2}/datasets/Dataset`)).body).toEqual({ num_deleted: 1 })
    expect((await as.sam.post(`${v2}/evaluations`, { name: 'x' })).status).toBe(422)
    expect((await as.sam.post(`${v2}/datasets`, { name: 'a:b', rows: [] })).body.error_type).toBe('InvalidFieldError')
  })
})
