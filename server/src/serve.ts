import { pino } from 'pino'
import { type AppFiles, createApp } from './app.ts'
import type { Config } from './config.ts'
import { openDatabase } from './db/open.ts'
import { createServices } from './services.ts'

/** How long running turns may still take once the server has been asked to stop. */
const GRACE_MS = 15_000

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
  const log = pino({ level: config.logLevel, redact: ['req.headers.authorization', 'req.headers.cookie'] })
  const database = await openDatabase(config, log)
  try {
    const services = await createServices(config, database, { log })
    await services.recovery.start({ isOnlyServer: database.kind === 'sqlite' })
    const app = await createApp(services, { config, files, log })
    const url = await app.listen({ host: config.host, port: config.port })
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
        await services.recovery.stop()
        await services.catalog.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}
