import { describe, expect, it } from 'vitest'
import { isAskKey, isPaletteKey, isStopKey } from './keys.ts'

const press = (key: string, held: Partial<KeyboardEvent> = {}) => ({
  key,
  keyCode: 0,
  isComposing: false,
  metaKey: false,
  ctrlKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
})

describe('asking', () => {
  it('takes ⌘ or Ctrl with Enter', () => {
    expect(isAskKey(press('Enter', { metaKey: true }))).toBe(true)
    expect(isAskKey(press('Enter', { ctrlKey: true }))).toBe(true)
  })

  it('leaves Enter alone for a new line', () => {
    expect(isAskKey(press('Enter'))).toBe(false)
    expect(isAskKey(press('Enter', { shiftKey: true }))).toBe(false)
  })

  it('never happens while a word is being composed, in any browser', () => {
    expect(isAskKey(press('Enter', { ctrlKey: true, isComposing: true }))).toBe(false)
    expect(isAskKey(press('Enter', { metaKey: true, keyCode: 229 }))).toBe(false)
    expect(isAskKey(press('Process', { ctrlKey: true, keyCode: 229 }))).toBe(false)
  })
})

it('stops with Esc, but not when Esc ends a composition', () => {
  expect(isStopKey(press('Escape'))).toBe(true)
  expect(isStopKey(press('Escape', { isComposing: true }))).toBe(false)
  expect(isStopKey(press('Escape', { keyCode: 229 }))).toBe(false)
})

it('opens the palette with ⌘K or Ctrl+K only', () => {
  expect(isPaletteKey(press('k', { metaKey: true }))).toBe(true)
  expect(isPaletteKey(press('K', { ctrlKey: true }))).toBe(true)
  expect(isPaletteKey(press('k'))).toBe(false)
  expect(isPaletteKey(press('k', { ctrlKey: true, shiftKey: true }))).toBe(false)
})
