import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude, goToSignIn } from '../api.ts'
import { changeLanguage, LANGUAGES, type Language } from '../i18n/i18n.ts'
import { meQuery } from '../queries.ts'
import { Icon } from '../ui/icon.tsx'
import { Menu, MenuChoices, MenuItem, MenuLine } from '../ui/menu.tsx'
import { chooseTheme, THEMES, useTheme } from './theme.ts'

const ApiKeysDialog = lazy(async () => ({ default: (await import('./api-keys-dialog.tsx')).ApiKeysDialog }))

export function SettingsMenu() {
  const { t, i18n } = useTranslation()
  const { data: me } = useQuery(meQuery)
  const theme = useTheme()
  const [showsKeys, setShowsKeys] = useState(false)
  const name = me?.person.name || me?.person.handle || ''

  const signOut = async () => {
    await etude.signOut().catch(() => {
      // The server is not there or has forgotten us: either way the sign-in page is next.
    })
    goToSignIn()
  }

  return (
    <>
      <Menu
        align="start"
        side="top"
        trigger={
          <button
            type="button"
            aria-label={`${t('settings.open')} (${name})`}
            className="flex w-full items-center gap-2.5 rounded-lg p-1.5 text-left text-sm hover:bg-hover data-[state=open]:bg-pressed"
          >
            <span className="grid size-7 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent uppercase">
              {[...name][0]}
            </span>
            <span className="min-w-0 flex-1 truncate font-medium">{name}</span>
            <Icon name="more" className="size-4 text-faint" />
          </button>
        }
      >
        <MenuChoices<Language>
          icon="globe"
          label={t('settings.language')}
          value={i18n.language as Language}
          choices={LANGUAGES.map(({ code, name }) => ({ value: code, name, lang: code }))}
          onChoose={(language) => void changeLanguage(language)}
        />
        <MenuChoices
          icon="theme"
          label={t('settings.theme')}
          value={theme}
          choices={THEMES.map((value) => ({ value, name: t(`settings.${value}`) }))}
          onChoose={chooseTheme}
        />
        <MenuLine />
        <MenuItem icon="key" onSelect={() => setShowsKeys(true)}>
          {t('settings.apiKeys')}
        </MenuItem>
        <MenuItem icon="book" onSelect={() => window.open('/docs', '_blank', 'noopener')}>
          {t('settings.apiDocs')}
        </MenuItem>
        <MenuLine />
        <MenuItem icon="signOut" onSelect={() => void signOut()}>
          {t('settings.signOut')}
        </MenuItem>
      </Menu>
      {showsKeys && (
        <Suspense>
          <ApiKeysDialog onClose={() => setShowsKeys(false)} />
        </Suspense>
      )}
    </>
  )
}
