import { describe, expect, it } from 'vitest'
import { importDocument } from '../document/import-document.ts'
import type { Operation } from '../skill.ts'
import { toolOf } from './tool-of.ts'

async function operationOf(operation: object, path = '/hotels/{id}'): Promise<Operation> {
  const { operations } = await importDocument(
    JSON.stringify({
      openapi: '3.1.0',
      info: {},
      servers: [{ url: 'https://a.example' }],
      paths: { [path]: { post: operation } },
    }),
  )
  return operations[0]!
}

const skill = { nameForModel: 'hotels' }
const schema = { type: 'string' }

describe('an operation as a tool', () => {
  it('has all its arguments, apart where two places share a name', async () => {
    const operation = await operationOf({
      operationId: 'book',
      summary: 'Books a room',
      description: 'Only with a date.',
      parameters: [
        { name: 'id', in: 'path', required: true, schema, description: 'Of the hotel' },
        { name: 'id', in: 'query', schema },
        { name: 'date', in: 'query', required: true, schema: { type: 'string', format: 'date' } },
        { name: 'body', in: 'query', schema },
        { name: 'id_in_query', in: 'header', schema },
      ],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { type: 'object', properties: { guests: { type: 'integer' } } } } },
      },
    })

    expect(toolOf(skill, operation)).toEqual({
      name: 'hotels__book',
      description: 'Books a room\nOnly with a date.',
      parameters: {
        type: 'object',
        properties: {
          id_in_path: { type: 'string', description: 'Of the hotel' },
          id_in_query: { type: 'string' },
          date: { type: 'string', format: 'date' },
          body_in_query: { type: 'string' },
          id_in_query_: { type: 'string' },
          body: { type: 'object', properties: { guests: { type: 'integer' } } },
        },
        required: ['id_in_path', 'date', 'body'],
        additionalProperties: false,
      },
    })
  })

  it('gets a name that every provider takes, and no other tool', async () => {
    const names = await Promise.all(
      ['호텔 검색', '호텔/검색', 'a'.repeat(100), `${'a'.repeat(100)}b`].map(
        async (operationId) => toolOf(skill, await operationOf({ operationId })).name,
      ),
    )

    for (const name of names) expect(name).toMatch(/^[\w-]{1,64}$/)
    expect(new Set(names).size).toBe(4)
    expect(toolOf(skill, await operationOf({})).description).toBe('POST /hotels/{id}')
  })

  it('stays small however large its schemas are, the same every time', async () => {
    const properties = Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [
        `field${n}`,
        {
          type: 'object',
          description: 'Says a lot. '.repeat(30),
          properties: Object.fromEntries(
            Array.from({ length: 10 }, (_, m) => [
              `inner${m}`,
              { type: 'string', examples: ['x'], description: 'More. '.repeat(9) },
            ]),
          ),
        },
      ]),
    )
    const operation = await operationOf({
      parameters: [{ name: 'q', in: 'query', required: true, schema }],
      requestBody: { content: { 'application/json': { schema: { type: 'object', properties } } } },
    })
    const tool = toolOf(skill, operation)
    const text = JSON.stringify(tool.parameters)

    expect(text.length).toBeLessThanOrEqual(12_000)
    expect(text).toContain('field59')
    expect(tool.parameters.required).toEqual(['q', 'id'])
    expect(toolOf(skill, operation)).toEqual(tool)
  })

  it('stays small with a thousand parameters, required ones first', async () => {
    const parameters = Array.from({ length: 1_000 }, (_, n) => ({
      name: `parameter${n}`,
      in: 'query',
      required: n > 990,
      schema,
    }))
    const tool = toolOf(skill, await operationOf({ parameters }))

    expect(JSON.stringify(tool.parameters).length).toBeLessThanOrEqual(12_000)
    expect(Object.keys(tool.parameters.properties as object)).toContain('parameter999')
  })
})
