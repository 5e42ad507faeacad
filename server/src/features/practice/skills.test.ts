import { describe, expect, it } from 'vitest'
import type { Database } from '../../db/open.ts'
import { testDatabases } from '../../db/testing.ts'
import type { ModelEvent, ModelRequest } from '../../models/language-model.ts'
import { ScriptedModel } from '../../models/testing.ts'
import { appForTest, parseEvents } from '../../testing.ts'
import type { SkillCall } from '../skillsets/agent/skill-call.ts'
import { publishSkillset, startApi, testOperation, testSkill } from '../skillsets/testing.ts'
import { SkillApprovals } from './skill-approvals.ts'
import { SkillDecisionStore } from './skill-decision-store.ts'

const says = (text: string): ModelEvent[] => [
  { type: 'text-delta', text },
  { type: 'usage', usage: { inputTokens: 10, outputTokens: 2 } },
]
const calls = (operation: string, given: object): ModelEvent[] => [
  { type: 'tool-call-delta', index: 0, id: 'c', name: `shop__${operation}`, argumentsJson: JSON.stringify(given) },
  { type: 'usage', usage: { inputTokens: 5, outputTokens: 1 } },
  { type: 'end', finishReason: 'tool-calls' },
]
/** Looks a price up or orders, whichever the prompt says, and then tells what came of it. */
function shopper({ messages }: ModelRequest): ModelEvent[] {
  const last = messages.at(-1)
  if (last?.role === 'tool') return says(`It is done: ${last.content.includes('not made') ? 'not' : 'yes'}.`)
  return calls(String(last?.content).includes('order') ? 'order' : 'find', { id: 'a' })
}

describe.each(testDatabases)('lanes with skills on $name', ({ open }) => {
  async function shop({ database, hidden = false }: { database?: Database; hidden?: boolean } = {}) {
    const api = await startApi(({ method }) => ({ json: { done: method } }))
    const db = database ?? (await open())
    const model = new ScriptedModel('lab', shopper)
    const test = await appForTest(db, [model], { outboundAllow: [api.origin] })
    const mina = await test.person('mina')
    const skillsetId = await publishSkillset(test, mina.somebody, {
      name: 'Shop',
      skills: [
        testSkill('shop', {
          nameForHuman: 'The shop',
          operations: [
            testOperation('find', { server: api.origin, parameters: { 'id*': '' } }),
            testOperation('order', {
              server: api.origin,
              method: 'POST',
              parameters: { 'id*': '' },
              approval: 'always',
            }),
          ],
        }),
      ],
    })
    const agent = (
      await mina.post('/agents', {
        name: 'Shopper',
        system_prompt: 'You shop.',
        is_prompt_hidden: hidden,
        skillsets: [{ skillset_id: skillsetId }],
      })
    ).json()
    const ask = (prompt_text: string, headers = {}) =>
      mina.post('/user/practice/sessions/run?class_id=1', { prompt_text, agent_id: agent.agent_id }, headers)
    const sessions = async () => (await mina.get('/user/practice/sessions')).json().items as { session_id: number }[]
    /** The first call that waits, once there is one. */
    const waiting = async () => {
      for (;;) {
        const [session] = await sessions()
        const responses = session
          ? (await mina.get(`/user/practice/sessions/${session.session_id}`)).json().responses
          : []
        for (const response of responses)
          for (const call of response.skill_calls) if (call.status === 'waiting') return { ...response, call }
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    return { ...test, mina, api, model, agent, skillsetId, ask, sessions, waiting }
  }
  const approval = ({ turn_id, call }: { turn_id: number; call: { call_id: string } }) =>
    `/user/practice/turns/${turn_id}/skill-calls/${call.call_id}/approval`

  it('call them, and show the calls in the reply, in the session and in the events, also afterwards', async () => {
    const { ask, agent, skillsetId, api, mina, model } = await shop()
    expect(agent.skillsets).toEqual([{ skillset_id: skillsetId, version: 1, name: 'Shop' }])
    const turn = (await ask('price?')).json()
    expect(turn.results[0]).toMatchObject({
      response_text: 'It is done: yes.',
      status: 'complete',
      token_usage: { prompt_tokens: 15, completion_tokens: 3 },
      skill_calls: [
        {
          call_id: `${turn.results[0].response_id}-1-1`,
          step: 1,
          skill_name: 'The shop',
          operation_id: 'find',
          method: 'GET',
          host: new URL(api.origin).host,
          arguments: { id: 'a' },
          status: 'complete',
          url: `${api.origin}/find?id=a`,
          response_body: '{"done":"GET"}',
          http_status: 200,
          waits_until: null,
        },
      ],
    })
    expect(model.requests[0]?.messages[0]?.content).toContain('You shop.')
    const session = (await mina.get(`/user/practice/sessions/${turn.session_id}`)).json()
    expect(session.responses[0].skill_calls).toEqual(turn.results[0].skill_calls)
    const traced = await mina.post('/calls/stream_query', {
      project_id: 'practice/practice',
      filter: { op_names: ['etude.skill-call'] },
    })
    expect(turn.results[0].call_ref).toContain(JSON.parse(traced.body).parent_id)
    expect(JSON.parse(traced.body)).toMatchObject({
      display_name: 'The shop: find',
      inputs: { arguments: { id: 'a' }, url: `${api.origin}/find?id=a` },
      output: { status: 200, response_body: '{"done":"GET"}' },
      exception: null,
    })
    const events = parseEvents((await mina.get(`/user/practice/turns/${turn.turn_id}/events`)).body)
    expect(events.map(({ type }) => type)).toEqual([
      'turn-start',
      'response-start',
      'skill-plan',
      'skill-call',
      'skill-result',
      'text-delta',
      'response-end',
      'turn-end',
    ])
    expect(events[2]?.data).toMatchObject({ step: 1, skills: ['shop'] })
    expect(events[4]?.data.call).toEqual(turn.results[0].skill_calls[0])
    const after = { 'last-event-id': String(events[3]?.id) }
    const rest = parseEvents((await mina.get(`/user/practice/turns/${turn.turn_id}/events`, after)).body)
    expect(rest).toEqual(events.slice(4))
  })

  it('wait for permission, which any server takes, once and with other arguments', async () => {
    const database = await open()
    const { ask, waiting, mina, api } = await shop({ database })
    const other = await appForTest(database, [])
    const asked = ask('order it')
    const waits = await waiting()
    expect(waits.call).toMatchObject({ operation_id: 'order', arguments: { id: 'a' } })
    expect(new Date(waits.call.waits_until).getTime()).toBeGreaterThan(Date.now() + 500_000)
    expect(api.requests).toEqual([])
    const decided = await other.app.inject({
      method: 'POST',
      url: approval(waits),
      headers: { authorization: mina.authorization },
      payload: { decision: 'once', arguments: { id: 'b' } },
    })
    expect(decided.statusCode).toBe(202)
    const turn = (await asked).json()
    expect(api.requests).toMatchObject([{ method: 'POST', query: { id: 'b' } }])
    expect(turn.results[0].skill_calls).toMatchObject([
      { status: 'complete', arguments: { id: 'b' }, waits_until: null },
    ])
    const events = parseEvents((await mina.get(`/user/practice/turns/${turn.turn_id}/events`)).body)
    const told = events.flatMap(({ data }) => (data.call ? [(data.call as { status: string }).status] : []))
    expect(told).toEqual(['waiting', 'running', 'complete'])
    expect((await mina.post(approval(waits), { decision: 'once' })).json().detail).toBe('skill_call_not_waiting')

    const again = mina.post(`/user/practice/sessions/${turn.session_id}/chat`, { prompt_text: 'order again' })
    const next = await waiting()
    expect((await mina.post(approval(next), { decision: 'deny' })).statusCode).toBe(202)
    const [denied] = (await again).json().results
    expect(denied).toMatchObject({ response_text: 'It is done: not.', skill_calls: [{ status: 'refused' }] })
    expect(api.requests).toHaveLength(1)
  })

  it('need no permission for what was allowed for the session, in that session', async () => {
    const { ask, waiting, mina, api } = await shop()
    const asked = ask('order it')
    await mina.post(approval(await waiting()), { decision: 'session' })
    const { session_id } = (await asked).json()
    const next = await mina.post(`/user/practice/sessions/${session_id}/chat`, { prompt_text: 'order again' })
    expect(next.json().results[0].skill_calls).toMatchObject([{ status: 'complete' }])
    expect(api.requests).toHaveLength(2)
    const elsewhere = ask('order in another session')
    await mina.post(approval(await waiting()), { decision: 'deny' })
    await elsewhere
    expect(api.requests).toHaveLength(2)
  })

  it('stop waiting when they are stopped, and are decided about by nobody else', async () => {
    const { ask, waiting, mina, person, api } = await shop()
    const asked = ask('order it')
    const waits = await waiting()
    const stranger = await person('stranger')
    expect((await stranger.post(approval(waits), { decision: 'once' })).statusCode).toBe(404)
    const wrong = { ...waits, call: { call_id: '1-9-9' } }
    expect((await mina.post(approval(wrong), { decision: 'once' })).json().detail).toBe('skill_call_not_found')
    for (const body of [
      {},
      { decision: 'perhaps' },
      { decision: 'deny', arguments: {} },
      { decision: 'once', arguments: [] },
    ])
      expect((await mina.post(approval(waits), body)).statusCode).toBe(422)
    await mina.post(`/user/practice/turns/${waits.turn_id}/cancel`, {})
    const turn = (await asked).json()
    expect(turn.results[0]).toMatchObject({
      status: 'stopped',
      skill_calls: [{ status: 'stopped', waits_until: null }],
    })
    expect((await mina.post(approval(waits), { decision: 'once' })).statusCode).toBe(409)
    expect(api.requests).toEqual([])
  })

  it('are refused what nobody allows in time', async () => {
    const { notifier, ...database } = await open()
    const approvals = new SkillApprovals({
      store: new SkillDecisionStore({ db: database.db }),
      notifier,
      now: () => new Date(),
      waitMs: 20,
    })
    const approver = approvals.approverFor(1, { callId: () => '1-1-1', operationKey: () => 'x' })
    const answer = await approver.ask({} as SkillCall, new AbortController().signal)
    expect(answer).toMatchObject({ name: 'denied', reason: expect.stringContaining('Nobody allowed it') })
  })

  it('keep what was called when the server is lost, without waiting any more', async () => {
    const { ask, waiting, mina, services } = await shop()
    ask('order it').catch(() => {})
    const { turn_id, session_id = undefined, response_id } = await waiting()
    const [session] = (await mina.get('/user/practice/sessions')).json().items
    await expect
      .poll(
        async () =>
          await services.runs.findSkillCall(
            { sessionId: session_id ?? session.session_id, turnId: turn_id },
            `${response_id}-1-1`,
          ),
      )
      .toBeDefined()
    await services.runs.shutdown(0)
    const turn = (await mina.get(`/user/practice/turns/${turn_id}`)).json()
    expect(turn.results[0]).toMatchObject({
      status: 'interrupted',
      skill_calls: [{ operation_id: 'order', status: 'stopped' }],
    })
  })

  it('say so when a skillset is not there any more, and others go on', async () => {
    const { ask, database } = await shop()
    await database.db.deleteFrom('skillset_pins').execute()
    await database.db.deleteFrom('skillset_version_skills').execute()
    await database.db.deleteFrom('skillset_versions').execute()
    await database.db.deleteFrom('skillsets').execute()
    const [result] = (await ask('price?')).json().results
    expect(result).toMatchObject({ status: 'failed', error: { code: 'skillset_not_found' }, skill_calls: [] })
  })

  it('use what a shared agent carries, without seeing it when it is hidden', async () => {
    const { agent, mina, person, services, skillsetId } = await shop({ hidden: true })
    const sam = await person('sam')
    const teacher = await services.accounts.people.getByHandle('mina')
    await services.classes.getReadable(teacher, 1)
    const boss = await person('boss', { isAdmin: true })
    await boss.patch(`/classes/1/members/${teacher.personId}`, { role: 'teacher' })
    expect((await mina.post(`/agents/${agent.agent_id}/share?class_id=1`)).statusCode).toBe(201)
    const turn = (
      await sam.post('/user/practice/sessions/run?class_id=1', { prompt_text: 'price?', agent_id: agent.agent_id })
    ).json()
    expect(turn.results[0].skill_calls).toMatchObject([{ operation_id: 'find', status: 'complete' }])
    const settings = await sam.get(`/user/practice/sessions/${turn.session_id}/settings`)
    expect(settings.body).not.toContain(skillsetId)
    expect((await sam.get('/agents/shared?class_id=1')).body).not.toContain(skillsetId)
    const taken = { name: 'Mine', system_prompt: 'x', skillsets: [{ skillset_id: skillsetId }] }
    expect((await sam.post('/agents', taken)).json().detail).toBe('skillset_not_found')
    expect(
      (await mina.patch(`/agents/${agent.agent_id}`, { skillsets: [{ skillset_id: skillsetId, version: 9 }] })).json()
        .detail,
    ).toBe('skillset_version_not_found')
    expect((await mina.patch(`/agents/${agent.agent_id}`, { skillsets: null })).json()).toMatchObject({
      version: 2,
      skillsets: [],
    })
  })
})
