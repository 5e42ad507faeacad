import { useTranslation } from 'react-i18next'
import { Field, LINE, LINES } from '../ui/field.tsx'

type SkillWordsValue = { nameForHuman: string; nameForModel: string; descriptionForModel: string }

type SkillWordsFieldsProps = { value: SkillWordsValue; onChange: (value: SkillWordsValue) => void }

/** What a skill is called by people and by models, and what models choose it by. */
export function SkillWordsFields({ value, onChange }: SkillWordsFieldsProps) {
  const { t } = useTranslation()
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Field label={t('skillForm.nameForHuman')} hint={t('skillForm.nameForHumanHint')}>
        <input
          value={value.nameForHuman}
          onChange={(event) => onChange({ ...value, nameForHuman: event.target.value })}
          maxLength={20}
          required
          className={LINE}
        />
      </Field>
      <Field label={t('skillForm.nameForModel')} hint={t('skillForm.nameForModelHint')}>
        <input
          value={value.nameForModel}
          onChange={(event) => onChange({ ...value, nameForModel: event.target.value })}
          maxLength={40}
          pattern="[A-Za-z][A-Za-z0-9_]*"
          required
          spellCheck={false}
          className={`${LINE} font-mono text-[0.8125rem]`}
        />
      </Field>
      <Field
        label={t('skillForm.descriptionForModel')}
        hint={t('skillForm.descriptionForModelHint')}
        className="sm:col-span-2"
      >
        <textarea
          value={value.descriptionForModel}
          onChange={(event) => onChange({ ...value, descriptionForModel: event.target.value })}
          rows={3}
          maxLength={2000}
          className={LINES}
        />
      </Field>
    </div>
  )
}
