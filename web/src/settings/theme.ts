import { useSyncExternalStore } from 'react'
import { recall, remember } from '../ui/storage.ts'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const listeners = new Set<() => void>()

/** Puts the theme that was chosen before on the page. */
export function startTheme(): void {
  show(chosenTheme())
}

export function chooseTheme(theme: Theme): void {
  remember('theme', theme === 'system' ? null : theme)
  show(theme)
  for (const listener of listeners) listener()
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, chosenTheme)
}

function chosenTheme(): Theme {
  const kept = recall('theme')
  return THEMES.find((theme) => theme === kept) ?? 'system'
}

/** The style sheet follows the system unless the root element says otherwise. */
function show(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}
