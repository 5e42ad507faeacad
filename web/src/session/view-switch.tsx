import { useTranslation } from 'react-i18next'
import { Icon } from '../ui/icon.tsx'
import type { View } from './view.ts'

type ViewSwitchProps = { view: View; views: readonly View[]; onChoose: (view: View) => void }

export function ViewSwitch({ view, views, onChoose }: ViewSwitchProps) {
  const { t } = useTranslation()
  return (
    // biome-ignore lint/a11y/useSemanticElements: three toggles are no form
    <div role="group" aria-label={t('view.label')} className="flex rounded-lg bg-hover p-0.5">
      {views.map((choice) => (
        <button
          key={choice}
          type="button"
          aria-pressed={choice === view}
          title={t(`view.${choice}`)}
          onClick={() => onChoose(choice)}
          className="flex h-7 items-center gap-1.5 rounded-md px-2 text-xs font-medium text-soft hover:text-ink aria-pressed:bg-raised aria-pressed:text-ink aria-pressed:shadow-card"
        >
          <Icon name={choice} className="size-4" />
          <span className="max-lg:sr-only">{t(`view.${choice}`)}</span>
        </button>
      ))}
    </div>
  )
}
