// A model and an API in one: POST …/chat/completions asks for one call of a tool, and once it has the result answers in
// 16 tokens; GET /weather answers with JSON. Everything is made once, before the first request. Run as a child process.
import { createServer } from 'node:http'

const TOKENS = 16

const frame = (choices, more = {}) =>
  `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_767_225_600, model: 'bench', choices, ...more })}\n\n`
const delta = (content) => frame([{ index: 0, delta: content, finish_reason: null }])
const end = (reason) =>
  `${frame([{ index: 0, delta: {}, finish_reason: reason }])}${frame([], { usage: { prompt_tokens: 100, completion_tokens: TOKENS, total_tokens: 100 + TOKENS } })}data: [DONE]\n\n`

const call = { name: 'weather__getWeather', arguments: '{"city":"Seoul"}' }
const CALL = Buffer.from(
  delta({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: call }] }) + end('tool_calls'),
)
const ANSWER = Buffer.from(
  Array.from({ length: TOKENS }, (_, index) => delta({ content: `tok${index} ` })).join('') + end('stop'),
)
const WEATHER = Buffer.from(
  JSON.stringify({
    city: 'Seoul',
    days: Array.from({ length: 7 }, (_, day) => ({ day, sky: 'clear', high: 20 + day, low: 10 + day })),
  }),
)

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': WEATHER.length })
    return response.end(WEATHER)
  }
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const hasResult = Buffer.concat(chunks).includes('"role":"tool"')
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    response.end(hasResult ? ANSWER : CALL)
  })
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', 4096, () => process.send({ port: server.address().port }))
