import type { SkillCall, SkillCallApproval } from '@etude/sdk/wire'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude } from '../api.ts'
import { useErrorText } from '../error-text.ts'
import { useFormats } from '../i18n/format.ts'
import { Button } from '../ui/button.tsx'

type SkillApprovalProps = { call: SkillCall; turnId: number; model: string }

/** Asks whether a call may be made, and with which arguments. */
export function SkillApproval({ call, turnId, model }: SkillApprovalProps) {
  const { t } = useTranslation()
  const { moment } = useFormats()
  const errorText = useErrorText()
  const [written, setWritten] = useState(() => JSON.stringify(call.arguments, null, 2))
  const [problem, setProblem] = useState('')
  const [isSending, setIsSending] = useState(false)
  const headingId = useId()
  const fieldId = useId()
  const problemId = useId()

  const decide = async (decision: SkillCallApproval['decision']) => {
    const changed = decision === 'deny' ? undefined : argumentsOf(written)
    if (changed === null) return setProblem(t('skill.notJson'))
    setProblem('')
    setIsSending(true)
    const isSame = JSON.stringify(changed) === JSON.stringify(call.arguments)
    try {
      // What becomes of it comes with the events of the turn.
      await etude.approveSkillCall(turnId, call.call_id, {
        decision,
        ...(changed && !isSame && { arguments: changed }),
      })
    } catch (error) {
      setProblem(errorText(error))
      setIsSending(false)
    }
  }

  return (
    <section aria-labelledby={headingId} className="border-t border-line bg-accent-soft px-2.5 py-2.5">
      <p id={headingId} role="alert" className="font-medium">
        {t('skill.ask', { model, operation: call.summary || call.operation_id, skill: call.skill_name })}
      </p>
      <p className="mt-0.5 text-xs text-soft">
        {call.method} {call.host}
        {call.waits_until && <> · {t('skill.until', { time: moment(call.waits_until) })}</>}
      </p>
      <label htmlFor={fieldId} className="mt-2 block text-xs text-faint">
        {t('skill.arguments')}
      </label>
      <textarea
        id={fieldId}
        rows={Math.min(10, written.split('\n').length)}
        spellCheck={false}
        value={written}
        onChange={(event) => setWritten(event.target.value)}
        aria-invalid={problem !== ''}
        aria-describedby={problemId}
        className="mt-0.5 w-full rounded-md border border-line-strong bg-surface p-2 font-mono text-xs"
      />
      <p id={problemId} role="status" className="text-xs text-danger">
        {problem}
      </p>
      <div className="mt-2 flex flex-wrap gap-2">
        <Button look="primary" disabled={isSending} onClick={() => void decide('once')}>
          {t('skill.once')}
        </Button>
        <Button disabled={isSending} onClick={() => void decide('session')}>
          {t('skill.session')}
        </Button>
        <Button look="risky" disabled={isSending} onClick={() => void decide('deny')}>
          {t('skill.deny')}
        </Button>
      </div>
    </section>
  )
}

/** Null when what was written is no JSON object. */
function argumentsOf(written: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(written)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
