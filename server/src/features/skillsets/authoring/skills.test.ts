import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../../db/testing.ts'
import { twoClasses } from '../../classes/sharing-testing.ts'
import { HOTELS, makeSkill, makeSkillset } from './testing.ts'

type Operation = { operation_id: string; is_enabled: boolean; approval: string; summary: string }

describe.each(testDatabases)('skills on $name', ({ open }) => {
  it('come from a document as JSON, as a JSON object or as YAML, with names taken from its title', async () => {
    const { tea } = await twoClasses(await open())
    const yaml =
      'openapi: 3.1.0\ninfo: {title: "날씨 API (서울)", version: "1"}\nservers: [{url: "https://weather.example"}]\npaths:\n  /now:\n    get: {responses: {}}\n'
    for (const document of [HOTELS, JSON.stringify(HOTELS)]) {
      const reply = await tea.post('/v1/skills', { document })
      expect([reply.statusCode, reply.headers.etag]).toEqual([201, '"1"'])
      expect(reply.json()).toMatchObject({
        revision: 1,
        name_for_human: 'Hotel Search',
        name_for_model: 'hotel_search',
        description_for_human: 'Finds and books hotels.',
        description_for_model: 'Finds and books hotels.',
        source: { kind: 'openapi', title: 'Hotel Search', version: '1.2', url: null },
        problems: [],
      })
    }
    const korean = (await tea.post('/v1/skills', { document: yaml })).json()
    expect(korean).toMatchObject({ name_for_human: '날씨 API 서울', name_for_model: 'api' })
    expect(korean.operations).toMatchObject([{ method: 'GET', path: '/now', server: 'https://weather.example' }])
  })

  it('call at once what reads, and ask a person before what may change something', async () => {
    const { tea } = await twoClasses(await open())
    const { operations } = (await tea.post('/v1/skills', { document: HOTELS })).json()
    expect(operations).toMatchObject([
      { operation_id: 'searchHotels', method: 'GET', approval: 'never', api_order: 1, is_enabled: true },
      { operation_id: 'bookHotel', method: 'POST', approval: 'always', api_order: null, is_enabled: true },
      { operation_id: 'getHotel', method: 'GET', approval: 'never' },
    ])
    const trusted = await tea.post('/v1/skills', {
      document: HOTELS,
      operations: [{ operation_id: 'bookHotel', approval: 'never' }],
    })
    expect(trusted.json().operations[1]).toMatchObject({ operation_id: 'bookHotel', approval: 'never' })
  })

  it('are tuned operation by operation, and keep that when their document is replaced', async () => {
    const { tea } = await twoClasses(await open())
    const { skill_id } = await makeSkill(tea)
    const path = `/v1/skills/${skill_id}`
    const hint = { fields: ['items[].title'], max_items: 5 }
    const tuned = await tea.patch(path, {
      name_for_human: '호텔 ホテル 1',
      description_for_model: 'Use it for hotels.',
      operations: [
        { operation_id: 'searchHotels', summary: 'Mine', hint, api_order: 7 },
        { operation_id: 'bookHotel', is_enabled: false },
      ],
    })
    expect([tuned.statusCode, tuned.headers.etag]).toEqual([200, '"2"'])
    expect(tuned.json().operations[0]).toMatchObject({ summary: 'Mine', hint, api_order: 7, approval: 'never' })

    const { '/hotels': hotels, '/hotels/{id}': one } = HOTELS.paths
    const next = {
      ...HOTELS,
      info: { ...HOTELS.info, title: 'Renamed', version: '2' },
      paths: {
        '/hotels': {
          get: { ...hotels.get, operationId: 'findHotels', summary: 'Theirs', description: 'New words' },
          post: hotels.post,
          delete: { operationId: 'cancelAll', responses: {} },
        },
        '/rooms': { get: one.get },
      },
    }
    const replaced = await tea.put(`${path}/document`, { document: next })
    expect(replaced.json()).toMatchObject({
      revision: 3,
      name_for_human: '호텔 ホテル 1',
      description_for_model: 'Use it for hotels.',
      source: { title: 'Renamed', version: '2' },
      added_operations: ['cancelAll'],
      removed_operations: [],
    })
    const byId = Object.fromEntries(replaced.json().operations.map((one: Operation) => [one.operation_id, one]))
    expect(byId).toMatchObject({
      findHotels: { summary: 'Mine', description: 'New words', hint, api_order: 7, is_enabled: true },
      bookHotel: { is_enabled: false, approval: 'always' },
      cancelAll: { is_enabled: false, approval: 'always' },
      getHotel: { path: '/rooms', is_enabled: true },
    })
    expect((await tea.put(`${path}/document`, { document: HOTELS })).json()).toMatchObject({
      removed_operations: ['cancelAll'],
    })
  })

  it('are found by words, listed by pages, and removed', async () => {
    const { tea, sam } = await twoClasses(await open())
    for (const name of ['Apples', 'Pears', 'Plums']) await makeSkill(tea, name)
    await makeSkill(sam, 'Others')
    const names = async (query: string) => {
      const { items, ...page } = (await tea.get(`/v1/skills${query}`)).json()
      return { ...page, names: items.map((item: { name_for_human: string }) => item.name_for_human) }
    }
    expect(await names('')).toEqual({ total: 3, page: 1, size: 50, names: ['Plums', 'Pears', 'Apples'] })
    expect(await names('?size=2&page=2')).toEqual({ total: 3, page: 2, size: 2, names: ['Apples'] })
    expect(await names('?q=PEAR')).toMatchObject({ total: 1, names: ['Pears'] })
    const { items } = (await tea.get('/v1/skills?q=apples')).json()
    expect(items[0]).toMatchObject({ operation_count: 3, enabled_count: 3 })
    expect((await tea.remove(`/v1/skills/${items[0].skill_id}`)).statusCode).toBe(204)
    expect((await tea.get(`/v1/skills/${items[0].skill_id}`)).json().detail).toBe('skill_not_found')
    for (const query of ['size=0', 'size=201', 'page=0', 'q=%00'])
      expect((await tea.get(`/v1/skills?${query}`)).statusCode).toBe(422)
  })

  it('come from an uploaded file, which is bounded and must be text', async () => {
    const { tea } = await twoClasses(await open())
    const upload = (file: Buffer<ArrayBuffer> | string, fields: Record<string, string> = {}) => {
      const form = new FormData()
      for (const [name, value] of Object.entries(fields)) form.append(name, value)
      form.append('file', new Blob([file]), 'openapi.json')
      const { body, headers } = encode(form)
      return body.then((payload) => tea.post('/v1/skills/upload', payload, headers))
    }
    const made = await upload(`\uFEFF${JSON.stringify(HOTELS)}`, { name_for_human: '호텔' })
    expect([made.statusCode, made.json().name_for_human]).toEqual([201, '호텔'])
    expect((await upload(Buffer.alloc(20 * 1024 * 1024, ' '))).statusCode).toBe(413)
    expect((await upload(Buffer.from([0xff, 0xfe, 0x00]))).json().detail).toBe('document_not_utf8')
    expect((await upload(JSON.stringify(HOTELS), { name_for_human: '!' })).statusCode).toBe(422)
    expect((await upload(JSON.stringify(HOTELS), { other: 'x' })).statusCode).toBe(422)
    expect((await tea.post('/v1/skills/upload', { file: 'x' })).statusCode).toBe(422)
    expect((await upload('{}')).json()).toMatchObject({ detail: 'invalid_document', problems: [{ severity: 'error' }] })
  })

  it('are checked without being kept: every problem has its place and a suggestion', async () => {
    const { tea } = await twoClasses(await open())
    const fine = (await tea.post('/v1/skills/check', { document: HOTELS })).json()
    expect(fine).toMatchObject({ is_usable: true, source: { title: 'Hotel Search' }, problems: [] })
    expect(fine.operations).toHaveLength(3)
    const { get } = HOTELS.paths['/hotels']
    const broken = { ...HOTELS, paths: { '/a': { get: { ...get, parameters: [{ $ref: '#/nowhere' }] } } } }
    const found = (await tea.post('/v1/skills/check', { document: broken })).json()
    expect(found.problems[0]).toMatchObject({
      pointer: expect.stringContaining('/paths/~1a/get'),
      message: expect.any(String),
      suggestion: expect.stringMatching(/./),
    })
    expect((await tea.post('/v1/skills/check', { document: 'no document' })).json()).toMatchObject({
      is_usable: false,
      source: null,
      operations: [],
      problems: [{ severity: 'error' }],
    })
    expect((await tea.get('/v1/skills')).json().total).toBe(0)
  })

  it('refuse documents of which nothing can be made, and take of others what can be', async () => {
    const { tea } = await twoClasses(await open())
    const make = (document: unknown) => tea.post('/v1/skills', { document } as object)
    const large = await make(`${JSON.stringify(HOTELS)}${' '.repeat(20 * 1024 * 1024)}`)
    expect(large.statusCode).toBe(413)
    const quiteLarge = await make(`${JSON.stringify(HOTELS)}${' '.repeat(6 * 1024 * 1024)}`)
    expect(quiteLarge.json()).toMatchObject({ detail: 'invalid_document', problems: [{ severity: 'error' }] })
    for (const nothing of ['', '{', 'x', '[]', {}, { openapi: '3.0.0', paths: {} }]) {
      const reply = await make(nothing)
      expect([reply.statusCode, reply.json().detail]).toEqual([400, 'invalid_document'])
    }

    const operation = (more: object = {}) => ({ responses: {}, ...more })
    const odd = {
      ...HOTELS,
      servers: [{ url: 'https://{where}.example/', variables: { where: { default: 'here' } } }],
      paths: {
        '/without-id': { get: operation(), post: operation({ operationId: 'twice' }) },
        '/twice': { get: operation({ operationId: 'twice' }) },
        '/outside': { get: operation({ parameters: [{ $ref: 'https://elsewhere.example/p.json' }] }) },
        '/cycle': {
          post: operation({
            operationId: 'cycle',
            requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } } },
          }),
        },
        '/nul': { get: operation({ operationId: 'nul', summary: 'a\u0000b\ud800c' }) },
      },
      components: {
        schemas: { Node: { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' } } } },
      },
    }
    const made = await make(odd)
    expect(made.statusCode).toBe(201)
    const ids: string[] = made.json().operations.map((one: Operation) => one.operation_id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(expect.arrayContaining(['twice', 'cycle', 'nul']))
    expect(made.json().operations[0].server).toBe('https://here.example')
    expect(
      made
        .json()
        .problems.map((one: { pointer: string }) => one.pointer)
        .join(),
    ).toContain('~1outside')
    expect((await tea.get(`/v1/skills/${made.json().skill_id}`)).body).not.toMatch(/\\u0000|\\ud800/)

    const relative = { ...HOTELS, servers: [{ url: '/v1' }] }
    expect((await make(relative)).json().detail).toBe('invalid_document')
  })

  it('refuse what they cannot hold, before anything is stored', async () => {
    const { tea } = await twoClasses(await open())
    for (const wrong of [
      {},
      { document: HOTELS, url: 'https://a.example' },
      { document: 7 },
      { document: HOTELS, name_for_human: 'a'.repeat(21) },
      { document: HOTELS, name_for_human: 'no/slashes' },
      { document: HOTELS, name_for_human: 'nul\0' },
      { document: HOTELS, name_for_human: '   ' },
      { document: HOTELS, name_for_model: 'mit Leerzeichen' },
      { document: HOTELS, name_for_model: '1st' },
      { document: HOTELS, description_for_human: 'x'.repeat(2_001) },
      { document: HOTELS, description_for_human: 'nul\0' },
      { document: HOTELS, operations: [{ operation_id: 'searchHotels', approval: 'sometimes' }] },
      { document: HOTELS, operations: [{ operation_id: 'searchHotels', hint: { fields: [], max_items: 0 } }] },
      { document: HOTELS, unknown: 1 },
    ])
      expect([wrong, (await tea.post('/v1/skills', wrong)).statusCode]).toEqual([wrong, 422])
    const unknown = await tea.post('/v1/skills', { document: HOTELS, operations: [{ operation_id: 'x' }] })
    expect([unknown.statusCode, unknown.json().detail]).toEqual([400, 'unknown_operations'])
    expect((await tea.get('/v1/skills')).json().total).toBe(0)
    const half = await tea.post('/v1/skills', { document: HOTELS, description_for_human: 'half \ud83d' })
    expect(half.json().description_for_human).toBe('half \ufffd')
    for (const id of ['0', 'x', '9'.repeat(30)]) expect((await tea.get(`/v1/skills/${id}`)).statusCode).toBe(422)
  })

  it('with many operations have none switched on unasked, and never too many', async () => {
    const { tea } = await twoClasses(await open())
    const ids = Array.from({ length: 120 }, (_, index) => `get${index}`)
    const paths = Object.fromEntries(ids.map((id) => [`/${id}`, { get: { operationId: id, responses: {} } }]))
    const document = { ...HOTELS, paths }
    const { skill_id, operations } = (await tea.post('/v1/skills', { document })).json()
    expect(operations.filter((one: Operation) => one.is_enabled)).toEqual([])
    const enable = (some: string[]) =>
      tea.patch(`/v1/skills/${skill_id}`, {
        operations: some.map((operation_id) => ({ operation_id, is_enabled: true })),
      })
    expect((await enable(ids)).json().detail).toBe('too_many_operations')
    expect((await enable(ids.slice(0, 100))).statusCode).toBe(200)
  })

  it('are changed by one editor at a time', async () => {
    const { tea } = await twoClasses(await open())
    const { skill_id } = await makeSkill(tea)
    const path = `/v1/skills/${skill_id}`
    const change = (name_for_human: string, match: string) => tea.patch(path, { name_for_human }, { 'if-match': match })
    const both = await Promise.all([change('First', '"1"'), change('Second', '"1"')])
    expect(both.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 412])
    expect((await change('Third', '1')).json().detail).toBe('skill_changed')
    expect((await change('Third', '*')).statusCode).toBe(200)
    expect((await change('Fourth', 'x')).statusCode).toBe(422)
    const document = await tea.put(`${path}/document`, { document: HOTELS }, { 'if-match': '"1"' })
    expect(document.statusCode).toBe(412)
  })

  it('cannot be taken from a skillset that needs them, nor be called like a neighbour', async () => {
    const { tea } = await twoClasses(await open())
    const { skillset_id, skill_ids } = await makeSkillset(tea, ['Hotels', 'Flights'])
    const skill = `/v1/skills/${skill_ids[0]}`
    const renamed = await tea.patch(skill, { name_for_model: 'FLIGHTS' })
    expect([renamed.statusCode, renamed.json().detail]).toEqual([400, 'duplicate_skill_names'])
    const refused = await tea.remove(skill)
    expect([refused.statusCode, refused.json().detail]).toEqual([409, 'skill_in_use'])
    expect(refused.json().message).toContain('Trips')

    await tea.post(`/v1/skillsets/${skillset_id}/versions`)
    await tea.patch(`/v1/skillsets/${skillset_id}`, { skill_ids: [skill_ids[1]] })
    expect((await tea.remove(skill)).json().detail).toBe('skill_in_use')
    await tea.put(`/v1/skillsets/${skillset_id}/versions/1/pin`)
    await tea.post(`/v1/skillsets/${skillset_id}/versions`)
    expect((await tea.remove(skill)).json().detail).toBe('skill_in_use')
    await tea.remove(`/v1/skillsets/${skillset_id}/versions/1/pin`)
    expect((await tea.remove(skill)).statusCode).toBe(204)
    expect((await tea.get(`/v1/skillsets/${skillset_id}/versions/1`)).json().skills).toHaveLength(2)
  })
})

/** A form as a browser sends it. */
function encode(form: FormData): { body: Promise<Buffer>; headers: Record<string, string> } {
  const request = new Request('http://form.example', { method: 'POST', body: form })
  return {
    headers: { 'content-type': request.headers.get('content-type') ?? '' },
    body: request.arrayBuffer().then((bytes) => Buffer.from(bytes)),
  }
}
