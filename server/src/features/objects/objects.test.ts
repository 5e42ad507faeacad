import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { type WeaveClient, weaveApp } from './testing.ts'

const OP = {
  _type: 'CustomWeaveType',
  weave_type: { type: 'Op' },
  files: { 'obj.py': '6Moqwj0Ocp0Jx7FfEN8VcmmDDcu4l2K53xleNntSB34' },
  load_op: 'NO_LOAD_OP',
}
const dataset = (rows: string) => ({
  _type: 'Dataset',
  _class_name: 'Dataset',
  _bases: ['Object', 'BaseModel'],
  name: 'numbers',
  rows,
})

const publisher =
  (client: WeaveClient, project = 'sam/demo') =>
  async (object_id: string, val: unknown): Promise<string> => {
    const reply = await client.post('/obj/create', { obj: { project_id: project, object_id, val } })
    expect(reply.text).toContain('digest')
    return reply.body.digest
  }

describe.each(testDatabases)('objects on $name', ({ open }) => {
  it('are versions of a name; the same content again is the same version', async () => {
    const { as } = await weaveApp(await open())
    const publish = publisher(as.sam)
    const created = await as.sam.post('/obj/create', { obj: { project_id: 'sam/demo', object_id: 'add', val: OP } })
    expect(created.body).toEqual({ digest: 'uPPlRCCga9tsuTZwve2Z2gswUYhhX15gb2XS8il0z4s', object_id: 'add' })
    const first = await publish('prompt', { text: 'one' })
    const second = await publish('prompt', { text: 'two' })
    expect(await publish('prompt', { text: 'one' })).toBe(first)

    const read = async (digest: string) =>
      (await as.sam.post('/obj/read', { project_id: 'sam/demo', object_id: 'prompt', digest })).body.obj
    expect(await read('latest')).toEqual({
      project_id: 'sam/demo',
      object_id: 'prompt',
      created_at: expect.stringMatching(/^20.*Z$/),
      deleted_at: null,
      digest: second,
      version_index: 1,
      is_latest: 1,
      kind: 'object',
      base_object_class: null,
      leaf_object_class: null,
      val: { text: 'two' },
      wb_user_id: 'sam',
      size_bytes: null,
      tags: null,
      aliases: null,
    })
    expect(await read('v0')).toMatchObject({ digest: first, version_index: 0, is_latest: 0, val: { text: 'one' } })
    expect(await read(first)).toMatchObject({ version_index: 0 })
    const op = await as.sam.post('/obj/read', { project_id: 'sam/demo', object_id: 'add', digest: 'latest' })
    expect(op.body.obj).toMatchObject({ kind: 'op', val: OP })
  })

  it('come back exactly as they came, from a client that says nothing of its JSON', async () => {
    const { as } = await weaveApp(await open())
    const val =
      '{"z":1.0,"a":[12345678901234567890,1e22,-0.0,"\\u0000\\ud800",{"10":1,"9":2},"환불 🙂"],"__proto__":{"x":null}}'
    const created = await as.sam.python(
      '/obj/create',
      `{"obj":{"project_id":"sam/demo","object_id":"exact","val":${val},"builtin_object_class":null,"set_base_object_class":null,"expected_digest":null,"wb_user_id":null}}`,
    )
    // json.dumps(json.loads(val), sort_keys=True) in CPython.
    expect(created.body.digest).toBe('YYHJYqlKtGRyfjXT5rZ0EX3aJ112N5vm6RaXa4uj6HQ')
    const read = await as.sam.python('/obj/read', {
      project_id: 'sam/demo',
      object_id: 'exact',
      digest: created.body.digest,
      metadata_only: null,
      include_tags_and_aliases: null,
    })
    expect(read.text).toContain('"z":1.0,"a":[12345678901234567890,1e+22,-0.0,"\\u0000\\ud800"')
    expect(read.text).toContain('환불 🙂')
    expect(JSON.parse(read.text).obj.val).toEqual(JSON.parse(val))
  })

  it('are published at the same moment without losing or doubling a version', async () => {
    const { as } = await weaveApp(await open())
    const publish = publisher(as.sam)
    const digests = await Promise.all(Array.from({ length: 12 }, (_, index) => publish('race', { n: index % 6 })))
    expect(new Set(digests).size).toBe(6)
    const { body } = await as.sam.post('/objs/query', { project_id: 'sam/demo' })
    expect(body.objs.map((obj: { version_index: number }) => obj.version_index).sort()).toEqual([0, 1, 2, 3, 4, 5])
    expect(body.objs.filter((obj: { is_latest: number }) => obj.is_latest === 1)).toHaveLength(1)
  })

  it('are listed by class, name, kind and newest version, sorted and in pages', async () => {
    const { as } = await weaveApp(await open())
    const publish = publisher(as.sam)
    await publish('add', OP)
    for (const rows of ['one', 'two']) await publish('numbers', dataset(rows))
    await publish('chatty', {
      _type: 'MyModel',
      _class_name: 'MyModel',
      _bases: ['Model', 'Object', 'BaseModel'],
    })
    await publish('plain', 'text')
    for (const name of ['Über', 'zeta', 'Alpha', 'a_b', '환불']) await publisher(as.sam, 'sam/names')(name, 1)
    const names = await as.sam.post('/objs/query', {
      project_id: 'sam/names',
      sort_by: [{ field: 'object_id', direction: 'asc' }],
    })
    expect(names.body.objs.map((obj: { object_id: string }) => obj.object_id)).toEqual([
      'Alpha',
      'a_b',
      'zeta',
      'Über',
      '환불',
    ])
    const list = async (query: object) => {
      const { status, body } = await as.sam.post('/objs/query', { project_id: 'sam/demo', ...query })
      expect(status).toBe(200)
      return body.objs.map(
        (obj: { object_id: string; version_index: number }) => `${obj.object_id}:${obj.version_index}`,
      )
    }
    expect(await list({})).toEqual(['add:0', 'numbers:0', 'numbers:1', 'chatty:0', 'plain:0'])
    expect(await list({ filter: { latest_only: true, is_op: false } })).toEqual(['numbers:1', 'chatty:0', 'plain:0'])
    expect(await list({ filter: { is_op: true } })).toEqual(['add:0'])
    expect(await list({ filter: { base_object_classes: ['Model', 'Scorer'] } })).toEqual(['chatty:0'])
    expect(await list({ filter: { leaf_object_classes: ['MyModel'] } })).toEqual(['chatty:0'])
    expect(await list({ filter: { exclude_base_object_classes: ['Dataset'] } })).toEqual(['chatty:0'])
    expect(await list({ filter: { object_ids: ['plain', 'add'] } })).toEqual(['add:0', 'plain:0'])
    expect(await list({ filter: { object_ids: [] } })).toHaveLength(5)
    const sort_by = [{ field: 'object_id', direction: 'desc' }]
    expect(await list({ sort_by, limit: 2, offset: 1 })).toEqual(['numbers:0', 'numbers:1'])
    expect(await list({ offset: 3 })).toEqual(['chatty:0', 'plain:0'])
    expect(await list({ limit: 0 })).toEqual([])

    const { body } = await as.sam.post('/objs/query', {
      project_id: 'sam/demo',
      filter: { object_ids: ['chatty'] },
      metadata_only: true,
      include_storage_size: true,
    })
    expect(body.objs[0]).toMatchObject({ val: {}, base_object_class: 'Model', leaf_object_class: 'MyModel' })
    expect(body.objs[0].size_bytes).toBeGreaterThan(60)
    expect((await as.sam.post('/objs/query', { project_id: 'sam/never-written' })).body).toEqual({ objs: [] })
    const negative = await as.sam.post('/objs/query', { project_id: 'sam/demo', limit: -1 })
    expect([negative.status, negative.body.reason]).toEqual([400, 'Limit must be a positive integer'])
    const direction = await as.sam.post('/objs/query', {
      project_id: 'sam/demo',
      sort_by: [{ field: 'object_id', direction: 'DESC' }],
    })
    expect([direction.status, direction.body.detail[0].msg]).toEqual([422, "Input should be 'asc' or 'desc'"])
  })

  it('are deleted version by version, and say so to those who read them', async () => {
    const { as } = await weaveApp(await open())
    const publish = publisher(as.sam)
    const [first, second] = [await publish('p', { n: 1 }), await publish('p', { n: 2 })]
    const key = { project_id: 'sam/demo', object_id: 'p' }
    expect((await as.sam.post('/obj/delete', { ...key, digests: [second] })).body).toEqual({
      num_deleted: 1,
      deleted_versions: [{ digest: second, base_object_class: null, leaf_object_class: null }],
    })
    const deleted = await as.sam.post('/obj/read', { ...key, digest: second })
    expect(deleted.status).toBe(404)
    expect(deleted.body).toMatchObject({ error_type: 'ObjectDeletedError', deleted_at: expect.any(String) })
    expect(deleted.body.reason).toBe(`p:v1 was deleted at ${deleted.body.deleted_at}`)
    expect((await as.sam.post('/obj/read', { ...key, digest: 'latest' })).body.obj.digest).toBe(first)

    const third = await publish('p', { n: 3 })
    expect((await as.sam.post('/obj/read', { ...key, digest: third })).body.obj.version_index).toBe(2)
    expect(await publish('p', { n: 2 })).toBe(second)
    expect((await as.sam.post('/obj/read', { ...key, digest: 'v1' })).body.obj.digest).toBe(second)

    const more = await as.sam.post('/obj/delete', { ...key, digests: [first, 'nothing'] })
    expect([more.status, more.body.reason]).toEqual([
      404,
      "Delete request contains 2 digests, but found 1 objects to delete. Diff digests: ['nothing']",
    ])
    expect((await as.sam.post('/obj/delete', { ...key, digests: null })).body.num_deleted).toBe(3)
    expect((await as.sam.post('/obj/read', { ...key, digest: 'latest' })).body.error_type).toBe('ObjectDeletedError')
    expect((await as.sam.post('/objs/query', { project_id: 'sam/demo' })).body.objs).toEqual([])
    const none = await as.sam.post('/obj/delete', key)
    expect([none.status, none.body.reason]).toEqual([404, 'Object p (None) not found when deleting.'])
    const many = await as.sam.post('/obj/delete', { ...key, digests: Array(101).fill('x') })
    expect(many.body.reason).toContain('contains 101 objects. Please delete 100 or fewer')
  })

  it('are refused when their name, class or digest is wrong, and nothing is stored', async () => {
    const { as } = await weaveApp(await open())
    const create = (obj: object) => as.sam.post('/obj/create', { obj: { project_id: 'sam/demo', val: {}, ...obj } })
    const spaced = await create({ object_id: 'my dataset/1' })
    expect([spaced.status, spaced.body.error_type]).toEqual([422, 'InvalidFieldError'])
    expect(spaced.body.reason).toBe(
      "Invalid object name: my dataset/1. Contains invalid characters: [' ', '/']. Please upgrade your `weave` package to `>0.51.0` to prevent this error.",
    )
    expect((await create({ object_id: '' })).body.reason).toBe('Object name cannot be empty')
    expect((await create({ object_id: 'x'.repeat(129) })).body.reason).toContain('Max length is 128')
    expect((await create({ object_id: '데이터.set_1-2' })).status).toBe(200)
    expect((await create({ object_id: 'o', expected_digest: 'other' })).status).toBe(409)
    expect((await create({ object_id: 'o', builtin_object_class: 'Nonsense' })).body.reason).toBe(
      'Unknown object class: Nonsense',
    )
    const escaping = { ...OP, files: { '../../etc/passwd': 'x' } }
    expect((await create({ object_id: 'o', val: { deep: [escaping] } })).body.reason).toBe(
      "Invalid file path key: '../../etc/passwd'",
    )
    expect((await create({ object_id: 'o', val: { ref: 'weave:///oops' } })).body.reason).toBe(
      'Invalid URI: weave:///oops',
    )
    const missing = await as.sam.post('/obj/create', { obj: { project_id: 'sam/demo', object_id: 'o' } })
    expect([missing.status, missing.body.detail[0].loc]).toEqual([422, ['body', 'obj', 'val']])
    const deep = `{"obj":{"project_id":"sam/demo","object_id":"o","val":${'['.repeat(600)}${']'.repeat(600)}}}`
    expect((await as.sam.post('/obj/create', deep)).status).toBe(400)
    const { body } = await as.sam.post('/objs/query', { project_id: 'sam/demo' })
    expect(body.objs).toHaveLength(1)
  })

  it('keep to one class for a name, but may share it with an op', async () => {
    const { as } = await weaveApp(await open())
    const publish = publisher(as.sam)
    await publish('numbers', dataset('one'))
    const taken = await as.sam.post('/obj/create', {
      obj: { project_id: 'sam/demo', object_id: 'numbers', val: { plain: true } },
    })
    expect(taken.status).toBe(400)
    expect(taken.body).toMatchObject({
      error_type: 'ObjectNameTypeCollision',
      object_id: 'numbers',
      kind: 'object',
      new_base_object_class: null,
      existing_base_object_classes: ['Dataset'],
    })
    expect(taken.body.reason).toContain(
      "Cannot publish 'numbers' as a generic (untyped) object: that name is already used by a Dataset in this project.",
    )
    await publish('numbers', OP)
    await as.sam.post('/obj/delete', { project_id: 'sam/demo', object_id: 'numbers' })
    await publish('numbers', { plain: true })
  })

  it('of a class that the server knows need no bases', async () => {
    const { as } = await weaveApp(await open())
    const val = { name: 'Is it right?', field_schema: { type: 'boolean' } }
    await as.sam.post('/obj/create', {
      obj: { project_id: 'sam/demo', object_id: 'right', val, builtin_object_class: 'AnnotationSpec' },
    })
    const { body } = await as.sam.post('/obj/read', { project_id: 'sam/demo', object_id: 'right', digest: 'latest' })
    expect(body.obj).toMatchObject({
      base_object_class: 'AnnotationSpec',
      val: { ...val, _class_name: 'AnnotationSpec', _bases: ['BaseObject', 'BaseModel'] },
    })
  })

  it('have tags and aliases, which name versions', async () => {
    const { as } = await weaveApp(await open())
    const publish = publisher(as.sam)
    const [first, second] = [await publish('p', { n: 1 }), await publish('p', { n: 2 })]
    const project_id = 'sam/demo'
    const tag = await as.sam.put(`/objs/p/versions/${first}/tags`, { project_id, tags: ['reviewed', 'by hand'] })
    expect([tag.status, tag.body]).toEqual([200, {}])
    await as.sam.put('/objs/p/aliases', { project_id, digest: first, aliases: ['staging', 'old'] })
    const read = async (digest: string) =>
      (await as.sam.post('/obj/read', { project_id, object_id: 'p', digest, include_tags_and_aliases: true })).body.obj
    expect(await read('staging')).toMatchObject({
      digest: first,
      tags: ['by hand', 'reviewed'],
      aliases: ['old', 'staging'],
    })
    expect(await read('latest')).toMatchObject({ digest: second, tags: [], aliases: ['latest'] })
    expect((await as.sam.get('/tags?project_id=sam/demo')).body).toEqual({ tags: ['by hand', 'reviewed'] })
    expect((await as.sam.get('/aliases?project_id=sam/demo')).body).toEqual({ aliases: ['old', 'staging'] })
    const filtered = async (filter: object) =>
      (await as.sam.post('/objs/query', { project_id, filter })).body.objs.map((obj: { digest: string }) => obj.digest)
    expect(await filtered({ tags: ['reviewed'] })).toEqual([first])
    expect(await filtered({ aliases: ['old', 'latest'] })).toEqual([first, second])

    await as.sam.put('/objs/p/aliases', { project_id, digest: second, aliases: ['staging'] })
    expect(await read('staging')).toMatchObject({ digest: second, aliases: ['staging', 'latest'] })
    await as.sam.post('/objs/p/aliases/remove', { project_id, aliases: ['staging'] })
    await as.sam.post(`/objs/p/versions/${first}/tags/remove`, { project_id, tags: ['reviewed'] })
    expect((await as.sam.post('/obj/read', { project_id, object_id: 'p', digest: 'staging' })).status).toBe(404)
    expect((await as.sam.get('/tags?project_id=sam/demo')).body).toEqual({ tags: ['by hand'] })

    for (const alias of ['latest', 'v3', 'a/b', 'a:b', ' '])
      expect((await as.sam.put('/objs/p/aliases', { project_id, digest: first, aliases: [alias] })).status, alias).toBe(
        400,
      )
    for (const word of ['', 'two  blanks', 'no/slash'])
      expect((await as.sam.put(`/objs/p/versions/${first}/tags`, { project_id, tags: [word] })).status, word).toBe(400)
    const unknown = await as.sam.put('/objs/p/versions/nothing/tags', { project_id, tags: ['x'] })
    expect([unknown.status, unknown.body.reason]).toEqual([404, 'Object version p:nothing not found'])
  })

  it('of a class’s project are read by everybody in it, and changed by who published them and by staff', async () => {
    const { as, classProject: project_id } = await weaveApp(await open())
    const digest = await publisher(as.sam, project_id)('shared', { by: 'sam' })
    const key = { project_id, object_id: 'shared' }
    expect((await as.mina.post('/obj/read', { ...key, digest })).body.obj.wb_user_id).toBe('sam')
    expect((await as.mina.post('/obj/delete', key)).status).toBe(404)
    expect((await as.mina.put(`/objs/shared/versions/${digest}/tags`, { project_id, tags: ['mine'] })).status).toBe(404)
    await as.sam.put('/objs/shared/aliases', { project_id, digest, aliases: ['good'] })
    const hers = await publisher(as.mina, project_id)('shared', { by: 'mina' })
    expect((await as.mina.put('/objs/shared/aliases', { project_id, digest: hers, aliases: ['good'] })).status).toBe(
      404,
    )
    expect((await as.mina.post('/objs/shared/aliases/remove', { project_id, aliases: ['good'] })).status).toBe(404)
    expect((await as.tea.post('/obj/delete', key)).body.num_deleted).toBe(2)
  })

  it('of the practice of a class are seen by who published them, and by staff', async () => {
    const { as } = await weaveApp(await open())
    const project_id = 'class-50/practice'
    const sams = await publisher(as.sam, project_id)('draft', { by: 'sam' })
    await publisher(as.mina, project_id)('draft', { by: 'mina' })
    const key = { project_id, object_id: 'draft' }
    expect((await as.mina.post('/obj/read', { ...key, digest: sams })).status).toBe(404)
    expect((await as.sam.post('/obj/read', { ...key, digest: 'latest' })).body.obj).toMatchObject({
      digest: sams,
      is_latest: 1,
    })
    const by = async (client: WeaveClient) =>
      (await client.post('/objs/query', { project_id })).body.objs.map((obj: { wb_user_id: string }) => obj.wb_user_id)
    expect(await by(as.sam)).toEqual(['sam'])
    expect(await by(as.tea)).toEqual(['sam', 'mina'])
    await as.tea.put(`/objs/draft/versions/${sams}/tags`, { project_id, tags: ['seen'] })
    expect((await as.sam.get(`/tags?project_id=${project_id}`)).body).toEqual({ tags: ['seen'] })
    expect((await as.mina.get(`/tags?project_id=${project_id}`)).body).toEqual({ tags: [] })
  })

  it('are not found by text that no database can hold', async () => {
    const { as } = await weaveApp(await open())
    await publisher(as.sam)('p', 1)
    const project_id = 'sam/demo'
    for (const nasty of ['\0', '\ud800', '\ue000', "'; drop table people --"]) {
      for (const key of [
        { object_id: nasty, digest: 'latest' },
        { object_id: 'p', digest: nasty },
      ])
        expect((await as.sam.post('/obj/read', { project_id, ...key })).status).toBe(404)
      for (const digests of [null, [nasty]])
        expect(
          (await as.sam.post('/obj/delete', { project_id, object_id: digests ? 'p' : nasty, digests })).status,
        ).toBe(404)
      const filter = { object_ids: [nasty], tags: [nasty], aliases: [nasty], base_object_classes: [nasty] }
      expect((await as.sam.post('/objs/query', { project_id, filter })).body).toEqual({ objs: [] })
      const [name, digest] = [encodeURIComponent(nasty.toWellFormed()), 'x']
      expect((await as.sam.put(`/objs/${name}/versions/${name}/tags`, { project_id, tags: ['x'] })).status).toBe(404)
      expect((await as.sam.put(`/objs/${name}/aliases`, { project_id, digest, aliases: ['x'] })).status).toBe(404)
      expect((await as.sam.post(`/objs/p/aliases/remove`, { project_id, aliases: [nasty] })).status).toBe(200)
      expect((await as.sam.post('/table/query', { project_id, digest: nasty })).body).toEqual({ rows: [] })
      expect((await as.sam.post('/file/content', { project_id, digest: nasty })).status).toBe(404)
      for (const ref of [`object/${nasty}:x`, `object/p:${nasty}`, `call/${nasty}`])
        expect([400, 404]).toContain(
          (await as.sam.post('/refs/read_batch', { refs: [`weave:///sam/demo/${ref}`] })).status,
        )
    }
  })

  it('of somebody else are not found, neither directly nor by a ref', async () => {
    const { as } = await weaveApp(await open())
    const digest = await publisher(as.sam)('mine', { secret: true })
    const key = { project_id: 'sam/demo', object_id: 'mine' }
    const asked: [string, object][] = [
      ['/obj/read', { ...key, digest }],
      ['/objs/query', { project_id: 'sam/demo' }],
      ['/obj/delete', key],
      ['/obj/create', { obj: { ...key, val: {} } }],
      ['/refs/read_batch', { refs: [`weave:///sam/demo/object/mine:${digest}`] }],
      [
        '/obj/create',
        { obj: { project_id: 'mina/demo', object_id: 'thief', val: `weave:///sam/demo/object/mine:${digest}` } },
      ],
    ]
    for (const [url, body] of asked) {
      const reply = await as.mina.post(url, body)
      expect([reply.status, reply.body], url).toEqual([403, { detail: 'Project not found' }])
    }
  })
})
