import { AppError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import type { FeedbackDraft, JsonRecord } from './feedback.ts'
import type { FeedbackService } from './service.ts'

/** What somebody says about an answer. */
export type Verdict = { thumb: 'up' | 'down' | null; reasons: string[]; note: string | null }

/** A verdict that was given, by whom and on what. */
export type GivenVerdict = Verdict & { callRef: string; handle: string }

const REACTION = 'wandb.reaction.1'
const NOTE = 'wandb.note.1'
const REASONS = 'etude.reasons'
const THUMBS = { up: '👍', down: '👎' } as const

/**
 * A thumb, reasons and a note about an answer, kept as Weave feedback about its call: a reaction, `etude.reasons` and a
 * note. So all of Weave's clients see them, and what somebody says with those clients is part of their verdict here.
 */
export class Verdicts {
  readonly #feedback: Pick<FeedbackService, 'find' | 'replaceAll'>

  constructor(deps: { feedback: Pick<FeedbackService, 'find' | 'replaceAll'> }) {
    this.#feedback = deps.feedback
  }

  /**
   * Puts a verdict in the place of the person's earlier one, at once; an empty one takes it back.
   *
   * @throws {AppError} `answer_without_call` for an answer that came from a file.
   * @throws {WeaveError} when the class of the answer cannot be written to any more.
   */
  async give(person: Person, callRef: string | null, verdict: Verdict): Promise<void> {
    const ref = callOf(callRef)
    const given = await this.#feedback.find(person, projectOf(ref), { refs: [ref], types: [REACTION, NOTE, REASONS] })
    const own = given.filter(({ wbUserId }) => wbUserId === person.handle)
    await this.#feedback.replaceAll(
      person,
      projectOf(ref),
      own.map(({ id }) => id),
      toDrafts(ref, verdict),
    )
  }

  /** The verdicts on some answers that the person may see, at most one of each person on each answer. */
  async list(person: Person, callRefs: readonly (string | null)[]): Promise<GivenVerdict[]> {
    const known = callRefs.filter((ref) => ref !== null)
    const verdicts = new Map<string, GivenVerdict>()
    for (const project of new Set(known.map(projectOf))) {
      const refs = known.filter((ref) => projectOf(ref) === project)
      for (const one of await this.#feedback.find(person, project, { refs, types: [REACTION, NOTE, REASONS] })) {
        const key = `${one.wbUserId} ${one.weaveRef}`
        const nothing = {
          callRef: one.weaveRef,
          handle: one.wbUserId,
          thumb: null,
          reasons: [],
          note: null,
        }
        verdicts.set(key, { ...(verdicts.get(key) ?? nothing), ...saidBy(one.feedbackType, one.payload) })
      }
    }
    return [...verdicts.values()]
  }
}

function saidBy(type: string, payload: JsonRecord): Partial<Verdict> {
  switch (type) {
    case REACTION:
      if (payload.detoned === THUMBS.up || payload.emoji === THUMBS.up) return { thumb: 'up' }
      return payload.detoned === THUMBS.down || payload.emoji === THUMBS.down ? { thumb: 'down' } : {}
    case NOTE:
      return { note: String(payload.note) }
    default:
      return { reasons: Array.isArray(payload.reasons) ? payload.reasons.map(String) : [] }
  }
}

function toDrafts(weaveRef: string, { thumb, reasons, note }: Verdict): FeedbackDraft[] {
  const about = { ...NOTHING_ELSE, weaveRef }
  return [
    ...(thumb ? [{ ...about, feedbackType: REACTION, payload: { emoji: THUMBS[thumb] } }] : []),
    ...(reasons.length > 0 ? [{ ...about, feedbackType: REASONS, payload: { reasons } }] : []),
    ...(note ? [{ ...about, feedbackType: NOTE, payload: { note } }] : []),
  ]
}

const NOTHING_ELSE: Omit<FeedbackDraft, 'weaveRef' | 'feedbackType' | 'payload'> = {
  id: null,
  creator: null,
  annotationRef: null,
  runnableRef: null,
  callRef: null,
  triggerRef: null,
  queueId: null,
  scorer: {
    tags: [],
    tagReasons: {},
    tagConfidences: {},
    ratings: {},
    ratingReasons: {},
    ratingConfidences: {},
  },
  span: { agentName: '', agentVersion: '', statusCode: 'UNSET', conversationId: '', traceId: '' },
  scorerTraceId: '',
}

function callOf(callRef: string | null): string {
  if (callRef !== null) return callRef
  throw new AppError('conflict', 'answer_without_call', 'This answer came from a file: Etude has no call of it.')
}

/** `entity/project` of `weave:///entity/project/call/id`. */
function projectOf(callRef: string): string {
  return callRef.slice('weave:///'.length).split('/', 2).join('/')
}
