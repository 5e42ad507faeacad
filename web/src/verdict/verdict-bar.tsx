import type { ModelResult } from '@etude/sdk/wire'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useErrorText } from '../error-text.ts'
import { IconButton } from '../ui/button.tsx'
import { useVerdict } from './use-verdict.ts'
import { VerdictCard } from './verdict-card.tsx'

type VerdictBarProps = { result: Pick<ModelResult, 'response_id' | 'call_ref'>; sessionId: number; model: string }

/** A thumb up or down for one answer; after a press a small card asks in place what was good or bad about it. */
export function VerdictBar({ result, sessionId, model }: VerdictBarProps) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const [isOpen, setIsOpen] = useState(false)
  const { verdict, give, error } = useVerdict(sessionId, result.response_id)
  if (result.call_ref === null) return null
  const press = (thumb: 'up' | 'down') => {
    const isTakenBack = verdict.thumb === thumb
    // The reasons of a thumb say nothing about the other one; the note stays.
    give({ thumb: isTakenBack ? null : thumb, reasons: [], note: isTakenBack ? null : verdict.note })
    setIsOpen(!isTakenBack)
  }
  return (
    <div className="mt-2 -mb-1.5 -ml-1.5">
      <fieldset aria-label={t('verdict.label', { model })} className="flex min-w-0 items-center">
        {(['up', 'down'] as const).map((thumb) => (
          <IconButton
            key={thumb}
            icon={thumb === 'up' ? 'thumbUp' : 'thumbDown'}
            label={t(`verdict.${thumb}`)}
            aria-pressed={verdict.thumb === thumb}
            className={verdict.thumb === thumb ? 'bg-accent-soft text-accent' : 'text-faint'}
            onClick={() => press(thumb)}
          />
        ))}
        {verdict.thumb !== null && !isOpen && (
          <button
            type="button"
            className="min-w-0 truncate rounded-md px-1.5 py-1 text-xs text-faint hover:bg-hover hover:text-ink"
            onClick={() => setIsOpen(true)}
          >
            {verdict.note ?? t('verdict.more')}
          </button>
        )}
      </fieldset>
      {error && (
        <p role="alert" className="px-1.5 text-xs text-danger">
          {errorText(error)}
        </p>
      )}
      {isOpen && verdict.thumb !== null && (
        <VerdictCard
          key={verdict.thumb}
          thumb={verdict.thumb}
          verdict={verdict}
          onChange={(change) => give({ ...verdict, ...change })}
          onClose={() => setIsOpen(false)}
        />
      )}
    </div>
  )
}
