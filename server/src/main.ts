import { join } from 'node:path'
import { createProgram } from './cli/program.ts'
import type { Config } from './config.ts'

/**
 * The program `etude`. The only file that looks at the process: its environment, arguments, signals and place on disk.
 *
 * Both this file and the bundle made of it lie two folders below the repository's root.
 */
const root = join(typeof __dirname === 'string' ? __dirname : import.meta.dirname, '../..')

const program = createProgram({
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  serve: serveUntilStopped,
})

void program.run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
})

async function serveUntilStopped(config: Config): Promise<void> {
  // The other commands need none of this.
  const { serve } = await import('./serve.ts')
  const { welcome } = await import('./welcome.ts')
  const server = await serve(config, {
    openapi: join(root, 'openapi.json'),
    web: join(root, 'web/dist'),
    swaggerUi: join(root, 'node_modules/@fastify/swagger-ui/static'),
  })
  process.stderr.write(await welcome(server))

  let isStopping = false
  const stop = async () => {
    // Whoever asks twice does not want to wait.
    if (isStopping) process.exit(1)
    isStopping = true
    await server.stop()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop())
}
