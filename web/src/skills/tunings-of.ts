import type { SkillOperationTuning } from '@etude/sdk/wire'
import type { OperationChoices } from './operation-list.tsx'

/** What the server is told of choices; of those that are as before, nothing. */
export function tuningsOf(choices: OperationChoices, before: OperationChoices): SkillOperationTuning[] {
  return [...choices].flatMap(([operation_id, { isEnabled, approval }]) => {
    const earlier = before.get(operation_id)
    if (earlier?.isEnabled === isEnabled && earlier.approval === approval) return []
    return { operation_id, is_enabled: isEnabled, approval }
  })
}
