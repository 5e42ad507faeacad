import type { ModelResult, SessionModel } from '@etude/sdk/wire'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon, Spinner } from '../ui/icon.tsx'
import type { LaneLook } from './lane-view.tsx'

type LaneTabsProps = {
  lanes: readonly SessionModel[]
  looks: ReadonlyMap<string, LaneLook>
  /** The answers of the latest turn, to show how each lane is doing. */
  latest: readonly ModelResult[]
  selected: number
  controls: string
  onSelect: (index: number) => void
}

/** Which lane is looked at, when they are shown one at a time. */
export function LaneTabs({ lanes, looks, latest, selected, controls, onSelect }: LaneTabsProps) {
  const { t } = useTranslation()
  const listRef = useRef<HTMLDivElement>(null)
  useEffect(() => {
    listRef.current?.children[selected]?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [selected])

  const move = (event: KeyboardEvent) => {
    const last = lanes.length - 1
    const places: Record<string, number> = {
      ArrowRight: selected === last ? 0 : selected + 1,
      ArrowLeft: selected === 0 ? last : selected - 1,
      Home: 0,
      End: last,
    }
    const place = places[event.key]
    if (place === undefined) return
    event.preventDefault()
    onSelect(place)
    const tab = listRef.current?.children[place]
    if (tab instanceof HTMLElement) tab.focus({ preventScroll: true })
  }

  return (
    <div
      ref={listRef}
      role="tablist"
      aria-label={t('view.lanes')}
      onKeyDown={move}
      className="flex shrink-0 gap-1 overflow-x-auto border-b border-line px-3 [scrollbar-width:none]"
    >
      {lanes.map((lane, index) => {
        const look = looks.get(lane.model_name)
        const status = latest.find(({ session_model_id }) => session_model_id === lane.session_model_id)?.status
        return (
          <button
            key={lane.session_model_id}
            type="button"
            role="tab"
            aria-selected={index === selected}
            aria-controls={controls}
            tabIndex={index === selected ? 0 : -1}
            onClick={() => onSelect(index)}
            className="relative flex h-10 shrink-0 items-center gap-1.5 px-2.5 text-sm text-soft after:absolute after:inset-x-2 after:-bottom-px after:h-0.5 after:rounded-full hover:text-ink aria-selected:font-medium aria-selected:text-ink aria-selected:after:bg-accent focus-visible:outline-offset-[-3px]"
          >
            {status === 'running' ? (
              <Spinner className="size-3 text-accent" />
            ) : status === 'failed' ? (
              <Icon name="alert" className="size-3.5 text-danger" />
            ) : (
              <span className="size-2 rounded-full" style={{ backgroundColor: look?.color }} />
            )}
            <span className="max-w-40 truncate">{look?.name ?? lane.model_name}</span>
            {status && status !== 'complete' && <span className="sr-only">({t(`lane.${status}`)})</span>}
          </button>
        )
      })}
    </div>
  )
}
