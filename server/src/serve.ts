import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { type AppFiles, createApp } from './app.ts'
import type { Config } from './config.ts'
import { openDatabase } from './db/open.ts'
import { AppError } from './errors.ts'
import { createServices } from './services.ts'

/** How long running turns may still take once the server has been asked to stop. */
const GRACE_MS = 15_000
const LOG_FLUSH_MS = 200

export type RunningServer = {
  /** Where it listens, e.g. `http://127.0.0.1:4747`. */
  url: string
  services: Awaited<ReturnType<typeof createServices>>
  /** Stops accepting, lets running turns finish for a while, stores the rest as interrupted, closes everything. */
  stop(graceMs?: number): Promise<void>
}

/**
 * Starts a server: opens and migrates the database, ends what a dead server left behind, and listens.
 *
 * @throws {Error} with one clear sentence when the database cannot be used or the port is taken.
 */
export async function serve(config: Config, files: AppFiles): Promise<RunningServer> {
  // Lines are written together, a few times a second; those of a fatal error at once.
  const output = pino.destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: LOG_FLUSH_MS })
  const redact = ['req.headers.authorization', 'req.headers.cookie']
  const log = pino({ level: config.logLevel, redact }, output)
  const database = await openDatabase(config, log)
  try {
    const services = await createServices(config, database, { log })
    await services.recovery.start({ isOnlyServer: database.kind === 'sqlite' })
    services.traces.retention.start(log)
    const app = await createApp(services, { config, files, log })
    const url = await listen(app, config)
    // Their tables take a fraction of a second to load, which nobody's first prompt should wait for.
    void services.windows.preload(services.catalog.list().map(({ tokenizer }) => tokenizer))

    return {
      url,
      services,
      stop: async (graceMs = GRACE_MS) => {
        services.readiness.stopping()
        // Streams that are being read go on until their turns have ended; new connections are refused.
        app.server.close()
        await services.runs.shutdown(graceMs)
        await app.close()
        await services.gateway.settled()
        await services.traces.recorder.settled()
        await services.traces.retention.stop()
        await services.traces.own.close()
        await services.recovery.stop()
        await services.catalog.close()
        await services.outbound.close()
        await database.close()
        output.flushSync()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

async function listen(app: FastifyInstance, { host, port }: Config): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = WHY_NOT[code ?? '']
    if (!why) throw error
    throw new AppError('unavailable', 'cannot_listen', `The server cannot listen on ${host}:${port}: ${why}`, {
      cause: error,
    })
  }
}

const WHY_NOT: Record<string, string> = {
  EADDRINUSE: 'something else is using that port. Stop it, or choose another one with ETUDE_PORT.',
  EACCES: 'that needs more rights than it has. Choose a port above 1023 with ETUDE_PORT.',
  EADDRNOTAVAIL: 'this machine has no such address. Choose one of its own with ETUDE_HOST.',
}
