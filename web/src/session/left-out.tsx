import type { ModelResult } from '@etude/sdk/wire'
import { useTranslation } from 'react-i18next'
import { guessLanguage } from '../markdown/guess-language.ts'
import { Icon } from '../ui/icon.tsx'

/** What of the conversation a model was not shown, and the summary that it was given instead. */
export function LeftOut({ trim }: { trim: NonNullable<ModelResult['trim']> }) {
  const { t } = useTranslation()
  const { turns_left_out: count, summary } = trim
  const leftOut = t('lane.leftOut', { count })
  if (summary?.error) {
    return (
      <p className="mb-3 text-xs text-caution" title={summary.error.message}>
        {leftOut} {t('lane.summaryFailed', { model: summary.model_name })}
      </p>
    )
  }
  if (!summary?.text) {
    return (
      <p className="mb-3 text-xs text-faint">
        {leftOut} {summary && t('lane.summaryComing', { model: summary.model_name })}
      </p>
    )
  }
  return (
    <details className="group mb-3 text-xs text-faint">
      <summary className="flex w-fit cursor-pointer list-none items-center gap-1 rounded-md py-0.5 pr-1.5 hover:text-ink">
        <Icon name="chevronRight" className="size-3.5 transition-transform group-open:rotate-90" />
        {leftOut} {t('lane.summarised', { count: summary.turns, model: summary.model_name })}
      </summary>
      <div
        lang={guessLanguage(summary.text)}
        className="mt-1 ml-1.5 max-h-80 overflow-y-auto border-l-2 border-line pl-3.5 text-sm leading-6 whitespace-pre-wrap text-soft"
      >
        {summary.text}
      </div>
    </details>
  )
}
