import type { LookupAddress } from 'node:dns'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Outbound } from './outbound.ts'
import { whyRefused } from './outbound-address.ts'
import { OutboundError } from './outbound-error.ts'
import { startServer } from './testing-server.ts'

type Options = { allow?: string[]; answers?: Record<string, string[]>[]; isLoopbackPublic?: boolean }

/**
 * A client with a name service of the test: each look-up of a name takes the next of `answers`, and the last one stays.
 * For some tests loopback is taken for public, so that a small server on it can be reached like any other.
 */
function clientFor({ allow = [], answers = [], isLoopbackPublic = false }: Options = {}) {
  const looked: string[] = []
  const lookup: LookupFunction = (hostname, options, callback) => {
    const names = answers[Math.min(looked.length, answers.length - 1)] ?? {}
    looked.push(hostname)
    const found: LookupAddress[] = (names[hostname] ?? []).map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }))
    if (found.length === 0) callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), '')
    else if (options.all) callback(null, found)
    else callback(null, found[0]!.address, found[0]!.family)
  }
  const outbound = new Outbound({
    allow,
    lookup,
    whyRefused: (address) => (isLoopbackPublic && address === '127.0.0.1' ? undefined : whyRefused(address)),
  })
  onTestFinished(() => outbound.close())
  return { outbound, looked }
}

const codeOf = async (request: Promise<unknown>) => {
  const error = await request.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof OutboundError ? error.code : error
}

const say = (text: string) => (_: IncomingMessage, response: ServerResponse) => void response.end(text)

describe('where the guarded client goes', () => {
  it.each([
    ...['http://127.0.0.1/', 'http://localhost./', 'http://[::1]/', 'http://[::]/', 'http://0.0.0.0/', 'http://0/'],
    ...[
      'http://2130706433/',
      'http://0x7f000001/',
      'http://0177.0.0.1/',
      'http://127.1/',
      'http://0x7f.1/',
      'http://017700000001/',
    ],
    ...[
      'http://①②⑦.⓪.⓪.①/',
      'http://127。0。0。1/',
      'http://%31%32%37.0.0.1/',
      'http://[::ffff:127.0.0.1]/',
      'http://[::ffff:7f00:1]/',
    ],
    ...[
      'http://10.1.2.3/',
      'http://192.168.0.1/',
      'http://169.254.169.254/latest/meta-data/',
      'http://2852039166/',
      'http://[fd00:ec2::254]/',
    ],
    ...[
      'http://[64:ff9b::7f00:1]/',
      'http://[2002:7f00:1::]/',
      'http://100.100.100.200/',
      'http://224.0.0.1/',
      'https://127.0.0.1/',
    ],
  ])('is not inside: %s', async (url) => {
    const { outbound } = clientFor({ answers: [{ 'localhost.': ['127.0.0.1', '::1'] }] })

    expect(await codeOf(outbound.request(url))).toBe('outbound_address_refused')
  })

  it('is not where a name leads inside, not even with one of several answers', async () => {
    const { outbound } = clientFor({
      answers: [
        {
          'inside.example': ['10.0.0.1'],
          'mixed.example': ['1.1.1.1', '169.254.169.254'],
          'six.example': ['::ffff:127.0.0.1'],
        },
      ],
    })

    for (const name of ['inside', 'mixed', 'six'])
      expect([name, await codeOf(outbound.request(`http://${name}.example/`))]).toEqual([
        name,
        'outbound_address_refused',
      ])
    expect(await codeOf(outbound.request('http://unknown.example/'))).toBe('outbound_unreachable')
  })

  it('is the address that was checked, though the name changes right after', async () => {
    const server = await startServer((request, response) => void response.end(request.headers.host))
    const name = `rebind.example:${server.port}`
    const { outbound, looked } = clientFor({
      answers: [{ 'rebind.example': ['127.0.0.1'] }, { 'rebind.example': ['10.0.0.1'] }],
      isLoopbackPublic: true,
    })

    const { body } = await outbound.request(`http://${name}/`)
    expect(body.toString()).toBe(name)
    expect(looked).toEqual(['rebind.example'])
    await server.stop()
    expect(await codeOf(outbound.request(`http://${name}/`))).toBe('outbound_address_refused')
    expect(looked).toHaveLength(2)
  })

  it('keeps the name for TLS, whichever address it connects to', async () => {
    const names: (string | undefined)[] = []
    const server = createTlsServer({
      SNICallback: (name, done) => void [names.push(name), done(new Error('no certificate here'))],
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { outbound } = clientFor({ answers: [{ 'tls.example': ['127.0.0.1'] }], isLoopbackPublic: true })

    expect(await codeOf(outbound.request(`https://tls.example:${(server.address() as AddressInfo).port}/`))).toBe(
      'outbound_unreachable',
    )
    expect(names).toEqual(['tls.example'])
  })

  it('may be inside at an origin that is allowed, and only there', async () => {
    const server = await startServer(say('inside'))
    const other = await startServer(say('other'))
    const { outbound } = clientFor({ allow: [server.origin], answers: [{ 'inside.example': ['127.0.0.1'] }] })

    expect((await outbound.request(`${server.origin}/a`)).body.toString()).toBe('inside')
    for (const url of [
      other.origin,
      server.origin.replace('http:', 'https:'),
      `http://inside.example:${server.port}`,
      server.origin.replace('127.0.0.1', '127.0.0.2'),
    ])
      expect([url, await codeOf(outbound.request(url))]).toEqual([url, 'outbound_address_refused'])
  })

  it.each([
    'ftp://a.example/',
    'file:///etc/passwd',
    'gopher://a.example/',
    'data:text/plain,a',
    'ws://a.example',
    'javascript:1',
    'a.example',
    '/a',
    '',
    `http://a.example/${'a'.repeat(20_000)}`,
  ])('is nothing but http and https: %s', async (url) => {
    expect(await codeOf(clientFor().outbound.request(url))).toBe('outbound_url_refused')
  })

  it.each([22, 25, 53, 110, 389, 445, 2049, 3306, 5432, 6000, 6379, 6667, 11211, 27017])(
    'is no port of other protocols: %i',
    async (port) => {
      expect(await codeOf(clientFor().outbound.request(`http://a.example:${port}/`))).toBe('outbound_url_refused')
    },
  )

  it('is any port at an allowed origin', async () => {
    const { outbound } = clientFor({ allow: ['http://127.0.0.1:1'] })

    expect(await codeOf(outbound.request('http://127.0.0.1:1/'))).toBe('outbound_unreachable')
  })

  it('is no URL with credentials, which no message repeats', async () => {
    const error = await clientFor()
      .outbound.request('http://user:hunter2@a.example/')
      .catch((thrown: Error) => thrown)

    expect(error).toMatchObject({
      code: 'outbound_url_refused',
      kind: 'invalid_request',
      message: expect.not.stringContaining('hunter2'),
    })
  })
})

describe('what the guarded client sends', () => {
  it('is what it was given and nothing of its own but its name', async () => {
    const server = await startServer((request, response) => void response.end(JSON.stringify(request.headers)))
    const { outbound } = clientFor({ allow: [server.origin] })

    const { body } = await outbound.request(server.origin, { headers: { 'X-A': ' b ' } })
    expect(JSON.parse(body.toString())).toEqual({
      host: `127.0.0.1:${server.port}`,
      connection: 'keep-alive',
      'user-agent': 'Etude',
      accept: '*/*',
      'accept-encoding': 'gzip, deflate, br',
      'x-a': 'b',
    })
  })

  it.each([
    [{ 'x-a': 'b\r\nx-c: d' }],
    [{ 'x-a': '한' }],
    [{ 'x a': 'b' }],
    [{ 'x:a': 'b' }],
    [{ Host: 'inside.example' }],
    [{ 'Transfer-Encoding': 'chunked' }],
    [{ 'content-length': '1' }],
    [{ Connection: 'upgrade' }],
  ])('is never a header like %j', async (headers) => {
    expect(await codeOf(clientFor().outbound.request('http://a.example/', { headers }))).toBe('outbound_header_refused')
  })
})

describe('redirects', () => {
  const redirecting = async (routes: Record<string, [status: number, location: string]>) => {
    const seen: string[] = []
    const server = await startServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const { authorization = '-', accept, 'x-key': key = '-', 'content-type': type = '-' } = request.headers
      seen.push(`${request.method} ${request.url} ${authorization} ${key} ${accept} ${type} ${body}`)
      const [status, location] = routes[request.url ?? ''] ?? [200, '']
      response.writeHead(status, location === '' ? {} : { location })
      response.end(location === '' ? 'arrived' : '')
    })
    return { ...server, seen }
  }
  const headers = { authorization: 'Bearer a', 'x-key': 'k', accept: 'b', 'content-type': 'text/plain' }

  it('are followed by the rules of HTTP, with everything inside one origin', async () => {
    const routes: Record<string, [number, string]> = {
      '/301': [301, '/end'],
      '/302': [302, 'end'],
      '/303': [303, '/end'],
      '/307': [307, '/end'],
      '/308': [308, '/end#x'],
    }
    const { origin, seen } = await redirecting(routes)
    const { outbound } = clientFor({ allow: [origin] })
    for (const path of Object.keys(routes)) {
      const { url, status } = await outbound.request(`${origin}${path}`, { method: 'POST', headers, body: 'hi' })
      expect([status, url]).toEqual([200, `${origin}/end`])
    }
    await outbound.request(`${origin}/302`, { method: 'PUT', headers, body: 'hi' })
    await outbound.request(`${origin}/303`, { method: 'HEAD', headers })

    const get = 'GET /end Bearer a k b - '
    const post = 'POST /end Bearer a k b text/plain hi'
    const ends = seen.filter((line) => line.includes(' /end '))
    expect(ends).toEqual([
      get,
      get,
      get,
      post,
      post,
      'PUT /end Bearer a k b text/plain hi',
      'HEAD /end Bearer a k b text/plain ',
    ])
  })

  it('carry nothing that signs in to another origin', async () => {
    const other = await redirecting({})
    const { origin } = await redirecting({ '/away': [307, `${other.origin}/there`] })
    const { outbound } = clientFor({ allow: [origin, other.origin] })
    await outbound.request(`${origin}/away`, { method: 'POST', headers: { ...headers, cookie: 'sid=1' }, body: 'hi' })

    expect(other.seen).toEqual(['POST /there - - b text/plain hi'])
  })

  it.each([
    'http://169.254.169.254/',
    'http://[::1]/',
    'file:///etc/passwd',
    'http://inside.example/',
    'http://u:p@a.example/',
    'http://a.example:22/',
    '//10.0.0.1/',
    'http://',
  ])('are checked like the first URL: %s', async (location) => {
    const { origin } = await redirecting({ '/': [302, location] })
    const { outbound } = clientFor({ allow: [origin], answers: [{ 'inside.example': ['10.0.0.1'] }] })

    expect(await codeOf(outbound.request(origin))).toMatch(/^outbound_(address|url)_refused$/)
  })

  it('end after five', async () => {
    const { origin, seen } = await redirecting({ '/': [302, '/'] })
    const { outbound } = clientFor({ allow: [origin] })

    expect(await codeOf(outbound.request(origin))).toBe('outbound_too_many_redirects')
    expect(seen).toHaveLength(6)
  })
})

describe('what the guarded client reads', () => {
  const serving = async (body: Buffer | string, encoding?: string) => {
    const server = await startServer((_, response) => {
      response.writeHead(200, encoding === undefined ? {} : { 'content-encoding': encoding })
      response.end(body)
    })
    return { ...clientFor({ allow: [server.origin] }), ...server }
  }
  const text = 'hello '.repeat(1_000)

  it.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['deflate, gzip', gzipSync(deflateSync(text))],
    ['identity', Buffer.from(text)],
    ['gzip', Buffer.alloc(0)],
    ['gzip', gzipSync(text).subarray(0, -8)],
  ])('is unpacked: %s', async (encoding, body) => {
    const { outbound, origin } = await serving(body, encoding)

    expect((await outbound.request(origin)).body.toString()).toBe(body.length === 0 ? '' : text)
  })

  it.each([
    ['gzip', Buffer.from('not gzip at all')],
    ['zstd', Buffer.from('x')],
    ['gzip, gzip, gzip', Buffer.from('x')],
  ])('is refused when it cannot be: %s', async (encoding, body) => {
    const { outbound, origin } = await serving(body, encoding)

    expect(await codeOf(outbound.request(origin))).toBe('outbound_unreadable')
  })

  it('is bounded on the wire, and again after unpacking', async () => {
    const zeros = Buffer.alloc(30_000_000)
    const bombs: [string | undefined, Buffer][] = [
      [undefined, zeros.subarray(0, 2_000_000)],
      ['gzip', gzipSync(zeros)],
      ['deflate', deflateSync(zeros)],
      ['br', brotliCompressSync(zeros)],
      ['gzip, gzip', gzipSync(gzipSync(zeros))],
    ]
    for (const [encoding, bomb] of bombs) {
      const { outbound, origin } = await serving(bomb, encoding)
      const error = await outbound.request(origin, { maxBytes: 1_000_000 }).catch((thrown: OutboundError) => thrown)

      expect([encoding, error]).toMatchObject([encoding, { code: 'outbound_too_large', partial: { status: 200 } }])
      expect((error as OutboundError).partial.body!.length).toBeLessThanOrEqual(1_000_000)
    }
  })

  it('takes no more than its time, even when bytes keep coming', async () => {
    const server = await startServer((_, response) => {
      const timer = setInterval(() => response.write('.'), 5)
      response.on('close', () => clearInterval(timer))
    })
    const { outbound } = clientFor({ allow: [server.origin] })
    const error = await outbound.request(server.origin, { timeoutMs: 200 }).catch((thrown: OutboundError) => thrown)

    expect(error).toMatchObject({ code: 'outbound_timed_out', message: 'The answer was not complete after 0.2 s.' })
  })

  it('takes no more silence than it was told', async () => {
    const server = await startServer((request, response) => void (request.url === '/begun' && response.write('.')))
    const { outbound } = clientFor({ allow: [server.origin] })
    const failures = ['/', '/begun'].map((path) => codeOf(outbound.request(`${server.origin}${path}`, { idleMs: 50 })))

    expect(await Promise.all(failures)).toEqual(['outbound_timed_out', 'outbound_timed_out'])
  })

  it("ends with its caller's own reason when that is gone", async () => {
    const server = await startServer((_, response) => void response.write('.'))
    const { outbound } = clientFor({ allow: [server.origin] })
    const gone = new AbortController()
    const { body } = await outbound.open(server.origin, { signal: gone.signal })
    await body.next()
    gone.abort(new Error('gone'))

    await expect(body.next()).rejects.toThrow('gone')
    await expect(outbound.request(server.origin, { signal: gone.signal })).rejects.toThrow('gone')
  })

  it.each([
    ['SSH-2.0-OpenSSH_9.6\r\n', 'outbound_unreadable'],
    [`HTTP/1.1 200 OK\r\n${`x-a: ${'b'.repeat(1_000)}\r\n`.repeat(100)}\r\n`, 'outbound_unreadable'],
    ['HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', 'outbound_unreachable'],
    ['', 'outbound_unreachable'],
  ])('is HTTP and whole, or an error: %j', async (bytes, code) => {
    const server = createTcpServer((socket) => void socket.on('error', () => {}).on('data', () => socket.end(bytes)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

    expect(await codeOf(clientFor({ allow: [origin] }).outbound.request(origin))).toBe(code)
  })
})
