import type { Database } from '../../db/open.ts'
import type { FeedbackAnnotations } from '../annotation-queues/feedback-annotations.ts'
import type { WeaveProjects } from '../weave/project-access.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { FeedbackAggregates } from './analytics/aggregate.ts'
import { FeedbackScan } from './analytics/scan.ts'
import { FeedbackStats } from './analytics/stats.ts'
import { FeedbackExport } from './feedback-export.ts'
import { FeedbackService } from './service.ts'
import { FeedbackStore } from './store.ts'
import { Verdicts } from './verdicts.ts'

/** Everything about feedback, built once. */
export function createFeedback(deps: {
  database: Database
  projects: WeaveProjects
  refs: RefAccess
  annotations: FeedbackAnnotations
  now: () => Date
}) {
  const { database, projects, refs, annotations, now } = deps
  const scan = new FeedbackScan(database)
  const feedback = new FeedbackService({ store: new FeedbackStore(database), projects, refs, annotations, now })
  return {
    feedback,
    verdicts: new Verdicts({ feedback }),
    feedbackExport: new FeedbackExport({ database, projects, refs }),
    feedbackStats: new FeedbackStats({ projects, scan, now }),
    feedbackAggregates: new FeedbackAggregates({ projects, scan }),
  }
}
