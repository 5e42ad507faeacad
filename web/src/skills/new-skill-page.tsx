import type { DocumentPlace } from '@etude/sdk/skills-client'
import type { CheckedSkillDocument } from '@etude/sdk/wire'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude } from '../api.ts'
import { useErrorText } from '../error-text.ts'
import { Button } from '../ui/button.tsx'
import { Problem, Section } from '../ui/field.tsx'
import { DocumentForm } from './document-form.tsx'
import { DocumentProblems } from './document-problems.tsx'
import { choicesOf, OperationList } from './operation-list.tsx'
import { PageFrame } from './page-frame.tsx'
import { forgetSkillLists } from './skill-queries.ts'
import { SkillWordsFields } from './skill-words-fields.tsx'
import { tuningsOf } from './tunings-of.ts'

/** From a document to a skill: give it, see what is wrong with it, choose operations, save. */
export function NewSkillPage() {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const check = useMutation({
    mutationFn: async (place: DocumentPlace) => ({ place, checked: await etude.skills.checkDocument(place) }),
  })
  return (
    <PageFrame title={t('skills.newSkill')} isInside>
      <Section title={t('skillForm.document')}>
        <DocumentForm
          isBusy={check.isPending}
          problem={check.isError ? errorText(check.error) : undefined}
          onCheck={(place) => check.mutate(place)}
        />
      </Section>
      {check.data && (
        <>
          <Section title={t('skillForm.problems')}>
            <div role="status">
              {!check.data.checked.is_usable && <p className="mb-2 text-sm text-danger">{t('skillForm.unusable')}</p>}
              <DocumentProblems problems={check.data.checked.problems} />
            </div>
          </Section>
          {check.data.checked.is_usable && <SaveSkill key={check.submittedAt} {...check.data} />}
        </>
      )}
    </PageFrame>
  )
}

function SaveSkill({ place, checked }: { place: DocumentPlace; checked: CheckedSkillDocument }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const navigate = useNavigate()
  const [words, setWords] = useState({
    nameForHuman: checked.name_for_human,
    nameForModel: checked.name_for_model,
    descriptionForModel: checked.description,
  })
  const [offered] = useState(() => choicesOf(checked.operations))
  const [choices, setChoices] = useState(offered)
  const save = useMutation({
    mutationFn: () =>
      etude.skills.create({
        ...place,
        name_for_human: words.nameForHuman,
        name_for_model: words.nameForModel,
        description_for_model: words.descriptionForModel,
        operations: tuningsOf(choices, offered),
      }),
    onSuccess: async ({ skill_id }) => {
      await forgetSkillLists()
      await navigate({ to: '/skills/$skillId', params: { skillId: String(skill_id) } })
    },
  })
  return (
    <Section title={checked.source?.title || t('skillForm.operations')}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <SkillWordsFields value={words} onChange={setWords} />
        <OperationList operations={checked.operations} choices={choices} onChoose={setChoices} />
        <Problem text={save.isError ? errorText(save.error) : undefined} />
        <Button look="primary" type="submit" disabled={save.isPending}>
          {t('skillForm.save')}
        </Button>
      </form>
    </Section>
  )
}
