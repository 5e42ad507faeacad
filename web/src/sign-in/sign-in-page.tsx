import { EtudeError } from '@etude/sdk/etude-error'
import { useMutation } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude } from '../api.ts'
import { Mark, Wordmark } from '../brand/logo.tsx'
import { useErrorText } from '../error-text.ts'
import { changeLanguage, LANGUAGES } from '../i18n/i18n.ts'
import { Button } from '../ui/button.tsx'
import { Spinner } from '../ui/icon.tsx'
import { readLinkToken, safeNext } from './link-token.ts'

export function SignInPage() {
  const { t } = useTranslation()
  const { next } = useSearch({ from: '/sign-in' })
  const [hasLink] = useState(() => readLinkToken(location.hash) !== undefined)
  const { mutate, isPending, isIdle, isError } = useMutation({
    mutationFn: (token: string) => etude.signInWithLink(token),
    onSuccess: () => enter(next),
  })

  useEffect(() => {
    const openLink = () => {
      const token = takeLinkToken()
      if (token) mutate(token)
    }
    openLink()
    // A link that is pasted while this page is open changes nothing but the hash.
    window.addEventListener('hashchange', openLink)
    return () => window.removeEventListener('hashchange', openLink)
  }, [mutate])

  return (
    <div className="flex min-h-dvh flex-col">
      <main className="grid flex-1 place-items-center px-4 py-10">
        <div className="w-full max-w-88">
          <div className="mb-8 flex flex-col items-center text-center">
            <div className="flex items-center gap-3">
              <Mark className="size-9" />
              <Wordmark className="h-7" />
            </div>
            <p className="mt-5 text-balance text-soft">{t('signIn.lead')}</p>
          </div>
          <div className="rounded-2xl border border-line bg-surface p-6 shadow-card">
            {isPending || (hasLink && isIdle) ? (
              <p role="status" className="flex items-center justify-center gap-2.5 py-8 text-sm text-soft">
                <Spinner /> {t('signIn.openingLink')}
              </p>
            ) : (
              <PasswordForm next={next}>{isError && <Problem>{t('signIn.linkFailed')}</Problem>}</PasswordForm>
            )}
          </div>
          <p className="mt-5 px-2 text-center text-xs text-faint">{t('signIn.linkHint')}</p>
        </div>
      </main>
      <LanguageChoice />
    </div>
  )
}

function PasswordForm({ next, children }: { next: string | undefined; children: ReactNode }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const [handle, setHandle] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => etude.signInWithPassword(handle.trim(), password),
    onSuccess: () => enter(next),
  })
  const isWrong = signIn.error instanceof EtudeError && [400, 401, 403, 422].includes(signIn.error.status)
  const field =
    'mt-1 h-10 w-full rounded-lg border border-line-strong bg-surface px-3 text-ink focus:border-accent focus:outline-none focus:ring-3 focus:ring-accent/20'
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault()
        signIn.mutate()
      }}
    >
      <h1 className="text-lg font-semibold">{t('signIn.title')}</h1>
      {children}
      <label className="block text-sm font-medium">
        {t('signIn.handle')}
        <input
          value={handle}
          onChange={(event) => setHandle(event.target.value)}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          // biome-ignore lint/a11y/noAutofocus: signing in is all that can be done here
          autoFocus
          className={field}
        />
      </label>
      <label className="block text-sm font-medium">
        {t('signIn.password')}
        <input
          type="password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          autoComplete="current-password"
          required
          className={field}
        />
      </label>
      {signIn.isError && <Problem>{isWrong ? t('signIn.wrong') : errorText(signIn.error)}</Problem>}
      <Button look="primary" type="submit" className="h-10! w-full" disabled={signIn.isPending}>
        {signIn.isPending ? t('signIn.submitting') : t('signIn.submit')}
      </Button>
    </form>
  )
}

function Problem({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="rounded-lg bg-danger-soft px-3 py-2 text-sm text-danger">
      {children}
    </p>
  )
}

function LanguageChoice() {
  const { t, i18n } = useTranslation()
  return (
    <footer className="pb-6">
      <ul aria-label={t('settings.language')} className="flex justify-center gap-1 text-sm">
        {LANGUAGES.map(({ code, name }) => (
          <li key={code}>
            <button
              type="button"
              lang={code}
              aria-pressed={i18n.language === code}
              onClick={() => void changeLanguage(code)}
              className="rounded-md px-2.5 py-1 text-faint hover:text-ink aria-pressed:font-medium aria-pressed:text-ink"
            >
              {name}
            </button>
          </li>
        ))}
      </ul>
    </footer>
  )
}

/** The token of a one-time link; gone from the address, and so from the history, before it is used. */
function takeLinkToken(): string | undefined {
  const token = readLinkToken(location.hash)
  if (token) history.replaceState(history.state, '', location.pathname + location.search)
  return token
}

/** Loads the page anew, so that nothing of whoever was signed in before is left. */
function enter(next: string | undefined): void {
  location.replace(safeNext(next))
}
