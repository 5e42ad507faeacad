import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { form, weaveApp } from './testing.ts'
import { MAX_FILE_BYTES } from './uploaded-file.ts'

const project_id = 'sam/demo'
const BYTES = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256))
const DIGEST = 'eFsHUfwsU9wUpM49gA5p75zhAJ6zJ8z0WKYgnCQsJsk'

describe.each(testDatabases)('files on $name', ({ open }) => {
  async function files() {
    const test = await weaveApp(await open())
    const upload = (url: string, fields: Parameters<typeof form>[0], client = test.as.sam) =>
      client.ask({ method: 'POST', url, ...form(fields) })
    return { ...test, upload }
  }

  it.each([
    ['/file/create', '/file/content', '/files/query_stats'],
    ['/files/create', '/files/content', '/files/stats'],
  ])('are stored once and given back byte by byte: %s', async (create, content, stats) => {
    const { as, app, sam, upload } = await files()
    const file = { type: 'image/png', content: BYTES }
    for (let times = 0; times < 2; times++)
      expect(
        (
          await upload(create, [
            ['project_id', project_id],
            ['file', file],
          ])
        ).body,
      ).toEqual({ digest: DIGEST })
    expect(
      (
        await upload(create, [
          ['expected_digest', DIGEST],
          ['file', file],
          ['project_id', project_id],
        ])
      ).status,
    ).toBe(200)

    const read = await app.inject({
      method: 'POST',
      url: content,
      headers: { authorization: sam.authorization },
      payload: { project_id, digest: DIGEST },
    })
    expect(read.statusCode).toBe(200)
    expect(read.rawPayload).toEqual(BYTES)
    expect(read.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    })
    expect((await as.sam.post(stats, { project_id })).body).toEqual({ total_size_bytes: 1024 })
    const empty = await upload(create, [
      ['project_id', project_id],
      ['file', { type: 'text/plain', content: Buffer.alloc(0) }],
    ])
    expect(empty.status).toBe(200)
    const none = await as.sam.post(content, { project_id, digest: 'nothing' })
    expect([none.status, none.body.reason]).toEqual([404, 'File nothing not found'])
  })

  it('are refused when the form is incomplete, broken, too large or of another digest', async () => {
    const { as, upload } = await files()
    const file = { type: 'text/plain', content: Buffer.from('x') }
    const noFile = await upload('/file/create', [['project_id', project_id]])
    expect([noFile.status, noFile.body.detail[0].loc]).toEqual([422, ['body', 'file']])
    const noProject = await upload('/file/create', [['file', file]])
    expect([noProject.status, noProject.body.detail[0].loc]).toEqual([422, ['body', 'project_id']])
    expect((await as.sam.post('/file/create', { project_id, file: 'x' })).status).toBe(422)
    const torn = form([
      ['project_id', project_id],
      ['file', file],
    ])
    const broken = await as.sam.ask({
      method: 'POST',
      url: '/file/create',
      ...torn,
      payload: torn.payload.subarray(0, -20),
    })
    expect([broken.status, broken.body.reason]).toEqual([400, 'There was an error parsing the body'])
    const other = await upload('/file/create', [
      ['project_id', project_id],
      ['expected_digest', 'x'],
      ['file', file],
    ])
    expect([other.status, other.body.error_type]).toEqual([409, 'DigestMismatchError'])
    const large = { type: 'text/plain', content: Buffer.alloc(MAX_FILE_BYTES + 1) }
    const tooLarge = await upload('/file/create', [
      ['project_id', project_id],
      ['file', large],
    ])
    expect([tooLarge.status, tooLarge.body.reason]).toEqual([413, 'Request too large'])
    expect((await as.sam.post('/files/stats', { project_id })).body).toEqual({ total_size_bytes: 0 })
  })

  it('of somebody else are not found', async () => {
    const { as, upload } = await files()
    const fields: Parameters<typeof form>[0] = [
      ['project_id', project_id],
      ['file', { type: 'x/y', content: BYTES }],
    ]
    await upload('/file/create', fields)
    expect((await upload('/file/create', fields, as.mina)).status).toBe(403)
    expect((await as.mina.post('/file/content', { project_id, digest: DIGEST })).status).toBe(403)
    expect((await as.mina.post('/files/stats', { project_id })).status).toBe(403)
    expect((await as.mina.post('/file/content', { project_id: 'mina/demo', digest: DIGEST })).status).toBe(404)
  })
})
