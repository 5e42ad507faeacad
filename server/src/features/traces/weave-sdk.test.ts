import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { newTestFolder, testDatabases } from '../../db/testing.ts'
import { tracesApp } from './testing.ts'

const PROGRAM = join(import.meta.dirname, 'weave-sdk.fixture.mjs')

describe.each(testDatabases)('npm’s weave against $name', ({ open }) => {
  it('does all that it can with only the address and the key set', { timeout: 60_000 }, async () => {
    const { app, ada } = await tracesApp(await open())
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [PROGRAM], {
      env: {
        PATH: process.env.PATH,
        HOME: newTestFolder(),
        WF_TRACE_SERVER_URL: url,
        WANDB_API_KEY: ada.authorization.replace('Bearer ', ''),
      },
    })
    const seen = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(stderr).not.toMatch(/error/i)
    expect(seen).toMatchObject({
      chain: { n: 12 },
      failure: 'it does not go that way',
      streamed: ['eins', 'zwei', 'drei'],
      rows: [
        { id: 1, value: 2 },
        { id: 2, value: 3 },
        { id: 3, value: 4 },
      ],
      prompt: 'Hello Ada',
      messages: [{ role: 'user', content: 'Hi Bob' }],
      evaluation: { isRight: { right: { true_count: 3, true_fraction: 1 } } },
      calls: 24,
      roots: ['chain', 'fail', 'words', 'draw', 'say', 'Evaluation.evaluate', 'Evaluation.evaluate'],
      first: true,
      notes: [{ note: 'well done' }],
      replaced: [{ note: 'even better' }],
      purged: [],
    })

    const calls = await ada.calls({ project_id: 'ada/sdk', include_feedback: true })
    const named = (name: string) => calls.filter((call) => call.summary.weave.trace_name === name)
    const [chain] = named('renamed by the SDK')
    expect(chain).toMatchObject({ attributes: { team: 'blue' }, inputs: { arg0: { n: 3 } }, output: { n: 12 } })
    expect(calls.filter((call) => call.parent_id === chain.id)).toHaveLength(2)
    expect(named('fail')[0]).toMatchObject({ exception: expect.stringContaining('does not go that way'), output: null })
    expect(named('words')[0].output).toEqual(['eins', 'zwei', 'drei'])
    expect(named('draw')[0].output.weave_type).toEqual({ type: 'PIL.Image.Image' })
    expect(named('Evaluation.predictAndScore')).toHaveLength(3)
    expect(named('Model.predict')[0].summary.weave.feedback).toMatchObject([
      { feedback_type: 'wandb.runnable.accuracy', payload: { output: 0.5 } },
      { feedback_type: 'wandb.runnable.polite', payload: { output: true } },
    ])
    expect(chain.summary.weave.feedback).toEqual([])
    const digest = named('draw')[0].output.files['image.png']
    const file = await ada.post('/file/content', { project_id: 'ada/sdk', digest })
    expect(file.rawPayload.subarray(1, 4).toString()).toBe('PNG')
  })
})
