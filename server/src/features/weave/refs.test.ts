import { describe, expect, it } from 'vitest'
import { parseRef, printRef, projectOfRef } from './refs.ts'

describe('refs', () => {
  it.each([
    'weave:///alice/demo/object/scorer:v3',
    'weave:///alice/demo/object/rows:5f/attr/rows/id/abc',
    'weave:///alice/demo/object/o:latest/key/a%20b%2Fc/index/3',
    'weave:///alice/my%20demo/op/Model.predict:Xy_Z',
    'weave:///alice/demo/call/018f1f2a-9c2b-7d3e-b5a1-8c9d2e4f6a7b/attr/output',
    'weave:///alice/demo/table/0123',
    'weave:///alice/demo/agent_turn/abc',
    'weave:///alice/demo/agent_conversation/a%20b',
  ])('reads %s and prints it again', (text) => {
    expect(printRef(parseRef(text))).toBe(text)
  })

  it.each([
    '',
    'garbage',
    'weave:///alice',
    'weave:///alice/demo',
    'weave:///alice/demo/object',
    'weave:///alice/demo/object/name',
    'weave:///alice/demo/object/a:b:c',
    'weave:///alice/demo/object/a:b/attr',
    'weave:///alice/demo/object/a:b/other/c',
    'weave:///alice/demo/object/a:b/index/x',
    'weave:///alice/demo/object/a:b/key/%zz',
    'weave:///alice/demo/call/',
    'weave:///alice/demo/thing/a:b',
  ])('refuses "%s"', (text) => {
    expect(() => parseRef(text)).toThrow(`Invalid ref: ${text}, `)
  })

  it('tells the project of anything that begins like a ref', () => {
    expect(projectOfRef('weave:///alice/demo/thing')).toBe('alice/demo')
    expect(projectOfRef('wandb-artifact:///alice/demo/model:v0')).toBe('alice/demo')
    expect(projectOfRef('weave://other')).toBeUndefined()
    expect(() => projectOfRef('weave:///alice/demo')).toThrow('Invalid URI: weave:///alice/demo')
    expect(() => projectOfRef('weave-trace-internal:///1/object/a:b')).toThrow('Encountered unexpected ref format.')
  })
})
