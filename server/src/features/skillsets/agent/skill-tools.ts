import { toolOf } from '../call/tool-of.ts'
import type { SkillsetVersion } from '../skill.ts'
import type { SkillTool } from './skill-call.ts'

/** What most providers take for the name of a tool. */
const MOST_NAME_CHARACTERS = 64

/** The operations that models may use, as tools whose names are unique among all skillsets. */
export function skillTools(skillsets: readonly SkillsetVersion[]): SkillTool[] {
  const names = new Set<string>()
  return skillsets.flatMap((skillset) =>
    skillset.skills.flatMap((skill) =>
      skill.operations
        .filter(({ isEnabled }) => isEnabled)
        .map((operation): SkillTool => {
          const definition = toolOf(skill, operation)
          const name = uniqueName(definition.name, skill.nameForModel, names)
          names.add(name)
          return { definition: { ...definition, name }, skillset, skill, operation }
        }),
    ),
  )
}

function uniqueName(name: string, skillName: string, taken: ReadonlySet<string>): string {
  const plain = name.slice(0, MOST_NAME_CHARACTERS)
  if (!taken.has(plain)) return plain
  const base = `${skillName}_${name}`
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? '' : `_${number}`
    const candidate = base.slice(0, MOST_NAME_CHARACTERS - suffix.length) + suffix
    if (!taken.has(candidate)) return candidate
  }
}
