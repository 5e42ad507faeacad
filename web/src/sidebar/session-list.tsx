import type { SessionSummary } from '@etude/sdk/wire'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '../i18n/format.ts'
import { sessionsQuery } from '../queries.ts'
import { SessionDialogs, SessionMenuItems, type SessionTask } from '../session/session-tasks.tsx'
import { Button } from '../ui/button.tsx'
import { Icon, Spinner } from '../ui/icon.tsx'
import { Menu } from '../ui/menu.tsx'
import { groupSessions, type SessionGroup } from './group-sessions.ts'

/** The person's sessions, newest first; more are fetched when the end comes into view. */
export function SessionList({ search, onNavigate }: { search: string; onNavigate?: (() => void) | undefined }) {
  const { t } = useTranslation()
  const [task, setTask] = useState<SessionTask>()
  const { data, isError, refetch, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    ...sessionsQuery(search),
    placeholderData: keepPreviousData,
  })
  const endRef = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const end = endRef.current
    if (!end || !hasNextPage || isFetchingNextPage) return
    const watch = new IntersectionObserver(([entry]) => entry?.isIntersecting && void fetchNextPage(), {
      rootMargin: '240px',
    })
    watch.observe(end)
    return () => watch.disconnect()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])

  // A session that was used while pages were being fetched can be on two of them.
  const sessions = [
    ...new Map(data?.pages.flatMap(({ items }) => items.map((item) => [item.session_id, item]))).values(),
  ]

  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-3">
      {isPending && <Spinner className="mx-auto mt-6 size-5 text-faint" />}
      {isError && (
        <div role="alert" className="px-2 pt-4 text-sm text-soft">
          <p>{t('sidebar.loadFailed')}</p>
          <Button className="mt-2" onClick={() => void refetch()}>
            {t('app.retry')}
          </Button>
        </div>
      )}
      {data && sessions.length === 0 && (
        <p className="px-2 pt-4 text-sm text-faint">
          {search ? t('sidebar.noMatch', { query: search }) : t('sidebar.empty')}
        </p>
      )}
      {groupSessions(sessions, new Date()).map((group) => (
        <Group key={group.key} group={group} onNavigate={onNavigate} onTask={setTask} />
      ))}
      <div ref={endRef} className="h-px" />
      {isFetchingNextPage && <p className="px-2 py-2 text-xs text-faint">{t('sidebar.loadingMore')}</p>}
      <SessionDialogs task={task} onDone={() => setTask(undefined)} />
    </div>
  )
}

type GroupProps = {
  group: SessionGroup
  onNavigate: (() => void) | undefined
  onTask: (task: SessionTask) => void
}

function Group({ group: { kind, key, at, sessions }, onNavigate, onTask }: GroupProps) {
  const { t } = useTranslation()
  const { month } = useFormats()
  const headingId = `sessions-${key}`
  return (
    <section aria-labelledby={headingId}>
      <h2 id={headingId} className="px-2 pt-4 pb-1 text-xs font-medium text-faint">
        {kind === 'month' ? month(at) : t(`sidebar.${kind}`)}
      </h2>
      <ul>
        {sessions.map((session) => (
          <SessionItem key={session.session_id} session={session} onNavigate={onNavigate} onTask={onTask} />
        ))}
      </ul>
    </section>
  )
}

type ItemProps = {
  session: SessionSummary
  onNavigate: (() => void) | undefined
  onTask: (task: SessionTask) => void
}

function SessionItem({ session, onNavigate, onTask }: ItemProps) {
  const { t } = useTranslation()
  const { moment } = useFormats()
  const title = session.title || t('sidebar.untitled')
  const models = session.model_names.join(', ')
  return (
    <li className="group relative">
      <Link
        to="/sessions/$sessionId"
        params={{ sessionId: String(session.session_id) }}
        onClick={onNavigate}
        title={`${title}\n${models}\n${moment(session.last_activity_at)}`}
        className="block truncate rounded-lg px-2 py-1.5 text-sm text-soft group-focus-within:pr-9 group-hover:bg-hover group-hover:pr-9 group-has-data-[state=open]:pr-9 hover:text-ink focus-visible:outline-offset-[-2px] pointer-coarse:pr-9 aria-[current=page]:bg-pressed aria-[current=page]:font-medium aria-[current=page]:text-ink"
      >
        {title}
      </Link>
      <Menu
        align="start"
        trigger={
          <button
            type="button"
            aria-label={t('sidebar.actions', { title })}
            className="absolute top-1/2 right-1 -translate-y-1/2 rounded-md p-1 text-soft opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 hover:bg-pressed hover:text-ink data-[state=open]:opacity-100 pointer-coarse:opacity-100"
          >
            <Icon name="more" className="size-4" />
          </button>
        }
      >
        <SessionMenuItems session={session} onTask={onTask} />
      </Menu>
    </li>
  )
}
