import type { SkillDocumentProblem } from '@etude/sdk/wire'
import { useTranslation } from 'react-i18next'
import { Icon } from '../ui/icon.tsx'

/** What is wrong with a document: where, what, and how to mend it. */
export function DocumentProblems({ problems }: { problems: readonly SkillDocumentProblem[] }) {
  const { t } = useTranslation()
  if (problems.length === 0)
    return (
      <p className="flex items-center gap-2 text-sm text-good">
        <Icon name="check" className="size-4" />
        {t('skillForm.noProblems')}
      </p>
    )
  return (
    <ul aria-label={t('skillForm.problems')} className="max-h-80 space-y-2 overflow-y-auto">
      {problems.map((problem) => (
        <li
          key={`${problem.pointer} ${problem.message}`}
          className="flex gap-2.5 rounded-lg bg-sunken px-3 py-2 text-sm"
        >
          <Icon
            name="alert"
            className={problem.severity === 'error' ? 'mt-0.5 size-4 text-danger' : 'mt-0.5 size-4 text-caution'}
          />
          <span className="min-w-0">
            <span className="sr-only">{t(`skillForm.${problem.severity}`)}: </span>
            <span lang="en">{problem.message}</span>
            <span lang="en" className="block text-soft">
              {problem.suggestion}
            </span>
            {problem.pointer && <code className="block text-xs break-all text-faint">{problem.pointer}</code>}
          </span>
        </li>
      ))}
    </ul>
  )
}
