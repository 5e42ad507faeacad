import type { Person } from '../../accounts/person.ts'
import type { ProjectAccess, WeaveProjects } from '../../weave/project-access.ts'
import { ProjectNotFoundError } from '../../weave/weave-error.ts'
import type { CallStore } from '../call-store.ts'
import { AttributeConflictError, attributeTree, valueAt } from './attribute-tree.ts'
import type { OtlpResource, OtlpSpan } from './otlp-request.ts'
import { SpanRejectedError, spanToCall } from './span-to-call.ts'

/** What an exporter is told: how many spans were not taken, and why. */
export type ExportOutcome = { rejectedSpans: number; errorMessage: string }

/** Reasons in one reply; more would only repeat themselves. */
const MAX_REASONS = 20

/** Takes spans as calls. */
export class OtlpService {
  readonly #projects: WeaveProjects
  readonly #store: CallStore

  constructor(deps: { projects: WeaveProjects; store: CallStore }) {
    this.#projects = deps.projects
    this.#store = deps.store
  }

  /**
   * Stores the spans that can be calls, all in one transaction; the others are rejected one by one.
   *
   * A span goes to the project that its resource names (`wandb.entity` and `wandb.project`), else to the header's;
   * without either it is dropped, as on the hosted server.
   *
   * @throws {ProjectNotFoundError} when no span was taken because the person may not write to their projects.
   */
  async take(
    person: Person,
    resources: readonly OtlpResource[],
    headerProject: string | undefined,
  ): Promise<ExportOutcome> {
    const rejections: string[] = []
    const parts: Parameters<CallStore['add']>[0][number][] = []
    let refused: ProjectNotFoundError | undefined
    for (const { attributes, spans } of resources) {
      const resource = resourceTree(attributes)
      const project = projectOf(resource) ?? headerProject
      if (project === undefined || spans.length === 0) continue
      let access: ProjectAccess
      try {
        access = await this.#projects.forWriting(person, project)
      } catch (error) {
        if (!(error instanceof ProjectNotFoundError)) throw error
        refused = error
        rejections.push(...spans.map((span) => rejection(span, 'Project not found')))
        continue
      }
      for (const span of spans) {
        try {
          parts.push({
            ...spanToCall(span, resource),
            projectId: access.projectId,
            wbUserId: person.handle,
            changes: access.changes,
          })
        } catch (error) {
          if (!(error instanceof AttributeConflictError || error instanceof SpanRejectedError)) throw error
          rejections.push(rejection(span, error.message))
        }
      }
    }
    if (refused && parts.length === 0) throw refused
    await this.#store.add(parts)
    return { rejectedSpans: rejections.length, errorMessage: rejections.slice(0, MAX_REASONS).join('; ') }
  }
}

function resourceTree(attributes: OtlpResource['attributes']) {
  try {
    return attributeTree(attributes)
  } catch (error) {
    if (!(error instanceof AttributeConflictError)) throw error
    return Object.fromEntries(attributes)
  }
}

function projectOf(resource: ReturnType<typeof attributeTree>): string | undefined {
  const entity = valueAt(resource, 'wandb.entity')
  const project = valueAt(resource, 'wandb.project')
  return typeof entity === 'string' && typeof project === 'string' && entity && project
    ? `${entity}/${project}`
    : undefined
}

function rejection({ name, traceId, spanId }: OtlpSpan, reason: string): string {
  return `Rejected span (name='${name}' trace_id='${traceId}' span_id='${spanId}'): ${reason}`
}
