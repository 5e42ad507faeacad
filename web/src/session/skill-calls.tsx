import type { ModelResult, SkillCall } from '@etude/sdk/wire'
import { useTranslation } from 'react-i18next'
import { useFormats } from '../i18n/format.ts'
import { Icon, type IconName, Spinner } from '../ui/icon.tsx'
import { SkillApproval } from './skill-approval.tsx'

/** The calls of skills that an answer took, each to be unfolded; those that wait for permission ask for it here. */
export function SkillCalls({ result, model }: { result: ModelResult; model: string }) {
  const { t } = useTranslation()
  const { skill_calls: calls, status, turn_id } = result
  if (calls.length === 0) return null
  return (
    <ul aria-label={t('skill.calls')} className="mb-3 flex flex-col gap-1.5 text-sm">
      {calls.map((call) => (
        <li key={call.call_id} className="rounded-lg border border-line">
          <SkillCallRow call={call} />
          {call.status === 'waiting' && status === 'running' && (
            <SkillApproval call={call} turnId={turn_id} model={model} />
          )}
        </li>
      ))}
    </ul>
  )
}

const LOOKS: Record<Exclude<SkillCall['status'], 'running'>, { icon: IconName; color: string }> = {
  waiting: { icon: 'key', color: 'text-caution' },
  complete: { icon: 'check', color: 'text-good' },
  failed: { icon: 'alert', color: 'text-danger' },
  refused: { icon: 'close', color: 'text-caution' },
  stopped: { icon: 'stop', color: 'text-caution' },
}

/** One call in a line, and what went over the wire when it is opened. */
export function SkillCallRow({ call }: { call: Omit<SkillCall, 'call_id' | 'step' | 'waits_until'> }) {
  const { t } = useTranslation()
  const { duration } = useFormats()
  const { status, http_status, latency_ms } = call
  const name = t(`skill.${status}`)
  return (
    <details className="group">
      <summary className="flex cursor-pointer list-none flex-wrap items-center gap-x-2 gap-y-0.5 rounded-lg px-2.5 py-1.5 hover:bg-hover">
        <Icon name="chevronRight" className="size-3.5 shrink-0 text-faint transition-transform group-open:rotate-90" />
        {status === 'running' ? (
          <Spinner className="size-3.5 text-accent" />
        ) : (
          <Icon name={LOOKS[status].icon} className={`size-3.5 ${LOOKS[status].color}`} />
        )}
        <span className="sr-only">{name}: </span>
        <span className="font-medium">{call.skill_name}</span>
        <span className="min-w-0 truncate text-soft">{call.summary || call.operation_id}</span>
        <span className="ml-auto flex items-center gap-2 text-xs text-faint tabular-nums">
          <span>
            {call.method} {call.host}
          </span>
          {http_status !== null && <span className={call.status === 'failed' ? 'text-danger' : ''}>{http_status}</span>}
          {latency_ms !== null && <span>{duration(latency_ms)}</span>}
        </span>
      </summary>
      <div className="flex flex-col gap-2 border-t border-line px-2.5 py-2">
        {call.message !== '' && <p className="text-caution">{call.message}</p>}
        {call.url !== '' && <p className="break-all text-soft">{call.url}</p>}
        <Code name={t('skill.arguments')} text={JSON.stringify(call.arguments, null, 2)} />
        {call.request_body !== '' && <Code name={t('skill.request')} text={call.request_body} />}
        {call.response_body !== '' && <Code name={t('skill.response')} text={call.response_body} />}
      </div>
    </details>
  )
}

function Code({ name, text }: { name: string; text: string }) {
  return (
    <figure>
      <figcaption className="text-xs text-faint">{name}</figcaption>
      <pre className="mt-0.5 max-h-60 overflow-auto rounded-md bg-hover p-2 text-xs break-words whitespace-pre-wrap">
        {text}
      </pre>
    </figure>
  )
}
