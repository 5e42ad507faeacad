import { sql } from 'kysely'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openDatabase } from './open.ts'
import { testDatabases } from './testing.ts'

describe.each(testDatabases)('the notifier on $name', ({ open }) => {
  it('calls the listeners of a topic, in order, until they stop listening', async () => {
    const { notifier } = await open()
    const heard: string[] = []
    const other = vi.fn()
    const stop = notifier.subscribe('news', (message) => heard.push(message))
    notifier.subscribe('other', other)

    await Promise.all(['1', '2', 'several\nlines, 한글'].map((message) => notifier.publish('news', message)))
    await vi.waitFor(() => expect(heard).toEqual(['1', '2', 'several\nlines, 한글']))
    stop()
    await notifier.publish('news', '4')
    await notifier.publish('other', '5')
    await vi.waitFor(() => expect(other).toHaveBeenCalledWith('5'))

    expect(heard).toHaveLength(3)
  })

  it('calls the others when one listener throws', async () => {
    const { notifier } = await open()
    const listener = vi.fn()
    notifier.subscribe('news', () => {
      throw new Error('broken listener')
    })
    notifier.subscribe('news', listener)

    await notifier.publish('news', 'hello')

    await vi.waitFor(() => expect(listener).toHaveBeenCalledWith('hello'))
  })
})

describe('the notifier between two servers on PostgreSQL', () => {
  async function twoServers() {
    const config = await testDatabases[1].newConfig()
    const [here, there] = await Promise.all([openDatabase(config), openDatabase(config)])
    onTestFinished(async () => {
      await Promise.all([here.close(), there.close()])
    })
    return { here, there }
  }

  it('carries messages from one to the other', async () => {
    const { here, there } = await twoServers()
    const listener = vi.fn()
    there.notifier.subscribe('news', listener)

    await here.notifier.publish('news', 'hello')

    await vi.waitFor(() => expect(listener.mock.calls).toEqual([['hello']]))
  })

  it('connects again when the connection is lost, and says that something may have been missed', async () => {
    const { here, there } = await twoServers()
    const listener = vi.fn()
    there.notifier.subscribe('news', listener)

    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'etude notifier' and datname = current_database()`.execute(here.db)
    await vi.waitFor(() => expect(listener).toHaveBeenCalledWith(''), { timeout: 10_000 })
    await here.notifier.publish('news', 'hello again')

    await vi.waitFor(() => expect(listener).toHaveBeenLastCalledWith('hello again'))
  })

  it('refuses what PostgreSQL could not carry, and says why', async () => {
    const { here } = await twoServers()

    await expect(here.notifier.publish('news', '한'.repeat(3000))).rejects.toThrow('9005 bytes on news is too long')
  })
})

describe('a PostgreSQL that cannot be reached', () => {
  it('is explained without showing the password', async () => {
    const url = 'postgres://etude:secret-word@127.0.0.1:1/etude'

    const failure = await openDatabase({ database: { kind: 'postgres', url } }).catch((error) => error)

    expect(failure.message).toContain('PostgreSQL at 127.0.0.1:1/etude cannot be used')
    expect(failure.message).not.toContain('secret-word')
  })
})
