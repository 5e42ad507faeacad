import { EtudeError } from '@etude/sdk/etude-error'
import type { Session, TurnResult } from '@etude/sdk/wire'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useLocation } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude } from '../api.ts'
import { toggled } from '../composer/chosen-models.ts'
import { Composer, type ComposerHandle } from '../composer/composer.tsx'
import { useDraft } from '../composer/draft.ts'
import { WindowRing } from '../composer/window-ring.tsx'
import { useErrorText } from '../error-text.ts'
import { meQuery, modelsQuery, sessionQuery } from '../queries.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { Spinner } from '../ui/icon.tsx'
import { isStopKey } from '../ui/keys.ts'
import { Menu } from '../ui/menu.tsx'
import { TopBar } from '../ui/top-bar.tsx'
import { Conversation, type ConversationHandle } from './conversation.tsx'
import { laneColor } from './lane-color.ts'
import { followTurn, leaveSession, startTurn, useLiveTurn } from './live-turns.ts'
import { SessionDialogs, SessionMenuItems, type SessionTask } from './session-tasks.tsx'
import { PENDING, pendingTurn, turnsOf } from './turns.ts'
import { useView } from './view.ts'
import { ViewSwitch } from './view-switch.tsx'

declare module '@tanstack/history' {
  interface HistoryState {
    /** Whoever has just asked goes on typing. */
    isJustAsked?: boolean
  }
}

export function SessionPage({ sessionId }: { sessionId: number }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const session = useQuery({ ...sessionQuery(sessionId), enabled: Number.isSafeInteger(sessionId) })
  useEffect(() => () => leaveSession(sessionId), [sessionId])

  if (session.data) return <OpenSession session={session.data} />
  const isMissing =
    !Number.isSafeInteger(sessionId) || (session.error instanceof EtudeError && session.error.status < 500)
  return (
    <>
      <TopBar />
      <main className="grid flex-1 place-items-center p-6 text-center text-soft">
        {session.isError || isMissing ? (
          <div role="alert">
            <p>{isMissing ? t('session.notFound') : `${t('session.loadFailed')} ${errorText(session.error)}`}</p>
            {!isMissing && (
              <Button className="mt-4" onClick={() => void session.refetch()}>
                {t('app.retry')}
              </Button>
            )}
          </div>
        ) : (
          <Spinner className="size-6 text-faint" />
        )}
      </main>
    </>
  )
}

function OpenSession({ session }: { session: Session }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const { isJustAsked } = useLocation().state
  const { view, views, chooseView } = useView()
  const composer = useRef<ComposerHandle>(null)
  const conversation = useRef<ConversationHandle>(null)
  const [task, setTask] = useState<SessionTask>()
  const [draft, setDraft] = useDraft(session.session_id)
  const { looks, choices, chosen, toggle } = useLanes(session)
  const isReadOnly = useIsReadOnly(session.class_id)
  const title = session.title || t('sidebar.untitled')

  const ask = useMutation({
    mutationFn: ({ prompt, models }: { prompt: string; models: readonly string[] }) =>
      startTurn(session.session_id, prompt, models),
    onError: (_, { prompt }) => setDraft(prompt),
  })
  const saved = useMemo(() => turnsOf(session), [session])
  const turns = useMemo(
    () => (ask.isPending ? [...saved, pendingTurn(session, ask.variables.prompt, ask.variables.models)] : saved),
    [saved, session, ask.isPending, ask.variables],
  )
  const latest = useLatest(turns)
  const stop = useStop(latest)

  useEffect(() => {
    document.title = `${title} – Etude`
  }, [title])
  useEffect(() => {
    if (isJustAsked && matchMedia('(pointer: fine)').matches) composer.current?.focus()
  }, [isJustAsked])
  // biome-ignore lint/correctness/useExhaustiveDependencies: when there is another turn
  useEffect(() => {
    if (ask.isPending) conversation.current?.showLatest()
  }, [turns.length])

  return (
    <>
      <TopBar>
        <h1 className="min-w-0 truncate px-1 text-sm font-semibold" title={title}>
          {title}
        </h1>
        <Menu
          align="start"
          trigger={<IconButton icon="chevronDown" label={t('session.actions')} className="size-7!" />}
        >
          <SessionMenuItems session={session} onTask={setTask} />
        </Menu>
        <div className="ml-auto flex items-center gap-3">
          <span className="text-xs text-faint max-md:hidden">
            {t('session.models', { count: session.models.length })}
          </span>
          {session.models.length > 1 && <ViewSwitch view={view} views={views} onChoose={chooseView} />}
        </div>
      </TopBar>
      <main className="flex min-h-0 flex-1 flex-col">
        <Conversation
          ref={conversation}
          turns={turns}
          latest={latest}
          lanes={session.models}
          looks={looks}
          view={view}
          onStop={stop.lane}
        />
        <div className="relative before:pointer-events-none before:absolute before:inset-x-0 before:-top-4 before:h-4 before:bg-linear-to-t before:from-paper before:to-transparent">
          <div className="mx-auto w-full max-w-[60rem] px-3 pt-1 pb-[max(0.75rem,env(safe-area-inset-bottom))] sm:px-6">
            {isReadOnly ? (
              <p className="rounded-2xl border border-line bg-sunken px-4 py-3 text-center text-sm text-soft">
                {t('session.readOnly')}
              </p>
            ) : (
              <Composer
                ref={composer}
                draft={draft}
                onDraft={setDraft}
                choices={choices}
                chosen={chosen}
                onToggle={toggle}
                onAsk={() => {
                  setDraft('')
                  ask.mutate({ prompt: draft, models: chosen })
                }}
                onStop={latest?.status === 'running' && !ask.isPending ? stop.all : undefined}
                isAsking={ask.isPending}
                placeholder={t('composer.followUp')}
                problem={ask.isError ? errorText(ask.error) : undefined}
              >
                <WindowRing
                  session={session}
                  draft={draft}
                  chosen={chosen}
                  nameOf={(model) => looks.get(model)?.name ?? model}
                />
              </Composer>
            )}
          </div>
        </div>
      </main>
      <SessionDialogs task={task} onDone={() => setTask(undefined)} />
    </>
  )
}

/** How lanes are called and coloured, and which are asked next. */
function useLanes(session: Session) {
  const { data: models } = useQuery(modelsQuery(session.class_id))
  const [off, setOff] = useState<readonly string[]>([])
  const names = useMemo(() => session.models.map(({ model_name }) => model_name), [session.models])
  const choices = useMemo(
    () =>
      names.map((name, index) => {
        const model = models?.find((model) => model.model_name === name)
        return { name, model, color: laneColor(index) }
      }),
    [names, models],
  )
  const looks = useMemo(
    () => new Map(choices.map(({ name, model, color }) => [name, { name: model?.display_name ?? name, color }])),
    [choices],
  )
  const chosen = names.filter((name) => !off.includes(name))
  return { looks, choices, chosen, toggle: (name: string) => setOff(toggled(off, name)) }
}

/** Reads along with the latest turn while it runs. */
function useLatest(turns: readonly TurnResult[]): TurnResult | undefined {
  const latest = turns.at(-1)
  const live = useLiveTurn(latest?.turn_id ?? PENDING)
  useEffect(() => {
    if (latest?.status === 'running' && latest.turn_id !== PENDING) followTurn(latest)
  }, [latest])
  return live?.turn ?? latest
}

/** Stopping one lane, or all with Esc. What has been said is kept. */
function useStop(latest: TurnResult | undefined) {
  const turnId = latest?.status === 'running' && latest.turn_id !== PENDING ? latest.turn_id : undefined
  const { mutate } = useMutation({
    mutationFn: ({ turnId, responseId }: { turnId: number; responseId?: number }) =>
      etude.cancelTurn(turnId, responseId === undefined ? undefined : [responseId]),
  })
  const all = useCallback(() => {
    if (turnId !== undefined) mutate({ turnId })
  }, [turnId, mutate])
  const lane = useCallback((turnId: number, responseId: number) => mutate({ turnId, responseId }), [mutate])

  useEffect(() => {
    if (turnId === undefined) return
    const press = (event: KeyboardEvent) => {
      // Whatever is open, a menu or a dialog, has taken Esc for itself.
      if (isStopKey(event) && !event.defaultPrevented) all()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [turnId, all])
  return { all, lane }
}

function useIsReadOnly(classId: number): boolean {
  const { data: me } = useQuery(meQuery)
  const membership = me?.classes.find(({ class_id }) => class_id === classId)
  return membership !== undefined && membership.status !== 'active'
}
