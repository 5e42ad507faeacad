import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useSidebar } from '../sidebar/sidebar-context.ts'
import { IconButton } from './button.tsx'

/** The line at the top of a page, with the way back to the sidebar when that is hidden. */
export function TopBar({ children }: { children?: ReactNode }) {
  const { t } = useTranslation()
  const sidebar = useSidebar()
  return (
    <header className="flex h-13 shrink-0 items-center gap-2 px-3">
      {!sidebar.isShown && <IconButton icon="sidebar" label={t('sidebar.open')} onClick={sidebar.open} />}
      {children}
    </header>
  )
}
