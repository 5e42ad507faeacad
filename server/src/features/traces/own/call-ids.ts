/** What Etude does itself that becomes a call; the number is part of the call's id. */
const KINDS = { turn: 1, answer: 2, gateway: 3, skillset: 4, skillCall: 5, summary: 6, skillsetCall: 7 } as const

export type OwnCallKind = keyof typeof KINDS

/**
 * The ids of the calls of Etude's own work: UUIDs of version 8 that are computed, so that an answer's call has its
 * address before it is stored.
 *
 * The first 14 digits say which installation it is, so that several can export to one collector; the last 16, which
 * OpenTelemetry takes for the span's id, what happened there.
 */
export class OwnCallIds {
  readonly #installation: string

  /** @param key at least 8 bytes, the same on every server of one database. */
  constructor(key: Buffer) {
    const digits = key.toString('hex')
    this.#installation = `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(12, 15)}`
  }

  /**
   * @param id below 2^48.
   * @param index below 16, where several calls of a kind belong to one id.
   */
  of(kind: OwnCallKind, id: number, index = 0): string {
    const digits = id.toString(16).padStart(12, '0')
    return `${this.#installation}-8${index.toString(16)}${KINDS[kind].toString(16).padStart(2, '0')}-${digits}`
  }

  /** The address of an answer's call; answers are in the project `practice` of their class. */
  answerRef(entity: string, responseId: number): string {
    return `weave:///${entity}/practice/call/${this.of('answer', responseId)}`
  }
}
