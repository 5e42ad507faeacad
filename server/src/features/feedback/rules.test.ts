import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { feedback, feedbackApp } from './testing.ts'

const SCORER_FIELDS =
  'scorer_tags, scorer_tag_reasons, scorer_tag_confidences, scorer_ratings, scorer_rating_reasons, and scorer_rating_confidences'
const OP = 'weave:///ada/demo/op/judge:v0'
const OBJECT = 'weave:///ada/demo/object/judge:v0'
const CALL = 'weave:///ada/demo/call/1'
const TURN = 'weave:///ada/demo/agent_turn/t1'
const CONVERSATION = 'weave:///ada/demo/agent_conversation/c1'
const MONITOR = { feedback_type: 'wandb.agent_monitor', runnable_ref: OBJECT, call_ref: CALL, trigger_ref: OBJECT }
const USER = { feedback_type: 'wandb.agent_user_feedback', scorer_tags: ['good'] }
const emoji = (text: unknown) => ({ feedback_type: 'wandb.reaction.1', payload: { emoji: text } })
const note = (text: unknown) => ({ feedback_type: 'wandb.note.1', payload: { note: text } })
const annotation = (more: object) => ({ feedback_type: 'wandb.annotation.judge', annotation_ref: OBJECT, ...more })
const runnable = (more: object) => ({
  feedback_type: 'wandb.runnable.judge',
  runnable_ref: OBJECT,
  payload: { output: null },
  ...more,
})

describe.each(testDatabases)('what feedback may be, on $name', ({ open }) => {
  it('is refused in the words of Weave’s server, and nothing is stored', async () => {
    const { create, query } = await feedbackApp(await open())
    const refusals: [object, string][] = [
      [{ feedback_type: 'wandb.reaction.1' }, 'Invalid payload for feedback_type wandb.reaction.1: '],
      [emoji(1), 'Invalid payload for feedback_type wandb.reaction.1: '],
      [note(''), 'Invalid payload for feedback_type wandb.note.1: '],
      [note(null), 'Invalid payload for feedback_type wandb.note.1: '],
      [note('😀'.repeat(1025)), 'Invalid payload for feedback_type wandb.note.1: '],
      [{ feedback_type: 'wandb.annotation' }, 'Invalid annotation feedback type: wandb.annotation'],
      [{ feedback_type: 'wandb.annotationx' }, 'Invalid annotation feedback type: wandb.annotationx'],
      [{ feedback_type: 'wandb.annotation.a' }, 'annotation_ref is required for annotation feedback'],
      [annotation({ annotation_ref: '' }), 'annotation_ref is required for annotation feedback'],
      [annotation({ annotation_ref: 'garbage' }), 'Invalid ref: garbage, '],
      [annotation({ annotation_ref: OP }), `Invalid ref: ${OP}, `],
      [
        annotation({ feedback_type: 'wandb.annotation.other' }),
        'annotation_ref must point to an object with name other',
      ],
      [annotation({ feedback_type: 'wandb.annotation.' }), 'annotation_ref must point to an object with name '],
      [annotation({}), 'Invalid payload for feedback_type wandb.annotation.judge: '],
      [{ annotation_ref: OBJECT }, 'annotation_ref is not allowed for non-annotation feedback'],
      [runnable({ annotation_ref: OBJECT }), 'annotation_ref is not allowed for non-annotation feedback'],
      [{ feedback_type: 'wandb.runnable' }, 'Invalid runnable feedback type: wandb.runnable'],
      [{ feedback_type: 'wandb.runnablefoo' }, 'Invalid runnable feedback type: wandb.runnablefoo'],
      [{ feedback_type: 'wandb.runnable.judge' }, 'runnable_ref is required for runnable feedback'],
      [runnable({ runnable_ref: CALL }), `Invalid ref: ${CALL}, `],
      [runnable({ feedback_type: 'wandb.runnable.other' }), 'runnable_ref must point to an object with name other'],
      [runnable({ runnable_ref: OP }), 'call_ref is required for runnable feedback on ops'],
      [runnable({ payload: {} }), 'Invalid payload for feedback_type wandb.runnable.judge: '],
      [runnable({ call_ref: OBJECT }), `Invalid ref: ${OBJECT}, `],
      [runnable({ trigger_ref: CALL }), `Invalid ref: ${CALL}, `],
      [{ ...MONITOR, runnable_ref: '' }, 'runnable_ref is required for agent monitor feedback'],
      [{ ...MONITOR, call_ref: null }, 'call_ref is required for agent monitor feedback'],
      [{ ...MONITOR, trigger_ref: null }, 'trigger_ref is required for agent monitor feedback'],
      [{ runnable_ref: OBJECT, call_ref: CALL }, 'runnable_ref is not allowed for non-runnable feedback'],
      [{ call_ref: CALL, trigger_ref: OBJECT }, 'call_ref is not allowed for non-runnable feedback'],
      [{ trigger_ref: OBJECT }, 'trigger_ref is not allowed for non-runnable feedback'],
      ...[
        { scorer_tags: ['a'] },
        { scorer_tag_reasons: { a: 'b' } },
        { scorer_tag_confidences: { a: 1 } },
        { scorer_ratings: { a: 0 } },
        { scorer_rating_reasons: { a: '' } },
        { scorer_rating_confidences: { a: 0.5 } },
      ].map((given): [object, string] => [
        given,
        `${SCORER_FIELDS} are only allowed on wandb.agent_monitor, wandb.agent_user_feedback, or wandb.runnable feedback`,
      ]),
      [{ ...USER, scorer_tags: [] }, 'scorer_tags is required for agent user feedback'],
      [
        { ...USER, weave_ref: CONVERSATION, span_conversation_id: 'c2' },
        "feedback span_conversation_id 'c2' conflicts with conversation ref 'c1'",
      ],
      [
        { ...USER, weave_ref: CONVERSATION, span_trace_id: 't1' },
        "feedback span_trace_id 't1' cannot be supplied for conversation-targeted feedback",
      ],
      [{ ...USER, weave_ref: TURN, span_trace_id: 't2' }, "feedback span_trace_id 't2' conflicts with turn ref 't1'"],
      ...['abc', '', '👍👍', '1', '❤🏽'].map((text): [object, string] => [
        emoji(text),
        'Value of emoji key in payload must be exactly one emoji',
      ]),
      [{ payload: { x: 'x'.repeat(1024 * 1024 - 8) } }, 'Feedback payload too large'],
      [{ payload: { x: 'é'.repeat(174_762) } }, 'Feedback payload too large'],
      [{ weave_ref: randomBytes(1500).toString('hex') }, 'weave_ref is longer than 2048 bytes'],
      [{ id: randomBytes(1500).toString('hex') }, 'id is longer than 2048 bytes'],
      [{ weave_ref: 'weave:///ada' }, 'Invalid URI: weave:///ada'],
      [{ payload: { deep: ['weave:///ada/demo'] } }, 'Invalid URI: weave:///ada/demo'],
      [{ payload: { a: 'weave-trace-internal:///1/call/2' } }, 'Encountered unexpected ref format.'],
    ]
    for (const [given, reason] of refusals) {
      const { status, body } = await create(given)
      expect([status, body.reason?.slice(0, reason.length)], JSON.stringify(given).slice(0, 200)).toEqual([400, reason])
      expect(body.error_type).toMatch(/^Invalid(Request|ExternalRef)$/)
    }
    expect(await query()).toEqual({ result: [], total_count: 0 })
  })

  it('is stored when it is odd but allowed', async () => {
    const { create, query } = await feedbackApp(await open())
    const allowed = [
      { feedback_type: '', weave_ref: '', payload: {}, creator: '' },
      { weave_ref: 'garbage', creator: 'x'.repeat(5000), id: 'not-a-uuid' },
      { id: 'not-a-uuid' },
      { id: randomBytes(1024).toString('hex'), weave_ref: randomBytes(1024).toString('hex') },
      {
        payload: Object.fromEntries(
          Array.from({ length: 60 }, (_, n) => [`${'鍵'.repeat(190)}${n}`, '値'.repeat(200)]),
        ),
      },
      { feedback_type: 'wandb.unknown' },
      { ...note('😀'.repeat(1024)) },
      runnable({ runnable_ref: OP, call_ref: CALL, scorer_ratings: { _rating_: 0.5 } }),
      runnable({ call_ref: '', scorer_tags: ['nsfw'] }),
      { ...MONITOR, call_ref: '' },
      { ...USER, weave_ref: TURN, span_trace_id: 't1' },
      { scorer_tags: [], scorer_ratings: {}, scorer_tag_reasons: null },
      { payload: { x: 'x'.repeat(1024 * 1024 - 9) } },
      { payload: { x: 'é'.repeat(174_761) } },
      { ...emoji('x👍'), id: '' },
    ]
    for (const given of allowed) {
      const { status, text } = await create(given)
      expect(status, text.slice(0, 300)).toBe(200)
    }
    expect((await query({ limit: 0 })).total_count).toBe(allowed.length)
    const filled = await query({ fields: ['span_trace_id', 'span_status_code'], query: filter('weave_ref', TURN) })
    expect(filled.result).toEqual([{ span_trace_id: 't1', span_status_code: 'UNSET' }])
  })

  it('names the emoji of a reaction', async () => {
    const { create } = await feedbackApp(await open())
    for (const [given, alias, detoned, detonedAlias] of [
      ['👍🏽', ':thumbs_up_medium_skin_tone:', '👍', ':thumbs_up:'],
      ['🎱', ':pool_8_ball:', '🎱', ':pool_8_ball:'],
      ['👩🏽‍🚀', ':woman_astronaut_medium_skin_tone:', '👩‍🚀', ':woman_astronaut:'],
      ['👨‍👩‍👧', ':family_man_woman_girl:', '👨‍👩‍👧', ':family_man_woman_girl:'],
      ['❤', ':red_heart:', '❤️', ':red_heart:'],
      ['🇩🇪', ':Germany:', '🇩🇪', ':Germany:'],
      ['👨🏻‍🦰', ':man_light_skin_tone_red_hair:', '👨‍🦰', ':man_red_hair:'],
      ['🫱🏻‍🫲🏿', ':handshake_light_skin_tone_dark_skin_tone:', '🤝', ':handshake:'],
      ['🏴󠁧󠁢󠁥󠁮󠁧󠁿', ':England:', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', ':England:'],
      ['#️⃣', ':keycap_#:', '#️⃣', ':keycap_#:'],
    ] as const) {
      const payload = { emoji: given, alias: ':mine:', more: 1 }
      const { body } = await create({ feedback_type: 'wandb.reaction.1', payload })
      expect(body.payload).toEqual({ emoji: given, alias, more: 1, detoned, detoned_alias: detonedAlias })
    }
  })

  it('is malformed in the words of FastAPI', async () => {
    const { send, query } = await feedbackApp(await open())
    const malformed: [unknown, object][] = [
      [
        { ...feedback(), payload: undefined },
        { type: 'missing', loc: ['body', 'payload'], msg: 'Field required' },
      ],
      [feedback({ payload: [] }), { type: 'dict_type', loc: ['body', 'payload'] }],
      [feedback({ payload: null }), { type: 'dict_type', loc: ['body', 'payload'] }],
      [
        feedback({ more: 1 }),
        { type: 'extra_forbidden', loc: ['body', 'more'], msg: 'Extra inputs are not permitted' },
      ],
      [feedback({ project_id: 1 }), { type: 'string_type', loc: ['body', 'project_id'] }],
      [feedback({ scorer_ratings: { a: 'high' } }), { type: 'float_type', loc: ['body', 'scorer_ratings', 'a'] }],
      [feedback({ scorer_tags: 'a' }), { type: 'list_type', loc: ['body', 'scorer_tags'] }],
      ['{"project_id": ', { type: 'json_invalid', loc: ['body', 15], msg: 'JSON decode error' }],
    ]
    for (const [body, problem] of malformed) {
      const reply = await send('/feedback/create', body)
      expect([reply.status, reply.body.detail?.[0]], reply.text).toMatchObject([422, problem])
    }
    const inBatch = await send('/feedback/batch/create', { batch: [feedback(), feedback({ payload: 1 })] })
    expect(inBatch.body.detail[0]).toMatchObject({ type: 'dict_type', loc: ['body', 'batch', 1, 'payload'] })
    const replaced = await send('/feedback/replace', feedback())
    expect(replaced.body.detail[0]).toMatchObject({ type: 'missing', loc: ['body', 'feedback_id'] })
    expect((await query()).total_count).toBe(0)
  })
})

function filter(field: string, literal: string): object {
  return { $expr: { $eq: [{ $getField: field }, { $literal: literal }] } }
}
