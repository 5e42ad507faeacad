import { expect, it } from 'vitest'
import { readChosen, resolveChosen, toggled } from './chosen-models.ts'

const available = ['a', 'b', 'c', 'd']

it('begins with the first few models', () => {
  expect(resolveChosen(undefined, available)).toEqual(['a', 'b', 'c'])
})

it('keeps a choice, in the order of the catalog', () => {
  expect(resolveChosen(['d', 'b'], available)).toEqual(['b', 'd'])
})

it('keeps the choice of nothing, but begins again when every chosen model is gone', () => {
  expect(resolveChosen([], available)).toEqual([])
  expect(resolveChosen(['gone'], available)).toEqual(['a', 'b', 'c'])
})

it('switches one model on and off', () => {
  expect(toggled(['a', 'b'], 'b')).toEqual(['a'])
  expect(toggled(['a'], 'c')).toEqual(['a', 'c'])
})

it('does not trust what is stored', () => {
  expect(readChosen('["a",1,null]')).toEqual(['a'])
  expect(readChosen('{"a":1}')).toBeUndefined()
  expect(readChosen('not json')).toBeUndefined()
})
