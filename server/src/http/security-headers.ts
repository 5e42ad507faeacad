import fastifyPlugin from 'fastify-plugin'

/**
 * What browsers may do with our pages: load nothing from elsewhere, frame them nowhere, guess no types.
 *
 * They never change, so they are written down instead of being computed for every request. There is no
 * Strict-Transport-Security: plain http on a laptop must keep working, and a proxy that adds https can add that too.
 */
const HEADERS = {
  'content-security-policy': [
    "default-src 'self'",
    // Syntax highlighting and popovers set style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Sends the same security headers with every reply. */
export const securityHeaders = fastifyPlugin(async (app) => {
  app.addHook('onRequest', async (_, reply) => {
    reply.headers(HEADERS)
  })
})
