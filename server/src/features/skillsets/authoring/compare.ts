import { isDeepStrictEqual } from 'node:util'
import type { SkillsetContent } from '../skill.ts'

/** One thing that is not the same in two states of a skillset. */
export type Difference = {
  /** What it is about, in names: `skills`, `hotels`, `operations`, `listHotels`, `description`. */
  path: string[]
  kind: 'added' | 'removed' | 'changed'
  /** Null for what was not there. */
  before: unknown
  after: unknown
}

/** More than that nobody reads. */
const MAX_DIFFERENCES = 500

/**
 * What is not the same in two states of a skillset, in the order in which a skillset is read.
 *
 * Skills and operations are compared with those of the same id, wherever they stand; a skill or operation that is only
 * in one of the two is one difference, by its name, and not one for everything in it.
 */
export function compareSkillsets(
  before: SkillsetContent,
  after: SkillsetContent,
): { differences: Difference[]; isTruncated: boolean } {
  const all = [
    ...FIELDS.flatMap((field) => compareValues([field], before[field], after[field])),
    ...compareById(['skills'], before.skills, after.skills, {
      idOf: ({ skillId }) => skillId,
      nameOf: ({ nameForHuman }) => nameForHuman,
      compare: compareSkills,
    }),
    ...compareValues(['demonstrations'], before.demonstrations, after.demonstrations),
  ]
  return { differences: all.slice(0, MAX_DIFFERENCES), isTruncated: all.length > MAX_DIFFERENCES }
}

const FIELDS = ['name', 'description', 'instructions', 'answerFormat', 'modelName'] as const

type Skill = SkillsetContent['skills'][number]

function compareSkills(path: string[], before: Skill, after: Skill): Difference[] {
  const { operations: operationsBefore, skillId: _, ...restBefore } = before
  const { operations: operationsAfter, skillId: __, ...restAfter } = after
  return [
    ...compareValues(path, restBefore, restAfter),
    ...compareById([...path, 'operations'], operationsBefore, operationsAfter, {
      idOf: ({ operationId }) => operationId,
      nameOf: ({ operationId }) => operationId,
      compare: compareValues,
    }),
  ]
}

function compareById<Item>(
  path: string[],
  before: readonly Item[],
  after: readonly Item[],
  {
    idOf,
    nameOf,
    compare,
  }: {
    idOf: (item: Item) => unknown
    nameOf: (item: Item) => string
    compare: (path: string[], before: Item, after: Item) => Difference[]
  },
): Difference[] {
  const find = (items: readonly Item[], id: unknown) => items.find((item) => idOf(item) === id)
  const differences: Difference[] = []
  for (const item of before)
    if (!find(after, idOf(item)))
      differences.push({ path: [...path, nameOf(item)], kind: 'removed', before: nameOf(item), after: null })
  for (const item of after) {
    const earlier = find(before, idOf(item))
    if (earlier) differences.push(...compare([...path, nameOf(item)], earlier, item))
    else differences.push({ path: [...path, nameOf(item)], kind: 'added', before: null, after: nameOf(item) })
  }
  const inBoth = (items: readonly Item[], others: readonly Item[]) =>
    items.map(idOf).filter((id) => find(others, id) !== undefined)
  const orderBefore = inBoth(before, after)
  if (!isDeepStrictEqual(orderBefore, inBoth(after, before)))
    differences.push({
      path: [...path, 'order'],
      kind: 'changed',
      before: before.map(nameOf),
      after: after.map(nameOf),
    })
  return differences
}

function compareValues(path: string[], before: unknown, after: unknown): Difference[] {
  if (isDeepStrictEqual(before, after)) return []
  if (before === undefined) return [{ path, kind: 'added', before: null, after }]
  if (after === undefined) return [{ path, kind: 'removed', before, after: null }]
  if (!isObject(before) || !isObject(after) || Array.isArray(before) !== Array.isArray(after))
    return [{ path, kind: 'changed', before, after }]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => compareValues([...path, key], before[key], after[key]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
