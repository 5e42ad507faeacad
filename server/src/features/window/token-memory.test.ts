import { describe, expect, it } from 'vitest'
import { TokenMemory } from './token-memory.ts'

describe('the memory of counts', () => {
  it('finds what it was told, for short, long and empty texts', () => {
    const memory = new TokenMemory()
    const texts = ['', 'a', 'x'.repeat(5000), `${'x'.repeat(5000)}y`, '\0', '가'.repeat(2000)]
    for (const [index, text] of texts.entries()) memory.remember(text, index)
    expect(texts.map((text) => memory.find(text))).toEqual([0, 1, 2, 3, 4, 5])
    expect(memory.find('b')).toBeUndefined()
  })

  it('forgets what was not used for long and keeps what was', () => {
    const memory = new TokenMemory(10_000)
    memory.remember('kept', 1)
    memory.remember('forgotten', 2)
    for (let index = 0; index < 1000; index++) {
      memory.remember(`other ${index}`, index)
      expect(memory.find('kept')).toBe(1)
    }
    expect(memory.find('forgotten')).toBeUndefined()
  })

  it('stays within its bytes whatever it is told', () => {
    const memory = new TokenMemory(100_000)
    const texts = Array.from({ length: 20_000 }, (_, index) => `${index}${'가'.repeat(index % 3000)}`)
    for (const text of texts) memory.remember(text, 1)
    const bytes = texts
      .filter((text) => memory.find(text) !== undefined)
      .reduce((sum, text) => sum + 2 * Math.min(text.length, 50), 0)
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThan(100_000)
  })
})
