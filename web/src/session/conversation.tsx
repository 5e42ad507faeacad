import type { SessionModel, TurnResult } from '@etude/sdk/wire'
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../ui/icon.tsx'
import { LaneTabs } from './lane-tabs.tsx'
import type { LaneLook } from './lane-view.tsx'
import { useStickToBottom } from './stick-to-bottom.ts'
import { TurnView } from './turn-view.tsx'
import type { View } from './view.ts'

export type ConversationHandle = { showLatest: () => void }

type ConversationProps = {
  ref?: Ref<ConversationHandle>
  turns: readonly TurnResult[]
  /** The latest turn as it is now. */
  latest: TurnResult | undefined
  lanes: readonly SessionModel[]
  looks: ReadonlyMap<string, LaneLook>
  view: View
  onStop: (turnId: number, responseId: number) => void
}

const CONVERSATION_ID = 'conversation'
/** Scrolling that has been still for this long has come to rest. */
const REST_MS = 120

/** All turns of a session in one scroller, each lane in its own place. */
export function Conversation({ ref, turns, latest, lanes, looks, view, onStop }: ConversationProps) {
  const { t } = useTranslation()
  const scrollerRef = useRef<HTMLDivElement>(null)
  const bodyRef = useRef<HTMLDivElement>(null)
  const { isAtEnd, stick } = useStickToBottom(scrollerRef, bodyRef, latest?.status === 'running')
  const { selected, select } = useSelectedLane(scrollerRef, view, lanes.length)
  useImperativeHandle(ref, () => ({ showLatest: stick }))

  // An old session opens at its latest prompt; one that is being answered, at the end.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it is opened
  useLayoutEffect(() => {
    if (latest?.status === 'running') return stick()
    const prompts = bodyRef.current?.querySelectorAll('[data-prompt]')
    const top = prompts?.item(prompts.length - 1)?.closest('section')?.offsetTop
    if (prompts && prompts.length > 1) scrollerRef.current?.scrollTo({ top: top ?? 0 })
  }, [])

  return (
    <>
      {view === 'tabs' && lanes.length > 1 && (
        <LaneTabs
          lanes={lanes}
          looks={looks}
          latest={latest?.results ?? []}
          selected={selected}
          controls={CONVERSATION_ID}
          onSelect={select}
        />
      )}
      <div className="relative flex min-h-0 flex-1">
        <div
          ref={scrollerRef}
          id={CONVERSATION_ID}
          className="conversation relative flex-1 focus-visible:outline-offset-[-2px]"
          data-view={view}
          {...{ role: view === 'tabs' ? 'tabpanel' : 'region', 'aria-label': t('session.conversation'), tabIndex: 0 }}
          style={{ '--lane-count': lanes.length } as object}
        >
          <div ref={bodyRef} className="conversation-body pt-2">
            {turns.map((turn) => (
              <TurnView
                key={turn.turn_id}
                turn={turn}
                lanes={lanes}
                looks={looks}
                view={view}
                selected={selected}
                onStop={onStop}
              />
            ))}
          </div>
        </div>
        {!isAtEnd && latest?.status === 'running' && (
          <button
            type="button"
            onClick={stick}
            aria-label={t('session.toLatest')}
            title={t('session.toLatest')}
            className="absolute bottom-3 left-1/2 grid size-9 -translate-x-1/2 animate-appear place-items-center rounded-full border border-line bg-raised text-soft shadow-float hover:text-ink"
          >
            <Icon name="down" />
          </button>
        )}
      </div>
    </>
  )
}

/** In tabs, swiping chooses a lane just as its tab does. */
function useSelectedLane(scrollerRef: { current: HTMLElement | null }, view: View, laneCount: number) {
  const [selected, setSelected] = useState(0)

  useEffect(() => {
    const scroller = scrollerRef.current
    if (!scroller || view !== 'tabs') return
    let resting: ReturnType<typeof setTimeout> | undefined
    const look = () => {
      clearTimeout(resting)
      resting = setTimeout(() => {
        if (scroller.clientWidth > 0) setSelected(Math.round(scroller.scrollLeft / scroller.clientWidth))
      }, REST_MS)
    }
    scroller.addEventListener('scroll', look, { passive: true })
    return () => {
      clearTimeout(resting)
      scroller.removeEventListener('scroll', look)
    }
  }, [scrollerRef, view])

  // biome-ignore lint/correctness/useExhaustiveDependencies: another view begins at the lane that was looked at
  useLayoutEffect(() => {
    const scroller = scrollerRef.current
    scroller?.scrollTo({ left: view === 'tabs' ? selected * scroller.clientWidth : 0 })
  }, [view])

  const select = (index: number) => {
    setSelected(index)
    const scroller = scrollerRef.current
    scroller?.scrollTo({ left: index * scroller.clientWidth, behavior: 'smooth' })
  }
  return { selected: Math.min(selected, laneCount - 1), select }
}
