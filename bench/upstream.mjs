// A local OpenAI-compatible server whose answers are made once, before the first request. Run as a child process.
//
// The first path segment says how to answer: /burst-16/v1/chat/completions sends 16 tokens as fast as the socket takes
// them (one write), /every-20ms-64/… one token each 20 ms, the first at once. Every token is a chunk of its own.
import { createServer } from 'node:http'

const answers = new Map()

const server = createServer((request, response) => {
  const shape = request.url.split('/', 2)[1]
  request.on('data', () => {})
  request.on('end', () => answer(shape, response))
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', 4096, () => process.send({ port: server.address().port }))

function answer(shape, response) {
  const { periodMs, chunks } = answerOf(shape)
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  if (periodMs === 0) {
    for (const chunk of chunks) response.write(chunk)
    return response.end()
  }
  let next = 0
  const sendNext = () => {
    if (next < chunks.length - 1) return response.write(chunks[next++])
    clearInterval(timer)
    response.end(chunks[next])
  }
  const timer = setInterval(sendNext, periodMs)
  response.on('close', () => clearInterval(timer))
  sendNext()
}

function answerOf(shape) {
  if (!answers.has(shape)) {
    const [, period, count] = /^(?:burst|every-(\d+)ms)-(\d+)$/.exec(shape)
    answers.set(shape, { periodMs: Number(period ?? 0), chunks: chunksOf(Number(count)) })
  }
  return answers.get(shape)
}

function chunksOf(count) {
  const frame = (choices, more = {}) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_767_225_600, model: 'bench-1', choices, ...more })}\n\n`
  const texts = Array.from({ length: count }, (_, index) =>
    frame([{ index: 0, delta: { content: `tok${index} ` }, finish_reason: null }]),
  )
  const usage = { prompt_tokens: 12, completion_tokens: count, total_tokens: 12 + count }
  texts[0] = frame([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]) + texts[0]
  texts[count - 1] +=
    `${frame([{ index: 0, delta: {}, finish_reason: 'stop' }])}${frame([], { usage })}data: [DONE]\n\n`
  return texts.map((text) => Buffer.from(text))
}
