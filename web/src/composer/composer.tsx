import { type ReactNode, type Ref, useImperativeHandle, useLayoutEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { COMPOSER_ID } from '../app-shell.tsx'
import { Button } from '../ui/button.tsx'
import { Icon, Spinner } from '../ui/icon.tsx'
import { IS_APPLE, isAskKey } from '../ui/keys.ts'
import { ModelChips, type ModelChoice } from './model-chips.tsx'

export type ComposerHandle = { focus: () => void }

type ComposerProps = {
  ref?: Ref<ComposerHandle>
  draft: string
  onDraft: (text: string) => void
  choices: readonly ModelChoice[]
  chosen: readonly string[]
  onToggle: (name: string) => void
  onAsk: () => void
  /** Given while models are answering. */
  onStop?: (() => void) | undefined
  isAsking: boolean
  placeholder: string
  /** Why the last attempt was refused. */
  problem?: string | undefined
  /** What else is chosen before asking. */
  children?: ReactNode
  isRoomy?: boolean
}

/** One prompt for all chosen models. */
export function Composer(props: ComposerProps) {
  const { ref, draft, onDraft, choices, chosen, onToggle, onAsk, onStop, isAsking, placeholder, problem } = props
  const { t } = useTranslation()
  const textRef = useRef<HTMLTextAreaElement>(null)
  useImperativeHandle(ref, () => ({ focus: () => textRef.current?.focus() }))
  useFittingHeight(textRef, draft)
  const canAsk = draft.trim() !== '' && chosen.length > 0 && !onStop && !isAsking

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (canAsk) onAsk()
      }}
    >
      {problem && (
        <p
          role="alert"
          className="mb-2 flex items-center gap-2 rounded-xl bg-danger-soft px-3.5 py-2 text-sm text-danger"
        >
          <Icon name="alert" /> {problem}
        </p>
      )}
      <div className="rounded-2xl border border-line-strong bg-surface shadow-card transition-[border-color,box-shadow] focus-within:border-accent focus-within:ring-3 focus-within:ring-accent/15">
        <textarea
          ref={textRef}
          id={COMPOSER_ID}
          value={draft}
          onChange={(event) => onDraft(event.target.value)}
          onKeyDown={(event) => {
            if (!isAskKey(event.nativeEvent)) return
            event.preventDefault()
            if (canAsk) onAsk()
          }}
          rows={props.isRoomy ? 3 : 1}
          maxLength={1_000_000}
          aria-label={t('composer.label')}
          placeholder={placeholder}
          className="block max-h-[38vh] w-full resize-none bg-transparent px-4 pt-3 pb-1 text-base/6 outline-none placeholder:text-faint sm:text-[0.9375rem]/6"
        />
        <div className="flex items-end justify-between gap-3 p-2 pl-2.5 max-sm:flex-col max-sm:items-stretch max-sm:gap-2 max-sm:p-2">
          <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1.5">
            <ModelChips choices={choices} chosen={chosen} onToggle={onToggle} />
            {props.children}
          </div>
          {onStop ? (
            <Button onClick={onStop} className="rounded-xl! max-sm:h-10">
              <Icon name="stop" className="size-4 text-danger" />
              {t('composer.stopAll')}
              <Keys>Esc</Keys>
            </Button>
          ) : (
            <Button
              look="primary"
              type="submit"
              disabled={!canAsk}
              className="rounded-xl! max-sm:h-10"
              title={chosen.length === 0 ? t('composer.chooseModel') : undefined}
            >
              {isAsking ? <Spinner /> : <Icon name="send" className="size-4" />}
              {t('composer.ask', { count: chosen.length })}
              <Keys>{IS_APPLE ? '⌘↵' : 'Ctrl ↵'}</Keys>
            </Button>
          )}
        </div>
      </div>
    </form>
  )
}

function Keys({ children }: { children: string }) {
  return (
    <kbd className="ml-1 hidden font-sans text-2xs font-normal opacity-75 sm:inline pointer-coarse:hidden">
      {children}
    </kbd>
  )
}

/** Makes the text field as tall as its text. */
function useFittingHeight(ref: { current: HTMLTextAreaElement | null }, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height depends on the text
  useLayoutEffect(() => {
    const field = ref.current
    if (!field) return
    field.style.height = 'auto'
    field.style.height = `${field.scrollHeight}px`
  }, [ref, text])
}
