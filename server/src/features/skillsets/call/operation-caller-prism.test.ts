import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Outbound } from '../../../http/outbound.ts'
import { type ImportedDocument, importDocument } from '../document/import-document.ts'
import { McpTools } from '../mcp/mcp-tools.ts'
import { OperationCaller } from './operation-caller.ts'
import type { OperationResult } from './operation-result.ts'
import { cases, securitySchemes } from './prism.fixture.ts'
import { startPrism } from './prism-testing.ts'

const document = {
  openapi: '3.1.0',
  info: { title: 'Everything', version: '1' },
  paths: Object.fromEntries(cases.map(({ path, method, operation }) => [path, { [method]: operation }])),
  components: { securitySchemes },
}
const credentials = Object.keys(securitySchemes).map((scheme) => ({
  scheme,
  secret: scheme === 'basic' ? 'user:pass' : 'secret/1+2=',
}))

describe('an independent validator', () => {
  let prism: Awaited<ReturnType<typeof startPrism>>
  let outbound: Outbound
  let imported: ImportedDocument

  beforeAll(async () => {
    prism = await startPrism(document)
    outbound = new Outbound({ allow: [prism.origin] })
    imported = await importDocument(JSON.stringify({ ...document, servers: [{ url: prism.origin }] }))
  }, 60_000)

  afterAll(async () => {
    await outbound?.close()
    await prism?.stop()
  })

  async function call(
    operationId: string,
    given: Record<string, unknown>,
    keys = credentials,
  ): Promise<OperationResult> {
    const operation = imported.operations.find((found) => found.operationId === operationId)!
    const skill = {
      source: { kind: 'openapi' as const, title: '', version: '' },
      securitySchemes: imported.securitySchemes,
    }
    const request = { skill, operation, arguments: given, credentials: keys }
    return await new OperationCaller({ outbound, mcp: new McpTools({ outbound }) }).call(
      request,
      new AbortController().signal,
    )
  }

  it.each(cases.map(({ operation, given }) => [operation.operationId, given] as const))(
    'has nothing to say against %s',
    async (operationId, given) => {
      const { status, responseBody, url } = await call(operationId, given)

      expect({ url, status, responseBody }).toEqual({ url, status: 200, responseBody: '{}' })
    },
  )

  it('would have something to say', async () => {
    const [form] = cases.filter(({ operation }) => operation.operationId === 'query_form_exploded_integers')
    const operation = imported.operations.find(({ operationId }) => operationId === form!.operation.operationId)!
    const { call: http } = operation
    const wrong = http.kind === 'http' && {
      ...http,
      parameters: http.parameters.map((one) => ({ ...one, explode: false })),
    }
    imported.operations.push({ ...operation, operationId: 'wrong', call: wrong || http })

    expect(await call('wrong', form!.given)).toMatchObject({ status: 422, isOk: false, errorCode: 'api_error' })
  })
})
