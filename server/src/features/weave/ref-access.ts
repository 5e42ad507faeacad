import type { Person } from '../accounts/person.ts'
import { Float, JsonText } from './exact-json.ts'
import type { ProjectAccess, WeaveProjects } from './project-access.ts'
import { projectOfRef, REF_SCHEME } from './refs.ts'
import { ProjectNotFoundError } from './weave-error.ts'

/** A ref that is a whole string of a JSON text: the quote before it is no escaped one. */
const REF_IN_JSON = /(?<!\\)"weave:\/\/\/([^/"\\]*)\/([^/"\\]*)\//g

/** Refs in what clients send and read: nobody learns of a project by a ref that cannot look into it. */
export class RefAccess {
  readonly #projects: WeaveProjects

  constructor(deps: { projects: WeaveProjects }) {
    this.#projects = deps.projects
  }

  /**
   * Checks every string in a request, at any depth, that is a ref.
   *
   * @param ownProject `entity/project` whose refs need no look.
   * @throws {WeaveError} `Invalid URI: …` or `Encountered unexpected ref format.` (weave.md §1.4, item 15).
   * @throws {ProjectNotFoundError} for a ref into a project that the person cannot read.
   */
  async check(person: Person, ownProject: string, body: unknown): Promise<void> {
    const named = new Set<string>()
    collectProjects(body, named)
    named.delete(ownProject)
    for (const name of named) if (!(await this.#projects.canRead(person, name))) throw new ProjectNotFoundError()
  }

  /** JSON texts as somebody may see them: refs into projects that they cannot read become `weave-private://///…`. */
  async mask(access: ProjectAccess, texts: readonly string[]): Promise<readonly string[]> {
    const own = `${access.entity}/${access.project}`
    const foreign = new Set<string>()
    for (const text of texts)
      if (text.includes(REF_SCHEME))
        for (const [, entity, project] of text.matchAll(REF_IN_JSON)) foreign.add(`${entity}/${project}`)
    foreign.delete(own)
    const hidden = new Set<string>()
    for (const name of foreign) if (!(await this.#projects.canRead(access.person, name))) hidden.add(name)
    if (hidden.size === 0) return texts
    return texts.map((text) =>
      text.replaceAll(REF_IN_JSON, (ref, entity, project) =>
        hidden.has(`${entity}/${project}`) ? '"weave-private://///' : ref,
      ),
    )
  }
}

function collectProjects(value: unknown, named: Set<string>): void {
  if (typeof value === 'string') {
    // Nearly no string is a ref; both schemes begin with this letter.
    if (!value.startsWith('w')) return
    const project = projectOfRef(value)
    if (project !== undefined) named.add(project)
  } else if (Array.isArray(value)) {
    for (const item of value) collectProjects(item, named)
  } else if (typeof value === 'object' && value !== null && !(value instanceof Float || value instanceof JsonText)) {
    for (const key in value) collectProjects((value as Record<string, unknown>)[key], named)
  }
}
