import { Client, type Pool } from 'pg'
import { type Listener, type Notifier, Subscriptions } from './notifier.ts'
import type { DatabaseLog } from './open.ts'

const CHANNEL = 'etude'
/** PostgreSQL takes less than 8,000. */
const MAX_PAYLOAD_BYTES = 7900
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 10_000
const ALIVE_CHECK_MS = 15_000
const ALIVE_TIMEOUT_MS = 10_000

/**
 * Carries messages between servers with LISTEN and NOTIFY.
 *
 * One connection only listens. When it breaks it is made anew, with growing pauses, and then every listener is called
 * with an empty message. Messages of one moment are sent in one query.
 */
export class PostgresNotifier implements Notifier {
  readonly #url: string
  readonly #pool: Pool
  readonly #log: DatabaseLog
  readonly #subscriptions: Subscriptions
  #client: Client | undefined
  #outbox: string[] = []
  #sending: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(url: string, pool: Pool, log: DatabaseLog) {
    this.#url = url
    this.#pool = pool
    this.#log = log
    this.#subscriptions = new Subscriptions((error) => log.error({ err: error }, 'A listener failed'))
  }

  /** Listens from here on. */
  async start(): Promise<void> {
    await this.#connect()
  }

  async publish(topic: string, message: string): Promise<void> {
    const payload = `${topic}\n${message}`
    if (Buffer.byteLength(payload) > MAX_PAYLOAD_BYTES)
      throw new RangeError(`A notification of ${Buffer.byteLength(payload)} bytes on ${topic} is too long.`)
    this.#outbox.push(payload)
    this.#sending ??= this.#send()
    await this.#sending
  }

  subscribe(topic: string, listener: Listener): () => void {
    return this.#subscriptions.add(topic, listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#sending?.catch(() => {}) // The publisher has been told.
    await this.#client?.end()
  }

  async #send(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    const payloads = this.#outbox
    this.#outbox = []
    this.#sending = undefined
    await this.#pool.query('select pg_notify($1, payload) from unnest($2::text[]) as payload', [CHANNEL, payloads])
  }

  async #connect(): Promise<void> {
    const client = new Client({
      connectionString: this.#url,
      connectionTimeoutMillis: ALIVE_TIMEOUT_MS,
      query_timeout: ALIVE_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'etude notifier',
    })
    client.on('error', (error) => this.#reconnectAfter(client, error))
    client.on('end', () => this.#reconnectAfter(client, new Error('The connection was closed')))
    client.on('notification', ({ payload = '' }) => {
      const end = payload.indexOf('\n')
      this.#subscriptions.deliver(payload.slice(0, end), payload.slice(end + 1))
    })
    try {
      await client.connect()
      await client.query(`listen ${CHANNEL}`)
    } catch (error) {
      await client.end().catch(() => {}) // It did not get as far as being open.
      throw error
    }
    if (this.#isClosed) return client.end()
    this.#client = client
    this.#checkLater(client)
  }

  /** A connection can die without a word (a firewall, a sleeping laptop): ask from time to time. */
  #checkLater(client: Client): void {
    this.#timer = setTimeout(() => {
      client.query('select 1').then(
        () => {
          if (this.#client === client && !this.#isClosed) this.#checkLater(client)
        },
        (error) => this.#reconnectAfter(client, error),
      )
    }, ALIVE_CHECK_MS)
    this.#timer.unref()
  }

  #reconnectAfter(client: Client, error: unknown): void {
    if (this.#client !== client || this.#isClosed) return
    this.#client = undefined
    clearTimeout(this.#timer)
    this.#log.warn({ err: error }, 'The connection that listens to PostgreSQL was lost')
    client.end().catch(() => {}) // It is broken already.
    this.#retry(FIRST_RETRY_MS)
  }

  #retry(pauseMs: number): void {
    this.#timer = setTimeout(() => {
      this.#connect().then(
        () => this.#subscriptions.deliverToAll(''),
        (error) => {
          if (this.#isClosed) return
          this.#log.warn({ err: error }, 'Listening to PostgreSQL failed again')
          this.#retry(Math.min(pauseMs * 2, LONGEST_RETRY_MS))
        },
      )
    }, pauseMs)
  }
}
