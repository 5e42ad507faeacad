import { describe, expect, it } from 'vitest'
import { Outbound } from '../../../http/outbound.ts'
import { startServer } from '../../../http/testing-server.ts'
import { importDocument } from '../document/import-document.ts'
import { OperationCaller } from './operation-caller.ts'
import { shortenAnswer } from './shorten.ts'
import { toolOf } from './tool-of.ts'

describe('calling an operation', () => {
  it('goes from the document to an answer for the model', async () => {
    const server = await startServer((request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ asked: request.url, rooms: [1, 2, 3] }))
    })
    const document = await importDocument(`
openapi: 3.1.0
info: { title: Hotels, version: '1' }
servers: [{ url: ${server.origin} }]
paths:
  /hotels/{city}:
    get:
      operationId: searchHotels
      summary: Finds hotels
      parameters:
        - { name: city, in: path, required: true, schema: { type: string } }
        - { name: stars, in: query, schema: { type: array, items: { type: integer } } }
`)
    const [operation] = document.operations
    const caller = new OperationCaller({ outbound: new Outbound({ allow: [server.origin] }) })

    const result = await caller.call(
      {
        skill: { source: { kind: 'openapi', title: 'Hotels', version: '1' }, securitySchemes: [] },
        operation: operation!,
        arguments: { city: '서울/종로', stars: [4, 5] },
        credentials: [],
      },
      new AbortController().signal,
    )

    expect(toolOf({ nameForModel: 'hotels' }, operation!)).toMatchObject({
      name: 'hotels__searchHotels',
      description: 'Finds hotels',
      parameters: { required: ['city'], properties: { stars: { type: 'array' } } },
    })
    const url = '/hotels/%EC%84%9C%EC%9A%B8%2F%EC%A2%85%EB%A1%9C?stars=4&stars=5'
    expect(result).toMatchObject({ url: server.origin + url, status: 200, isOk: true })
    expect(
      shortenAnswer(result, { fields: ['rooms'], maxItems: 1 }, { maxTokens: 100, count: (text) => text.length }),
    ).toBe('{"rooms":[1,"… 2 more"]}')
  })
})
