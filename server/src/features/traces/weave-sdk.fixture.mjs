// @ts-nocheck The SDK's types know less than it can do: that a client is there after `init`, that replace takes an id.
//
// A program of somebody who uses npm's `weave` and has set its address and key, nothing else. It prints what the SDK
// gave it as one line of JSON; the test looks at what the server has.
import * as weave from 'weave'

const client = await weave.init('ada/sdk')
const seen = {}

const double = weave.op(async function double({ n }) {
  return { n: n * 2 }
})
const chain = weave.op(async function chain({ n }) {
  const once = await double({ n })
  return double(once)
})
const fail = weave.op(async function fail({ n }) {
  await double({ n })
  throw new Error('it does not go that way')
})
const words = weave.op(
  async function* words(text) {
    for (const word of text.split(' ')) yield word
  },
  {
    streamReducer: {
      initialStateFn: () => [],
      reduceFn: (all, word) => [...all, word],
      finalizeFn: () => {},
    },
  },
)

seen.chain = await weave.withAttributes({ team: 'blue' }, () => chain({ n: 3 }))
seen.failure = await fail({ n: 1 }).catch((error) => error.message)
const streamed = []
for await (const word of await words('eins zwei drei')) streamed.push(word)
seen.streamed = streamed

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const draw = weave.op(async function draw() {
  return weave.weaveImage({ data: Buffer.from(pixel, 'base64'), imageType: 'png' })
})
const say = weave.op(async function say() {
  return weave.weaveAudio({ data: Buffer.from('RIFF'), audioType: 'wav' })
})
await draw()
await say()

const rows = [
  { id: 1, value: 2 },
  { id: 2, value: 3 },
  { id: 3, value: 4 },
]
const dataset = new weave.Dataset({ name: 'numbers', description: 'three rows', rows })
const datasetRef = await dataset.save()
seen.datasetRef = datasetRef.uri()
const again = await datasetRef.get()
seen.rows = []
for await (const row of again) seen.rows.push({ id: row.id, value: row.value })

const prompt = new weave.StringPrompt({ name: 'greeting', content: 'Hello {name}' })
const promptRef = await client.publish(prompt, 'greeting')
seen.prompt = (await weave.StringPrompt.get(client, promptRef.uri())).format({ name: 'Ada' })
const messages = new weave.MessagesPrompt({ name: 'chat', messages: [{ role: 'user', content: 'Hi {name}' }] })
const messagesRef = await client.publish(messages, 'chat')
seen.messages = (await weave.MessagesPrompt.get(client, messagesRef.uri())).format({ name: 'Bob' })

const evaluation = new weave.Evaluation({
  name: 'doubling',
  dataset,
  scorers: [
    weave.op(async ({ datasetRow, modelOutput }) => ({ right: modelOutput.n === datasetRow.value * 2 }), {
      name: 'isRight',
    }),
  ],
})
const model = weave.op(async ({ datasetRow }) => ({ n: datasetRow.value * 2 }), { name: 'doubler' })
seen.evaluation = await evaluation.evaluate({ model })

const logger = new weave.EvaluationLogger({ name: 'by-hand', model: { name: 'clerk' }, dataset: 'numbers' })
const prediction = logger.logPrediction({ question: 'What is two?' }, 'zwei')
await prediction.logScore('accuracy', 0.5)
await prediction.logScore('polite', true)
await prediction.finish()
await logger.logSummary({ note: 'done' })
await client.waitForBatchProcessing()

const calls = await client.getCalls({}, true, 1000)
seen.calls = calls.length
const roots = await client.getCalls({ trace_roots_only: true })
seen.roots = roots.map((one) => one.op_name.replace(/^.*\/op\/([^:]+):.*$/, '$1'))
const first = await client.getCall(calls[0].id)
seen.first = first.op_name === calls[0].op_name
await client.updateCall(calls[0].id, 'renamed by the SDK')

const { data: note } = await client.traceServerApi.feedback.feedbackCreateFeedbackCreatePost({
  project_id: client.projectId,
  weave_ref: `weave:///ada/sdk/call/${calls[0].id}`,
  feedback_type: 'wandb.note.1',
  payload: { note: 'well done' },
})
const byId = { $expr: { $eq: [{ $getField: 'id' }, { $literal: note.id }] } }
const query = async () => {
  const { data } = await client.traceServerApi.feedback.feedbackQueryFeedbackQueryPost({
    project_id: client.projectId,
    query: { $expr: { $eq: [{ $getField: 'feedback_type' }, { $literal: 'wandb.note.1' }] } },
  })
  return data.result.map((row) => row.payload)
}
seen.notes = await query()
await client.traceServerApi.feedback.feedbackReplaceFeedbackReplacePost({
  project_id: client.projectId,
  weave_ref: `weave:///ada/sdk/call/${calls[0].id}`,
  feedback_type: 'wandb.note.1',
  payload: { note: 'even better' },
  feedback_id: note.id,
  id: note.id,
})
seen.replaced = await query()
await client.traceServerApi.feedback.feedbackPurgeFeedbackPurgePost({ project_id: client.projectId, query: byId })
seen.purged = await query()

process.stdout.write(`\n${JSON.stringify(seen)}\n`)
process.exit(0)
