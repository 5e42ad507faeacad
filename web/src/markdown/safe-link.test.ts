import { expect, it } from 'vitest'
import { isInlinePicture, safeLink } from './safe-link.ts'

it('opens pages, mail and telephone numbers, and nothing that runs', () => {
  expect(safeLink('https://example.com/a?b')?.host).toBe('example.com')
  expect(safeLink('mailto:mina@example.com')?.protocol).toBe('mailto:')
  for (const href of [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'vbscript:x',
    '/user/me',
    '',
    undefined,
  ])
    expect(safeLink(href)).toBeUndefined()
})

it('shows only pictures that came with the answer, and none that can hold scripts', () => {
  expect(isInlinePicture('data:image/png;base64,AAAA')).toBe(true)
  for (const source of [
    'https://example.com/x.png',
    '//example.com/x.png',
    'data:image/svg+xml;base64,AAAA',
    undefined,
  ])
    expect(isInlinePicture(source)).toBe(false)
})
