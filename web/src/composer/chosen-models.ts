import { useState } from 'react'
import { recall, remember } from '../ui/storage.ts'

/** How many models are on before anybody has chosen. */
const AT_FIRST = 3

/**
 * The models that the next new session of a class asks, in the catalog's order; the choice is kept in this browser.
 *
 * @param available names of all models of the class, in the catalog's order.
 */
export function useChosenModels(classId: number | undefined, available: readonly string[]) {
  const name = `models.${classId}`
  const [changed, setChanged] = useState<{ name: string; chosen: readonly string[] }>()
  const kept = changed?.name === name ? changed.chosen : readChosen(recall(name))
  const chosen = resolveChosen(kept, available)
  const choose = (names: readonly string[]) => {
    setChanged({ name, chosen: names })
    remember(name, JSON.stringify(names))
  }
  return { chosen, toggle: (model: string) => choose(toggled(chosen, model)) }
}

/** Those of the kept choice that there still are; the first few when there never was a choice, or none of it is left. */
export function resolveChosen(kept: readonly string[] | undefined, available: readonly string[]): string[] {
  const still = available.filter((model) => kept?.includes(model))
  return still.length > 0 || kept?.length === 0 ? still : available.slice(0, AT_FIRST)
}

export function toggled(chosen: readonly string[], model: string): string[] {
  return chosen.includes(model) ? chosen.filter((other) => other !== model) : [...chosen, model]
}

/** What an older version or a curious person has stored may be anything. */
export function readChosen(stored: string | null): string[] | undefined {
  if (stored === null) return undefined
  try {
    const names: unknown = JSON.parse(stored)
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : undefined
  } catch {
    return undefined
  }
}
