import type { JsonObject } from '../../../models/language-model.ts'
import type { HttpMethod, Operation, Parameter, RequestBody } from '../skill.ts'
import type { ImportedDocument } from './import-document.ts'
import { child, childObject, childrenOf, isObject, itemsOf, type Node, textOf } from './node.ts'
import type { Problems } from './problem.ts'
import { References } from './references.ts'

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

export function importOperations(
  root: JsonObject,
  url: string | undefined,
  problems: Problems,
): Omit<ImportedDocument, 'problems'> {
  const document: Node<JsonObject> = { value: root, pointer: '' }
  const references = new References(root, problems)
  const info = childObject(document, 'info') ?? { value: {}, pointer: '/info' }
  const server = itemsOf(child(document, 'servers'))[0]
  const operations: Operation[] = []
  for (const [path, item] of childrenOf(childObject(document, 'paths')))
    for (const method of METHODS) {
      const operation = childObject(item, method)
      if (!operation) continue
      operations.push({
        operationId: textOf(operation, 'operationId') || `${method}_${path.replace(/\W+/g, '_')}`,
        summary: textOf(operation, 'summary'),
        description: textOf(operation, 'description'),
        isEnabled: true,
        approval: 'never',
        apiOrder: typeof operation.value['x-api-order'] === 'number' ? operation.value['x-api-order'] : null,
        hint: { fields: [], maxItems: null },
        call: {
          kind: 'http',
          method: method.toUpperCase() as HttpMethod,
          server: new URL(server ? textOf(server, 'url') : '/', url).href.replace(/\/+$/, ''),
          path,
          parameters: [...itemsOf(child(item, 'parameters')), ...itemsOf(child(operation, 'parameters'))].flatMap(
            (node) => {
              const found = references.follow(node)
              return found ? [parameterOf(found)] : []
            },
          ),
          body: bodyOf(operation),
          security: [[]],
        },
      })
    }
  return {
    title: textOf(info, 'title'),
    version: textOf(info, 'version'),
    description: textOf(info, 'description'),
    operations,
    securitySchemes: [],
  }
}

function parameterOf(node: Node): Parameter {
  const place = textOf(node, 'in') as Parameter['in']
  const style = place === 'query' || place === 'cookie' ? 'form' : 'simple'
  return {
    name: textOf(node, 'name'),
    in: place,
    isRequired: child(node, 'required')?.value === true,
    description: textOf(node, 'description'),
    schema: childObject(node, 'schema')?.value ?? {},
    style,
    explode: style === 'form',
    allowReserved: false,
    mediaType: null,
  }
}

function bodyOf(operation: Node): RequestBody | null {
  const body = childObject(operation, 'requestBody')
  const content = body && childObject(body, 'content')
  const [first] = childrenOf(content)
  if (!body || !first) return null
  const schema = child(first[1], 'schema')?.value
  return {
    isRequired: child(body, 'required')?.value === true,
    description: textOf(body, 'description'),
    mediaType: first[0],
    schema: isObject(schema) ? schema : {},
    encoding: {},
  }
}
