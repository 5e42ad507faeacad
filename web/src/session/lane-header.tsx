import type { ModelResult } from '@etude/sdk/wire'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '../i18n/format.ts'
import { IconButton } from '../ui/button.tsx'
import { copyText } from '../ui/copy-text.ts'
import { Icon, type IconName, Spinner } from '../ui/icon.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import type { LaneLook } from './lane-view.tsx'

type LaneHeaderProps = {
  result: ModelResult
  look: LaneLook
  headingId: string
  onStop: (responseId: number) => void
}

/** Stays in sight while its answer is read: which model, how it is doing, what it took. */
export function LaneHeader({ result, look, headingId, onStop }: LaneHeaderProps) {
  const { t } = useTranslation()
  const isRunning = result.status === 'running'
  // A lane that the server has not confirmed yet cannot be stopped by itself.
  const canStop = isRunning && result.response_id > 0
  return (
    <header className="sticky top-0 z-10 rounded-t-xl bg-surface px-4 pt-2.5 pb-2">
      <div className="flex items-center gap-2">
        <span className="size-2.5 shrink-0 rounded-full" style={{ backgroundColor: look.color }} />
        <h3 id={headingId} className="min-w-0 flex-1 truncate text-sm font-semibold" title={result.model_name}>
          {look.name}
        </h3>
        <LaneStatus result={result} />
        <div className="-my-1 -mr-2 flex">
          {canStop && (
            <IconButton
              icon="stop"
              label={t('lane.stopModel', { model: look.name })}
              onClick={() => onStop(result.response_id)}
              className="size-7!"
            />
          )}
          <Menu
            trigger={<IconButton icon="more" label={t('lane.actions', { model: look.name })} className="size-7!" />}
          >
            <MenuItem
              icon="copy"
              isDisabled={result.response_text === ''}
              onSelect={() => void copyText(result.response_text)}
            >
              {t('lane.copy')}
            </MenuItem>
            {canStop && (
              <MenuItem icon="stop" onSelect={() => onStop(result.response_id)}>
                {t('lane.stop')}
              </MenuItem>
            )}
          </Menu>
        </div>
      </div>
      <Metrics result={result} />
    </header>
  )
}

const LOOKS: Record<Exclude<ModelResult['status'], 'running'>, { icon: IconName; color: string }> = {
  complete: { icon: 'check', color: 'text-good' },
  stopped: { icon: 'stop', color: 'text-caution' },
  failed: { icon: 'alert', color: 'text-danger' },
  interrupted: { icon: 'alert', color: 'text-caution' },
}

function LaneStatus({ result }: { result: ModelResult }) {
  const { status } = result
  const { t } = useTranslation()
  if (status !== 'running')
    return (
      <span className={`flex items-center gap-1 text-xs font-medium ${LOOKS[status].color}`}>
        <Icon name={LOOKS[status].icon} className="size-3.5" />
        {t(`lane.${status}`)}
      </span>
    )
  return (
    <span className="flex items-center gap-1.5 text-xs font-medium text-accent">
      <Spinner className="size-3.5" />
      {t(`lane.${phaseOf(result)}`)}
    </span>
  )
}

function phaseOf({ skill_calls, response_text, reasoning_text }: ModelResult) {
  if (skill_calls.some(({ status }) => status === 'waiting')) return 'permission'
  if (skill_calls.some(({ status }) => status === 'running')) return 'calling'
  if (response_text !== '') return 'running'
  return reasoning_text !== '' ? 'reasoning' : 'waiting'
}

/** What is not known yet is left out, so that nothing flickers from a dash to a number. */
function Metrics({ result }: { result: ModelResult }) {
  const { t } = useTranslation()
  const { number, duration, money } = useFormats()
  const { token_usage: usage, first_token_ms, latency_ms, cost, status, created_at } = result
  const about = usage?.source === 'estimate' ? '≈' : ''
  const hint = about && t('lane.estimated')
  return (
    <dl className="mt-0.5 flex min-h-5 flex-wrap items-center gap-x-3 text-xs text-faint tabular-nums">
      {usage && (
        <>
          <Metric name={t('lane.tokensIn')} hint={hint}>
            <span aria-hidden="true">↑ </span>
            {about}
            {number(usage.prompt_tokens)}
          </Metric>
          <Metric name={t('lane.tokensOut')} hint={hint}>
            <span aria-hidden="true">↓ </span>
            {about}
            {number(usage.completion_tokens)}
          </Metric>
        </>
      )}
      {first_token_ms !== null && (
        <Metric name={t('lane.firstToken')}>
          <span aria-hidden="true">{t('lane.firstShort')} </span>
          {duration(first_token_ms)}
        </Metric>
      )}
      {latency_ms !== null && (
        <Metric name={t('lane.total')}>
          <span aria-hidden="true">{t('lane.totalShort')} </span>
          {duration(latency_ms)}
        </Metric>
      )}
      {status === 'running' && (
        <Metric name={t('lane.total')}>
          <Elapsed since={created_at} />
        </Metric>
      )}
      {cost !== null && <Metric name={t('lane.cost')}>{money(cost)}</Metric>}
      {cost === null && status === 'complete' && (
        <Metric name={t('lane.cost')} hint={t('lane.noPrice')}>
          $ –
        </Metric>
      )}
    </dl>
  )
}

function Metric({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) {
  return (
    <div title={hint ? `${name}. ${hint}` : name}>
      <dt className="sr-only">{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const TICK_MS = 100

/** How long a lane has been running, by the clock of this machine. */
function Elapsed({ since }: { since: string }) {
  const { stopwatch } = useFormats()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  // The clock of the server may be ahead.
  return stopwatch(Math.max(0, now - Date.parse(since)))
}
