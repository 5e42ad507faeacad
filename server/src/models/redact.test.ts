import { describe, expect, it } from 'vitest'
import { createRedactor } from './redact.ts'

describe('taking secrets out of a provider’s words', () => {
  const redact = createRedactor(['lab secret/42', 'abc'])

  it.each([
    ['the key itself', 'wrong key lab secret/42, sorry', 'wrong key [removed], sorry'],
    ['the key as it stands in a URL', 'GET /v1?x=lab%20secret%2F42', 'GET /v1?x=[removed]'],
    ['the key in base64', `Basic? ${Buffer.from('lab secret/42').toString('base64')}`, 'Basic? [removed]'],
    ['an Authorization header', 'authorization: Bearer abcdef123456.x', 'authorization: Bearer [removed]'],
    ['a header in JSON', '{"x-api-key":"0123456789","a":1}', '{"x-api-key":"[removed]","a":1}'],
    [
      'an OpenAI key, masked or not',
      'Incorrect API key provided: sk-proj-ab**********yz.',
      'Incorrect API key provided: [removed]',
    ],
    ['a Google key', 'API key AIzaSyA1234567890 not valid', 'API key [removed] not valid'],
    ['a CLOVA Studio key', 'nv-0123456789abcdef is expired', '[removed] is expired'],
    [
      'a key in a query string',
      'https://x.test/v1/models?alt=sse&key=zzz9 failed',
      'https://x.test/v1/models?alt=sse&key=[removed] failed',
    ],
    ['a password in an address', 'http://me:hunter2@x.test/', 'http://[removed]@x.test/'],
  ])('removes %s', (_what, words, expected) => {
    expect(redact(words)).toBe(expected)
  })

  it.each([
    'abc is too short to be a secret, so abc stays',
    'The model risk-averse does not exist.',
    "This model's maximum context length is 8192 tokens.",
    'The token count (9000) is too large.',
  ])('leaves ordinary words alone: %s', (words) => {
    expect(redact(words)).toBe(words)
  })
})
