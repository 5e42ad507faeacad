import type { ModelEvent, ToolCall } from '../../models/language-model.ts'

/** Puts tool calls together from their pieces, in the order in which they began. */
export class ToolCalls {
  readonly #calls = new Map<number, ToolCall>()

  /** @returns the call that the piece belongs to, its place, and whether it begins with this piece. */
  add(piece: Extract<ModelEvent, { type: 'tool-call-delta' }>): { call: ToolCall; place: number; isNew: boolean } {
    let call = this.#calls.get(piece.index)
    const isNew = call === undefined
    if (!call) {
      call = { id: piece.id ?? `call_${piece.index}`, name: piece.name ?? '', argumentsJson: '' }
      this.#calls.set(piece.index, call)
    }
    call.argumentsJson += piece.argumentsJson
    return { call, place: [...this.#calls.keys()].indexOf(piece.index), isNew }
  }

  /** All calls; one without arguments has `{}`, which is what clients parse. */
  list(): ToolCall[] {
    return [...this.#calls.values()].map((call) => ({ ...call, argumentsJson: call.argumentsJson || '{}' }))
  }

  /** The places of the calls that came without arguments. */
  withoutArguments(): number[] {
    return [...this.#calls.values()].flatMap((call, place) => (call.argumentsJson === '' ? [place] : []))
  }
}
