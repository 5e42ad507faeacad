import type { Tool } from '@modelcontextprotocol/sdk/types.js'
import { Problems } from '../document/problem.ts'
import { References } from '../document/references.ts'
import { Schemas } from '../document/schemas.ts'
import type { Operation } from '../skill.ts'

/** A tool of an MCP server as an operation of a skill; its schema has no references any more. */
export function operationOf(tool: Tool): Operation {
  const problems = new Problems()
  const references = new References(tool.inputSchema, problems)
  const schemas = new Schemas({ references, dialect: '3.1', problems })
  const isReadOnly = tool.annotations?.readOnlyHint === true
  return {
    operationId: tool.name,
    summary: tool.title ?? tool.annotations?.title ?? '',
    description: tool.description ?? '',
    isEnabled: true,
    approval: isReadOnly ? 'never' : 'always',
    apiOrder: null,
    hint: { fields: [], maxItems: null },
    call: {
      kind: 'mcp',
      tool: tool.name,
      inputSchema: schemas.ofOperation('', () => schemas.read({ value: tool.inputSchema, pointer: '' })),
      isReadOnly,
    },
  }
}
