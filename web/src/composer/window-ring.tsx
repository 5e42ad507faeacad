import type { Session, WindowLane } from '@etude/sdk/wire'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Popover } from 'radix-ui'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '../i18n/format.ts'
import { windowQuery } from '../queries.ts'

const PAUSE_MS = 600
const PARTS = ['system', 'summary', 'few_shot', 'history', 'prompt'] as const

type WindowRingProps = {
  session: Session
  draft: string
  /** The models that will be asked. */
  chosen: readonly string[]
  nameOf: (modelName: string) => string
}

/** How full the windows of the models are that will be asked: the fullest as a ring, all of them on demand. */
export function WindowRing({ session, draft, chosen, nameOf }: WindowRingProps) {
  const { t } = useTranslation()
  const { percent } = useFormats()
  const text = useAfterPause(draft)
  const { data } = useQuery({
    ...windowQuery(session.session_id, session.turn_count, text),
    placeholderData: keepPreviousData,
    enabled: session.turn_count > 0,
  })
  const lanes = data?.lanes.filter(({ model_name }) => chosen.includes(model_name)) ?? []
  if (lanes.length === 0) return null
  const fullest = Math.max(...lanes.map(fullness))
  const label = t('window.label', { percent: percent(fullest) })
  return (
    <Popover.Root>
      <Popover.Trigger
        type="button"
        aria-label={label}
        title={label}
        className="grid size-7 place-items-center rounded-lg text-faint hover:bg-hover"
      >
        <Ring part={fullest} />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          side="top"
          sideOffset={6}
          collisionPadding={8}
          aria-label={t('window.title')}
          className="z-50 flex max-h-[60vh] w-72 animate-appear flex-col gap-4 overflow-y-auto rounded-xl border border-line bg-raised p-3.5 text-sm shadow-float focus:outline-none"
        >
          {lanes.map((lane) => (
            <LaneWindow key={lane.session_model_id} lane={lane} name={nameOf(lane.model_name)} />
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function LaneWindow({ lane, name }: { lane: WindowLane; name: string }) {
  const { t } = useTranslation()
  const { number } = useFormats()
  const { tokens, sent, reserved, context, turns_left_out: count } = lane
  const parts = PARTS.filter((part) => tokens[part] > 0)
  return (
    <section aria-label={name}>
      <h3 className="flex items-center gap-2 font-semibold">
        <Ring part={fullness(lane)} />
        <span className="min-w-0 flex-1 truncate">{name}</span>
        <span className="text-xs font-normal text-faint tabular-nums">
          {t('window.ofLimit', { used: number(sent ?? tokens.total), limit: number(context) })}
        </span>
      </h3>
      <dl className="mt-1.5 grid grid-cols-[1fr_auto] gap-x-4 gap-y-0.5 text-xs text-soft tabular-nums">
        {parts.map((part) => (
          <Row key={part} name={t(`window.${part}`)} value={number(tokens[part])} />
        ))}
        <Row name={t('window.reserved')} value={number(reserved)} />
      </dl>
      {sent === null && <p className="mt-1.5 text-xs text-danger">{t('window.tooLong')}</p>}
      {count > 0 && <p className="mt-1.5 text-xs text-caution">{t('window.leftOut', { count })}</p>}
    </section>
  )
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="text-right">{value}</dd>
    </>
  )
}

const RADIUS = 7
const LENGTH = 2 * Math.PI * RADIUS

function Ring({ part }: { part: number }) {
  const color = part >= 1 ? 'stroke-danger' : part > 0.8 ? 'stroke-caution' : 'stroke-accent'
  return (
    <svg viewBox="0 0 18 18" className="size-4.5 -rotate-90" fill="none" strokeWidth="2.5" aria-hidden="true">
      <circle cx="9" cy="9" r={RADIUS} className="stroke-line-strong" />
      <circle cx="9" cy="9" r={RADIUS} className={color} strokeDasharray={`${part * LENGTH} ${LENGTH}`} />
    </svg>
  )
}

/** What is sent and what is kept for the answer, of the whole window; at most 1. */
function fullness({ sent, tokens, reserved, context }: WindowLane): number {
  return Math.min(1, ((sent ?? tokens.total) + reserved) / context)
}

/** A value once it has not changed for a while. */
function useAfterPause(value: string): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
