import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { AppError } from '../errors.ts'
import { Fifo } from './fifo.ts'
import { SQLITE_JSON_TYPE } from './sqlite-dialect.ts'
import { restoreError, storageError } from './sqlite-errors.ts'
import { SqliteStatementIds } from './sqlite-statement-ids.ts'
import { checkParameters, decodeRows } from './sqlite-values.ts'
import type { NumberedOperation, Operation, Reply, Result, Statement } from './sqlite-writer.mjs'

export type WriteResult = {
  rows: Record<string, unknown>[]
  changes: number | undefined
  lastRowId: number | undefined
}

/** A message to the writing thread should not hold up those that come after it for long. */
const MAX_OPERATIONS_PER_MESSAGE = 500
/** How old a group may be and still take in another interactive transaction before it is committed. */
const MAX_GROUP_AGE_MS = 5

/**
 * Everything written to the SQLite file, in order, by one thread, in groups.
 *
 * Writes that arrive while the thread is busy are sent together and committed together: one wait for the disk for
 * all of them. A promise settles only after the commit. A write that fails fails alone. Interactive transactions
 * run one after another, nothing else between their statements.
 */
export class SqliteWriteQueue {
  readonly #worker: Worker
  readonly #file: string
  readonly #transactionIdleMs: number
  readonly #exited: Promise<void>
  readonly #ids = new SqliteStatementIds()
  readonly #waiting = new Fifo<Write | QueuedTransaction>()
  #active: QueuedTransaction | undefined
  /** What the thread is working on, in the order of its reply. */
  #underway: Receiver[] | undefined
  /** Outcomes that count only once they are committed. */
  #uncommitted: { settle: () => void; reject: (error: unknown) => void }[] = []
  #groupStartedAt: number | undefined
  #isFlushPlanned = false
  #isClosing = false
  #failure: Error | undefined
  #onIdle: (() => void) | undefined
  #commits = 0

  /** @param options.transactionIdleMs how long a transaction may do nothing while others wait for it. */
  constructor(file: string, options: { busyTimeoutMs: number; transactionIdleMs: number }) {
    this.#file = file
    this.#transactionIdleMs = options.transactionIdleMs
    this.#worker = new Worker(writerPath(), {
      workerData: { file, jsonType: SQLITE_JSON_TYPE, busyTimeoutMs: options.busyTimeoutMs },
    })
    this.#worker.on('message', (replies: readonly Reply[]) => this.#receive(replies))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#fail(new Error('it exited'))
        resolve()
      })
    })
  }

  /** How many commits there have been. */
  get commits(): number {
    return this.#commits
  }

  /** Writes statements, all or none; the result is that of the only one. */
  write(statements: readonly Statement[]): Promise<WriteResult> {
    for (const { parameters } of statements) checkParameters(parameters)
    return new Promise((resolve, reject) => {
      this.#enqueue({ operation: { kind: 'write', statements }, resolve, reject })
    })
  }

  /** An interactive transaction; it waits for its turn with its first statement. */
  startTransaction(): SqliteTransaction {
    const queued = new QueuedTransaction()
    const add = (operation: Operation, isStatement: boolean): Promise<WriteResult> =>
      new Promise((resolve, reject) => {
        if (queued.failure) return reject(queued.failure)
        queued.operations.push({ operation, resolve, reject, isStatement })
        if (queued.state === 'new') {
          queued.state = 'queued'
          this.#enqueue(queued)
        } else {
          this.#planFlush()
        }
      })
    const end = async (kind: 'keep' | 'undo') => {
      if (queued.state !== 'new') await add({ kind }, false)
    }
    return {
      run: async (statement) => {
        checkParameters(statement.parameters)
        return add({ kind: 'inside', statement }, true)
      },
      commit: () => end('keep'),
      rollback: async () => {
        if (!queued.failure) await end('undo')
      },
    }
  }

  /** Commits the writes that have arrived, then closes the file; unfinished transactions are rolled back. */
  async close(): Promise<void> {
    this.#isClosing = true
    if (this.#active) this.#abandon(this.#active, closedError())
    if (!this.#failure && (this.#underway || !this.#waiting.isEmpty || this.#active)) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
        this.#planFlush()
      })
    }
    this.#failure ??= closedError()
    this.#worker.postMessage('close')
    await this.#exited
  }

  #enqueue(entry: Write | QueuedTransaction): void {
    if (this.#failure || this.#isClosing) {
      rejectEntry(entry, this.#failure ?? closedError())
      return
    }
    this.#waiting.push(entry)
    if (this.#active) this.#watchIdleTransaction(this.#active)
    this.#planFlush()
  }

  /** Waits for the end of the event loop's phase, so that writes of one moment go together. */
  #planFlush(): void {
    if (this.#isFlushPlanned || this.#underway) return
    this.#isFlushPlanned = true
    setImmediate(() => {
      this.#isFlushPlanned = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#underway || this.#failure) return
    const operations: NumberedOperation[] = []
    const receivers: Receiver[] = []
    const send = (operation: Operation, receiver: Receiver) => {
      operations.push(this.#numbered(operation))
      receivers.push(receiver)
    }
    const commit = () => {
      this.#groupStartedAt = undefined
      send({ kind: 'commit' }, { kind: 'commit' })
    }
    while (operations.length < MAX_OPERATIONS_PER_MESSAGE) {
      if (this.#active) {
        const next = this.#active.operations.shift()
        if (!next) break
        send(next.operation, { kind: next.isStatement ? 'now' : 'after-commit', ...next })
        if (!next.isStatement) this.#endTransaction(this.#active)
        continue
      }
      const entry = this.#waiting.shift()
      if (!entry) break
      if (entry instanceof QueuedTransaction) {
        if (this.#isClosing) {
          rejectEntry(entry, closedError())
          continue
        }
        if (this.#groupStartedAt && performance.now() - this.#groupStartedAt > MAX_GROUP_AGE_MS) commit()
        this.#active = entry
        entry.state = 'active'
        send({ kind: 'begin' }, { kind: 'ignore' })
      } else {
        send(entry.operation, { kind: 'after-commit', ...entry })
      }
      this.#groupStartedAt ??= performance.now()
    }
    if (!this.#active && this.#groupStartedAt !== undefined) commit()
    if (operations.length > 0) {
      this.#underway = receivers
      this.#worker.postMessage(operations)
    } else if (!this.#active) {
      this.#onIdle?.()
    }
  }

  #numbered(operation: Operation): NumberedOperation {
    switch (operation.kind) {
      case 'write':
        return { kind: 'write', statements: operation.statements.map((statement) => this.#ids.number(statement)) }
      case 'inside':
        return { kind: 'inside', statement: this.#ids.number(operation.statement) }
      default:
        return operation
    }
  }

  #receive(replies: readonly Reply[]): void {
    const receivers = this.#underway ?? []
    this.#underway = undefined
    replies.forEach((reply, index) => {
      const receiver = receivers[index]
      if (receiver) this.#settle(receiver, reply)
    })
    if (this.#active) this.#watchIdleTransaction(this.#active)
    // What the callers do next is mostly another write: let them, then send everything together.
    this.#planFlush()
  }

  #settle(receiver: Receiver, reply: Reply): void {
    const error = 'error' in reply ? storageError(restoreError(reply.error), this.#file) : undefined
    if (receiver.kind === 'commit') {
      this.#commits++
      const outcomes = this.#uncommitted
      this.#uncommitted = []
      for (const { settle, reject } of outcomes) error ? reject(error) : settle()
    } else if (receiver.kind !== 'ignore') {
      const { resolve, reject } = receiver
      const settle = 'error' in reply ? () => reject(error) : () => resolve(toWriteResult(reply.result))
      // Even a failure waits: whoever is told "exists already" must find the row that was in the way.
      if (receiver.kind === 'now') settle()
      else this.#uncommitted.push({ settle, reject })
    }
  }

  #endTransaction(transaction: QueuedTransaction): void {
    clearTimeout(transaction.idleTimer)
    transaction.state = 'ended'
    transaction.failure ??= new Error('The transaction has ended.')
    rejectEntry(transaction, transaction.failure)
    this.#active = undefined
  }

  /** A transaction that awaits something else than its own statements may be waiting for those who wait for it. */
  #watchIdleTransaction(transaction: QueuedTransaction): void {
    clearTimeout(transaction.idleTimer)
    if (this.#waiting.isEmpty || this.#underway || transaction.operations.length > 0) return
    transaction.idleTimer = setTimeout(() => {
      if (this.#active !== transaction || this.#underway || transaction.operations.length > 0) return
      this.#abandon(
        transaction,
        new Error(
          `A transaction was rolled back because it did nothing for ${this.#transactionIdleMs} ms while others waited: ` +
            'inside a transaction await only its own statements, and take ids before it.',
        ),
      )
    }, this.#transactionIdleMs)
  }

  #abandon(transaction: QueuedTransaction, error: Error): void {
    transaction.failure = error
    rejectEntry(transaction, error)
    transaction.operations.push({ operation: { kind: 'undo' }, isStatement: false, resolve: ignore, reject: ignore })
    this.#planFlush()
  }

  #fail(cause: Error): void {
    if (this.#failure) return
    this.#failure = new AppError(
      'unavailable',
      'storage_unavailable',
      'The thread that writes the database has stopped.',
      {
        cause,
      },
    )
    const receivers = this.#underway ?? []
    this.#underway = undefined
    for (const receiver of receivers) if ('reject' in receiver) receiver.reject(this.#failure)
    for (const { reject } of this.#uncommitted.splice(0)) reject(this.#failure)
    if (this.#active) {
      clearTimeout(this.#active.idleTimer)
      this.#active.failure = this.#failure
      rejectEntry(this.#active, this.#failure)
      this.#active = undefined
    }
    for (let entry = this.#waiting.shift(); entry; entry = this.#waiting.shift()) rejectEntry(entry, this.#failure)
    this.#onIdle?.()
  }
}

export type SqliteTransaction = {
  run(statement: Statement): Promise<WriteResult>
  /** Resolves when everything is on the disk. */
  commit(): Promise<void>
  rollback(): Promise<void>
}

type Settler = { resolve: (result: WriteResult) => void; reject: (error: unknown) => void }
type Write = Settler & { operation: Operation }
type Receiver = ({ kind: 'now' | 'after-commit' } & Settler) | { kind: 'commit' } | { kind: 'ignore' }

class QueuedTransaction {
  state: 'new' | 'queued' | 'active' | 'ended' = 'new'
  /** Why it can do nothing any more. */
  failure: Error | undefined
  readonly operations: (Write & { isStatement: boolean })[] = []
  idleTimer: NodeJS.Timeout | undefined
}

function rejectEntry(entry: Write | QueuedTransaction, error: Error): void {
  if (entry instanceof QueuedTransaction) {
    entry.failure ??= error
    for (const { reject } of entry.operations.splice(0)) reject(error)
  } else {
    entry.reject(error)
  }
}

function toWriteResult({ rows, jsonColumns, changes, lastRowId }: Result): WriteResult {
  return { rows: decodeRows(rows, jsonColumns), changes, lastRowId }
}

function closedError(): Error {
  return new Error('The database has been closed.')
}

function ignore(): void {}

/**
 * The writer lies beside the running file: this one, or the bundle into whose folder the build copies it.
 *
 * A CommonJS bundle has `__dirname` and no `import.meta`; an ES module the other way round.
 */
function writerPath(): string {
  return join(typeof __dirname === 'string' ? __dirname : import.meta.dirname, 'sqlite-writer.mjs')
}
