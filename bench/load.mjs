// The client: asks turns, reads every stream to its end and measures. Run as a child process, told what to do by
// messages. A turn is one request or several sent together; it is complete when each has brought its first token, its
// last token and its end mark, and none a mark of failure. Other requests have no marks: they are complete with a status
// below 300.
import { Agent } from 'undici'

const CARRIED_BYTES = 32

process.on('message', async ({ run }) => {
  if (run) process.send({ result: await askTurns(run) })
})
process.send({ ready: true })

/**
 * Connections are new for each run, as a server may close one that has been idle since the last.
 *
 * @param run `turns` and `seconds` bound it, whichever comes first; `concurrency` turns are under way at once, begun
 *   evenly over `rampMs`; `unmeasured` turns come before, to open the connections. Each turn sends all of `requests`, or
 *   the next one of `pool`.
 * @returns times in milliseconds since the request; `perSecond` counts turns that ended before the time was up.
 */
async function askTurns(run) {
  const { requests, pool, concurrency, turns = Infinity, seconds = 120, rampMs = 0, unmeasured = 0 } = run
  const dispatcher = new Agent({ connections: 10_000, headersTimeout: 120_000, bodyTimeout: 120_000 })
  let next = 0
  const nextRequests = () => (pool ? [pool[next++ % pool.length]] : requests)
  const askTurn = () => Promise.all(nextRequests().map((request) => ask(request, dispatcher)))
  const result = { complete: 0, failures: 0, failure: undefined, firstMs: [], lastMs: [], endMs: [] }
  for (let turn = 0; turn < unmeasured; turn += 1) await askTurn()
  const begin = performance.now()
  const deadline = begin + seconds * 1_000
  let asked = 0
  let finishedInTime = 0

  const keepAsking = async (worker) => {
    if (rampMs > 0) await new Promise((done) => setTimeout(done, (rampMs * worker) / concurrency))
    while (asked < turns && performance.now() < deadline) {
      asked += 1
      try {
        const answers = await askTurn()
        result.complete += 1
        for (const key of ['firstMs', 'lastMs', 'endMs'])
          result[key].push(Math.max(...answers.map((times) => times[key])))
        if (performance.now() < deadline) finishedInTime += 1
      } catch (error) {
        result.failures += 1
        result.failure ??= String(error)
        if (result.failures > 100) return
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, worker) => keepAsking(worker)))
  const elapsedMs = Math.min(performance.now(), deadline) - begin
  await dispatcher.destroy()
  return { ...result, elapsedMs, perSecond: (finishedInTime * 1_000) / elapsedMs }
}

function ask({ origin, path, method = 'POST', headers, body, marks = {}, failureMark }, dispatcher) {
  return new Promise((resolve, reject) => {
    const times = {}
    const awaited = { ...marks }
    const begin = performance.now()
    let status = 0
    let carried = Buffer.alloc(0)
    const handler = {
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        status = statusCode
      },
      onResponseData(_controller, chunk) {
        // A mark may be cut by the boundary of two chunks.
        const bytes = Buffer.concat([carried, chunk])
        for (const key in awaited) {
          if (!bytes.includes(awaited[key])) continue
          times[key] = performance.now() - begin
          delete awaited[key]
        }
        if (failureMark && bytes.includes(failureMark)) status = 599
        carried = bytes.subarray(-CARRIED_BYTES)
      },
      onResponseEnd() {
        const missing = Object.values(awaited)
        if (status >= 300 || missing.length > 0)
          reject(new Error(`status ${status}, without ${missing.join(' and ')}, ending ${carried}`))
        else resolve({ ...times, endMs: performance.now() - begin })
      },
      onResponseError(_controller, error) {
        reject(error)
      },
    }
    dispatcher.dispatch({ origin, path, method, headers, body }, handler)
  })
}
