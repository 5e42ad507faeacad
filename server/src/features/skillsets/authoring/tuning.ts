import type { Operation, ResponseHint, SkillContent } from '../skill.ts'

/** What an author decides about an operation; what is left out stays. */
export type OperationTuning = {
  operationId: string
  isEnabled?: boolean
  summary?: string
  description?: string
  approval?: Operation['approval']
  apiOrder?: number | null
  hint?: ResponseHint
}

/** What the author has said about each operation, so that it stays when the document is replaced. */
export type TunedFields = { [operationId: string]: TunedField[] }
type TunedField = (typeof TUNABLE)[number]

const TUNABLE = ['isEnabled', 'summary', 'description', 'approval', 'apiOrder', 'hint'] as const

/** A skill with what of it was tuned. */
export type TunedContent = SkillContent & { tuned: TunedFields }

/** The skill with what the tunings say; those of operations that it does not have are left out. */
export function tune(content: TunedContent, tunings: readonly OperationTuning[]): TunedContent {
  const tuned: TunedFields = { ...content.tuned }
  const operations = content.operations.map((operation) => {
    const tuning = tunings.find(({ operationId }) => operationId === operation.operationId)
    if (!tuning) return operation
    const fields = TUNABLE.filter((field) => tuning[field] !== undefined)
    const before = tuned[operation.operationId] ?? []
    tuned[operation.operationId] = TUNABLE.filter((field) => before.includes(field) || fields.includes(field))
    return { ...operation, ...Object.fromEntries(fields.map((field) => [field, tuning[field]])) }
  })
  return { ...content, operations, tuned }
}

/**
 * The operations of another state of the document, with what was said about those that were there before.
 *
 * An operation is the same when its id is, or when method and path are. New ones are switched off: models are given
 * nothing that nobody has chosen.
 */
export function carryOver(
  before: TunedContent,
  operations: readonly Operation[],
): { operations: Operation[]; tuned: TunedFields; added: string[]; removed: string[] } {
  const tuned: TunedFields = {}
  const added: string[] = []
  const found = new Set<Operation>()
  const carried = operations.map((operation) => {
    const earlier =
      before.operations.find(({ operationId }) => operationId === operation.operationId) ??
      before.operations.find((one) => addressOf(one) === addressOf(operation))
    if (!earlier || found.has(earlier)) {
      added.push(operation.operationId)
      return { ...operation, isEnabled: false }
    }
    found.add(earlier)
    const fields = before.tuned[earlier.operationId] ?? []
    if (fields.length > 0) tuned[operation.operationId] = fields
    return {
      ...operation,
      ...Object.fromEntries(fields.map((field) => [field, earlier[field]])),
      isEnabled: earlier.isEnabled,
    }
  })
  const removed = before.operations.filter((one) => !found.has(one)).map(({ operationId }) => operationId)
  return { operations: carried, tuned, added, removed }
}

function addressOf({ call }: Operation): string {
  return call.kind === 'http' ? `${call.method} ${call.path}` : `tool ${call.tool}`
}
