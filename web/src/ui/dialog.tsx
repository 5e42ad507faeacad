import { AlertDialog as RadixAlert, Dialog as RadixDialog } from 'radix-ui'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Button, IconButton } from './button.tsx'
import { classNames } from './class-names.ts'

export const VEIL = 'fixed inset-0 z-40 bg-black/35 backdrop-blur-[1px] animate-appear'
const CARD =
  'fixed left-1/2 top-[12vh] z-50 flex max-h-[76vh] w-[min(calc(100vw-2rem),var(--width))] -translate-x-1/2 flex-col rounded-2xl border border-line bg-raised shadow-float focus:outline-none'

type DialogProps = {
  title: string
  lead?: string
  onClose: () => void
  children: ReactNode
  width?: string
}

/** Open as long as it is drawn. Takes the focus when it opens and gives it back when it closes. */
export function Dialog({ title, lead, onClose, children, width = '32rem' }: DialogProps) {
  const { t } = useTranslation()
  return (
    <RadixDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className={VEIL} />
        <RadixDialog.Content
          className={classNames(CARD, 'p-5')}
          style={{ '--width': width } as object}
          {...(!lead && { 'aria-describedby': undefined })}
        >
          <div className="mb-3 flex items-start justify-between gap-4">
            <div>
              <RadixDialog.Title className="text-base font-semibold">{title}</RadixDialog.Title>
              {lead && <RadixDialog.Description className="mt-0.5 text-sm text-soft">{lead}</RadixDialog.Description>}
            </div>
            <RadixDialog.Close asChild>
              <IconButton icon="close" label={t('app.close')} className="-mt-1 -mr-1.5" />
            </RadixDialog.Close>
          </div>
          <div className="-mx-5 -mb-5 min-h-0 overflow-y-auto px-5 pb-5">{children}</div>
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  )
}

type ConfirmProps = {
  title: string
  body: string
  action: string
  /** Why it could not be done, when it was tried. */
  problem: string | undefined
  isBusy: boolean
  onClose: () => void
  onConfirm: () => void
}

/** Asks before something that cannot be undone, and stays until it is done. */
export function ConfirmDialog({ title, body, action, problem, isBusy, onClose, onConfirm }: ConfirmProps) {
  const { t } = useTranslation()
  return (
    <RadixAlert.Root open onOpenChange={(open) => !open && onClose()}>
      <RadixAlert.Portal>
        <RadixAlert.Overlay className={VEIL} />
        <RadixAlert.Content className={classNames(CARD, 'p-5')} style={{ '--width': '26rem' } as object}>
          <RadixAlert.Title className="text-base font-semibold">{title}</RadixAlert.Title>
          <RadixAlert.Description className="mt-1.5 text-sm text-soft">{body}</RadixAlert.Description>
          {problem && (
            <p role="alert" className="mt-3 text-sm text-danger">
              {problem}
            </p>
          )}
          <div className="mt-5 flex justify-end gap-2">
            <RadixAlert.Cancel asChild>
              <Button>{t('app.cancel')}</Button>
            </RadixAlert.Cancel>
            <Button look="danger" onClick={onConfirm} disabled={isBusy}>
              {action}
            </Button>
          </div>
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  )
}
