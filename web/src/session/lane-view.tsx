import type { ModelResult } from '@etude/sdk/wire'
import { lazy, memo, Suspense, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { laneErrorText } from '../error-text.ts'
import { guessLanguage } from '../markdown/guess-language.ts'
import { Icon } from '../ui/icon.tsx'
import { VerdictBar } from '../verdict/verdict-bar.tsx'
import { LaneHeader } from './lane-header.tsx'
import { LeftOut } from './left-out.tsx'
import { SkillCalls } from './skill-calls.tsx'

const Markdown = lazy(async () => ({ default: (await import('../markdown/markdown.tsx')).Markdown }))

export type LaneLook = { name: string; color: string }

type LaneViewProps = {
  result: ModelResult
  sessionId: number
  look: LaneLook
  onStop: (responseId: number) => void
}

/** One model's answer to a turn, while it is written and afterwards. */
export const LaneView = memo(function LaneView({ result, sessionId, look, onStop }: LaneViewProps) {
  const { t } = useTranslation()
  const { response_id, response_text, reasoning_text, status, error, finish_reason, dropped_params, trim } = result
  const isWriting = status === 'running'
  const headingId = `lane-${response_id}`
  return (
    <article aria-labelledby={headingId} className="rounded-xl border border-line bg-surface shadow-card">
      <LaneHeader result={result} look={look} headingId={headingId} onStop={onStop} />
      <div className="px-4 pt-1 pb-4">
        {trim && <LeftOut trim={trim} />}
        {reasoning_text !== '' && (
          <details className="group mb-3 text-sm text-soft">
            <summary className="flex w-fit cursor-pointer list-none items-center gap-1 rounded-md py-0.5 pr-1.5 text-faint hover:text-ink">
              <Icon name="chevronRight" className="size-3.5 transition-transform group-open:rotate-90" />
              {t('lane.thoughts')}
            </summary>
            <div className="mt-1 ml-1.5 max-h-80 overflow-y-auto border-l-2 border-line pl-3.5 leading-6 whitespace-pre-wrap">
              {reasoning_text}
            </div>
          </details>
        )}
        <SkillCalls result={result} model={look.name} />
        {response_text === '' ? (
          <EmptyAnswer status={status} />
        ) : (
          <div className="answer" lang={guessLanguage(response_text)} data-writing={isWriting || undefined}>
            <Suspense fallback={<div className="whitespace-pre-wrap">{response_text}</div>}>
              <Markdown text={response_text} isWriting={isWriting} />
            </Suspense>
          </div>
        )}
        {error && <LaneError error={error} />}
        {finish_reason === 'length' && <Note>{t('lane.cutAtLimit')}</Note>}
        {finish_reason === 'content-filter' && <Note>{t('lane.filtered')}</Note>}
        {dropped_params.length > 0 && (
          <Note title={dropped_params.map(({ name, reason }) => `${name}: ${reason}`).join('\n')}>
            {t('lane.dropped', { names: dropped_params.map(({ name }) => name).join(', ') })}
          </Note>
        )}
        {!isWriting && response_text !== '' && <VerdictBar result={result} sessionId={sessionId} model={look.name} />}
      </div>
      <Announcement result={result} name={look.name} />
    </article>
  )
})

function EmptyAnswer({ status }: Pick<ModelResult, 'status'>) {
  const { t } = useTranslation()
  if (status === 'complete') return <p className="text-sm text-faint">{t('lane.empty')}</p>
  if (status !== 'running') return null
  return (
    <div aria-hidden="true" className="flex h-6 items-center gap-1.5">
      {['0s', '0.2s', '0.4s'].map((delay) => (
        <span
          key={delay}
          className="size-1.5 animate-breathe rounded-full bg-faint"
          style={{ animationDelay: delay }}
        />
      ))}
    </div>
  )
}

function LaneError({ error }: { error: NonNullable<ModelResult['error']> }) {
  const { t } = useTranslation()
  return (
    <div className="mt-2 rounded-lg bg-danger-soft p-3 text-sm first:mt-0">
      <p className="flex items-start gap-2 font-medium text-danger">
        <Icon name="alert" className="mt-0.5 size-4" />
        {laneErrorText(t, error)}
      </p>
      {error.provider_message && (
        <blockquote className="mt-2 border-l-2 border-danger/40 pl-3 text-soft">
          <span className="block text-xs text-faint">{t('lane.providerSays')}</span>
          <span className="break-words whitespace-pre-wrap">{error.provider_message}</span>
        </blockquote>
      )}
    </div>
  )
}

function Note({ children, title }: { children: string; title?: string }) {
  return (
    <p className="mt-3 text-xs text-caution" title={title}>
      {children}
    </p>
  )
}

/** Says once that a lane begins and once how it has ended, never each word; nothing for lanes that are history. */
function Announcement({ result, name }: { result: ModelResult; name: string }) {
  const { t } = useTranslation()
  const wasLive = useRef(result.status === 'running')
  const say = () => {
    switch (result.status) {
      case 'running':
        return t('lane.announceStart', { model: name })
      case 'complete':
        return t('lane.announceEnd', { model: name })
      case 'stopped':
        return t('lane.announceStopped', { model: name })
      default:
        return t('lane.announceFailed', { model: name, reason: result.error ? laneErrorText(t, result.error) : '' })
    }
  }
  return (
    <p role="status" className="sr-only">
      {wasLive.current && say()}
    </p>
  )
}
