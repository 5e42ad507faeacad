import type { Skillset } from '@etude/sdk/wire'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude, queryClient } from '../api.ts'
import { useErrorText } from '../error-text.ts'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { Problem, Section } from '../ui/field.tsx'
import { Spinner } from '../ui/icon.tsx'
import { AskSkillset } from './ask-skillset.tsx'
import { PageFrame } from './page-frame.tsx'
import { forgetSkillLists, skillsetQuery } from './skill-queries.ts'
import { SkillsetForm } from './skillset-form.tsx'

/** One skillset: its words and skills, publishing it, and trying a question. */
export function SkillsetPage({ skillsetId }: { skillsetId: string }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const { data: skillset, isError, error } = useQuery(skillsetQuery(skillsetId))
  const [isDeleting, setDeleting] = useState(false)
  const [isDirty, setDirty] = useState(false)
  return (
    <PageFrame
      title={skillset?.name ?? ''}
      isInside
      action={
        skillset && (
          <Button look="risky" onClick={() => setDeleting(true)}>
            {t('skillForm.delete')}
          </Button>
        )
      }
    >
      {isError && <Problem text={errorText(error)} />}
      {!skillset && !isError && <Spinner className="mx-auto my-8 size-6 text-faint" />}
      {skillset && (
        <>
          <SkillsetForm skillset={skillset} onDirty={setDirty} />
          <PublishSection skillset={skillset} isDirty={isDirty} />
          {skillset.latest_version !== null && <AskSkillset skillset={skillset} />}
        </>
      )}
      {skillset && isDeleting && <DeleteSkillset skillset={skillset} onClose={() => setDeleting(false)} />}
    </PageFrame>
  )
}

function PublishSection({ skillset, isDirty }: { skillset: Skillset; isDirty: boolean }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const { skillset_id, latest_version, revision } = skillset
  const publish = useMutation({
    mutationFn: () => etude.skills.publish(skillset_id, revision),
    onSuccess: async () => {
      await queryClient.invalidateQueries(skillsetQuery(skillset_id))
      await forgetSkillLists()
    },
  })
  return (
    <Section
      title={t('skillset.publishing')}
      action={
        <Button
          look="primary"
          onClick={() => publish.isPending || publish.mutate()}
          disabled={isDirty}
          aria-busy={publish.isPending}
        >
          {t('skillset.publish')}
        </Button>
      }
    >
      <p role="status" className="text-sm text-soft">
        {latest_version === null ? t('skillset.notPublished') : t('skillset.published', { version: latest_version })}
      </p>
      {latest_version !== null && (
        <code className="mt-2 block rounded-lg bg-sunken px-3 py-2 text-xs break-all">
          POST /v1/skillsets/{skillset_id}/versions/latest/final-answer
        </code>
      )}
      {isDirty && <p className="mt-2 text-sm text-caution">{t('skillset.saveFirst')}</p>}
      <Problem text={publish.isError ? errorText(publish.error) : undefined} />
    </Section>
  )
}

function DeleteSkillset({ skillset, onClose }: { skillset: Skillset; onClose: () => void }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const navigate = useNavigate()
  const remove = useMutation({
    mutationFn: () => etude.skills.deleteSkillset(skillset.skillset_id),
    onSuccess: async () => {
      await navigate({ to: '/skills' })
      await forgetSkillLists()
    },
  })
  return (
    <ConfirmDialog
      title={t('skillset.deleteTitle', { name: skillset.name })}
      body={t('skillset.deleteBody')}
      action={t('skillForm.delete')}
      problem={remove.isError ? errorText(remove.error) : undefined}
      isBusy={remove.isPending}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
    />
  )
}
