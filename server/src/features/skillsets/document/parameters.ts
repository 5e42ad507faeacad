import { isTransportHeader } from '../../../http/outbound-headers.ts'
import type { Parameter } from '../skill.ts'
import { child, childObject, childrenOf, isObject, itemsOf, type Node, textOf } from './node.ts'
import type { Problems } from './problem.ts'
import type { References } from './references.ts'
import type { Schemas } from './schemas.ts'

const STYLES: Readonly<Record<Parameter['in'], readonly Parameter['style'][]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
}
/** OpenAPI 3.1 §4.8.12.1: what a document says of these is ignored, since other parts of it decide. */
const DECIDED_ELSEWHERE = new Set(['accept', 'content-type', 'authorization'])

/** How Swagger 2.0 says what style and explode say since 3.0. */
const COLLECTION_FORMATS: Readonly<Record<string, Pick<Parameter, 'style' | 'explode'>>> = {
  ssv: { style: 'spaceDelimited', explode: false },
  pipes: { style: 'pipeDelimited', explode: false },
  multi: { style: 'form', explode: true },
}

type Readers = { references: References; schemas: Schemas; problems: Problems }

/**
 * The parameter objects of an operation, references followed: its own, and those of its path that it does not replace.
 *
 * In Swagger 2.0 bodies and form fields are among them.
 */
export function parameterNodes(pathItem: Node, operation: Node, { references, problems }: Readers): Node[] {
  const found = new Map<string, Node>()
  for (const level of [operation, pathItem]) {
    const ofLevel = new Set<string>()
    for (const item of itemsOf(child(level, 'parameters'))) {
      const node = references.follow(item)
      if (!node) continue
      if (!isObject(node.value)) {
        problems.error(node.pointer, 'This is not a parameter.', 'It must be an object with name and in.')
        continue
      }
      const key = `${textOf(node, 'in')} ${textOf(node, 'name')}`
      if (ofLevel.has(key))
        problems.warn(
          item.pointer,
          `The parameter ${textOf(node, 'name')} is there twice; the first one counts.`,
          'Remove one of them.',
        )
      else if (!found.has(key)) found.set(key, node)
      ofLevel.add(key)
    }
  }
  return [...found.values()]
}

/** A parameter of OpenAPI 3, or of 2.0 outside the body; undefined, with the problem said, when it cannot be sent. */
export function readParameter(node: Node, path: string, { schemas, problems }: Readers): Parameter | undefined {
  const name = textOf(node, 'name')
  const place = textOf(node, 'in')
  if (name === '') {
    problems.error(node.pointer, 'The parameter has no name.', 'Add one.')
    return undefined
  }
  if (!isPlace(place)) {
    problems.error(
      `${node.pointer}/in`,
      `The parameter ${name} is in ${JSON.stringify(place)}, which is no place for one.`,
      'Use path, query, header or cookie.',
    )
    return undefined
  }
  if (!canBeSent(name, place, path, node, problems)) return undefined
  const [mediaType, media] = childrenOf(childObject(node, 'content'))[0] ?? []
  return {
    name,
    in: place,
    isRequired: place === 'path' || child(node, 'required')?.value === true,
    description: textOf(node, 'description'),
    schema: schemas.read(media ? child(media, 'schema') : (child(node, 'schema') ?? inlineSchema(node))),
    ...styleOf(node, place, problems),
    allowReserved: place === 'query' && child(node, 'allowReserved')?.value === true,
    mediaType: mediaType ?? null,
  }
}

/** In Swagger 2.0 type, format and the rest stand in the parameter itself. */
export function inlineSchema({ value, pointer }: Node): Node {
  const notOfSchema = new Set([
    'name',
    'in',
    'required',
    'description',
    'collectionFormat',
    'allowEmptyValue',
    'style',
    'explode',
    'content',
  ])
  return {
    value: Object.fromEntries(Object.entries(value as object).filter(([key]) => !notOfSchema.has(key))),
    pointer,
  }
}

/** Style and explode as given, or by the defaults of OpenAPI 3.1 §4.8.12.2. */
export function styleOf(node: Node, place: Parameter['in'], problems: Problems): Pick<Parameter, 'style' | 'explode'> {
  const collection = textOf(node, 'collectionFormat')
  if (collection === 'tsv')
    problems.warn(
      `${node.pointer}/collectionFormat`,
      'Lists separated by tabs are not sent; commas are used.',
      'Use csv, ssv, pipes or multi.',
    )
  const isSwagger = collection !== '' || child(node, 'type') !== undefined
  if (isSwagger) return COLLECTION_FORMATS[collection] ?? { style: STYLES[place][0]!, explode: false }
  const given = textOf(node, 'style')
  const style = STYLES[place].find((known) => known === given)
  if (given !== '' && style === undefined)
    problems.warn(
      `${node.pointer}/style`,
      `The style ${given} cannot be used in ${place}; ${STYLES[place][0]} is used.`,
      `Use one of ${STYLES[place].join(', ')}.`,
    )
  const used = style ?? STYLES[place][0]!
  const explode = child(node, 'explode')?.value
  return { style: used, explode: typeof explode === 'boolean' ? explode : used === 'form' }
}

function canBeSent(name: string, place: Parameter['in'], path: string, node: Node, problems: Problems): boolean {
  const pointer = node.pointer
  if (place === 'path' && !path.includes(`{${name}}`)) {
    problems.warn(
      pointer,
      `The path ${path} has no place for the parameter ${name}.`,
      `Write {${name}} into the path, or remove the parameter.`,
    )
    return false
  }
  if (place !== 'header') return true
  if (DECIDED_ELSEWHERE.has(name.toLowerCase())) {
    problems.warn(
      pointer,
      `A header parameter named ${name} is ignored, as OpenAPI says.`,
      'Describe it by a security scheme (Authorization) or by media types (Accept, Content-Type) instead.',
    )
    return false
  }
  if (!isTransportHeader(name)) return true
  problems.warn(pointer, `The header ${name} belongs to the connection and cannot be set.`, 'Remove the parameter.')
  return false
}

function isPlace(place: string): place is Parameter['in'] {
  return Object.hasOwn(STYLES, place)
}
