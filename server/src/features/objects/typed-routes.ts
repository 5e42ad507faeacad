import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import type { Person } from '../accounts/person.ts'
import { linesReply, streamed } from './streamed-reply.ts'
import type { Created, ObjectType, Typed, TypedObjects } from './typed-objects.ts'
import {
  DatasetBody,
  DatasetRead,
  Deleted,
  DigestsQuery,
  EvaluationBody,
  EvaluationCreated,
  EvaluationRead,
  ModelBody,
  ModelCreated,
  ModelRead,
  OpBody,
  OpRead,
  PageQuery,
  PlainCreated,
  ProjectPath,
  printDataset,
  printEvaluation,
  printModel,
  printOp,
  printPlace,
  printScorer,
  ScorerBody,
  ScorerCreated,
  ScorerRead,
  TypedPath,
  TypedVersionPath,
} from './typed-schema.ts'

/** Ops, datasets, scorers, evaluations and models under `/v2`, each made of its parts. */
export const typedRoutes = (typed: TypedObjects): FastifyPluginAsyncZod[] => [
  routesOf(typed, {
    type: 'ops',
    noun: 'op',
    Body: OpBody,
    create: (person, project, body) => typed.createOp(person, project, body.name, body.source_code ?? ''),
    Created: PlainCreated,
    printCreated: printPlace,
    Read: OpRead,
    print: printOp,
  }),
  routesOf(typed, {
    type: 'datasets',
    noun: 'dataset',
    Body: DatasetBody,
    create: (person, project, body) => typed.createDataset(person, project, body),
    Created: PlainCreated,
    printCreated: printPlace,
    Read: DatasetRead,
    print: printDataset,
  }),
  routesOf(typed, {
    type: 'scorers',
    noun: 'scorer',
    Body: ScorerBody,
    create: (person, project, { op_source_code: source, ...body }) =>
      typed.createScorer(person, project, { ...body, source }),
    Created: ScorerCreated,
    printCreated: (created) => ({ ...printPlace(created), scorer: created.ref }),
    Read: ScorerRead,
    print: printScorer,
  }),
  routesOf(typed, {
    type: 'evaluations',
    noun: 'evaluation',
    Body: EvaluationBody,
    create: (person, project, { name, eval_attributes, scorers, ...fields }) =>
      typed.createEvaluation(person, project, name, { ...eval_attributes, ...fields, scorers: scorers ?? [] }),
    Created: EvaluationCreated,
    printCreated: (created) => ({ ...printPlace(created), evaluation_ref: created.ref }),
    Read: EvaluationRead,
    print: printEvaluation,
  }),
  routesOf(typed, {
    type: 'models',
    noun: 'model',
    Body: ModelBody,
    create: (person, project, { source_code: source, attributes, ...body }) =>
      typed.createModel(person, project, { ...body, source, attributes: attributes ?? {} }),
    Created: ModelCreated,
    printCreated: (created) => ({ ...printPlace(created), model_ref: created.ref }),
    Read: ModelRead,
    print: printModel,
  }),
]

type Endpoints<Body extends z.ZodType, Made extends z.ZodType, Read extends z.ZodType> = {
  type: ObjectType
  noun: string
  Body: Body
  create(person: Person, project: string, body: z.output<Body>): Promise<Created>
  Created: Made
  printCreated(created: Created): z.input<Made>
  Read: Read
  print(typed: Typed): z.input<Read>
}

function routesOf<Body extends z.ZodType, Made extends z.ZodType, Read extends z.ZodType>(
  typed: TypedObjects,
  { type, noun, Body, create, Created, printCreated, Read, print }: Endpoints<Body, Made, Read>,
): FastifyPluginAsyncZod {
  const tags = [`weave ${type}`]
  const path = `/v2/:entity/:project/${type}`
  const name = `${noun[0]?.toUpperCase()}${noun.slice(1)}`
  const one = `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`
  return async (app) => {
    app.post(
      path,
      {
        schema: {
          tags,
          operationId: `createWeave${name}`,
          summary: `Publish a version of ${one}`,
          params: ProjectPath,
          body: Body,
          response: { 200: Created as z.ZodType },
        },
      },
      async ({ person, params, body }) => printCreated(await create(person, projectOf(params), body as z.output<Body>)),
    )

    app.get(
      path,
      {
        schema: {
          tags,
          operationId: `listWeave${name}s`,
          summary: `List the newest version of each of the ${type}, one a line`,
          params: ProjectPath,
          querystring: PageQuery,
          produces: ['application/jsonl'],
          response: { 200: streamed(Read) },
        },
      },
      async ({ person, params, query }, reply) => {
        const page = { limit: query.limit ?? null, offset: query.offset ?? null }
        const found = await typed.list(person, projectOf(params), type, page)
        return reply.type('application/jsonl').send(linesReply(printed(found, print)))
      },
    )

    app.get(
      `${path}/:object_id/versions/:digest`,
      {
        schema: {
          tags,
          operationId: `readWeave${name}`,
          summary: `Read a version of ${one}`,
          params: TypedVersionPath,
          response: { 200: Read as z.ZodType },
        },
      },
      async ({ person, params }) =>
        print(await typed.read(person, projectOf(params), type, params.object_id, params.digest)),
    )

    app.delete(
      `${path}/:object_id`,
      {
        schema: {
          tags,
          operationId: `deleteWeave${name}`,
          summary: `Delete versions of ${one}`,
          params: TypedPath,
          querystring: DigestsQuery,
          response: { 200: Deleted },
        },
      },
      async ({ person, params, query }) => ({
        num_deleted: await typed.delete(person, projectOf(params), type, params.object_id, query.digests ?? null),
      }),
    )
  }
}

async function* printed<Line>(found: AsyncIterable<Typed>, print: (typed: Typed) => Line): AsyncGenerator<Line> {
  for await (const one of found) yield print(one)
}

function projectOf({ entity, project }: { entity: string; project: string }): string {
  return `${entity}/${project}`
}
