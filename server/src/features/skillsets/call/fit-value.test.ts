import { describe, expect, it } from 'vitest'
import { fitValue } from './fit-value.ts'

const fitted = (schema: unknown, value: unknown) => fitValue(schema, value, 'x')

describe('fitting an argument to its schema', () => {
  it.each([
    [{ type: 'integer' }, '5', 5],
    [{ type: 'integer' }, '12345678901234567890', '12345678901234567890'],
    [{ type: 'number' }, ' 1.5e3 ', 1500],
    [{ type: 'boolean' }, 'false', false],
    [{ type: 'string' }, 7, '7'],
    [{ type: ['string', 'null'] }, null, null],
    [{ type: 'array', items: { type: 'integer' } }, '4', [4]],
    [{ type: 'array', items: { type: 'integer' } }, '[4, "5"]', [4, 5]],
    [{ type: 'object' }, '{"a":1}', { a: 1 }],
    [{ oneOf: [{ type: 'object' }, { type: 'array' }] }, [1], [1]],
    [{ allOf: [{ type: 'object' }, { properties: { a: { type: 'integer' } } }] }, { a: '1' }, { a: 1 }],
    [{ type: 'object', additionalProperties: { type: 'number' } }, { a: '1' }, { a: 1 }],
    [{ $comment: 'anything' }, { a: [null] }, { a: [null] }],
    [{ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(40)}!`, `${'a'.repeat(40)}!`],
  ])('puts right what was plainly meant: %j takes %j', (schema, value, expected) => {
    expect(fitted(schema, value)).toEqual({ value: expected, problems: [] })
  })

  it.each([
    [{ type: 'integer' }, 'ten', 'x must be a whole number, not "ten".'],
    [{ type: 'integer' }, 1.5, 'x must be a whole number, not 1.5.'],
    [{ type: 'string' }, { a: 1 }, 'x must be a text, not {"a":1}.'],
    [{ enum: ['asc', 'desc'] }, 'up', 'x must be one of "asc", "desc", not "up".'],
    [{ const: 1 }, 2, 'x must be one of 1, not 2.'],
    [{ type: 'number', minimum: 1, exclusiveMaximum: 5 }, 5, 'x must be less than 5.'],
    [{ type: 'number', minimum: 1 }, 0, 'x must be at least 1.'],
    [{ type: 'string', maxLength: 2 }, 'abc', 'x must have at most 2 characters.'],
    [{ type: 'array', minItems: 2, items: {} }, [1], 'x must have at least 2 items.'],
    [{ type: 'array', items: { type: 'boolean' } }, [true, 3], 'x[1] must be true or false, not 3.'],
    [{ type: 'object', required: ['a'] }, {}, 'x.a is missing.'],
    [
      { type: 'object', properties: { a: {} }, additionalProperties: false },
      { b: 1 },
      'x.b is not known; there are a.',
    ],
    [
      { anyOf: [{ type: 'integer' }, { type: 'boolean' }] },
      'a',
      'x fits none of its alternatives: x must be a whole number, not "a".',
    ],
  ])('says what does not fit: %j refuses %j', (schema, value, problem) => {
    expect(fitted(schema, value).problems).toEqual([problem])
  })
})
