import type { Person } from '../accounts/person.ts'
import type { Json } from '../weave/exact-json.ts'
import { isJsonObject } from '../weave/fields.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { projectOfRef, REF_SCHEME } from '../weave/refs.ts'

/** What Weave's clients call the `internal_project_id`, and what stands in refs when digests are computed. */
export function internalProjectId(projectId: number): string {
  return Buffer.from(`ProjectInternalId:${projectId}`).toString('base64')
}

/**
 * A value with its refs as Weave's server keeps them, which is what the digest of an object is computed of (weave.md
 * §2.4): `weave:///entity/project/…` becomes `weave-trace-internal:///{internal id}/…`.
 *
 * @throws {ProjectNotFoundError} for a ref into a project that the person cannot read.
 */
export async function withInternalRefs(
  value: Json,
  access: ProjectAccess,
  projects: Pick<WeaveProjects, 'forReading'>,
): Promise<Json> {
  const named = new Set<string>()
  collectProjects(value, named)
  if (named.size === 0) return value
  const ids = new Map<string, number>()
  for (const name of named) ids.set(name, await projectIdOf(name, access, access.person, projects))
  return mapRefs(value, (ref) => {
    const name = projectOfRef(ref) ?? ''
    return `weave-trace-internal:///${internalProjectId(ids.get(name) ?? 0)}${ref.slice(REF_SCHEME.length + name.length)}`
  })
}

async function projectIdOf(
  name: string,
  access: ProjectAccess,
  person: Person,
  projects: Pick<WeaveProjects, 'forReading'>,
): Promise<number> {
  if (name === `${access.entity}/${access.project}`) return access.projectId
  return (await projects.forReading(person, name)).projectId
}

function collectProjects(value: Json, named: Set<string>): void {
  if (typeof value === 'string') {
    if (value.startsWith(REF_SCHEME)) named.add(projectOfRef(value) ?? '')
  } else if (Array.isArray(value)) for (const item of value) collectProjects(item, named)
  else if (isJsonObject(value)) for (const key in value) collectProjects(value[key] as Json, named)
}

function mapRefs(value: Json, map: (ref: string) => string): Json {
  if (typeof value === 'string') return value.startsWith(REF_SCHEME) ? map(value) : value
  if (Array.isArray(value)) return value.map((item) => mapRefs(item, map))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapRefs(item, map)]))
}
