import { expect, it } from 'vitest'
import { guessLanguage } from './guess-language.ts'

it('knows Korean and Japanese by their own letters', () => {
  expect(guessLanguage('하늘이 파란 이유는 산란 때문입니다.')).toBe('ko')
  expect(guessLanguage('空が青いのは散乱のためです。')).toBe('ja')
})

it('leaves everything else alone, and text that only quotes a word', () => {
  expect(guessLanguage('The sky is blue because of scattering.')).toBeUndefined()
  expect(guessLanguage('天空是蓝色的。')).toBeUndefined()
  expect(guessLanguage(`The word 하늘 means sky. ${'It is old. '.repeat(20)}`)).toBeUndefined()
  expect(guessLanguage('')).toBeUndefined()
})
