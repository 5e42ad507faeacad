import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Dialog } from 'radix-ui'
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude } from '../api.ts'
import { useFormats } from '../i18n/format.ts'
import { changeLanguage, LANGUAGES } from '../i18n/i18n.ts'
import { chooseTheme, THEMES } from '../settings/theme.ts'
import { VEIL } from '../ui/dialog.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'
import { isComposing } from '../ui/keys.ts'

type Entry = { key: string; icon?: IconName; name: string; detail?: string; lang?: string; go: () => void }

const SESSIONS_SHOWN = 12

/** Search and go: sessions and actions, found by typing. */
export function CommandPalette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const { day } = useFormats()
  const navigate = useNavigate()
  const id = useId()
  const [text, setText] = useState('')
  const [markedKey, setMarkedKey] = useState<string>()
  const typed = text.trim()
  const query = useDeferredValue(typed)
  const { data, isPlaceholderData } = useQuery({
    queryKey: ['sessions', 'palette', query],
    queryFn: () => etude.listSessions({ size: SESSIONS_SHOWN, search: query }),
    placeholderData: keepPreviousData,
  })

  const actions: Entry[] = [
    { key: 'new', icon: 'plus', name: t('sidebar.newSession'), go: () => void navigate({ to: '/' }) },
    { key: 'skills', icon: 'tools', name: t('skills.title'), go: () => void navigate({ to: '/skills' }) },
    { key: 'new-skill', icon: 'plus', name: t('skills.newSkill'), go: () => void navigate({ to: '/skills/new' }) },
    ...THEMES.map(
      (theme): Entry => ({
        key: theme,
        icon: 'theme',
        name: `${t('settings.theme')}: ${t(`settings.${theme}`)}`,
        go: () => chooseTheme(theme),
      }),
    ),
    ...LANGUAGES.map(
      ({ code, name }): Entry => ({
        key: code,
        icon: 'globe',
        name: `${t('settings.language')}: ${name}`,
        go: () => void changeLanguage(code),
      }),
    ),
  ]
  const matches = ({ name }: Entry) => name.toLowerCase().includes(typed.toLowerCase())
  const found = (data?.items ?? []).map(
    (session): Entry => ({
      key: `session-${session.session_id}`,
      name: session.title || t('sidebar.untitled'),
      detail: day(session.last_activity_at),
      go: () => void navigate({ to: '/sessions/$sessionId', params: { sessionId: String(session.session_id) } }),
    }),
  )
  // Until the answer to what is typed is there, nothing of the one before may be chosen by mistake.
  const isAnswered = query === typed && !isPlaceholderData
  const sessions = isAnswered ? found : found.filter(matches)
  // What is known at once comes first: it does not move when the sessions arrive.
  const groups = [
    { name: t('palette.actions'), entries: typed === '' ? actions.slice(0, 2) : actions.filter(matches) },
    { name: t('palette.sessions'), entries: sessions },
  ].filter(({ entries }) => entries.length > 0)
  const entries = groups.flatMap((group) => group.entries)
  const current = Math.max(
    entries.findIndex(({ key }) => key === markedKey),
    0,
  )
  // What is shown as marked stays marked while more arrives, so that Enter takes what somebody saw.
  const shownKey = entries[current]?.key
  if (shownKey !== markedKey) setMarkedKey(shownKey)

  const choose = (entry: Entry | undefined) => {
    if (!entry) return
    onClose()
    entry.go()
  }
  const move = (event: KeyboardEvent) => {
    if (isComposing(event.nativeEvent)) return
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 }
    const step = steps[event.key]
    if (event.key === 'Enter') choose(entries[current])
    else if (step && entries.length > 0) setMarkedKey(entries[(current + step + entries.length) % entries.length]?.key)
    else return
    event.preventDefault()
  }

  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className={VEIL} />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[14vh] left-1/2 z-50 flex max-h-[64vh] w-[min(40rem,calc(100vw-2rem))] -translate-x-1/2 flex-col overflow-hidden rounded-2xl border border-line bg-raised shadow-float focus:outline-none"
        >
          <Dialog.Title className="sr-only">{t('palette.title')}</Dialog.Title>
          <div className="flex items-center gap-3 border-b border-line px-4">
            <Icon name="search" className="size-4.5 text-faint" />
            <input
              value={text}
              onChange={(event) => {
                setText(event.target.value)
                setMarkedKey(undefined)
              }}
              onKeyDown={move}
              role="combobox"
              aria-expanded="true"
              aria-controls={`${id}-list`}
              aria-activedescendant={entries[current] && `${id}-${entries[current].key}`}
              aria-label={t('palette.placeholder')}
              placeholder={t('palette.placeholder')}
              className="h-12 flex-1 bg-transparent outline-none placeholder:text-faint"
            />
          </div>
          <div
            id={`${id}-list`}
            role="listbox"
            aria-label={t('palette.title')}
            className="min-h-0 overflow-y-auto p-1.5"
          >
            {groups.map((group) => (
              // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a list box
              <div key={group.name} role="group" aria-label={group.name}>
                <div className="px-2.5 pt-2 pb-1 text-xs font-medium text-faint" aria-hidden="true">
                  {group.name}
                </div>
                {group.entries.map((entry) => (
                  <Option
                    key={entry.key}
                    id={`${id}-${entry.key}`}
                    entry={entry}
                    isMarked={entry === entries[current]}
                    onMark={() => setMarkedKey(entry.key)}
                    onChoose={() => choose(entry)}
                  />
                ))}
              </div>
            ))}
            {entries.length === 0 && <p className="px-3 py-6 text-center text-sm text-faint">{t('palette.nothing')}</p>}
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

type OptionProps = { id: string; entry: Entry; isMarked: boolean; onMark: () => void; onChoose: () => void }

/** The focus stays in the text field; the keys are handled there. */
function Option({ id, entry: { icon, name, detail }, isMarked, onMark, onChoose }: OptionProps) {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isMarked) ref.current?.scrollIntoView({ block: 'nearest' })
  }, [isMarked])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      ref={ref}
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isMarked}
      onClick={onChoose}
      onPointerMove={onMark}
      className="flex cursor-pointer items-center gap-2.5 rounded-lg px-2.5 py-2 text-sm aria-selected:bg-hover"
    >
      {icon && <Icon name={icon} className="size-4 text-soft" />}
      <span className="min-w-0 flex-1 truncate">{name}</span>
      {detail && <span className="text-xs text-faint">{detail}</span>}
    </div>
  )
}
