import type { Logger } from 'pino'
import type { OtlpConfig } from '../../config.ts'
import type { Database } from '../../db/open.ts'
import type { Person } from '../accounts/person.ts'
import type { CatalogModel } from '../catalog/catalog.ts'
import type { Json } from '../weave/exact-json.ts'
import type { WeaveProjects } from '../weave/project-access.ts'
import type { RefAccess } from '../weave/ref-access.ts'
import { type CallFeedback, CallQueries } from './call-queries.ts'
import { CallReader } from './call-reader.ts'
import { TraceRecorder } from './call-recorder.ts'
import { CallSelector, type RelatedField } from './call-selector.ts'
import { CallService } from './call-service.ts'
import { CallStore } from './call-store.ts'
import { CostQueries } from './cost-queries.ts'
import { CostStore } from './cost-store.ts'
import { OtlpService } from './otlp/otlp-service.ts'
import type { OwnCallIds } from './own/call-ids.ts'
import { OwnTraces } from './own/own-traces.ts'
import { SessionOwners } from './own/session-owners.ts'
import { SpanExporter } from './own/span-exporter.ts'
import { Retention, type WithCalls } from './retention.ts'
import { RetentionStore } from './retention-store.ts'
import { ThreadService } from './thread-service.ts'
import { ThreadStore } from './thread-store.ts'
import { TokenCosts } from './token-costs.ts'
import { UsageService } from './usage-service.ts'

/** Everything about calls, built once. */
export function createTraces(deps: {
  database: Database
  projects: WeaveProjects
  refs: RefAccess
  feedback: CallFeedback
  feedbackOfCalls: WithCalls
  /** What calls are found and sorted by besides what is their own. */
  relatedField: RelatedField
  /** What a ref leads to, as far as the person may read it. */
  readRef: (person: Person, ref: string) => Promise<Json>
  findModel: (name: string) => CatalogModel | undefined
  callIds: OwnCallIds
  otlp: OtlpConfig | undefined
  log: Pick<Logger, 'error'>
  now: () => Date
}) {
  const {
    database,
    projects,
    refs,
    feedback,
    relatedField,
    feedbackOfCalls,
    readRef,
    findModel,
    callIds,
    otlp,
    log,
    now,
  } = deps
  const store = new CallStore(database)
  const reader = new CallReader(database)
  const selector = new CallSelector(database.kind, relatedField)
  const costStore = new CostStore(database)
  const retentionStore = new RetentionStore(database)
  const recorder = new TraceRecorder({ store, log })
  const costs = new TokenCosts({ projects, store: costStore, findModel, now })
  return {
    calls: new CallService({ projects, refs, store }),
    queries: new CallQueries({
      projects,
      refs,
      reader,
      selector,
      costs,
      feedback,
      retention: retentionStore,
      readRef,
    }),
    costs,
    costQueries: new CostQueries({ projects, store: costStore, kind: database.kind }),
    usage: new UsageService({ projects, reader, selector, costs }),
    threads: new ThreadService({ projects, store: new ThreadStore(database) }),
    retention: new Retention({ projects, store: retentionStore, feedback: feedbackOfCalls, now }),
    recorder,
    otlp: new OtlpService({ projects, store }),
    own: new OwnTraces({
      calls: store,
      projects,
      sessions: new SessionOwners(database),
      ids: callIds,
      numbers: database.ids,
      recorder,
      exporter: otlp && new SpanExporter({ config: otlp, log }),
      log,
    }),
  }
}
