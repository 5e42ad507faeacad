import { AppError } from '../../errors.ts'
import type { Person } from '../accounts/person.ts'
import { internalProjectId } from '../objects/internal-refs.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { type GraphqlField, GraphqlSyntaxError, parseGraphql } from './graphql-document.ts'

export type GraphqlReply = {
  data: { [alias: string]: unknown } | null
  errors?: { message: string; path?: string[] }[]
}

/** What an object's field holds: a value, or an object whose fields are asked for in turn. */
type GraphqlObject = { type: string; fields: { [name: string]: string | null | GraphqlObject } }

/**
 * As much of W&B's GraphQL as the Weave SDKs use before they trace (weave.md §2.1, §2.5): who asks, whether a project is
 * there, and making one. Everything else is an error in GraphQL's form.
 */
export class GraphqlService {
  readonly #projects: Pick<WeaveProjects, 'forReading' | 'forWriting'>

  constructor(deps: { projects: Pick<WeaveProjects, 'forReading' | 'forWriting'> }) {
    this.#projects = deps.projects
  }

  async answer(person: Person, document: string, variables: { [name: string]: unknown }): Promise<GraphqlReply> {
    let fields: GraphqlField[]
    try {
      fields = parseGraphql(document, variables)
    } catch (error) {
      if (error instanceof GraphqlSyntaxError) return { data: null, errors: [{ message: error.message }] }
      throw error
    }
    const data: { [alias: string]: unknown } = {}
    const errors: GraphqlReply['errors'] = []
    for (const field of fields) {
      data[field.alias] = null
      try {
        data[field.alias] = chosen(await this.#resolve(person, field), field)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        errors.push({ message: error.message, path: [field.alias] })
      }
    }
    return errors.length > 0 ? { data, errors } : { data }
  }

  async #resolve(person: Person, { name, arguments: given }: GraphqlField): Promise<GraphqlObject | string | null> {
    switch (name) {
      case '__typename':
        return 'Query'
      case 'viewer':
        return viewer(person)
      case 'project':
        return this.#project(person, projectName(given))
      case 'upsertModel': {
        const input = (given.input ?? given) as { [name: string]: unknown }
        const access = await this.#projects.forWriting(person, projectName(input))
        const model = project(access, textOf(input.description) ?? null)
        return { type: 'UpsertModelPayload', fields: { model, project: model } }
      }
      default:
        throw new GraphqlError(`Cannot query field "${name}" on this server.`)
    }
  }

  /** Null when it is not there yet, or somebody else's. */
  async #project(person: Person, name: string): Promise<GraphqlObject | null> {
    try {
      const access = await this.#projects.forReading(person, name)
      return access.projectId === 0 ? null : project(access, null)
    } catch (error) {
      if (error instanceof AppError && error.code === 'project_not_found') return null
      throw error
    }
  }
}

class GraphqlError extends AppError {
  constructor(message: string) {
    super('invalid_request', 'graphql_error', message)
  }
}

function viewer({ personId, handle, name }: Person): GraphqlObject {
  const entity = { type: 'Entity', fields: { id: handle, name: handle } }
  return {
    type: 'User',
    fields: { id: String(personId), username: handle, name, email: null, entity: handle, defaultEntity: entity },
  }
}

function project({ projectId, entity, project: name }: ProjectAccess, description: string | null): GraphqlObject {
  return { type: 'Project', fields: { id: internalProjectId(projectId), name, entityName: entity, description } }
}

function projectName({ name, entityName }: { [name: string]: unknown }): string {
  if (typeof name !== 'string' || typeof entityName !== 'string')
    throw new GraphqlError('A project has the arguments "name" and "entityName".')
  return `${entityName}/${name}`
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Those fields of a value that were asked for. */
function chosen(value: GraphqlObject | string | null, field: GraphqlField): unknown {
  if (typeof value === 'string' || value === null) {
    if (value !== null && field.fields.length > 0) throw new GraphqlError(`Field "${field.name}" has no fields.`)
    return value
  }
  if (field.fields.length === 0)
    throw new GraphqlError(`Field "${field.name}" of type "${value.type}" must have a selection of fields.`)
  const result: { [alias: string]: unknown } = {}
  for (const inner of field.fields) {
    const own = inner.name === '__typename' ? value.type : value.fields[inner.name]
    if (own === undefined || !(inner.name === '__typename' || Object.hasOwn(value.fields, inner.name)))
      throw new GraphqlError(`Cannot query field "${inner.name}" on type "${value.type}".`)
    result[inner.alias] = chosen(own, inner)
  }
  return result
}
