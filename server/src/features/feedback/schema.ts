import { z } from 'zod'
import { JsonObject, orDefault, orNull, PrintedObject } from '../weave/fields.ts'
import { Query, SortBy } from '../weave/query/query.ts'
import type { Feedback, FeedbackDraft } from './feedback.ts'

const Texts = z.record(z.string(), z.string())
const Numbers = z.record(z.string(), z.number())

const draftFields = {
  id: orNull(z.string()).describe('The id of the row; made by the server unless given'),
  project_id: z.string().describe('`entity/project`'),
  weave_ref: z.string().describe('What it is about'),
  creator: orNull(z.string()),
  feedback_type: z.string().describe('Any name; names that begin with `wandb.` have rules of their own'),
  payload: JsonObject.describe('At most 1 MiB of JSON'),
  annotation_ref: orNull(z.string()),
  runnable_ref: orNull(z.string()),
  call_ref: orNull(z.string()),
  trigger_ref: orNull(z.string()),
  queue_id: orNull(z.string()).describe('The annotation queue that it was made in'),
  scorer_tags: orDefault(z.array(z.string()), []).describe('Tags applied to the ref by a scorer'),
  scorer_tag_reasons: orDefault(Texts, {}),
  scorer_tag_confidences: orDefault(Numbers, {}),
  scorer_ratings: orDefault(Numbers, {}).describe('Ratings (0 to 1), by their names'),
  scorer_rating_reasons: orDefault(Texts, {}),
  scorer_rating_confidences: orDefault(Numbers, {}),
  span_agent_name: orDefault(z.string(), ''),
  span_agent_version: orDefault(z.string(), ''),
  span_status_code: orDefault(z.string(), 'UNSET'),
  span_conversation_id: orDefault(z.string(), ''),
  span_trace_id: orDefault(z.string(), ''),
  scorer_trace_id: orDefault(z.string(), ''),
  wb_user_id: orNull(z.string()).describe('Ignored: it is the person whose key it is'),
}

export const FeedbackCreateBody = z.strictObject(draftFields).meta({ id: 'FeedbackCreateReq' })
export const FeedbackReplaceBody = z
  .strictObject({ ...draftFields, feedback_id: z.string() })
  .meta({ id: 'FeedbackReplaceReq' })
export const FeedbackBatchBody = z.strictObject({ batch: z.array(FeedbackCreateBody) })
export const FeedbackPurgeBody = z.strictObject({ project_id: z.string(), query: Query })
export const FeedbackQueryBody = z.strictObject({
  project_id: z.string(),
  fields: orNull(z.array(z.string())).describe('Columns, `payload.a.b`, `*` or `count(*)`; all columns unless given'),
  query: orNull(Query),
  sort_by: orNull(z.array(SortBy)),
  limit: orNull(z.int()),
  offset: orNull(z.int()),
})

export const FeedbackCreated = z
  .object({ id: z.string(), created_at: z.string(), wb_user_id: z.string(), payload: PrintedObject })
  .meta({ id: 'FeedbackCreateRes' })
export const FeedbackBatchCreated = z.object({ res: z.array(FeedbackCreated) })
export const FeedbackPage = z.object({ result: z.array(PrintedObject), total_count: z.int() })
export const Purged = z.object({})

export function toDraft(body: z.output<typeof FeedbackCreateBody>): FeedbackDraft {
  return {
    id: body.id || null,
    weaveRef: body.weave_ref,
    creator: body.creator,
    feedbackType: body.feedback_type,
    payload: body.payload,
    annotationRef: body.annotation_ref,
    runnableRef: body.runnable_ref,
    callRef: body.call_ref,
    triggerRef: body.trigger_ref,
    queueId: body.queue_id,
    scorer: {
      tags: body.scorer_tags,
      tagReasons: body.scorer_tag_reasons,
      tagConfidences: body.scorer_tag_confidences,
      ratings: body.scorer_ratings,
      ratingReasons: body.scorer_rating_reasons,
      ratingConfidences: body.scorer_rating_confidences,
    },
    span: {
      agentName: body.span_agent_name,
      agentVersion: body.span_agent_version,
      statusCode: body.span_status_code,
      conversationId: body.span_conversation_id,
      traceId: body.span_trace_id,
    },
    scorerTraceId: body.scorer_trace_id,
  }
}

export function toCreated(feedback: Feedback): z.input<typeof FeedbackCreated> {
  return {
    id: feedback.id,
    created_at: feedback.createdAt,
    wb_user_id: feedback.wbUserId,
    payload: feedback.payload,
  }
}
