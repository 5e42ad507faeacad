import { Link } from '@tanstack/react-router'
import { useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Mark, Wordmark } from '../brand/logo.tsx'
import { SettingsMenu } from '../settings/settings-menu.tsx'
import { IconButton } from '../ui/button.tsx'
import { Icon } from '../ui/icon.tsx'
import { IS_APPLE } from '../ui/keys.ts'
import { SessionList } from './session-list.tsx'

type SidebarProps = {
  onClose: () => void
  onSearchEverything: () => void
  /** Told when somebody has chosen where to go. */
  onNavigate?: () => void
}

export function Sidebar({ onClose, onSearchEverything, onNavigate }: SidebarProps) {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const query = useDeferredValue(search.trim())
  return (
    <nav aria-label={t('sidebar.label')} className="flex h-full flex-col bg-paper">
      <div className="flex h-13 shrink-0 items-center justify-between pr-2.5 pl-4">
        <Link to="/" onClick={onNavigate} className="flex items-center gap-2.5 rounded-md" aria-label="Etude">
          <Mark className="size-6" />
          <Wordmark className="h-4.5" />
        </Link>
        <IconButton icon="sidebar" label={t('sidebar.close')} onClick={onClose} />
      </div>

      <div className="space-y-2 px-3 pb-2">
        <Link
          to="/"
          onClick={onNavigate}
          className="flex h-9 items-center gap-2 rounded-lg border border-line bg-surface px-2.5 text-sm font-medium shadow-card hover:border-line-strong"
        >
          <Icon name="plus" className="size-4 text-accent" />
          {t('sidebar.newSession')}
        </Link>
        <div className="relative">
          <Icon name="search" className="pointer-events-none absolute top-2 left-2.5 size-4 text-faint" />
          <input
            type="search"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Escape' || search === '') return
              event.preventDefault()
              setSearch('')
            }}
            aria-label={t('sidebar.search')}
            placeholder={t('sidebar.search')}
            className="h-8 w-full rounded-lg border border-transparent bg-hover pr-12 pl-8 text-sm placeholder:text-faint hover:bg-pressed focus:border-accent focus:bg-surface focus:outline-none [&::-webkit-search-cancel-button]:hidden"
          />
          {search === '' ? (
            <button
              type="button"
              onClick={onSearchEverything}
              aria-label={t('palette.open')}
              title={t('palette.open')}
              className="absolute top-1.5 right-1.5 rounded border border-line bg-surface px-1 text-2xs text-faint hover:text-ink pointer-coarse:hidden"
            >
              <kbd className="font-sans">{IS_APPLE ? '⌘K' : 'Ctrl K'}</kbd>
            </button>
          ) : (
            <IconButton
              icon="close"
              label={t('sidebar.clear')}
              onClick={() => setSearch('')}
              className="absolute! top-0.5 right-0.5 size-7!"
            />
          )}
        </div>
      </div>

      <SessionList search={query} onNavigate={onNavigate} />
      <div className="border-t border-line p-2">
        <Link
          to="/skills"
          onClick={onNavigate}
          className="flex h-9 items-center gap-2.5 rounded-lg px-2.5 text-sm font-medium text-soft hover:bg-hover hover:text-ink aria-[current=page]:text-ink"
        >
          <Icon name="tools" className="size-4.5" />
          {t('skills.title')}
        </Link>
        <SettingsMenu />
      </div>
    </nav>
  )
}
