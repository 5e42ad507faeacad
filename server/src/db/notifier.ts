/**
 * Tells every server of this database that something happened.
 *
 * Delivery is best effort: what must not be lost is in the database, and a message only says where to look.
 */
export type Notifier = {
  /**
   * Calls the listeners of a topic on every server, this one included.
   *
   * @param topic without a line break; together with the message at most 7,900 bytes.
   */
  publish(topic: string, message: string): Promise<void>
  /**
   * Listens until the returned function is called.
   *
   * An empty message means that the connection had been lost and some messages may have been missed: look in the
   * database.
   */
  subscribe(topic: string, listener: Listener): () => void
}

export type Listener = (message: string) => void

/** Who listens to what in this process. */
export class Subscriptions {
  readonly #listeners = new Map<string, Set<{ listener: Listener }>>()
  readonly #onError: (error: unknown) => void

  /** @param onError is told what a listener threw; the other listeners are called all the same. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  add(topic: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set()
    const entry = { listener }
    this.#listeners.set(topic, listeners.add(entry))
    return () => {
      listeners.delete(entry)
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic)
    }
  }

  deliver(topic: string, message: string): void {
    for (const { listener } of [...(this.#listeners.get(topic) ?? [])]) {
      try {
        listener(message)
      } catch (error) {
        this.#onError(error)
      }
    }
  }

  deliverToAll(message: string): void {
    for (const topic of [...this.#listeners.keys()]) this.deliver(topic, message)
  }
}

/** For a database that only one server uses. */
export class LocalNotifier implements Notifier {
  readonly #subscriptions: Subscriptions

  constructor(onError: (error: unknown) => void) {
    this.#subscriptions = new Subscriptions(onError)
  }

  async publish(topic: string, message: string): Promise<void> {
    await null
    this.#subscriptions.deliver(topic, message)
  }

  subscribe(topic: string, listener: Listener): () => void {
    return this.#subscriptions.add(topic, listener)
  }
}
