import Fastify from 'fastify'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { requestLog } from '../../http/request-log.ts'
import { echoRequestId } from './request-id.ts'

it('writes the id that the client gave a request beside ours into the log', async () => {
  const lines: Record<string, unknown>[] = []
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  const app = Fastify({ loggerInstance: log, genReqId: () => 'ours' })
  await app.register(requestLog)
  app.get('/', async (request, reply) => {
    echoRequestId(request, reply)
    echoRequestId(request, reply)
    return 'fine'
  })
  const reply = await app.inject({ url: '/', headers: { 'X-NCP-CLOVASTUDIO-REQUEST-ID': 'kyhskillset' } })
  expect(reply.headers).toMatchObject({ 'x-request-id': 'ours', 'x-ncp-clovastudio-request-id': 'kyhskillset' })
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'request', reqId: 'ours', clovaRequestId: 'kyhskillset' }),
  )
  await app.close()
})
