import type { Skillset } from '@etude/sdk/wire'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude, queryClient } from '../api.ts'
import { useErrorText } from '../error-text.ts'
import { Field, LINE, LINES, Problem, Section } from '../ui/field.tsx'
import { SaveButton } from './save-button.tsx'
import { chatModelsQuery, forgetSkillLists, skillsetQuery, skillsQuery } from './skill-queries.ts'

const MAX_SKILLS = 10

type SkillsetFormProps = {
  skillset: Skillset
  /** Told whether there is something to save. */
  onDirty: (isDirty: boolean) => void
}

/** What an author says of a skillset, and which skills are in it. */
export function SkillsetForm({ skillset: opened, onDirty }: SkillsetFormProps) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  // What the fields began with: somebody else's later change is not taken over unseen.
  const [skillset, setSkillset] = useState(opened)
  const [name, setName] = useState(skillset.name)
  const [instructions, setInstructions] = useState(skillset.instructions)
  const [answerFormat, setAnswerFormat] = useState(skillset.answer_format)
  const [modelName, setModelName] = useState(skillset.model_name)
  const [skillIds, setSkillIds] = useState(() => wordsOf(skillset).skill_ids)
  const { data: skills } = useQuery(skillsQuery)
  const { data: models } = useQuery(chatModelsQuery)
  const words = { name, instructions, answer_format: answerFormat, model_name: modelName, skill_ids: skillIds }
  const isDirty = JSON.stringify(words) !== JSON.stringify(wordsOf(skillset))
  useEffect(() => onDirty(isDirty), [isDirty, onDirty])
  const save = useMutation({
    mutationFn: () => etude.skills.updateSkillset(skillset.skillset_id, words, skillset.revision),
    onSuccess: async (saved) => {
      setSkillset(saved)
      setName(saved.name)
      queryClient.setQueryData(skillsetQuery(skillset.skillset_id).queryKey, saved)
      await forgetSkillLists()
    },
  })
  return (
    <Section title={t('skillset.about')}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (!save.isPending) save.mutate()
        }}
      >
        <Field label={t('skillset.name')}>
          <input
            value={name}
            onChange={(event) => setName(event.target.value)}
            maxLength={100}
            required
            className={LINE}
          />
        </Field>
        <fieldset>
          <legend className="mb-1 text-xs font-medium text-soft">{t('skillset.skills', { most: MAX_SKILLS })}</legend>
          {skills?.length === 0 && <p className="text-sm text-faint">{t('skills.noSkills')}</p>}
          <ul className="grid gap-x-4 sm:grid-cols-2">
            {skills?.map((skill) => {
              const isIn = skillIds.includes(skill.skill_id)
              return (
                <li key={skill.skill_id}>
                  <label className="flex cursor-pointer items-center gap-2.5 rounded-lg px-2 py-1.5 text-sm hover:bg-hover">
                    <input
                      type="checkbox"
                      checked={isIn}
                      disabled={!isIn && skillIds.length >= MAX_SKILLS}
                      onChange={() =>
                        setSkillIds(
                          isIn ? skillIds.filter((id) => id !== skill.skill_id) : [...skillIds, skill.skill_id],
                        )
                      }
                      className="size-4 accent-accent"
                    />
                    <span className="min-w-0 flex-1 truncate">{skill.name_for_human}</span>
                    <span className="text-xs text-faint">
                      {t('skills.operationsOn', { enabled: skill.enabled_count, total: skill.operation_count })}
                    </span>
                  </label>
                </li>
              )
            })}
          </ul>
        </fieldset>
        <Field label={t('skillset.instructions')} hint={t('skillset.instructionsHint')}>
          <textarea
            value={instructions}
            onChange={(event) => setInstructions(event.target.value)}
            rows={4}
            maxLength={20_000}
            className={LINES}
          />
        </Field>
        <Field label={t('skillset.answerFormat')} hint={t('skillset.answerFormatHint')}>
          <textarea
            value={answerFormat}
            onChange={(event) => setAnswerFormat(event.target.value)}
            rows={2}
            maxLength={4_000}
            className={LINES}
          />
        </Field>
        <Field label={t('skillset.model')}>
          <select
            value={modelName ?? ''}
            onChange={(event) => setModelName(event.target.value || null)}
            className={LINE}
          >
            <option value="">{t('skillset.anyModel')}</option>
            {modelName !== null && !models?.some(({ model_name }) => model_name === modelName) && (
              <option value={modelName}>{modelName}</option>
            )}
            {models?.map((model) => (
              <option key={model.model_name} value={model.model_name}>
                {model.display_name}
              </option>
            ))}
          </select>
        </Field>
        <Problem text={save.isError ? errorText(save.error) : undefined} />
        <SaveButton save={save} name={t('skillset.save')} />
      </form>
    </Section>
  )
}

function wordsOf({ name, instructions, answer_format, model_name, skills }: Skillset) {
  return { name, instructions, answer_format, model_name, skill_ids: skills.map(({ skill_id }) => skill_id) }
}
