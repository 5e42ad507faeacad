import type { Skill } from '@etude/sdk/wire'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude, queryClient } from '../api.ts'
import { useErrorText } from '../error-text.ts'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { Problem, Section } from '../ui/field.tsx'
import { Spinner } from '../ui/icon.tsx'
import { CredentialsSection } from './credentials-section.tsx'
import { choicesOf, OperationList } from './operation-list.tsx'
import { PageFrame } from './page-frame.tsx'
import { SaveButton } from './save-button.tsx'
import { forgetSkillLists, skillQuery } from './skill-queries.ts'
import { SkillWordsFields } from './skill-words-fields.tsx'
import { tuningsOf } from './tunings-of.ts'

/** One skill: its words, its operations, its secrets. */
export function SkillPage({ skillId }: { skillId: number }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const { data: skill, isError, error } = useQuery(skillQuery(skillId))
  const [isDeleting, setDeleting] = useState(false)
  return (
    <PageFrame
      title={skill?.name_for_human ?? ''}
      isInside
      action={
        skill && (
          <Button look="risky" onClick={() => setDeleting(true)}>
            {t('skillForm.delete')}
          </Button>
        )
      }
    >
      {isError && <Problem text={errorText(error)} />}
      {!skill && !isError && <Spinner className="mx-auto my-8 size-6 text-faint" />}
      {skill && (
        <>
          <EditSkill skill={skill} />
          <CredentialsSection skillId={skillId} />
        </>
      )}
      {skill && isDeleting && <DeleteSkill skill={skill} onClose={() => setDeleting(false)} />}
    </PageFrame>
  )
}

function EditSkill({ skill: opened }: { skill: Skill }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  // What the fields began with: somebody else's later change is not taken over unseen.
  const [skill, setSkill] = useState(opened)
  const [words, setWords] = useState({
    nameForHuman: skill.name_for_human,
    nameForModel: skill.name_for_model,
    descriptionForModel: skill.description_for_model,
  })
  const stored = useMemo(() => choicesOf(skill.operations), [skill])
  const [choices, setChoices] = useState(stored)
  const save = useMutation({
    mutationFn: () =>
      etude.skills.update(
        skill.skill_id,
        {
          name_for_human: words.nameForHuman,
          name_for_model: words.nameForModel,
          description_for_model: words.descriptionForModel,
          operations: tuningsOf(choices, stored),
        },
        skill.revision,
      ),
    onSuccess: async (saved) => {
      setSkill(saved)
      queryClient.setQueryData(skillQuery(skill.skill_id).queryKey, saved)
      await forgetSkillLists()
    },
  })
  const { title, version, url } = skill.source
  return (
    <Section title={t('skillForm.about')}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (!save.isPending) save.mutate()
        }}
      >
        <p className="text-sm text-soft">
          {[title, version].filter(Boolean).join(' ')}
          {url && <code className="ml-2 text-xs break-all text-faint">{url}</code>}
        </p>
        <SkillWordsFields value={words} onChange={setWords} />
        <OperationList operations={skill.operations} choices={choices} onChoose={setChoices} />
        <Problem text={save.isError ? errorText(save.error) : undefined} />
        <SaveButton save={save} name={t('skillForm.saveChanges')} />
      </form>
    </Section>
  )
}

function DeleteSkill({ skill, onClose }: { skill: Skill; onClose: () => void }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const navigate = useNavigate()
  const remove = useMutation({
    mutationFn: () => etude.skills.delete(skill.skill_id),
    onSuccess: async () => {
      await navigate({ to: '/skills' })
      await forgetSkillLists()
    },
  })
  return (
    <ConfirmDialog
      title={t('skillForm.deleteTitle', { name: skill.name_for_human })}
      body={t('skillForm.deleteBody')}
      action={t('skillForm.delete')}
      problem={remove.isError ? errorText(remove.error) : undefined}
      isBusy={remove.isPending}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
    />
  )
}
