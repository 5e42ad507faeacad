import { Outlet } from '@tanstack/react-router'
import { Dialog } from 'radix-ui'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Sidebar } from './sidebar/sidebar.tsx'
import { SidebarContext } from './sidebar/sidebar-context.ts'
import { VEIL } from './ui/dialog.tsx'
import { isPaletteKey } from './ui/keys.ts'
import { NARROW, useMedia } from './ui/media.ts'
import { recall, remember } from './ui/storage.ts'

const CommandPalette = lazy(async () => ({
  default: (await import('./palette/command-palette.tsx')).CommandPalette,
}))

/** Where the composer is: the skip link's target. */
export const COMPOSER_ID = 'composer'

/** The frame of every page behind the sign-in: sessions at the left, the page at the right. */
export function AppShell() {
  const { t } = useTranslation()
  const isNarrow = useMedia(NARROW)
  const [isPinned, setPinned] = useState(() => recall('sidebar') !== 'closed')
  const [isDrawerOpen, setDrawerOpen] = useState(false)
  const [isPaletteOpen, setPaletteOpen] = useState(false)

  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if (!isPaletteKey(event)) return
      event.preventDefault()
      setPaletteOpen((isOpen) => !isOpen)
    }
    document.addEventListener('keydown', open)
    return () => document.removeEventListener('keydown', open)
  }, [])

  const pin = (pinned: boolean) => {
    setPinned(pinned)
    remember('sidebar', pinned ? null : 'closed')
  }
  const isShown = isNarrow ? isDrawerOpen : isPinned
  const openPalette = () => {
    setDrawerOpen(false)
    setPaletteOpen(true)
  }

  return (
    <SidebarContext value={{ isShown, open: () => (isNarrow ? setDrawerOpen(true) : pin(true)) }}>
      <a
        href={`#${COMPOSER_ID}`}
        onClick={(event) => {
          event.preventDefault()
          document.getElementById(COMPOSER_ID)?.focus()
        }}
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-lg bg-accent px-3 py-2 text-sm font-medium text-on-accent focus:translate-y-0"
      >
        {t('app.skip')}
      </a>
      <div className="flex h-dvh">
        {isNarrow ? (
          <Dialog.Root open={isDrawerOpen} onOpenChange={setDrawerOpen}>
            <Dialog.Portal>
              <Dialog.Overlay className={VEIL} />
              <Dialog.Content
                aria-describedby={undefined}
                className="fixed inset-y-0 left-0 z-50 w-[min(20rem,86vw)] border-r border-line bg-paper shadow-float focus:outline-none"
              >
                <Dialog.Title className="sr-only">{t('sidebar.label')}</Dialog.Title>
                <Sidebar
                  onClose={() => setDrawerOpen(false)}
                  onNavigate={() => setDrawerOpen(false)}
                  onSearchEverything={openPalette}
                />
              </Dialog.Content>
            </Dialog.Portal>
          </Dialog.Root>
        ) : (
          isPinned && (
            <div className="w-68 shrink-0 border-r border-line">
              <Sidebar onClose={() => pin(false)} onSearchEverything={openPalette} />
            </div>
          )
        )}
        <div className="flex min-w-0 flex-1 flex-col">
          <Outlet />
        </div>
      </div>
      {isPaletteOpen && (
        <Suspense>
          <CommandPalette onClose={() => setPaletteOpen(false)} />
        </Suspense>
      )}
    </SidebarContext>
  )
}
