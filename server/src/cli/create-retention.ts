import type { Database } from '../db/open.ts'
import { ClassService } from '../features/classes/service.ts'
import { FeedbackOfCalls } from '../features/feedback/feedback-of-calls.ts'
import { Retention } from '../features/traces/retention.ts'
import { RetentionStore } from '../features/traces/retention-store.ts'
import { WeaveProjects } from '../features/weave/project-access.ts'
import { ProjectStore } from '../features/weave/project-store.ts'

/** What a command needs to prune, without everything else that a server has. */
export function createRetention(database: Database, now = () => new Date()): Retention {
  const classes = new ClassService({ database, now })
  return new Retention({
    projects: new WeaveProjects({ store: new ProjectStore(database), classes, now }),
    store: new RetentionStore(database),
    feedback: new FeedbackOfCalls(database),
    now,
  })
}
