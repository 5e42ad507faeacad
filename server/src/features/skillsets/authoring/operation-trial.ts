import { NotFoundError } from '../../../errors.ts'
import type { JsonObject } from '../../../models/language-model.ts'
import type { Person } from '../../accounts/person.ts'
import type { OperationCaller } from '../call/operation-caller.ts'
import type { OperationResult } from '../call/operation-result.ts'
import type { SkillsetService } from '../service.ts'
import type { SkillService } from './skill-service.ts'

/** Lets an author call one operation by hand, as a model would call it. */
export class OperationTrial {
  readonly #skills: Pick<SkillService, 'get'>
  readonly #skillsets: Pick<SkillsetService, 'credentialsFor'>
  readonly #caller: Pick<OperationCaller, 'call'>

  constructor(deps: {
    skills: Pick<SkillService, 'get'>
    skillsets: Pick<SkillsetService, 'credentialsFor'>
    caller: Pick<OperationCaller, 'call'>
  }) {
    this.#skills = deps.skills
    this.#skillsets = deps.skillsets
    this.#caller = deps.caller
  }

  /**
   * Calls an operation of one's own skill, whether models may use it or not: asking for it is the permission.
   *
   * @param options.classId whose secrets count besides the person's own; without one, those of every active class.
   * @throws {NotFoundError} if the skill is not this person's or has no such operation.
   * @throws the signal's reason when it aborts.
   */
  async call(
    person: Person,
    { skillId, operationId }: { skillId: number; operationId: string },
    { values, classId }: { values: JsonObject; classId: number | undefined },
    signal: AbortSignal,
  ): Promise<OperationResult> {
    const skill = await this.#skills.get(person, skillId)
    const operation = skill.operations.find((one) => one.operationId === operationId)
    if (!operation) throw new NotFoundError('operation', operationId)
    const inClass = classId === undefined ? {} : { classId }
    const credentials = await this.#skillsets.credentialsFor(person, { ...skill, ...inClass })
    return this.#caller.call({ skill, operation, arguments: values, credentials }, signal)
  }
}
