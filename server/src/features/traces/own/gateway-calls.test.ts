import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../../db/testing.ts'
import { ScriptedModel, says } from '../../../models/testing.ts'
import { appForTest } from '../../../testing.ts'

describe.each(testDatabases)('requests of the dialects in the trace on $name', ({ open }) => {
  it('are calls in the project of whoever sent them, with what was said', async () => {
    const lab = new ScriptedModel('lab', [
      { type: 'reasoning-delta', text: 'Hm.' },
      ...says('The ', 'sea. STOP and more'),
    ])
    const test = await appForTest(await open(), [lab])
    const [mina, joon] = [await test.person('mina'), await test.person('joon')]
    const content = [
      { type: 'text', text: 'What is blue?\0' },
      { type: 'text', text: 'Say it.' },
    ]
    const reply = await mina.post('/v1/openai/chat/completions', {
      model: 'lab',
      messages: [{ role: 'user', content }],
      stop: ['STOP'],
    })
    expect(reply.statusCode, reply.body).toBe(200)
    await test.services.gateway.settled()

    const query = { project_id: 'mina/gateway' }
    const { body } = await mina.post('/calls/stream_query', query)
    expect(JSON.parse(body)).toMatchObject({
      op_name: 'etude.chat',
      display_name: 'lab',
      wb_user_id: 'mina',
      inputs: { model: 'lab', messages: [{ role: 'user' }] },
      output: { text: 'The sea. ', reasoning: 'Hm.', status: 'complete', finish_reason: 'stop' },
      attributes: { etude: { dialect: 'openai' } },
      summary: { usage: { lab: { requests: 1 } }, weave: { status: 'success' } },
    })
    expect((await joon.post('/calls/stream_query', query)).statusCode).toBe(403)
  })

  it('say so when the model failed', async () => {
    const test = await appForTest(await open(), [new ScriptedModel('lab', [new Error('a bug')])])
    const mina = await test.person('mina')
    await mina.post('/v1/openai/chat/completions', { model: 'lab', messages: [{ role: 'user', content: 'Hi' }] })
    await test.services.gateway.settled()
    const { body } = await mina.post('/calls/stream_query', { project_id: 'mina/gateway' })
    expect(JSON.parse(body)).toMatchObject({ exception: 'internal', summary: { weave: { status: 'error' } } })
  })
})
