// The least a gateway can do: node:http in front, undici behind, bytes passed on as they come, nothing read or stored.
// Run as a child process; the upstream's origin is its only argument.
import { createServer } from 'node:http'
import { Agent, request } from 'undici'

const upstream = process.argv[2]
const dispatcher = new Agent({ connections: 10_000 })

const server = createServer(async (incoming, outgoing) => {
  try {
    const headers = { 'content-type': 'application/json', 'content-length': incoming.headers['content-length'] }
    const reply = await request(upstream + incoming.url, { method: 'POST', headers, body: incoming, dispatcher })
    outgoing.writeHead(reply.statusCode, { 'content-type': reply.headers['content-type'] })
    reply.body.pipe(outgoing)
  } catch {
    outgoing.destroy()
  }
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', 4096, () => process.send({ port: server.address().port }))
