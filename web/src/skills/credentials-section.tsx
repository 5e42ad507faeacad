import type { SkillCredential, SkillSecurityScheme } from '@etude/sdk/wire'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude, queryClient } from '../api.ts'
import { useErrorText } from '../error-text.ts'
import { useFormats } from '../i18n/format.ts'
import { meQuery } from '../queries.ts'
import { Button } from '../ui/button.tsx'
import { Field, LINE, Problem, Section } from '../ui/field.tsx'
import { credentialsQuery } from './skill-queries.ts'

/** How a skill signs in, and whose secrets are set: one's own, or those of a class that one looks after. */
export function CredentialsSection({ skillId }: { skillId: number }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const { data: me } = useQuery(meQuery)
  const [classId, setClassId] = useState<number>()
  const { data, isError, error } = useQuery(credentialsQuery(skillId, classId))
  const staffed = (me?.classes ?? []).filter(({ role }) => role !== 'student')
  if (data?.security_schemes.length === 0 && classId === undefined)
    return (
      <Section title={t('credentials.title')}>
        <p className="text-sm text-faint">{t('credentials.none')}</p>
      </Section>
    )
  return (
    <Section title={t('credentials.title')}>
      <p className="mb-3 text-sm text-soft">{t('credentials.lead')}</p>
      <Field label={t('credentials.whose')} className="mb-3 max-w-xs">
        <select
          value={classId ?? ''}
          onChange={(event) => setClassId(event.target.value === '' ? undefined : Number(event.target.value))}
          className={LINE}
        >
          <option value="">{t('credentials.mine')}</option>
          {staffed.map((one) => (
            <option key={one.class_id} value={one.class_id}>
              {t('credentials.ofClass', { name: one.name })}
            </option>
          ))}
        </select>
      </Field>
      {isError && <Problem text={errorText(error)} />}
      <ul className="divide-y divide-line">
        {data?.security_schemes.map((scheme) => (
          <SchemeRow
            key={`${classId} ${scheme.name}`}
            scheme={scheme}
            credential={data.items.find((one) => one.scheme === scheme.name)}
            place={{ skillId, classId }}
          />
        ))}
      </ul>
    </Section>
  )
}

type SchemeRowProps = {
  scheme: SkillSecurityScheme
  credential: SkillCredential | undefined
  place: { skillId: number; classId: number | undefined }
}

function SchemeRow({ scheme, credential, place: { skillId, classId } }: SchemeRowProps) {
  const { t } = useTranslation()
  const { day } = useFormats()
  const errorText = useErrorText()
  const [secret, setSecret] = useState('')
  const refresh = () => queryClient.invalidateQueries(credentialsQuery(skillId, classId))
  const set = useMutation({
    mutationFn: () => etude.skills.setCredential(skillId, { scheme: scheme.name, secret, classId }),
    onSuccess: () => {
      setSecret('')
      return refresh()
    },
  })
  const remove = useMutation({
    mutationFn: () => etude.skills.removeCredential(skillId, { scheme: scheme.name, classId }),
    onSuccess: refresh,
  })
  const failed = set.error ?? remove.error
  return (
    <li className="py-3 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <span className="font-medium">{scheme.name}</span>
        <span className="text-xs text-faint">
          {t(`credentials.${scheme.kind}`)}
          {scheme.parameter && <code className="ml-1">{scheme.parameter}</code>}
        </span>
        <span className="flex-1" />
        {credential ? (
          <>
            <span className={credential.is_usable ? 'text-xs text-soft' : 'text-xs text-caution'}>
              {t(credential.is_usable ? 'credentials.setOn' : 'credentials.otherServers', {
                hint: credential.hint,
                date: day(credential.set_at),
              })}
            </span>
            <Button
              look="risky"
              className="h-8!"
              disabled={remove.isPending}
              onClick={() => remove.mutate()}
              aria-label={t('credentials.removeOne', { name: scheme.name })}
            >
              {t('credentials.remove')}
            </Button>
          </>
        ) : (
          <span className="text-xs text-faint">{t('credentials.notSet')}</span>
        )}
      </div>
      <form
        className="mt-2 flex gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          if (secret !== '') set.mutate()
        }}
      >
        <input
          type="password"
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
          autoComplete="off"
          aria-label={t('credentials.secretFor', { name: scheme.name })}
          placeholder={t(scheme.kind === 'basic' ? 'credentials.basicPlaceholder' : 'credentials.placeholder')}
          className={`${LINE} min-w-0 flex-1`}
        />
        <Button type="submit" disabled={secret === '' || set.isPending}>
          {credential ? t('credentials.replace') : t('credentials.set')}
        </Button>
      </form>
      <Problem text={failed ? errorText(failed) : undefined} />
    </li>
  )
}
