import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastifySwagger from '@fastify/swagger'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { pino } from 'pino'
import { createApp } from './app.ts'
import { loadConfig } from './config.ts'
import { openDatabase } from './db/open.ts'
import { createServices } from './services.ts'
import { VERSION } from './version.ts'

/** Describes every route of the application, from the schemas that check its requests and replies. */
export async function describeApi(): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'etude-openapi-'))
  const config = loadConfig({ ETUDE_DATA: folder, ETUDE_CONFIG: undefined, ETUDE_LOG_LEVEL: 'silent' })
  const database = await openDatabase(config)
  try {
    const log = pino({ level: 'silent' })
    const services = await createServices(config, database, { log })
    const app = await createApp(services, {
      config,
      log,
      files: { openapi: '', web: folder, swaggerUi: '' },
      beforeRoutes: (instance) =>
        instance.register(fastifySwagger, {
          openapi: {
            openapi: '3.1.0',
            info: {
              title: 'Etude',
              version: VERSION,
              description: 'A self-hosted LLM workbench for classes and teams.',
            },
            components: {
              securitySchemes: {
                bearer: { type: 'http', scheme: 'bearer' },
                basic: { type: 'http', scheme: 'basic', description: 'Any user name; the password is the API key.' },
              },
            },
            security: [{ bearer: [] }, { basic: [] }],
          },
          transform: jsonSchemaTransform,
          transformObject: jsonSchemaTransformObject,
        }),
    })
    await app.ready()
    const description = app.swagger()
    await app.close()
    await services.catalog.close()
    return description
  } finally {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  }
}
