import type { Dispatcher, fetch as UndiciFetch } from 'undici'
import type { ProviderConfig } from '../config.ts'
import type { ProviderIdentity } from './provider-failure.ts'
import { createRedactor } from './redact.ts'
import { RequestPolicy } from './request-policy.ts'

const DEFAULT_BASE_URLS: Partial<Record<ProviderConfig['kind'], string>> = {
  anthropic: 'https://api.anthropic.com/v1',
  google: 'https://generativelanguage.googleapis.com/v1beta',
  ollama: 'http://127.0.0.1:11434',
}

/** Bytes of one whole reply; no answer is so long, and memory is bounded sooner than this. */
const MOST_REPLY_BYTES = 256 * 1024 * 1024

type Undici = { pool: Dispatcher; fetch: typeof UndiciFetch }

/** All that the models of one provider share: sockets, timeouts, the number of requests at once, the secrets. */
export class ProviderConnection implements ProviderIdentity {
  readonly config: ProviderConfig
  /** Without a slash at the end. */
  readonly baseUrl: URL
  readonly policy: RequestPolicy
  readonly redact: (text: string) => string
  #undici: Undici | Promise<Undici> | undefined
  #isClosed = false

  /** @param random the jitter of retries; only tests give it. */
  constructor(config: ProviderConfig, random?: () => number) {
    this.config = config
    this.baseUrl = new URL(config.baseUrl ?? DEFAULT_BASE_URLS[config.kind] ?? 'http://127.0.0.1')
    this.policy = new RequestPolicy({ ...config, ...(random && { random }) })
    this.redact = createRedactor([
      ...(config.apiKey ? [config.apiKey] : []),
      ...Object.entries(config.headers).flatMap(([name, value]) => (isHarmlessHeader(name) ? [] : [value])),
      decodeURIComponent(this.baseUrl.password),
    ])
  }

  get name(): string {
    return this.config.name
  }

  get connectTimeoutMs(): number {
    return this.config.connectTimeoutMs
  }

  get idleTimeoutMs(): number {
    return this.config.idleTimeoutMs
  }

  /**
   * The sockets, and undici's `fetch` for those who need one.
   *
   * A promise only the first time: undici takes 70 ms to load, which the start of the server need not wait for.
   */
  undici(): Undici | Promise<Undici> {
    this.#undici ??= this.#load().then((loaded) => {
      this.#undici = loaded
      return loaded
    })
    return this.#undici
  }

  /** Cancels what is under way and closes all sockets. */
  async close(): Promise<void> {
    this.#isClosed = true
    await (await this.#undici)?.pool.destroy()
  }

  async #load(): Promise<Undici> {
    const { Pool, fetch } = await import('undici')
    const pool = new Pool(this.baseUrl.origin, {
      connect: { timeout: this.config.connectTimeoutMs },
      headersTimeout: this.config.idleTimeoutMs,
      bodyTimeout: this.config.idleTimeoutMs,
      maxResponseSize: MOST_REPLY_BYTES,
      keepAliveTimeout: 15_000,
    })
    if (this.#isClosed) await pool.destroy()
    return { pool, fetch }
  }
}

function isHarmlessHeader(name: string): boolean {
  return /^(accept|content-type|user-agent|http-referer|referer|x-title|anthropic-(version|beta)|openai-(organization|project))$/i.test(
    name,
  )
}
