import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { twoClasses } from '../classes/sharing-testing.ts'
import { HEADER, readExamples, writeExample } from './example-files.ts'
import type { FewShotDraft, FewShotExample } from './few-shot.ts'

const EXAMPLES = '/user/practice/few-shot-examples'
const NASTY = [
  { title: null, input_text: '=1+1', output_text: '-5 "degrees"', is_active: true, meta: {} },
  { title: "'=x", input_text: 'a,b\r\n"c"\rd\ne ', output_text: " '@SUM(A1)", is_active: false, meta: { '=': '"\n,' } },
  { title: '환불, 返金', input_text: '\u2028\ufeff한', output_text: '🙂', is_active: true, meta: { a: [{ b: null }] } },
]

describe('files of examples', () => {
  const text = fc
    .string({
      unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\t', ' ', "'", '=', '+', '-', '@', '＝', '한', '\ufeff'),
    })
    .filter((value) => value.trim() !== '')
  const draft: fc.Arbitrary<FewShotDraft> = fc.record({
    title: fc.option(
      text.map((value) => value.trim()),
      { nil: null },
    ),
    inputText: text,
    outputText: text,
    meta: fc.dictionary(text, fc.jsonValue({ maxDepth: 3 })).map((meta) => JSON.parse(JSON.stringify(meta))),
    isActive: fc.boolean(),
  })

  it.each(['csv', 'jsonl'] as const)('in %s are read back exactly as they were', (format) => {
    fc.assert(
      fc.property(fc.array(draft, { minLength: 1, maxLength: 5 }), (drafts) => {
        const lines = drafts.map((one) => writeExample(format, one as FewShotExample))
        expect(readExamples(format, Buffer.from(HEADER[format] + lines.join('')))).toEqual(drafts)
      }),
    )
  })

  it('in CSV have a header, quotes where RFC 4180 wants them, and no formulas', () => {
    const example = { title: null, inputText: '=A1', outputText: 'say "hi"', meta: { a: 1 }, isActive: true }
    expect(HEADER.csv).toBe('input_text,output_text,title,is_active,meta\r\n')
    expect(writeExample('csv', example as unknown as FewShotExample)).toBe(`'=A1,"say ""hi""",,true,"{""a"":1}"\r\n`)
  })

  it.each([
    ['csv', 'input_text,output_text\na,b\n"c\nd", \n', 'line 3', 'output_text'],
    ['csv', 'input_text,output_text\na,b\nc\n', 'line 3', 'There are 1 values'],
    ['csv', 'input_text,output_text,meta\na,b,{}\nc,d,{x\n', 'line 3', 'meta is not JSON'],
    ['csv', 'input_text,output_text,meta\na,b,{}\nc,d,[]\n', 'line 3', 'meta'],
    ['csv', 'input_text,output_text,is_active\na,b,maybe\n', 'line 2', 'is_active'],
    ['csv', 'input_text,title\na,b\n', 'line 1', 'no column output_text'],
    ['csv', 'input_text,output_text,colour\na,b,c\n', 'line 1', 'colour'],
    ['csv', 'input_text,output_text,input_text\na,b,c\n', 'line 1', 'twice'],
    ['csv', 'input_text,output_text\n', 'body', 'no examples'],
    ['jsonl', '{"input_text":"a","output_text":"b"}\n\n{"input_text":', 'line 3', 'not JSON'],
    ['jsonl', '{"input_text":"a","output_text":"b"}\n[]', 'line 2', 'dictionary'],
    ['jsonl', '{"input_text":"a","output_text":"b"}\nnull', 'line 2', 'required'],
    ['jsonl', '{"input_text":"a","output_text":"b","id":4}', 'line 1', 'id'],
    ['jsonl', '{"input_text":"a","output_text":"b\\u0000"}', 'line 1', 'NUL'],
    ['jsonl', '', 'body', 'no examples'],
  ] as const)('in %s are refused with the line that is wrong: %j', (format, file, line, word) => {
    const read = () => readExamples(format, Buffer.from(file))
    expect(read).toThrow(line)
    expect(read).toThrow(word)
  })
})

describe.each(testDatabases)('importing and exporting examples on $name', ({ open }) => {
  async function library() {
    const test = await twoClasses(await open())
    const { app, sam } = test
    const send = (type: string | undefined, payload: string | Buffer, authorization = sam.authorization) =>
      app.inject({
        method: 'POST',
        url: `${EXAMPLES}/import`,
        headers: { authorization, ...(type && { 'content-type': type }) },
        payload,
      })
    const total = async () => (await sam.get(EXAMPLES)).json().total
    return { ...test, send, total }
  }

  it.each([
    ['csv', 'text/csv; charset=utf-8'],
    ['jsonl', 'application/x-ndjson'],
  ])('takes a library from one person to another as %s, exactly', async (format, type) => {
    const { sam, mina, send } = await library()
    for (const example of NASTY) expect((await sam.post(EXAMPLES, example)).statusCode).toBe(201)
    const file = await sam.get(`${EXAMPLES}/export?format=${format}`)
    expect(file.headers['content-type']).toBe(`${type.split(';')[0]}; charset=utf-8`)
    expect(file.headers['content-disposition']).toBe(`attachment; filename="few-shot-examples.${format}"`)

    const imported = await send(type, file.body, mina.authorization)
    expect([imported.statusCode, imported.json()]).toEqual([201, { imported: 3 }])
    const { items } = (await mina.get(EXAMPLES)).json()
    expect(items.reverse()).toMatchObject(NASTY)
    expect((await mina.get(`${EXAMPLES}/export?format=${format}`)).body).toBe(file.body)
  })

  it('exports everything, also what does not fit into one piece, and nothing of anybody else', async () => {
    const { sam, mina, send } = await library()
    const lines = Array.from({ length: 1_234 }, (_, index) =>
      JSON.stringify({ input_text: `q${index}`, output_text: 'a' }),
    )
    await send('application/jsonl', lines.join('\n'))
    await mina.post(EXAMPLES, { input_text: 'hers', output_text: 'a' })
    const read = (await sam.get(`${EXAMPLES}/export?format=jsonl`)).body.trim().split('\n')
    expect(read.map((line) => JSON.parse(line).input_text)).toEqual(lines.map((line) => JSON.parse(line).input_text))
    expect((await sam.get(`${EXAMPLES}/export`)).body.split('\r\n')).toHaveLength(1_236)
  })

  it('exports an empty library as a header or nothing', async () => {
    const { sam } = await library()
    expect((await sam.get(`${EXAMPLES}/export`)).body).toBe('input_text,output_text,title,is_active,meta\r\n')
    const jsonl = await sam.get(`${EXAMPLES}/export?format=jsonl`)
    expect([jsonl.statusCode, jsonl.body]).toEqual([200, ''])
    expect((await sam.get(`${EXAMPLES}/export?format=xml`)).statusCode).toBe(422)
  })

  it('reads what spreadsheets write: a byte order mark, any order of columns, any line end', async () => {
    const { sam, send } = await library()
    const file = '\ufeff Output_Text ,input_text,IS_ACTIVE\n"a\r\n""b""",q,FALSE\n\nx,y,\n'
    expect((await send('text/csv', file)).json()).toEqual({ imported: 2 })
    expect((await sam.get(EXAMPLES)).json().items).toMatchObject([
      { input_text: 'y', output_text: 'x', is_active: true, title: null, meta: {} },
      { input_text: 'q', output_text: 'a\r\n"b"', is_active: false },
    ])
  })

  it('takes nothing of a file that is wrong somewhere, and names the line', async () => {
    const { send, total } = await library()
    const line = await send('text/csv', 'input_text,output_text\na,b\n"c\nd", \n')
    expect([line.statusCode, line.json().detail[0].loc]).toEqual([422, ['body', 'line 3', 'output_text']])
    const quote = await send('text/csv', 'input_text,output_text\na,b\n"c,d\n')
    expect([quote.statusCode, quote.json().detail]).toEqual([400, 'invalid_csv'])
    expect(quote.json().message).toContain('Line 3')
    const json = await send('application/x-ndjson', '{"input_text":"a","output_text":"b"}\n{')
    expect([json.statusCode, json.json().detail[0].loc]).toEqual([422, ['body', 'line 2']])
    for (const type of ['text/csv', 'application/x-ndjson', undefined])
      expect((await send(type, '')).statusCode).toBe(422)
    expect(await total()).toBe(0)
  })

  it('names at most twenty problems of a file, and does not repeat its texts', async () => {
    const { send } = await library()
    const line = JSON.stringify({ input_text: 'x'.repeat(30_000), output_text: 'b' })
    const reply = await send('application/x-ndjson', `${line}\n`.repeat(100))
    expect(reply.json().detail).toHaveLength(20)
    expect(reply.body.length).toBeLessThan(10_000)
  })

  it('refuses other encodings, media types, and files that are too large', async () => {
    const { send, total } = await library()
    const korean = Buffer.concat([
      Buffer.from('input_text,output_text\n'),
      Buffer.from([0xb0, 0xa1]),
      Buffer.from(',b\n'),
    ])
    expect((await send('text/csv', korean)).json().detail).toBe('invalid_encoding')
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x'])
      expect((await send(type, '{}')).statusCode).toBe(415)
    expect((await send('text/csv', Buffer.alloc(8 * 1024 * 1024 + 1, 'a'))).statusCode).toBe(413)
    expect(await total()).toBe(0)
  })

  it('holds two thousand examples a person, and takes no file half', async () => {
    const { sam, mina, tea, send, total, ours } = await library()
    const rows = (count: number) => `input_text,output_text\n${'a,b\n'.repeat(count)}`
    expect((await send('text/csv', rows(2_001))).json().message).toContain('line 2002')
    expect((await send('text/csv', rows(1_998))).json()).toEqual({ imported: 1_998 })
    const full = await send('text/csv', rows(3))
    expect([full.statusCode, full.json().detail]).toEqual([409, 'too_many_few_shot_examples'])
    expect(await total()).toBe(1_998)

    // Connections that are open already, so that they really come at once.
    await Promise.all(Array.from({ length: 8 }, total))
    const crowd = await Promise.all(Array.from({ length: 8 }, () => send('text/csv', rows(2))))
    expect(crowd.map(({ statusCode }) => statusCode).sort()).toEqual([201, ...Array(7).fill(409)])
    expect((await sam.post(EXAMPLES, { input_text: 'a', output_text: 'b' })).statusCode).toBe(409)
    const { example_id } = (await tea.post(EXAMPLES, { input_text: 'a', output_text: 'b' })).json()
    await tea.post(`${EXAMPLES}/${example_id}/share?class_id=${ours}`)
    expect((await sam.post(`${EXAMPLES}/${example_id}/fork`, { class_id: ours })).statusCode).toBe(409)
    expect(await total()).toBe(2_000)
    expect((await mina.post(EXAMPLES, { input_text: 'a', output_text: 'b' })).statusCode).toBe(201)
  })
})
