import { expect, it } from 'vitest'
import { chooseLanguage } from './i18n.ts'

it('keeps the language that was chosen, whatever the browser prefers', () => {
  expect(chooseLanguage('ja', ['ko-KR', 'en'])).toBe('ja')
})

it('takes the first language of the browser that there is', () => {
  expect(chooseLanguage(null, ['fr-CA', 'ko-KR', 'en-US'])).toBe('ko')
})

it('is English when nothing fits', () => {
  expect(chooseLanguage('xx', ['fr', 'de'])).toBe('en')
})
