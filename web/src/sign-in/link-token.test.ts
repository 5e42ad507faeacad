import { expect, it } from 'vitest'
import { readLinkToken, safeNext } from './link-token.ts'

it('finds the token behind the hash, where no server log can see it', () => {
  expect(readLinkToken('#token=abc-123')).toBe('abc-123')
  expect(readLinkToken('#token=a%2Bb')).toBe('a+b')
  expect(readLinkToken('#token=')).toBeUndefined()
  expect(readLinkToken('')).toBeUndefined()
})

it('goes on to pages of its own only', () => {
  expect(safeNext('/sessions/7')).toBe('/sessions/7')
  for (const next of [undefined, '', 'https://example.com', '//example.com', '/\\example.com', 'javascript:alert(1)'])
    expect(safeNext(next)).toBe('/')
})
