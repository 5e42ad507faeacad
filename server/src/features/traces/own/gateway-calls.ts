import type { ChatMessage } from '../../../models/language-model.ts'
import type { StoredCall } from '../../gateway/store.ts'
import { storeJson, storeText } from '../../weave/stored-json.ts'
import type { CallPart } from '../call.ts'
import { later, moment } from './moments.ts'
import { usageOf } from './practice-calls.ts'

/** An image inside a message is longer than all of its text: of those only the beginning is kept. Characters. */
const MOST_OF_AN_IMAGE_URL = 256

/** A request through one of the dialects as a call. */
export function gatewayCall(call: StoredCall, ownProjectId: number, callId: string): CallPart {
  const startedAt = moment(call.createdAt)
  const { inputTokens, outputTokens } = call
  return {
    projectId: call.partOf?.projectId ?? ownProjectId,
    wbUserId: call.handle,
    callId,
    start: {
      traceId: call.partOf?.callId ?? callId,
      parentId: call.partOf?.callId ?? null,
      opName: `etude.${call.kind}`,
      displayName: storeText(call.modelName),
      threadId: null,
      turnId: null,
      startedAt,
      attributesJson: storeJson({ etude: { dialect: call.dialect, request_id: call.requestId } }),
      inputsJson: storeJson({
        model: call.modelName,
        ...('messages' in call.inputs
          ? { ...call.inputs, messages: call.inputs.messages.map(withShortImages) }
          : call.inputs),
      }),
      wbRunId: null,
      wbRunStep: null,
    },
    end: {
      endedAt: later(startedAt, call.latencyMs),
      exception: call.errorCode && storeText(call.errorCode),
      outputJson: storeJson(
        call.output && {
          text: call.output.text,
          ...(call.output.reasoning && { reasoning: call.output.reasoning }),
          ...(call.output.toolCalls.length > 0 && { tool_calls: call.output.toolCalls }),
          status: call.status,
          finish_reason: call.finishReason,
        },
      ),
      summaryJson: storeJson({
        ...(inputTokens !== null && {
          usage: usageOf(call.modelName, { promptTokens: inputTokens, completionTokens: outputTokens ?? 0 }),
        }),
        etude: { cost: call.cost, first_token_ms: call.firstTokenMs, turns_left_out: call.trimmedTurns },
      }),
      wbRunStepEnd: null,
    },
  }
}

function withShortImages(message: ChatMessage): ChatMessage {
  if (message.role !== 'user' || typeof message.content === 'string') return message
  return {
    ...message,
    content: message.content.map((part) =>
      part.type === 'image' && part.url.length > MOST_OF_AN_IMAGE_URL
        ? { ...part, url: `${part.url.slice(0, MOST_OF_AN_IMAGE_URL)}…` }
        : part,
    ),
  }
}
