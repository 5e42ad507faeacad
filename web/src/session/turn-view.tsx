import type { SessionModel, TurnResult } from '@etude/sdk/wire'
import { memo, useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { useErrorText } from '../error-text.ts'
import { guessLanguage } from '../markdown/guess-language.ts'
import { Icon, Spinner } from '../ui/icon.tsx'
import { type LaneLook, LaneView } from './lane-view.tsx'
import { useLiveTurn } from './live-turns.ts'
import type { View } from './view.ts'

type TurnViewProps = {
  turn: TurnResult
  lanes: readonly SessionModel[]
  looks: ReadonlyMap<string, LaneLook>
  view: View
  /** In tabs, the place of the lane that is looked at. */
  selected: number
  onStop: (turnId: number, responseId: number) => void
}

/** A prompt and, below it, the answer of each lane. */
export const TurnView = memo(function TurnView({ turn, lanes, looks, view, selected, onStop }: TurnViewProps) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const live = useLiveTurn(turn.turn_id)
  const { turn_id, prompt_text, results } = live?.turn ?? turn
  const stopLane = useCallback((responseId: number) => onStop(turn_id, responseId), [onStop, turn_id])
  return (
    <section aria-label={prompt_text.slice(0, 80)} className="pb-6">
      <div className="across pt-2 pb-3">
        <div className="mx-auto flex max-w-[58rem] justify-end" data-prompt>
          <h2 className="sr-only">{t('session.prompt')}</h2>
          <p
            lang={guessLanguage(prompt_text)}
            className="max-h-72 max-w-[85%] overflow-y-auto rounded-2xl rounded-br-md bg-accent-soft px-4 py-2.5 leading-6 whitespace-pre-wrap"
          >
            {prompt_text}
          </p>
        </div>
        {live?.isReconnecting && (
          <p role="status" className="mt-2 flex items-center justify-center gap-2 text-sm text-caution">
            <Spinner className="size-3.5" /> {t('session.reconnecting')}
          </p>
        )}
        {live?.failure !== undefined && (
          <p role="alert" className="mt-2 flex items-center justify-center gap-2 text-sm text-danger">
            <Icon name="alert" className="size-4" />
            {t('session.streamFailed', { message: errorText(live.failure) })}
          </p>
        )}
      </div>
      <div className="lanes">
        {lanes.map((lane, index) => {
          // A lane that was asked again has several answers; the last one counts.
          const result = results.findLast(({ session_model_id }) => session_model_id === lane.session_model_id)
          if (!result && view === 'stack') return null
          const isAway = view === 'tabs' && index !== selected
          return (
            <div
              key={lane.session_model_id}
              className="lane-place min-w-0"
              data-away={isAway || undefined}
              inert={isAway}
            >
              {result ? (
                <LaneView
                  result={result}
                  sessionId={turn.session_id}
                  look={looks.get(lane.model_name) ?? { name: lane.model_name, color: 'var(--line-strong)' }}
                  onStop={stopLane}
                />
              ) : (
                <p className="rounded-xl border border-dashed border-line px-4 py-2.5 text-xs text-faint">
                  {t('lane.notAsked')}
                </p>
              )}
            </div>
          )
        })}
      </div>
    </section>
  )
})
