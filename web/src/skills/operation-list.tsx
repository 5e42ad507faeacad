import type { SkillOperation } from '@etude/sdk/wire'
import { useTranslation } from 'react-i18next'
import { classNames } from '../ui/class-names.ts'

/** What somebody has decided about an operation. */
export type OperationChoice = { isEnabled: boolean; approval: SkillOperation['approval'] }
export type OperationChoices = ReadonlyMap<string, OperationChoice>

export function choicesOf(operations: readonly SkillOperation[]): OperationChoices {
  return new Map(
    operations.map((one) => [one.operation_id, { isEnabled: one.is_enabled, approval: one.approval }] as const),
  )
}

type OperationListProps = {
  operations: readonly SkillOperation[]
  choices: OperationChoices
  onChoose: (choices: OperationChoices) => void
}

/** The operations of an API: which of them models may use, and which wait for a person. */
export function OperationList({ operations, choices, onChoose }: OperationListProps) {
  const { t } = useTranslation()
  const enabled = [...choices.values()].filter(({ isEnabled }) => isEnabled).length
  const setAll = (isEnabled: boolean) =>
    onChoose(new Map([...choices].map(([id, choice]) => [id, { ...choice, isEnabled }] as const)))
  const set = (id: string, change: Partial<OperationChoice>) => {
    const choice = choices.get(id)
    if (choice) onChoose(new Map(choices).set(id, { ...choice, ...change }))
  }
  return (
    <fieldset>
      <legend className="sr-only">{t('skillForm.operations')}</legend>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 pb-2 text-xs text-soft">
        <span role="status">{t('skills.operationsOn', { enabled, total: operations.length })}</span>
        <button type="button" className="text-accent hover:underline" onClick={() => setAll(true)}>
          {t('skillForm.allOn')}
        </button>
        <button type="button" className="text-accent hover:underline" onClick={() => setAll(false)}>
          {t('skillForm.allOff')}
        </button>
      </div>
      <ul className="max-h-[32rem] divide-y divide-line overflow-y-auto border-y border-line">
        {operations.map((operation) => (
          <OperationRow
            key={operation.operation_id}
            operation={operation}
            choice={choices.get(operation.operation_id)}
            onChange={(change) => set(operation.operation_id, change)}
          />
        ))}
      </ul>
    </fieldset>
  )
}

type OperationRowProps = {
  operation: SkillOperation
  choice: OperationChoice | undefined
  onChange: (change: Partial<OperationChoice>) => void
}

function OperationRow({ operation, choice, onChange }: OperationRowProps) {
  const { t } = useTranslation()
  const { operation_id, method, path, tool, summary } = operation
  const isEnabled = choice?.isEnabled ?? false
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
      <label className="flex min-w-0 flex-1 basis-64 cursor-pointer items-start gap-2.5">
        <input
          type="checkbox"
          checked={isEnabled}
          onChange={(event) => onChange({ isEnabled: event.target.checked })}
          className="mt-1 size-4 shrink-0 accent-accent"
        />
        <span className="min-w-0">
          <span className={classNames('block text-sm font-medium', !isEnabled && 'text-soft')}>{operation_id}</span>
          <span className="block text-xs text-faint">
            <code>{[method, path ?? tool].filter(Boolean).join(' ')}</code>
            {summary && ` · ${summary}`}
          </span>
        </span>
      </label>
      <label className="flex cursor-pointer items-center gap-1.5 pl-6.5 text-xs text-soft sm:pl-0">
        <input
          type="checkbox"
          checked={choice?.approval === 'always'}
          disabled={!isEnabled}
          onChange={(event) => onChange({ approval: event.target.checked ? 'always' : 'never' })}
          aria-label={t('skillForm.askFirstFor', { operation: operation_id })}
          className="size-3.5 accent-accent"
        />
        {t('skillForm.askFirst')}
      </label>
    </li>
  )
}
