import { readFile } from 'node:fs/promises'
import type { FastifyPluginAsync } from 'fastify'

/**
 * `/openapi.json` and a page at `/docs` that shows it, from our own files.
 *
 * The description is the generated and committed file: it is what clients were generated from, and building it anew
 * would slow every start.
 */
export const documentation =
  (files: { openapi: string; swaggerUi: string }): FastifyPluginAsync =>
  async (app) => {
    const open = { schema: { hide: true }, config: { isPublic: true } } as const
    app.get('/openapi.json', open, async (_, reply) =>
      reply.type('application/json').send(await readFile(files.openapi)),
    )
    app.get('/docs', open, async (_, reply) => reply.type('text/html; charset=utf-8').send(PAGE))
    app.get('/docs/start.js', open, async (_, reply) => reply.type('text/javascript; charset=utf-8').send(SCRIPT))
    for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
      app.get(`/docs/${file}`, open, (_, reply) => reply.sendFile(file, files.swaggerUi))
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
