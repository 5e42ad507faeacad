import type { twoClasses } from '../../classes/sharing-testing.ts'

/** An API of hotels: reading, booking, and three ways to sign in. */
export const HOTELS = {
  openapi: '3.0.3',
  info: { title: 'Hotel Search', version: '1.2', description: 'Finds and books hotels.' },
  servers: [{ url: 'https://hotels.example/v1' }],
  paths: {
    '/hotels': {
      get: {
        operationId: 'searchHotels',
        summary: 'Search hotels',
        'x-api-order': 1,
        parameters: [{ name: 'area', in: 'query', required: true, schema: { type: 'string' } }],
        responses: { '200': { description: 'ok' } },
        security: [{ key: [] }],
      },
      post: {
        operationId: 'bookHotel',
        summary: 'Book a hotel',
        requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
        responses: { '200': { description: 'ok' } },
        security: [{ token: [] }],
      },
    },
    '/hotels/{id}': {
      get: {
        operationId: 'getHotel',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { '200': { description: 'ok' } },
      },
    },
  },
  components: {
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'X-Key' },
      token: { type: 'http', scheme: 'bearer' },
      login: { type: 'http', scheme: 'basic' },
    },
  },
}

type Sender = Pick<Awaited<ReturnType<typeof twoClasses>>['tea'], 'post'>

/** Makes a skill; its names in a skillset must be its own. */
export async function makeSkill(person: Sender, name = 'Hotels', document: object = HOTELS) {
  const reply = await person.post('/v1/skills', {
    document,
    name_for_human: name,
    name_for_model: name.toLowerCase().replaceAll(' ', '_'),
  })
  if (reply.statusCode !== 201) throw new Error(reply.body)
  return reply.json() as { skill_id: number; revision: number }
}

/** Makes a skillset of new skills. */
export async function makeSkillset(person: Sender, skillNames: string[] = ['Hotels'], body: object = {}) {
  const skills = []
  for (const name of skillNames) skills.push(await makeSkill(person, name))
  const skill_ids = skills.map(({ skill_id }) => skill_id)
  const reply = await person.post('/v1/skillsets', { name: 'Trips', skill_ids, ...body })
  if (reply.statusCode !== 201) throw new Error(reply.body)
  return { ...(reply.json() as { skillset_id: string; revision: number }), skill_ids }
}
