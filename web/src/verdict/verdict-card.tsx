import type { Verdict } from '@etude/sdk/wire'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { classNames } from '../ui/class-names.ts'
import { REASONS } from './reasons.ts'

const MAX_NOTE_CHARACTERS = 1024

type VerdictCardProps = {
  thumb: 'up' | 'down'
  verdict: Pick<Verdict, 'reasons' | 'note'>
  onChange: (change: Partial<Pick<Verdict, 'reasons' | 'note'>>) => void
  onClose: () => void
}

/** Reasons that are kept as soon as they are pressed, and a note that is kept with the button or ⌘/Ctrl+Enter. */
export function VerdictCard({ thumb, verdict, onChange, onClose }: VerdictCardProps) {
  const { t } = useTranslation()
  const [note, setNote] = useState(verdict.note ?? '')
  const noteId = useId()
  const toggle = (reason: string) =>
    onChange({
      reasons: verdict.reasons.includes(reason)
        ? verdict.reasons.filter((one) => one !== reason)
        : [...verdict.reasons, reason],
    })
  const save = () => {
    onChange({ note: note.trim() || null })
    onClose()
  }
  return (
    <form
      className="mt-1 mr-1.5 mb-2 ml-1.5 rounded-lg border border-line bg-paper p-3"
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          event.stopPropagation()
          onClose()
        }
        if (event.key === 'Enter' && (event.metaKey || event.ctrlKey) && !event.nativeEvent.isComposing) {
          event.preventDefault()
          event.stopPropagation()
          save()
        }
      }}
    >
      <fieldset>
        <legend className="text-sm font-medium">{t(thumb === 'up' ? 'verdict.whyUp' : 'verdict.whyDown')}</legend>
        <div className="mt-2 flex flex-wrap gap-1.5">
          {REASONS[thumb].map((reason) => (
            <button
              key={reason}
              type="button"
              aria-pressed={verdict.reasons.includes(reason)}
              className={classNames(
                'h-7 rounded-full border px-2.5 text-xs transition-colors',
                verdict.reasons.includes(reason)
                  ? 'border-accent bg-accent-soft text-accent'
                  : 'border-line-strong text-soft hover:bg-hover hover:text-ink',
              )}
              onClick={() => toggle(reason)}
            >
              {t(`verdict.reasons.${reason}`)}
            </button>
          ))}
        </div>
      </fieldset>
      <label htmlFor={noteId} className="sr-only">
        {t('verdict.note')}
      </label>
      <textarea
        id={noteId}
        rows={2}
        maxLength={MAX_NOTE_CHARACTERS}
        value={note}
        placeholder={t('verdict.note')}
        className="mt-2.5 w-full resize-y rounded-lg border border-line-strong bg-surface px-2.5 py-1.5 text-sm placeholder:text-faint"
        onChange={(event) => setNote(event.target.value)}
      />
      <div className="mt-2 flex justify-end gap-2">
        <Button look="quiet" className="h-8" onClick={onClose}>
          {t('app.close')}
        </Button>
        <Button type="submit" look="primary" className="h-8">
          {t('verdict.save')}
        </Button>
      </div>
    </form>
  )
}
