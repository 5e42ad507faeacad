import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Database } from './db/open.ts'
import { createAccounts } from './features/accounts/accounts.ts'
import { loadSecret } from './features/accounts/secret.ts'
import { AgentService } from './features/agents/service.ts'
import { AgentStore } from './features/agents/store.ts'
import { AnnotationSpecs } from './features/annotation-queues/annotation-specs.ts'
import { FeedbackAnnotations } from './features/annotation-queues/feedback-annotations.ts'
import { ItemStore } from './features/annotation-queues/item-store.ts'
import { queueField } from './features/annotation-queues/queue-field.ts'
import { QueueService } from './features/annotation-queues/queue-service.ts'
import { QueueStore } from './features/annotation-queues/queue-store.ts'
import { queuedCalls } from './features/annotation-queues/queued-calls.ts'
import { ModelCatalog } from './features/catalog/catalog.ts'
import { ClassAdministration } from './features/classes/administration.ts'
import { JoinCodeStore } from './features/classes/join-code-store.ts'
import { JoinCodes } from './features/classes/join-codes.ts'
import { MemberStore } from './features/classes/member-store.ts'
import { ClassMembers } from './features/classes/members.ts'
import { ClassService } from './features/classes/service.ts'
import { ClassStore } from './features/classes/store.ts'
import { ClovaService } from './features/clova/service.ts'
import { ExperimentService } from './features/experiments/service.ts'
import { ExperimentStore } from './features/experiments/store.ts'
import { VoteStore } from './features/experiments/vote-store.ts'
import { VotingService } from './features/experiments/voting-service.ts'
import { CallFeedback } from './features/feedback/call-feedback.ts'
import { createFeedback } from './features/feedback/create-feedback.ts'
import { FeedbackOfCalls } from './features/feedback/feedback-of-calls.ts'
import { FewShotService } from './features/few-shots/service.ts'
import { FewShotStore } from './features/few-shots/store.ts'
import { CallRecorder } from './features/gateway/call-recorder.ts'
import { GatewayService } from './features/gateway/service.ts'
import { GatewayStore } from './features/gateway/store.ts'
import { createStoredThings } from './features/objects/stored-things.ts'
import { AnswerStore } from './features/practice/answer-store.ts'
import { IdempotencyStore } from './features/practice/idempotency-store.ts'
import { LaneSkills } from './features/practice/lane-skills.ts'
import { LaneStore } from './features/practice/lane-store.ts'
import { PracticeService } from './features/practice/service.ts'
import { SessionCopies } from './features/practice/session-copies.ts'
import { SessionList } from './features/practice/session-list.ts'
import { SessionService } from './features/practice/session-service.ts'
import { SettingsService } from './features/practice/settings-service.ts'
import { SettingsStore } from './features/practice/settings-store.ts'
import { SkillApprovals } from './features/practice/skill-approvals.ts'
import { SkillDecisionStore } from './features/practice/skill-decision-store.ts'
import { PracticeStore } from './features/practice/store.ts'
import { SummaryStore } from './features/practice/summary-store.ts'
import { SummaryWriter } from './features/practice/summary-writer.ts'
import { TitleService } from './features/practice/title-service.ts'
import { TranscriptStore } from './features/practice/transcript-store.ts'
import { TurnBuilder } from './features/practice/turn-builder.ts'
import { VariantService } from './features/practice/variant-service.ts'
import { ProjectService } from './features/projects/service.ts'
import { ProjectStore } from './features/projects/store.ts'
import { FinalAnswers } from './features/skillsets/agent/final-answers.ts'
import { createSkillsets } from './features/skillsets/create-skillsets.ts'
import { OwnCallIds } from './features/traces/own/call-ids.ts'
import { createTraces } from './features/traces/traces.ts'
import { parseExactJson } from './features/weave/exact-json.ts'
import { WeaveProjects } from './features/weave/project-access.ts'
import { ProjectStore as WeaveProjectStore } from './features/weave/project-store.ts'
import { RefAccess } from './features/weave/ref-access.ts'
import { GraphqlService } from './features/weave-server/graphql-service.ts'
import { ProjectInfoService } from './features/weave-server/project-service.ts'
import { TokenizerService } from './features/window/tokenizer-service.ts'
import { WindowService } from './features/window/window.ts'
import { Readiness } from './http/health.ts'
import { Outbound } from './http/outbound.ts'
import { RunRecovery } from './runs/run-recovery.ts'
import { RunService } from './runs/run-service.ts'
import { RunStore } from './runs/run-store.ts'
import { RunTopics } from './runs/run-topics.ts'

export type Services = Awaited<ReturnType<typeof createServices>>

type Parts = {
  log: Logger
  /** What tests replace: the clock, the name of this server, and the outside world. */
  now?: () => Date
  serverId?: string
  catalog?: ModelCatalog
}

/** Builds every store and service once; who gets what is written here and nowhere else. */
export async function createServices(config: Config, database: Database, parts: Parts) {
  const { log, now = () => new Date(), serverId = randomUUID() } = parts
  const { ids, notifier } = database
  const secret = await loadSecret(config)
  const accounts = createAccounts({ database, secret, logError: (message) => log.error(message), now })
  const classes = new ClassService({ database, now })
  const sessions = new SessionList(database)
  const projects = new ProjectService({ store: new ProjectStore(database), classes, sessions, ids, now })
  const outbound = new Outbound({ allow: config.outbound.allow })
  const catalog = parts.catalog ?? new ModelCatalog(config)
  const skillWork = createSkillsets({ database, secret, outbound, classes, catalog, now })
  const { skillsets, skillAgent } = skillWork
  const agents = new AgentService({ store: new AgentStore(database), classes, skillsets, ids, now })
  const tokenizers = new TokenizerService({ dataFolder: config.dataFolder, warn: (message) => log.warn(message) })
  const windows = new WindowService({ tokenizers })
  const answers = new AnswerStore(database)
  const fewShots = new FewShotService({
    store: new FewShotStore(database),
    classes,
    findAnswer: (personId, responseId) => answers.find(personId, responseId),
    catalog,
    windows,
    ids,
    now,
  })

  const members = new ClassMembers({
    store: new MemberStore(database.db),
    classes,
    people: accounts.people,
    links: accounts.links,
    now,
  })
  const joinCodes = new JoinCodes({ store: new JoinCodeStore(database.db), classes, ids, now })
  const classStore = new ClassStore(database.db)
  const administration = new ClassAdministration({ store: classStore, classes, catalog, ids, now })

  const callIds = new OwnCallIds(secret.deriveKey('call ids'))
  const weaveProjects = new WeaveProjects({ store: new WeaveProjectStore(database), classes, now })
  const weaveRefs = new RefAccess({ projects: weaveProjects })
  const callFeedback = new CallFeedback(database)
  const traces = createTraces({
    database,
    projects: weaveProjects,
    refs: weaveRefs,
    feedback: callFeedback,
    relatedField: (access, name, use) =>
      callFeedback.relatedField(access, name, use) ?? (use === 'condition' ? queueField(name) : undefined),
    feedbackOfCalls: new FeedbackOfCalls(database),
    readRef: async (person, ref) => {
      const [found] = await stored.refs.readAll(person, [ref])
      return found ? parseExactJson(found.text) : null
    },
    findModel: (name) => catalog.find(name) ?? catalog.find(name, 'embedding'),
    callIds,
    otlp: config.otlp,
    log,
    now,
  })
  const runStore = new RunStore(database, (ending) => traces.own.ofEnding(ending))
  const runs = new RunService({ store: runStore, topics: new RunTopics(notifier), log, serverId, now })
  const recovery = new RunRecovery({ store: runStore, serverId, log, now })
  const titleModel = () =>
    config.titleModel !== undefined && catalog.find(config.titleModel)
      ? catalog.languageModel(config.titleModel)
      : undefined
  const lanes = new LaneStore(database)
  const practiceStore = new PracticeStore(database, lanes)
  const settingsStore = new SettingsStore(database)
  const settings = new SettingsService({ store: settingsStore, fewShots, agents, classes, catalog, ids, now })
  const skillApprovals = new SkillApprovals({ store: new SkillDecisionStore(database), notifier, now })
  const laneSkills = new LaneSkills({
    agent: skillAgent,
    skillsets,
    approvals: skillApprovals,
    catalog,
    windows,
    findPerson: (personId) => accounts.people.find(personId),
  })
  const builder = new TurnBuilder({
    catalog,
    skills: laneSkills,
    window: windows,
    summaries: new SummaryWriter({ store: new SummaryStore(database), catalog, window: windows }),
    ids,
    answerRef: (entity, responseId) => callIds.answerRef(entity, responseId),
  })
  const practice = new PracticeService({
    store: practiceStore,
    lanes,
    transcripts: new TranscriptStore(database),
    settings,
    settingsStore,
    builder,
    runs,
    catalog,
    classes,
    projects,
    idempotency: new IdempotencyStore(database),
    titles: new TitleService({ store: practiceStore, runs, findModel: titleModel, log, now }),
    tellOwner: (sessionId, owner) => traces.own.rememberOwner(sessionId, owner),
    ids,
    now,
  })
  const practiceSessions = new SessionService({
    store: practiceStore,
    lanes,
    runs,
    catalog,
    classes,
    projects,
    ids,
    now,
  })
  const copies = new SessionCopies({
    database,
    store: practiceStore,
    settingsStore,
    runs: runStore,
    sessions: practiceSessions,
    settings,
    classes,
    now,
  })
  const experiments = new ExperimentService({
    store: new ExperimentStore(database),
    variants: new VariantService({
      store: practiceStore,
      settings,
      settingsStore,
      builder,
      runs,
      catalog,
      classes,
      ids,
      now,
    }),
    sessions: practiceSessions,
    settings,
    runs,
    classes,
    ids,
    now,
  })
  const voting = new VotingService({
    votes: new VoteStore(database),
    experiments,
    classes,
    key: secret.deriveKey('blind votes'),
    now,
  })
  const recorder = new CallRecorder({ store: new GatewayStore(database, (calls) => traces.own.ofGateway(calls)), log })
  const gateway = new GatewayService({ catalog, classes, windows, recorder, now })
  const clova = new ClovaService({ gateway, windows })
  const finalAnswers = new FinalAnswers({ skillsets, gateway, agent: skillAgent, traces: traces.own })
  const stored = createStoredThings({
    database,
    projects: weaveProjects,
    refs: weaveRefs,
    findCall: (person, projectName, callId) => traces.queries.read(person, projectName, callId, {}),
    now,
  })
  const annotationQueues = new QueueService({
    queues: new QueueStore(database),
    items: new ItemStore(database),
    projects: weaveProjects,
    refs: weaveRefs,
    findCalls: queuedCalls(traces.queries),
    now,
  })
  const annotationSpecs = new AnnotationSpecs({ objects: stored.objects })
  const graphql = new GraphqlService({ projects: weaveProjects })
  const projectInfo = new ProjectInfoService({
    projects: weaveProjects,
    storageBytes: {
      trace: async ({ person, entity, project }) => {
        const body = { project_id: `${entity}/${project}`, include_total_storage_size: true }
        return (await traces.queries.stats(person, body)).total_storage_size_bytes ?? 0
      },
      objects: (access) => stored.objects.storageBytes(access),
      tables: (access) => stored.tables.storageBytes(access),
      files: (access) => stored.files.storageBytes(access),
    },
  })
  const feedback = createFeedback({
    database,
    projects: weaveProjects,
    refs: weaveRefs,
    annotations: new FeedbackAnnotations({ specs: annotationSpecs, queues: annotationQueues }),
    now,
  })
  const readiness = new Readiness(async () => {
    await sql`select 1`.execute(database.db)
  })

  return {
    accounts,
    classes,
    administration,
    members,
    joinCodes,
    sessions,
    projects,
    fewShots,
    agents,
    catalog,
    windows,
    gateway,
    clova,
    runs,
    recovery,
    practice,
    practiceSessions,
    skillApprovals,
    settings,
    copies,
    experiments,
    voting,
    outbound,
    weaveProjects,
    weaveRefs,
    ...feedback,
    traces,
    ...skillWork,
    finalAnswers,
    stored,
    annotationQueues,
    graphql,
    projectInfo,
    readiness,
  }
}
