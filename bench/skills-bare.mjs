// The least that a question over one skill can cost: for each request it asks the model, the API and the model again with
// bare undici, reads every byte, and answers with JSON. It knows no skills, counts nothing and stores nothing.
import { createServer } from 'node:http'
import { Pool } from 'undici'

const [, , upstream] = process.argv
const pool = new Pool(upstream, { connections: 256 })
const headers = { 'content-type': 'application/json' }
const question = { role: 'user', content: 'What is the weather like in Seoul?' }
const asked = (messages) => JSON.stringify({ model: 'bench', stream: true, messages })
const PLAN = asked([question])
const ANSWER = asked([question, { role: 'tool', tool_call_id: 'call_1', content: '{}' }])

const post = async (body) => {
  const reply = await pool.request({ method: 'POST', path: '/v1/chat/completions', headers, body })
  return await reply.body.text()
}

const server = createServer(async (request, response) => {
  for await (const _ of request);
  await post(PLAN)
  const weather = await pool.request({ method: 'GET', path: '/weather?city=Seoul' })
  await weather.body.text()
  const answer = await post(ANSWER)
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ characters: answer.length }))
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', 4096, () => process.send({ port: server.address().port }))
