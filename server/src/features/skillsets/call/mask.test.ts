import { describe, expect, it } from 'vitest'
import { createMask, isSecretName, mayBeSecretName } from './mask.ts'

const secret = 'p@ss/w+rd "ü"&<1>'

describe('masking secrets', () => {
  const mask = createMask([secret])

  it.each([
    ['plain', secret],
    ['percent-encoded', encodeURIComponent(secret)],
    ['percent-encoded in lower case', encodeURIComponent(secret).replace(/%../g, (sign) => sign.toLowerCase())],
    ['in a form', new URLSearchParams({ k: secret }).toString().slice(2)],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in ASCII JSON', JSON.stringify(secret).slice(1, -1).replace('ü', '\\u00fc')],
    ['in PHP JSON', JSON.stringify(secret).slice(1, -1).replace('/', '\\/')],
    ['in HTML', secret.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;').replaceAll('"', '&quot;')],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64url', Buffer.from(secret).toString('base64url')],
  ])('finds one %s', (_, shown) => {
    expect(mask.text(`before ${shown} after`)).toBe('before *** after')
  })

  it.each([0, 1, 2])('finds one inside a longer base64 text, at offset %i', (offset) => {
    const text = Buffer.from(`${'x'.repeat(offset)}${secret}, and more`).toString('base64')

    expect(mask.text(text)).toContain('***')
    expect(Buffer.from(mask.text(text).replaceAll('***', ''), 'base64').toString()).not.toContain('w+rd')
  })

  it('finds them in all strings and keys of a value', () => {
    const numeric = createMask(['123456'])

    expect(mask.value({ a: [`k=${secret}`, 1, null], [secret]: true })).toEqual({ a: ['k=***', 1, null], '***': true })
    expect(numeric.value({ id: 123456, other: 1234567 })).toEqual({ id: '***', other: 1234567 })
  })

  it('finds a longer one before one that is part of it, and short ones only where they stand alone', () => {
    expect(createMask(['abcd', 'abcdef']).text('abcdef abcd')).toBe('*** ***')
    expect(createMask(['ab']).text('cab ab abc k=ab&')).toBe('cab *** abc k=***&')
    expect(createMask(['', ' ']).text('a b')).toBe('a b')
  })

  it('knows names of secrets from names of other things', () => {
    for (const name of [
      'Authorization',
      'X-Api-Key',
      'serviceKey',
      'X-Naver-Client-Secret',
      'api_key',
      'access_token',
      'password',
      'X-Auth-Token',
    ])
      expect([name, isSecretName(name)]).toEqual([name, true])
    for (const name of ['key', 'token']) expect([isSecretName(name), mayBeSecretName(name)]).toEqual([false, true])
    for (const name of ['keyword', 'pageToken', 'X-Naver-Client-Id', 'monkey', 'author'])
      expect(mayBeSecretName(name)).toBe(false)
  })
})
