import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyPluginAsync } from 'fastify'

/**
 * `/openapi.json` and a page at `/docs` that shows it, from our own files.
 *
 * The description is the generated and committed file: it is what clients were generated from, and building it anew
 * would slow every start.
 */
export const documentation =
  (openapiFile: string): FastifyPluginAsync =>
  async (app) => {
    const swaggerUi = join(
      dirname(createRequire(join(dirname(openapiFile), 'package.json')).resolve('@fastify/swagger-ui')),
      'static',
    )
    const open = { schema: { hide: true }, config: { isPublic: true } } as const
    app.get('/openapi.json', open, async (_, reply) => reply.type('application/json').send(await readFile(openapiFile)))
    app.get('/docs', open, async (_, reply) => reply.type('text/html; charset=utf-8').send(PAGE))
    app.get('/docs/start.js', open, async (_, reply) => reply.type('text/javascript; charset=utf-8').send(SCRIPT))
    for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
      app.get(`/docs/${file}`, open, (_, reply) => reply.sendFile(file, swaggerUi))
    }
  }

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Etude API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`
const SCRIPT = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null })\n`
