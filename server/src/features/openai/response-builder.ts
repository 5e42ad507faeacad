import type { FinishReason, ModelUsage } from '../../models/language-model.ts'
import type { GatewayEvent } from '../gateway/gateway-call.ts'
import { openAiError } from './errors.ts'
import type { OutputItem, ResponseObject, ResponsesBody } from './responses-schema.ts'
import type { EtudeReport } from './window-switch.ts'

/** An event of the Responses API, still without its number. */
export type ResponseEvent = { type: string; [key: string]: unknown }

type Message = Extract<OutputItem, { type: 'message' }>
type Reasoning = Extract<OutputItem, { type: 'reasoning' }>
type FunctionCall = Extract<OutputItem, { type: 'function_call' }>

/** Builds a response from what a model says, and tells what happens to it meanwhile. */
export class ResponseBuilder {
  readonly response: ResponseObject
  readonly #id: string
  /** The text or reasoning that is being written; function calls are written side by side until the end. */
  #open: { item: Message | Reasoning; place: number } | undefined
  readonly #calls = new Map<number, { item: FunctionCall; place: number }>()

  /** @param id unique, without a prefix. */
  constructor(
    body: ResponsesBody,
    head: { id: string; created: number; model: string; slides: boolean; etude: EtudeReport | undefined },
  ) {
    this.#id = head.id
    this.response = {
      id: `resp_${head.id}`,
      object: 'response',
      created_at: head.created,
      status: 'in_progress',
      background: false,
      error: null,
      incomplete_details: null,
      instructions: body.instructions ?? null,
      max_output_tokens: body.max_output_tokens ?? null,
      model: head.model,
      output: [],
      parallel_tool_calls: body.parallel_tool_calls ?? true,
      previous_response_id: null,
      store: false,
      temperature: body.temperature ?? null,
      top_p: body.top_p ?? null,
      text: { format: body.text?.format ?? { type: 'text' } },
      tool_choice: body.tool_choice ?? 'auto',
      tools: body.tools ?? [],
      truncation: head.slides ? 'auto' : 'disabled',
      usage: null,
      metadata: body.metadata ?? {},
      ...(head.etude && { etude: head.etude }),
    }
  }

  begin(): ResponseEvent[] {
    return ['response.created', 'response.in_progress'].map((type) => ({ type, response: { ...this.response } }))
  }

  /** Takes what the model says and returns what it means for the response. */
  take(event: GatewayEvent): ResponseEvent[] {
    switch (event.type) {
      case 'text-delta':
        return this.#write('message', event.text)
      case 'reasoning-delta':
        return this.#write('reasoning', event.text)
      case 'tool-call-delta':
        return this.#writeCall(event)
      case 'usage':
        this.response.usage = toResponseUsage(event.usage)
        return []
      case 'end':
        return this.#end(event.finishReason)
    }
  }

  /** The model failed in the middle: what has come is kept. */
  fail(error: unknown): ResponseEvent[] {
    const { message, code } = openAiError(error).body.error
    this.response.status = 'failed'
    this.response.error = { code: code ?? 'server_error', message }
    return [{ type: 'response.failed', response: this.response }]
  }

  #write(type: 'message' | 'reasoning', text: string): ResponseEvent[] {
    const events: ResponseEvent[] = []
    if (this.#open?.item.type !== type) {
      events.push(...this.#close('completed'))
      events.push(...this.#openItem(type))
    }
    const { item, place } = this.#open!
    item.content[0]!.text += text
    events.push({
      type: type === 'message' ? 'response.output_text.delta' : 'response.reasoning_text.delta',
      item_id: item.id,
      output_index: place,
      content_index: 0,
      delta: text,
      ...(type === 'message' && { logprobs: [] }),
    })
    return events
  }

  #openItem(type: 'message' | 'reasoning'): ResponseEvent[] {
    const place = this.response.output.length
    const item: Message | Reasoning =
      type === 'message'
        ? {
            type,
            id: `msg_${this.#id}_${place}`,
            status: 'in_progress',
            role: 'assistant',
            content: [{ type: 'output_text', text: '', annotations: [] }],
          }
        : {
            type,
            id: `rs_${this.#id}_${place}`,
            status: 'in_progress',
            summary: [],
            content: [{ type: 'reasoning_text', text: '' }],
          }
    this.#open = { item, place }
    this.response.output.push(item)
    return [
      { type: 'response.output_item.added', output_index: place, item: { ...item, content: [] } },
      {
        type: 'response.content_part.added',
        item_id: item.id,
        output_index: place,
        content_index: 0,
        part: { ...item.content[0] },
      },
    ]
  }

  #close(status: string): ResponseEvent[] {
    if (!this.#open) return []
    const { item, place } = this.#open
    this.#open = undefined
    item.status = status
    const where = { item_id: item.id, output_index: place, content_index: 0 }
    const part = item.content[0]!
    const isMessage = item.type === 'message'
    return [
      {
        type: isMessage ? 'response.output_text.done' : 'response.reasoning_text.done',
        ...where,
        text: part.text,
        ...(isMessage && { logprobs: [] }),
      },
      { type: 'response.content_part.done', ...where, part },
      { type: 'response.output_item.done', output_index: place, item },
    ]
  }

  #writeCall(piece: Extract<GatewayEvent, { type: 'tool-call-delta' }>): ResponseEvent[] {
    const events: ResponseEvent[] = this.#close('completed')
    let call = this.#calls.get(piece.index)
    if (!call) {
      const place = this.response.output.length
      const item: FunctionCall = {
        type: 'function_call',
        id: `fc_${this.#id}_${place}`,
        status: 'in_progress',
        call_id: piece.id ?? `call_${piece.index}`,
        name: piece.name ?? '',
        arguments: '',
      }
      call = { item, place }
      this.#calls.set(piece.index, call)
      this.response.output.push(item)
      events.push({ type: 'response.output_item.added', output_index: place, item: { ...item } })
    }
    if (piece.argumentsJson !== '') events.push(this.#writeArguments(call, piece.argumentsJson))
    return events
  }

  #writeArguments({ item, place }: { item: FunctionCall; place: number }, delta: string): ResponseEvent {
    item.arguments += delta
    return { type: 'response.function_call_arguments.delta', item_id: item.id, output_index: place, delta }
  }

  #end(finishReason: FinishReason): ResponseEvent[] {
    const { response } = this
    const reason =
      finishReason === 'length' ? 'max_output_tokens' : finishReason === 'content-filter' ? 'content_filter' : null
    response.status = reason ? 'incomplete' : 'completed'
    response.incomplete_details = reason && { reason }
    const events: ResponseEvent[] = this.#close(response.status)
    for (const call of this.#calls.values()) {
      const { item, place } = call
      // Clients parse the arguments, so a call without any has an empty object.
      if (item.arguments === '') events.push(this.#writeArguments(call, '{}'))
      item.status = response.status
      events.push(
        {
          type: 'response.function_call_arguments.done',
          item_id: item.id,
          output_index: place,
          name: item.name,
          arguments: item.arguments,
        },
        { type: 'response.output_item.done', output_index: place, item },
      )
    }
    events.push({ type: `response.${response.status}`, response })
    return events
  }
}

function toResponseUsage({ inputTokens, outputTokens, reasoningTokens, cachedInputTokens }: ModelUsage) {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens ?? 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
    total_tokens: inputTokens + outputTokens,
  }
}
