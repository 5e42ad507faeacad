import type { JsonObject } from '../../../models/language-model.ts'
import type { PartEncoding, RequestBody } from '../skill.ts'
import { child, childObject, childrenOf, isObject, itemsOf, type Node, textOf } from './node.ts'
import { inlineSchema, styleOf } from './parameters.ts'
import type { Problems } from './problem.ts'
import type { References } from './references.ts'
import type { Schemas } from './schemas.ts'

type Readers = { references: References; schemas: Schemas; problems: Problems }

const FORM = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data'
/** Those that models write best come first; anything else is sent as it is given. */
const PREFERRED = [
  /^application\/json\b/,
  /[/+]json\b/,
  /^application\/x-www-form-urlencoded\b/,
  /^multipart\/form-data\b/,
  /^text\/plain\b/,
  /[/+]xml\b/,
  /^text\//,
]

/** The body of an operation of OpenAPI 3, in one of its media types. */
export function readRequestBody(operation: Node, readers: Readers): RequestBody | null {
  const given = childObject(operation, 'requestBody')
  const node = given && readers.references.follow(given)
  if (!node) return null
  const contents = new Map(childrenOf(childObject(node, 'content')))
  const mediaType = preferred([...contents.keys()])
  if (mediaType === undefined) {
    readers.problems.warn(
      node.pointer,
      'The body has no media type, so none is sent.',
      'Add content: { application/json: { schema: … } }.',
    )
    return null
  }
  const media = contents.get(mediaType)!
  return {
    isRequired: child(node, 'required')?.value === true,
    description: textOf(node, 'description'),
    mediaType: concrete(mediaType),
    schema: bodySchema(mediaType, child(media, 'schema'), readers),
    encoding: Object.fromEntries(
      childrenOf(childObject(media, 'encoding')).map(([name, part]) => [name, readEncoding(part, readers)]),
    ),
  }
}

/** The body of an operation of Swagger 2.0: its `body` parameter, or its `formData` parameters together. */
export function swaggerBody(
  operation: Node,
  root: Node,
  parameters: readonly Node[],
  readers: Readers,
): RequestBody | null {
  const consumes = itemsOf(child(operation, 'consumes') ?? child(root, 'consumes')).map(({ value }) => String(value))
  const body = parameters.find((node) => textOf(node, 'in') === 'body')
  if (body)
    return {
      isRequired: child(body, 'required')?.value === true,
      description: textOf(body, 'description'),
      mediaType: concrete(preferred(consumes) ?? 'application/json'),
      schema: bodySchema(preferred(consumes) ?? '', child(body, 'schema'), readers),
      encoding: {},
    }
  const fields = parameters.filter((node) => textOf(node, 'in') === 'formData')
  if (fields.length === 0) return null
  const hasFile = fields.some((node) => textOf(node, 'type') === 'file')
  const required = fields.filter((node) => child(node, 'required')?.value === true).map((node) => textOf(node, 'name'))
  return {
    isRequired: required.length > 0,
    description: '',
    mediaType: hasFile || (consumes.includes(MULTIPART) && !consumes.includes(FORM)) ? MULTIPART : FORM,
    schema: {
      type: 'object',
      properties: Object.fromEntries(fields.map((node) => swaggerField(node, readers))),
      required,
    },
    encoding: Object.fromEntries(
      fields.map((node) => [textOf(node, 'name'), { ...NO_ENCODING, ...styleOf(node, 'query', readers.problems) }]),
    ),
  }
}

const NO_ENCODING: PartEncoding = { contentType: null, style: null, explode: null, allowReserved: false, headers: {} }

function swaggerField(node: Node, { schemas }: Readers): [string, JsonObject] {
  const schema = schemas.read(inlineSchema(node))
  const description = textOf(node, 'description')
  return [textOf(node, 'name'), description === '' ? schema : { ...schema, description }]
}

function readEncoding(node: Node, { references, problems }: Readers): PartEncoding {
  const headers = childrenOf(childObject(node, 'headers')).flatMap(([name, header]) => {
    const found = references.follow(header)
    const schema = found && childObject(found, 'schema')?.value
    const value =
      schema && (schema.const ?? schema.default ?? (Array.isArray(schema.enum) ? schema.enum[0] : undefined))
    return value === undefined ? [] : [[name, String(value)] as const]
  })
  const hasStyle = child(node, 'style') || child(node, 'explode') || child(node, 'allowReserved')
  return {
    ...NO_ENCODING,
    // A list of types is a choice, of which the first is as good as any.
    contentType: textOf(node, 'contentType').split(',')[0]!.trim() || null,
    ...(hasStyle && styleOf(node, 'query', problems)),
    allowReserved: child(node, 'allowReserved')?.value === true,
    headers: Object.fromEntries(headers),
  }
}

/** The outermost element of XML is named like the schema that is referred to (OpenAPI 3.1 §4.8.26.2). */
function bodySchema(mediaType: string, node: Node | undefined, { schemas }: Readers): JsonObject {
  const schema = schemas.read(node)
  const name = node && /xml\b/i.test(mediaType) ? textOf(node, '$ref').split('/').at(-1) : undefined
  return name ? { ...schema, xml: { name, ...(isObject(schema.xml) ? schema.xml : {}) } } : schema
}

function preferred(mediaTypes: readonly string[]): string | undefined {
  for (const pattern of PREFERRED) {
    const found = mediaTypes.find((mediaType) => pattern.test(concrete(mediaType).toLowerCase()))
    if (found !== undefined) return found
  }
  return mediaTypes[0]
}

/** A range such as `text/*` stands for what is used most of it. */
function concrete(mediaType: string): string {
  if (!mediaType.includes('*')) return mediaType
  if (mediaType.startsWith('text/')) return 'text/plain'
  if (mediaType.startsWith('multipart/')) return MULTIPART
  return mediaType.startsWith('*/') || mediaType.startsWith('application/')
    ? 'application/json'
    : 'application/octet-stream'
}
