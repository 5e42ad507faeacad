import type { Feedback, FeedbackDraft } from '../feedback/feedback.ts'
import type { ProjectAccess } from '../weave/project-access.ts'
import { findRef } from '../weave/refs.ts'
import type { AnnotationSpecs } from './annotation-specs.ts'
import type { QueueService } from './queue-service.ts'

/** What feedback has to do with annotations: the spec that it follows, and the queue that it was given in. */
export class FeedbackAnnotations {
  readonly #specs: Pick<AnnotationSpecs, 'check'>
  readonly #queues: Pick<QueueService, 'checkForFeedback' | 'noteFeedback'>

  constructor(deps: {
    specs: Pick<AnnotationSpecs, 'check'>
    queues: Pick<QueueService, 'checkForFeedback' | 'noteFeedback'>
  }) {
    this.#specs = deps.specs
    this.#queues = deps.queues
  }

  /**
   * Checks feedback whose own rules hold already (weave.md §1.4, items 9 and 11).
   *
   * @throws {WeaveError} when its spec does not allow the value, or its queue is not there.
   */
  async check(access: ProjectAccess, { annotationRef, payload, queueId }: FeedbackDraft): Promise<void> {
    if (annotationRef) await this.#specs.check(access, annotationRef, payload.value)
    if (queueId) await this.#queues.checkForFeedback(access, queueId)
  }

  /** Tells the queue that feedback was given in that somebody has begun the call. */
  async noteStored(access: ProjectAccess, { queueId, weaveRef }: Feedback): Promise<void> {
    if (!queueId) return
    const ref = findRef(weaveRef)
    if (ref?.kind === 'call') await this.#queues.noteFeedback(access, queueId, ref.id)
  }
}
