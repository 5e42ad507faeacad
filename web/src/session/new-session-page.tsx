import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useChosenModels } from '../composer/chosen-models.ts'
import { Composer, type ComposerHandle } from '../composer/composer.tsx'
import { useDraft } from '../composer/draft.ts'
import { useErrorText } from '../error-text.ts'
import { meQuery, modelsQuery } from '../queries.ts'
import { recall, remember } from '../ui/storage.ts'
import { TopBar } from '../ui/top-bar.tsx'
import { laneColor } from './lane-color.ts'
import { startSession } from './live-turns.ts'

const HINTS = ['explain', 'code', 'compare', 'translate'] as const

/** Where a session begins: a prompt, and the models to ask. */
export function NewSessionPage() {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const navigate = useNavigate()
  const composer = useRef<ComposerHandle>(null)
  const [draft, setDraft] = useDraft('new')
  const { classId, classes, chooseClass } = useClassChoice()
  const models = useQuery({ ...modelsQuery(classId ?? 0), enabled: classId !== undefined })
  const { chosen, toggle } = useChosenModels(classId, models.data?.map(({ model_name }) => model_name) ?? [])
  const choices = (models.data ?? []).map((model) => {
    const name = model.model_name
    return { name, model, color: laneColor(chosen.indexOf(name)) }
  })
  const ask = useMutation({
    mutationFn: async () => {
      if (classId === undefined) return
      const turn = await startSession(classId, draft, chosen)
      setDraft('')
      await navigate({
        to: '/sessions/$sessionId',
        params: { sessionId: String(turn.session_id) },
        state: { isJustAsked: true },
      })
    },
  })
  useEffect(() => {
    document.title = 'Etude'
    // On a touch screen the keyboard would cover the page.
    if (matchMedia('(pointer: fine)').matches) composer.current?.focus()
    void import('../markdown/markdown.tsx')
  }, [])

  const problem = ask.isError
    ? errorText(ask.error)
    : models.isError
      ? t('composer.modelsFailed')
      : models.data?.length === 0
        ? t('composer.noModels')
        : undefined

  return (
    <>
      <TopBar />
      <main className="flex min-h-0 flex-1 flex-col overflow-y-auto px-4 pb-10">
        <div className="mx-auto my-auto w-full max-w-3xl">
          <h1 className="text-center text-[1.75rem]/9 font-semibold tracking-tight text-balance">
            {t('welcome.title')}
          </h1>
          <p className="mt-1.5 mb-7 text-center text-balance text-soft">{t('welcome.lead')}</p>
          {classes.length === 0 ? (
            <p className="rounded-2xl border border-line bg-surface p-6 text-center text-soft">
              {t('composer.noClass')}
            </p>
          ) : (
            <Composer
              ref={composer}
              draft={draft}
              onDraft={setDraft}
              choices={choices}
              chosen={chosen}
              onToggle={toggle}
              onAsk={() => ask.mutate()}
              isAsking={ask.isPending}
              placeholder={t('composer.placeholder')}
              problem={problem}
              isRoomy
            >
              {classes.length > 1 && (
                <label className="flex items-center gap-1.5 text-xs text-faint">
                  {t('composer.class')}
                  <select
                    value={classId}
                    onChange={(event) => chooseClass(Number(event.target.value))}
                    className="h-7.5 max-w-44 rounded-full border border-line bg-surface px-2 text-[0.8125rem] text-ink"
                  >
                    {classes.map(({ class_id, name }) => (
                      <option key={class_id} value={class_id}>
                        {name}
                      </option>
                    ))}
                  </select>
                </label>
              )}
            </Composer>
          )}
          <section aria-label={t('welcome.hints')} className="mt-6 grid gap-2.5 sm:grid-cols-2">
            {HINTS.map((hint) => (
              <button
                key={hint}
                type="button"
                onClick={() => {
                  setDraft(t(`welcome.${hint}`))
                  composer.current?.focus()
                }}
                className="rounded-xl border border-line px-4 py-3 text-left transition-colors hover:border-line-strong hover:bg-surface"
              >
                <span className="block text-sm font-medium">{t(`welcome.${hint}Title`)}</span>
                <span className="mt-0.5 line-clamp-2 text-[0.8125rem]/5 text-soft">{t(`welcome.${hint}`)}</span>
              </button>
            ))}
          </section>
        </div>
      </main>
    </>
  )
}

/** The classes in which the person can ask, and the one that was used last. */
function useClassChoice() {
  const { data: me } = useQuery(meQuery)
  const [chosen, setChosen] = useState(() => Number(recall('class')))
  const classes = me?.classes.filter(({ status }) => status === 'active') ?? []
  const current = classes.find(({ class_id }) => class_id === chosen) ?? classes[0]
  const chooseClass = (classId: number) => {
    setChosen(classId)
    remember('class', String(classId))
  }
  return { classId: current?.class_id, classes, chooseClass }
}
