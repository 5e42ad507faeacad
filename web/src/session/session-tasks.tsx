import { useMutation } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude, queryClient } from '../api.ts'
import { useErrorText } from '../error-text.ts'
import { sessionQuery } from '../queries.ts'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog, Dialog } from '../ui/dialog.tsx'
import { MenuItem } from '../ui/menu.tsx'
import { remember } from '../ui/storage.ts'

type Named = { session_id: number; title: string }
export type SessionTask = { kind: 'rename' | 'delete'; session: Named }

/** What can be done with a session, wherever it is shown. */
export function SessionMenuItems({ session, onTask }: { session: Named; onTask: (task: SessionTask) => void }) {
  const { t } = useTranslation()
  return (
    <>
      <MenuItem icon="pencil" onSelect={() => onTask({ kind: 'rename', session })}>
        {t('session.rename')}
      </MenuItem>
      <MenuItem icon="trash" isDangerous onSelect={() => onTask({ kind: 'delete', session })}>
        {t('session.delete')}
      </MenuItem>
    </>
  )
}

export function SessionDialogs({ task, onDone }: { task: SessionTask | undefined; onDone: () => void }) {
  if (task?.kind === 'rename') return <RenameDialog session={task.session} onDone={onDone} />
  if (task?.kind === 'delete') return <DeleteDialog session={task.session} onDone={onDone} />
  return null
}

function RenameDialog({ session: { session_id, title }, onDone }: { session: Named; onDone: () => void }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const [name, setName] = useState(title)
  const rename = useMutation({
    mutationFn: () => etude.renameSession(session_id, name.trim()),
    onSuccess: (session) => {
      const { queryKey } = sessionQuery(session_id)
      if (queryClient.getQueryData(queryKey)) queryClient.setQueryData(queryKey, session)
      void queryClient.invalidateQueries({ queryKey: ['sessions'] })
      onDone()
    },
  })
  return (
    <Dialog title={t('session.renameTitle')} onClose={onDone} width="26rem">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') rename.mutate()
        }}
      >
        <input
          value={name}
          onChange={(event) => setName(event.target.value)}
          onFocus={(event) => event.target.select()}
          aria-label={t('session.name')}
          maxLength={200}
          className="h-10 w-full rounded-lg border border-line-strong bg-surface px-3 focus:border-accent focus:outline-none"
        />
        {rename.isError && (
          <p role="alert" className="mt-2 text-sm text-danger">
            {errorText(rename.error)}
          </p>
        )}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onDone}>{t('app.cancel')}</Button>
          <Button look="primary" type="submit" disabled={name.trim() === '' || rename.isPending}>
            {t('session.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function DeleteDialog({ session: { session_id, title }, onDone }: { session: Named; onDone: () => void }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const navigate = useNavigate()
  const { sessionId } = useParams({ strict: false })
  const remove = useMutation({
    mutationFn: () => etude.deleteSession(session_id),
    onSuccess: async () => {
      remember(`draft.${session_id}`, null)
      if (sessionId === String(session_id)) await navigate({ to: '/' })
      queryClient.removeQueries({ queryKey: sessionQuery(session_id).queryKey })
      onDone()
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['sessions'] }),
  })
  return (
    <ConfirmDialog
      title={t('session.deleteTitle')}
      body={t('session.deleteBody', { title: title || t('sidebar.untitled') })}
      action={t('session.delete')}
      problem={remove.isError ? errorText(remove.error) : undefined}
      isBusy={remove.isPending}
      onClose={onDone}
      onConfirm={() => remove.mutate()}
    />
  )
}
