const RESOURCES = 200
const WORDS = [
  'account',
  'invoice',
  'customer',
  'payment',
  'refund',
  'product',
  'order',
  'shipment',
  'coupon',
  'report',
]

/**
 * An OpenAPI document of the size and shape of a large public API: five operations for each of 200 resources, whose
 * schemas refer to each other, some of them in circles.
 */
export function largeDocument() {
  const paths = {}
  const schemas = { Address: addressSchema(), Error: { type: 'object', properties: { message: { type: 'string' } } } }
  for (let index = 0; index < RESOURCES; index += 1) {
    const name = `${WORDS[index % WORDS.length]}_${index}`
    schemas[name] = resourceSchema(name, index)
    const one = { $ref: `#/components/schemas/${name}` }
    const body = { required: true, content: { 'application/json': { schema: one } } }
    const id = { name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 5000 } }
    paths[`/v1/${name}`] = {
      get: operation(`list_${name}`, { parameters: listParameters() }, { type: 'array', items: one }),
      post: operation(`create_${name}`, { requestBody: body }, one),
    }
    paths[`/v1/${name}/{id}`] = {
      parameters: [id],
      get: operation(`get_${name}`, { parameters: [{ $ref: '#/components/parameters/expand' }] }, one),
      put: operation(`update_${name}`, { requestBody: body }, one),
      delete: operation(`delete_${name}`, {}, { type: 'object', properties: { deleted: { type: 'boolean' } } }),
    }
  }
  return {
    openapi: '3.0.3',
    info: { title: 'Large', version: '2026-01-01', description: 'Everything that a business needs.' },
    servers: [{ url: 'https://api.example.com' }],
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas,
      parameters: {
        expand: {
          name: 'expand',
          in: 'query',
          style: 'deepObject',
          explode: true,
          schema: { type: 'array', items: { type: 'string' } },
        },
      },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  }
}

/** The same document as people write YAML: in blocks, one key a line. */
export function toYaml(value, indent = '') {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0)
    return ` ${JSON.stringify(value)}\n`
  const lines = Array.isArray(value)
    ? value.map((item) => `${indent}-${toYaml(item, `${indent}  `).replace(/^\n\s*/, ' ')}`)
    : Object.entries(value).map(([key, part]) => `${indent}${JSON.stringify(key)}:${toYaml(part, `${indent}  `)}`)
  return `\n${lines.join('')}`
}

function operation(operationId, rest, answer) {
  const failure = {
    description: 'Error',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  }
  return {
    operationId,
    summary: operationId.replaceAll('_', ' '),
    description: `<p>${'Says at some length what it does and when to use it. '.repeat(4)}</p>`,
    ...rest,
    responses: { 200: { description: 'OK', content: { 'application/json': { schema: answer } } }, default: failure },
  }
}

function listParameters() {
  const page = { type: 'integer', minimum: 1, maximum: 100, default: 10 }
  return [
    { name: 'limit', in: 'query', description: 'How many at most.', schema: page },
    { name: 'starting_after', in: 'query', description: 'Where the page begins.', schema: { type: 'string' } },
    {
      name: 'created',
      in: 'query',
      style: 'deepObject',
      explode: true,
      schema: { type: 'object', properties: { gt: { type: 'integer' }, lt: { type: 'integer' } } },
    },
    { $ref: '#/components/parameters/expand' },
  ]
}

function resourceSchema(name, index) {
  const other = (offset) => ({
    $ref: `#/components/schemas/${WORDS[(index + offset) % WORDS.length]}_${(index + offset) % RESOURCES}`,
  })
  const text = { type: 'string', nullable: true, maxLength: 5000, description: 'A text that says something about it.' }
  const plain = Object.fromEntries(Array.from({ length: 16 }, (_, field) => [`field_${field}`, text]))
  return {
    type: 'object',
    description: `A ${name}.`,
    required: ['id'],
    properties: {
      id: { type: 'string', readOnly: true },
      ...plain,
      address: { $ref: '#/components/schemas/Address' },
      status: { type: 'string', enum: ['draft', 'open', 'paid', 'void'] },
      parent: { anyOf: [{ $ref: `#/components/schemas/${name}` }, { type: 'string' }] },
      related: { type: 'array', items: index % 3 === 0 ? other(1) : { type: 'string' } },
    },
  }
}

function addressSchema() {
  const line = { type: 'string', maxLength: 500 }
  return {
    type: 'object',
    properties: { city: line, country: line, line1: line, line2: line, postal_code: line, state: line },
  }
}
