const LOOK_EVERY_MS = 250

/**
 * Stops this process, as SIGTERM does, when the npm that runs it has been stopped.
 *
 * npm starts a script through a shell and hands SIGTERM to that shell, which dies of it without handing it on: without
 * this the server would go on with nobody to stop it.
 */
export function endWithNpm() {
  if (!process.env.npm_lifecycle_event) return
  const shell = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, LOOK_EVERY_MS)
  timer.unref()
}
