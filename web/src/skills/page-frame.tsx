import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { COMPOSER_ID } from '../app-shell.tsx'
import { Icon } from '../ui/icon.tsx'
import { TopBar } from '../ui/top-bar.tsx'

type PageFrameProps = {
  title: string
  /** Whether the list of skills is one step up. */
  isInside?: boolean
  action?: ReactNode
  children: ReactNode
}

/** A page about skills: its heading in the line at the top, its parts below one another. */
export function PageFrame({ title, isInside = false, action, children }: PageFrameProps) {
  const { t } = useTranslation()
  return (
    <>
      <TopBar>
        {isInside && (
          <>
            <Link to="/skills" className="rounded-md px-1 text-sm text-soft hover:text-ink hover:underline">
              {t('skills.title')}
            </Link>
            <Icon name="chevronRight" className="size-4 text-faint" />
          </>
        )}
        <h1 className="min-w-0 flex-1 truncate text-[0.9375rem] font-semibold">{title}</h1>
        {action}
      </TopBar>
      <main
        id={COMPOSER_ID}
        tabIndex={-1}
        className="min-h-0 flex-1 overflow-y-auto px-3 pb-10 focus:outline-none sm:px-6"
      >
        <div className="mx-auto max-w-3xl space-y-4 pt-2">{children}</div>
      </main>
    </>
  )
}
