import { useState } from 'react'
import { NARROW, useMedia } from '../ui/media.ts'
import { recall, remember } from '../ui/storage.ts'

const VIEWS = ['columns', 'stack', 'tabs'] as const
export type View = (typeof VIEWS)[number]

/**
 * How lanes are laid out; the choice is kept in this browser. Two columns do not fit on a phone: there lanes are tabs,
 * to be swiped.
 */
export function useView(): { view: View; views: readonly View[]; chooseView: (view: View) => void } {
  const isNarrow = useMedia(NARROW)
  const name = isNarrow ? 'view.narrow' : 'view'
  const [changed, setChanged] = useState<Record<string, View>>({})
  const kept = changed[name] ?? recall(name)
  const views: readonly View[] = isNarrow ? ['tabs', 'stack'] : VIEWS
  const view = views.find((view) => view === kept) ?? views[0] ?? 'columns'
  const chooseView = (view: View) => {
    setChanged((before) => ({ ...before, [name]: view }))
    remember(name, view)
  }
  return { view, views, chooseView }
}
