import { randomUUID } from 'node:crypto'
import fastifyRateLimit from '@fastify/rate-limit'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Config } from './config.ts'
import { AppError } from './errors.ts'
import { accountRoutes } from './features/accounts/routes.ts'
import { agentRoutes } from './features/agents/routes.ts'
import { queueItemRoutes, queueRoutes } from './features/annotation-queues/routes.ts'
import { catalogRoutes } from './features/catalog/routes.ts'
import { enrollmentRoutes } from './features/classes/enrollment-routes.ts'
import { memberRoutes } from './features/classes/member-routes.ts'
import { classRoutes } from './features/classes/routes.ts'
import { clovaRoutes } from './features/clova/routes.ts'
import { experimentRoutes } from './features/experiments/routes.ts'
import { votingRoutes } from './features/experiments/voting-routes.ts'
import { feedbackAnalyticsRoutes } from './features/feedback/analytics/routes.ts'
import { feedbackRoutes } from './features/feedback/routes.ts'
import { fewShotRoutes } from './features/few-shots/routes.ts'
import { fileRoutes } from './features/objects/file-routes.ts'
import { labelRoutes } from './features/objects/label-routes.ts'
import { objectRoutes } from './features/objects/object-routes.ts'
import { refRoutes } from './features/objects/ref-routes.ts'
import { tableRoutes } from './features/objects/table-routes.ts'
import { typedRoutes } from './features/objects/typed-routes.ts'
import { openAiRoutes } from './features/openai/routes.ts'
import { sessionRoutes } from './features/practice/session-routes.ts'
import { settingsRoutes } from './features/practice/settings-routes.ts'
import { skillCallRoutes } from './features/practice/skill-call-routes.ts'
import { transferRoutes } from './features/practice/transfer-routes.ts'
import { turnRoutes } from './features/practice/turn-routes.ts'
import { verdictRoutes } from './features/practice/verdict-routes.ts'
import { projectRoutes } from './features/projects/routes.ts'
import { credentialRoutes } from './features/skillsets/authoring/credential-routes.ts'
import { operationTrialRoutes } from './features/skillsets/authoring/operation-trial-routes.ts'
import { skillRoutes } from './features/skillsets/authoring/skill-routes.ts'
import { skillsetRoutes } from './features/skillsets/authoring/skillset-routes.ts'
import { versionRoutes } from './features/skillsets/authoring/version-routes.ts'
import { callStreamRoutes } from './features/traces/call-stream-routes.ts'
import { costRoutes } from './features/traces/cost-routes.ts'
import { exportRoutes } from './features/traces/export-routes.ts'
import { otlpRoutes } from './features/traces/otlp/otlp-routes.ts'
import { retentionRoutes } from './features/traces/retention-routes.ts'
import { callRoutes } from './features/traces/routes.ts'
import { usageRoutes } from './features/traces/usage-routes.ts'
import { weaveRoutes } from './features/weave/weave-plugin.ts'
import { projectInfoRoutes } from './features/weave-server/project-routes.ts'
import { serverRoutes } from './features/weave-server/server-routes.ts'
import { requireSignIn } from './http/authenticate.ts'
import { documentation } from './http/documentation.ts'
import { sendPracticeError } from './http/error-response.ts'
import { health } from './http/health.ts'
import { metrics } from './http/metrics.ts'
import { requestLog } from './http/request-log.ts'
import { securityHeaders } from './http/security-headers.ts'
import { validateRequest } from './http/validate.ts'
import { webPages } from './http/web-pages.ts'
import type { Services } from './services.ts'

const MAX_BODY_BYTES = 4 * 1024 * 1024

/** Files that the server serves besides its API. */
export type AppFiles = { openapi: string; web: string; swaggerUi: string }

type AppOptions = {
  config: Pick<Config, 'requestsPerMinute'>
  files: AppFiles
  log: FastifyBaseLogger
  /** What must know of every route, such as the description of the API. */
  beforeRoutes?: (app: FastifyInstance) => PromiseLike<unknown>
}

/** Mounts every feature on one Fastify application. */
export async function createApp(services: Services, options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 512 },
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validateRequest)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(sendPracticeError)
  acceptEmptyJson(app as unknown as FastifyInstance)

  await app.register(requestLog)
  await app.register(securityHeaders)
  await app.register(requireSignIn(services.accounts))
  if (options.config.requestsPerMinute > 0)
    await app.register(fastifyRateLimit, rateLimit(options.config.requestsPerMinute))

  await options.beforeRoutes?.(app as unknown as FastifyInstance)
  await app.register(health(services.readiness))
  await app.register(
    metrics({ liveTurns: () => services.runs.liveCount, authenticate: services.accounts.authenticate }),
  )
  await app.register(accountRoutes(services.accounts, services.classes))
  await app.register(classRoutes(services.administration, services.classes, services.sessions))
  await app.register(memberRoutes(services.members, services.joinCodes))
  await app.register(enrollmentRoutes(services.members, services.joinCodes))
  await app.register(projectRoutes(services.projects, services.catalog))
  await app.register(catalogRoutes(services.catalog, services.classes))
  await app.register(fewShotRoutes(services.fewShots))
  await app.register(agentRoutes(services.agents))
  await app.register(turnRoutes(services.practice, services.runs))
  await app.register(skillCallRoutes(services.practice, services.skillApprovals, services.runs))
  await app.register(sessionRoutes(services.practice, services.practiceSessions, services.settings))
  await app.register(transferRoutes(services.copies))
  await app.register(verdictRoutes(services.practiceSessions, services.verdicts))
  await app.register(settingsRoutes(services.practiceSessions, services.settings))
  await app.register(experimentRoutes(services.experiments, services.runs))
  await app.register(votingRoutes(services.voting, services.experiments))
  await app.register(skillRoutes(services.skills, services.skillReader))
  await app.register(credentialRoutes(services.skillCredentials))
  await app.register(operationTrialRoutes(services.operationTrial))
  await app.register(skillsetRoutes(services.skillsetDrafts))
  await app.register(versionRoutes(services.skillsetDrafts, services.skillsetVersions))
  await app.register(openAiRoutes(services.gateway), { prefix: '/v1/openai' })
  await app.register(clovaRoutes(services.clova, services.finalAnswers))
  await app.register(
    weaveRoutes([
      feedbackRoutes(services.feedback),
      feedbackAnalyticsRoutes(services.feedbackStats, services.feedbackAggregates),
      callRoutes(services.traces.calls, services.traces.queries),
      callStreamRoutes(services.traces.queries, services.traces.threads),
      costRoutes(services.traces.costs, services.traces.costQueries),
      usageRoutes(services.traces.usage),
      otlpRoutes(services.traces.otlp),
      retentionRoutes(services.traces.retention),
      exportRoutes({
        calls: (person, project_id) => services.traces.queries.stream(person, { project_id }),
        feedback: (person, projectName) => services.feedbackExport.stream(person, projectName),
      }),
      serverRoutes,
      projectInfoRoutes(services.projectInfo, services.graphql),
      objectRoutes(services.stored.objects),
      labelRoutes(services.stored.labels),
      tableRoutes(services.stored.tables),
      fileRoutes(services.stored.files),
      refRoutes(services.stored.refs),
      ...typedRoutes(services.stored.typed),
      queueRoutes(services.annotationQueues),
      queueItemRoutes(services.annotationQueues),
    ]),
  )
  await app.register(webPages(options.files.web))
  await app.register(documentation(options.files))
  return app as unknown as FastifyInstance
}

/** Many clients always name the media type; whether a body is needed is for the route's schema to say. */
function acceptEmptyJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else void parseJson(request, String(body), done)
  })
}

function rateLimit(max: number) {
  return {
    max,
    timeWindow: '1 minute',
    hook: 'preHandler' as const,
    keyGenerator: (request: { person?: { personId: number } | undefined; ip: string }) =>
      request.person ? `person ${request.person.personId}` : request.ip,
    errorResponseBuilder: (_: unknown, context: { ttl: number }) =>
      new AppError('rate_limited', 'rate_limited', 'Too many requests; try again in a moment.', {
        retryAfterSeconds: Math.ceil(context.ttl / 1000),
      }),
  }
}
