import type { Model } from '@etude/sdk/wire'
import { Popover } from 'radix-ui'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '../i18n/format.ts'
import { Icon } from '../ui/icon.tsx'

/** More models than this would fill the composer: then only the chosen ones are chips, the others in a list. */
const MOST_CHIPS = 8

/** A model that can be asked, in its lane's colour; `model` is missing when the catalog no longer has it. */
export type ModelChoice = { name: string; model: Model | undefined; color: string }

type ChipsProps = { choices: readonly ModelChoice[]; chosen: readonly string[]; onToggle: (name: string) => void }

/** One chip per model switches it on and off for the next prompt. */
export function ModelChips({ choices, chosen, onToggle }: ChipsProps) {
  const { t } = useTranslation()
  // A chip that is switched off stays where it is, with the focus on it.
  const [switchedOff, setSwitchedOff] = useState<readonly string[]>([])
  const isLong = choices.length > MOST_CHIPS
  const shown = isLong ? choices.filter(({ name }) => chosen.includes(name) || switchedOff.includes(name)) : choices
  const toggle = (name: string) => {
    setSwitchedOff([...switchedOff, name])
    onToggle(name)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in the composer's row
    <div
      role="group"
      aria-label={t('composer.models')}
      className="flex min-w-0 items-center gap-1.5 max-sm:-mx-2 max-sm:overflow-x-auto max-sm:px-2 max-sm:[scrollbar-width:none] sm:flex-wrap"
    >
      {shown.map((choice) => (
        <Chip
          key={choice.name}
          choice={choice}
          isOn={chosen.includes(choice.name)}
          onToggle={() => toggle(choice.name)}
        />
      ))}
      {isLong && <AllModels choices={choices} chosen={chosen} onToggle={onToggle} />}
    </div>
  )
}

type ChipProps = { choice: ModelChoice; isOn: boolean; onToggle: () => void }

function Chip({ choice: { name, model, color }, isOn, onToggle }: ChipProps) {
  const describe = useDescription()
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={onToggle}
      title={model ? describe(model) : name}
      className="inline-flex h-7.5 max-w-60 shrink-0 items-center gap-1.5 rounded-full border border-line px-2.5 text-[0.8125rem] text-faint transition-colors hover:border-line-strong hover:text-ink aria-pressed:border-line-strong aria-pressed:bg-surface aria-pressed:text-ink pointer-coarse:h-9"
    >
      <span
        className="size-2 shrink-0 rounded-full border-[1.5px]"
        style={{ borderColor: isOn ? color : 'var(--line-strong)', backgroundColor: isOn ? color : 'transparent' }}
      />
      <span className="truncate">{model?.display_name ?? name}</span>
    </button>
  )
}

function AllModels({ choices, chosen, onToggle }: ChipsProps) {
  const { t } = useTranslation()
  const describe = useDescription()
  const [search, setSearch] = useState('')
  const wanted = search.trim().toLowerCase()
  const found = choices.filter(({ name, model }) =>
    `${name} ${model?.display_name ?? ''} ${model?.provider ?? ''}`.toLowerCase().includes(wanted),
  )
  return (
    <Popover.Root onOpenChange={() => setSearch('')}>
      <Popover.Trigger className="inline-flex h-7.5 shrink-0 items-center gap-1 rounded-full px-2.5 text-[0.8125rem] font-medium text-soft hover:bg-hover hover:text-ink data-[state=open]:bg-pressed">
        {t('composer.more')}
        <Icon name="chevronDown" className="size-3.5" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={6}
          collisionPadding={12}
          aria-label={t('composer.more')}
          className="z-50 flex max-h-[min(24rem,var(--radix-popover-content-available-height))] w-80 animate-appear flex-col rounded-xl border border-line bg-raised shadow-float"
        >
          <input
            type="search"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            aria-label={t('composer.findModel')}
            placeholder={t('composer.findModel')}
            className="m-1.5 h-9 rounded-lg bg-hover px-3 text-sm outline-none placeholder:text-faint"
          />
          <ul className="min-h-0 overflow-y-auto p-1.5 pt-0">
            {found.map(({ name, model }) => (
              <li key={name}>
                <label
                  title={model && describe(model)}
                  className="flex cursor-pointer items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm hover:bg-hover"
                >
                  <input
                    type="checkbox"
                    checked={chosen.includes(name)}
                    onChange={() => onToggle(name)}
                    className="size-4 accent-accent"
                  />
                  <span className="min-w-0 flex-1 truncate">{model?.display_name ?? name}</span>
                  <span className="text-xs text-faint">
                    {model?.is_offline ? t('composer.offline') : model?.provider}
                  </span>
                </label>
              </li>
            ))}
            {found.length === 0 && (
              <li className="px-2.5 py-4 text-center text-sm text-faint">{t('composer.noModel')}</li>
            )}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

/** What there is to know of a model before asking it, in a few lines. */
function useDescription(): (model: Model) => string {
  const { t } = useTranslation()
  const { compact, money } = useFormats()
  return ({ model_name, provider, is_offline, context_tokens, price_per_million_tokens: price }) =>
    [
      model_name,
      is_offline ? t('composer.offlineHint') : provider,
      t('composer.context', { tokens: compact(context_tokens) }),
      price && t('composer.price', { input: money(price.input), output: money(price.output) }),
    ]
      .filter(Boolean)
      .join('\n')
}
