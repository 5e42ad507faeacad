import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'

type SaveButtonProps = { name: string; save: { isPending: boolean; isSuccess: boolean } }

/** Saves a form, and says so when that is done. */
export function SaveButton({ name, save }: SaveButtonProps) {
  const { t } = useTranslation()
  return (
    <div className="flex items-center gap-3">
      {/* Not disabled meanwhile: a button that is loses the focus. */}
      <Button look="primary" type="submit" aria-busy={save.isPending}>
        {name}
      </Button>
      <span role="status" className="text-sm text-soft">
        {save.isSuccess && t('skillForm.saved')}
      </span>
    </div>
  )
}
