import type { ApiKey } from '@etude/sdk/wire'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude, queryClient } from '../api.ts'
import { useErrorText } from '../error-text.ts'
import { useFormats } from '../i18n/format.ts'
import { apiKeysQuery } from '../queries.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx'
import { Spinner } from '../ui/icon.tsx'

const LIFETIMES_DAYS = [0, 30, 90, 365] as const
const DAY_MS = 86_400_000
const FIELD =
  'h-9 rounded-lg border border-line-strong bg-surface px-2.5 text-sm focus:border-accent focus:outline-none'

/** A person's own keys: made, shown once, and revoked here. */
export function ApiKeysDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const { data: keys, isPending, isError } = useQuery(apiKeysQuery)
  const [revoking, setRevoking] = useState<ApiKey>()
  return (
    <Dialog title={t('keys.title')} lead={t('keys.lead')} onClose={onClose} width="36rem">
      <NewKey />
      {isPending && <Spinner className="mx-auto my-6 size-5 text-faint" />}
      {isError && (
        <p role="alert" className="py-4 text-sm text-danger">
          {t('keys.loadFailed')}
        </p>
      )}
      {keys?.length === 0 && <p className="py-5 text-center text-sm text-faint">{t('keys.none')}</p>}
      {keys && keys.length > 0 && (
        <ul className="mt-4 divide-y divide-line border-y border-line">
          {keys.map((key) => (
            <KeyRow key={key.api_key_id} apiKey={key} onRevoke={() => setRevoking(key)} />
          ))}
        </ul>
      )}
      {revoking && <RevokeDialog apiKey={revoking} onDone={() => setRevoking(undefined)} />}
    </Dialog>
  )
}

function NewKey() {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const [name, setName] = useState('')
  const [days, setDays] = useState<number>(LIFETIMES_DAYS[0])
  const create = useMutation({
    mutationFn: () =>
      etude.createApiKey({
        name: name.trim(),
        expiresAt: days > 0 ? new Date(Date.now() + days * DAY_MS).toISOString() : undefined,
      }),
    onSuccess: () => {
      setName('')
      return queryClient.invalidateQueries(apiKeysQuery)
    },
  })

  return (
    <>
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') create.mutate()
        }}
      >
        <label className="min-w-40 flex-1 text-xs font-medium text-soft">
          {t('keys.name')}
          <input
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder={t('keys.namePlaceholder')}
            maxLength={100}
            className={`mt-1 block w-full text-ink placeholder:text-faint ${FIELD}`}
          />
        </label>
        <label className="text-xs font-medium text-soft">
          {t('keys.expires')}
          <select
            value={days}
            onChange={(event) => setDays(Number(event.target.value))}
            className={`mt-1 block text-ink ${FIELD}`}
          >
            {LIFETIMES_DAYS.map((days) => (
              <option key={days} value={days}>
                {days === 0 ? t('keys.never') : t('keys.inDays', { days })}
              </option>
            ))}
          </select>
        </label>
        <Button look="primary" type="submit" disabled={name.trim() === '' || create.isPending}>
          {t('keys.create')}
        </Button>
      </form>
      {create.isError && (
        <p role="alert" className="mt-2 text-sm text-danger">
          {errorText(create.error)}
        </p>
      )}
      {create.data && (
        <div role="status" className="mt-4 rounded-xl bg-accent-soft p-3">
          <p className="text-sm font-medium">{t('keys.created')}</p>
          <div className="mt-1.5 flex items-center gap-2">
            <code className="min-w-0 flex-1 rounded-lg border border-line bg-surface px-2.5 py-1.5 text-[0.8125rem] break-all select-all">
              {create.data.key}
            </code>
            <CopyButton text={create.data.key} label={t('keys.copy')} />
          </div>
        </div>
      )}
    </>
  )
}

function KeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const { t } = useTranslation()
  const { day } = useFormats()
  const { name, hint, created_at, expires_at, revoked_at } = apiKey
  const isExpired = expires_at !== null && new Date(expires_at) <= new Date()
  const isDead = isExpired || revoked_at !== null
  const fate = revoked_at
    ? t('keys.revokedOn', { date: day(revoked_at) })
    : expires_at && t(isExpired ? 'keys.expiredOn' : 'keys.expiresOn', { date: day(expires_at) })
  return (
    <li className="flex items-center gap-3 py-2.5">
      <div className={`min-w-0 flex-1 ${isDead ? 'text-faint' : ''}`}>
        <p className="truncate text-sm font-medium">
          {name} <code className="ml-1 text-xs font-normal text-faint">{hint}</code>
        </p>
        <p className="text-xs text-faint">
          {[t('keys.madeOn', { date: day(created_at) }), fate].filter(Boolean).join(' · ')}
        </p>
      </div>
      {!isDead && (
        <Button look="risky" className="h-8!" onClick={onRevoke} aria-label={t('keys.revokeKey', { name })}>
          {t('keys.revoke')}
        </Button>
      )}
    </li>
  )
}

function RevokeDialog({ apiKey: { api_key_id, name }, onDone }: { apiKey: ApiKey; onDone: () => void }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const revoke = useMutation({
    mutationFn: () => etude.revokeApiKey(api_key_id),
    onSuccess: async () => {
      await queryClient.invalidateQueries(apiKeysQuery)
      onDone()
    },
  })
  return (
    <ConfirmDialog
      title={t('keys.revokeTitle', { name })}
      body={t('keys.revokeBody')}
      action={t('keys.revoke')}
      problem={revoke.isError ? errorText(revoke.error) : undefined}
      isBusy={revoke.isPending}
      onClose={onDone}
      onConfirm={() => revoke.mutate()}
    />
  )
}
