import { NotFoundError } from '../../../errors.ts'
import type { Person } from '../../accounts/person.ts'
import type { ClassService } from '../../classes/service.ts'
import type { SkillContent } from '../skill.ts'
import type { SkillStore } from './skill-store.ts'
import type { VersionStore } from './version-store.ts'

/** Skills that somebody may call, be they their own or somebody else's. */
export class UsableSkills {
  readonly #skills: Pick<SkillStore, 'find' | 'findOwner'>
  readonly #versions: Pick<VersionStore, 'findSharedSkill'>
  readonly #classes: Pick<ClassService, 'listForPerson'>

  constructor(deps: {
    skills: Pick<SkillStore, 'find' | 'findOwner'>
    versions: Pick<VersionStore, 'findSharedSkill'>
    classes: Pick<ClassService, 'listForPerson'>
  }) {
    this.#skills = deps.skills
    this.#versions = deps.versions
    this.#classes = deps.classes
  }

  /**
   * One's own skill as it is now, or one of a skillset that is shared with one of the person's active classes, as its
   * latest version has it. Admins may use every skill.
   *
   * @throws {NotFoundError} if it is neither.
   */
  async get(person: Person, skillId: number): Promise<SkillContent> {
    const ownerId = person.isAdmin ? await this.#skills.findOwner(skillId) : person.personId
    const own = ownerId === undefined ? undefined : await this.#skills.find(ownerId, skillId)
    if (own) return own
    const memberships = await this.#classes.listForPerson(person)
    const classIds = memberships.filter(({ status }) => status === 'active').map(({ classId }) => classId)
    const shared = await this.#versions.findSharedSkill(classIds, skillId)
    if (!shared) throw new NotFoundError('skill', skillId)
    return shared
  }
}
