import { describe, expect, it } from 'vitest'
import { OwnCallIds } from './call-ids.ts'

const ids = new OwnCallIds(Buffer.from('00112233445566778899aabbccddeeff', 'hex'))

describe('the ids of Etude’s own calls', () => {
  it('are UUIDs of version 8 that differ by what happened and in which installation', () => {
    const made = [ids.of('turn', 7), ids.of('answer', 7), ids.of('answer', 2 ** 47)]
    for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-80[0-9a-f]{2}-[0-9a-f]{12}$/)
    const elsewhere = new OwnCallIds(Buffer.alloc(32, 1)).of('turn', 7)
    expect(new Set([...made, elsewhere]).size).toBe(4)
  })

  it('are the same on every server, and the address of an answer holds its own', () => {
    expect(ids.of('answer', 255)).toBe('00112233-4455-8667-8002-0000000000ff')
    expect(ids.answerRef('practice', 255)).toBe(`weave:///practice/practice/call/${ids.of('answer', 255)}`)
  })
})
