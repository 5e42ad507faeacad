import type { Skillset } from '@etude/sdk/wire'
import { type FormEvent, lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { etude } from '../api.ts'
import { useErrorText } from '../error-text.ts'
import { SkillCallRow } from '../session/skill-calls.tsx'
import { Button } from '../ui/button.tsx'
import { Field, LINES, Problem, Section } from '../ui/field.tsx'
import { Spinner } from '../ui/icon.tsx'
import { isComposing } from '../ui/keys.ts'
import { applyAnswerEvent, NO_ANSWER, type SkillAnswer } from './skill-answer.ts'

const Markdown = lazy(async () => ({ default: (await import('../markdown/markdown.tsx')).Markdown }))

/** Tries a question on the latest version: the plan, the calls, the answer. */
export function AskSkillset({ skillset }: { skillset: Skillset }) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const [query, setQuery] = useState('')
  const [answer, setAnswer] = useState<SkillAnswer>(NO_ANSWER)
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [])

  const ask = async (event: FormEvent) => {
    event.preventDefault()
    if (query.trim() === '' || answer.state === 'running') return
    const stopping = new AbortController()
    running.current = stopping
    let current: SkillAnswer = { ...NO_ANSWER, state: 'running' }
    setAnswer(current)
    try {
      for await (const one of etude.skills.ask(skillset.skillset_id, query, { signal: stopping.signal })) {
        current = applyAnswerEvent(current, one)
        setAnswer(current)
      }
      setAnswer({ ...current, state: 'done' })
    } catch (error) {
      setAnswer(
        stopping.signal.aborted
          ? { ...current, state: 'done' }
          : { ...current, state: 'failed', problem: errorText(error) },
      )
    }
  }

  return (
    <Section title={t('skillset.tryIt')}>
      <form onSubmit={(event) => void ask(event)}>
        <Field label={t('skillset.question')}>
          <textarea
            value={query}
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || isComposing(event.nativeEvent)) return
              event.preventDefault()
              event.currentTarget.form?.requestSubmit()
            }}
            rows={2}
            maxLength={20_000}
            className={LINES}
          />
        </Field>
        <div className="mt-3 flex items-center gap-2">
          <Button look="primary" type="submit" disabled={query.trim() === '' || answer.state === 'running'}>
            {t('skillset.ask')}
          </Button>
          {answer.state === 'running' && <Button onClick={() => running.current?.abort()}>{t('lane.stop')}</Button>}
        </div>
      </form>
      <Progress answer={answer} />
    </Section>
  )
}

function Progress({ answer: { state, plan, calls, text, problem } }: { answer: SkillAnswer }) {
  const { t } = useTranslation()
  const doing = plan ? t('skillset.calling') : t('skillset.planning')
  return (
    <div className="mt-4 space-y-3">
      <p role="status" className="flex items-center gap-2 text-sm text-soft empty:hidden">
        {state === 'running' && text === '' && (
          <>
            <Spinner />
            {doing}
          </>
        )}
        {state === 'done' && <span className="sr-only">{t('lane.complete')}</span>}
      </p>
      {plan && plan.length > 0 && (
        <p className="flex flex-wrap items-center gap-1.5 text-xs text-soft">
          {t('skillset.plan')}
          {plan.map((skill) => (
            <code key={skill} className="rounded-full bg-accent-soft px-2 py-0.5 text-accent">
              {skill}
            </code>
          ))}
        </p>
      )}
      {calls.length > 0 && (
        <ul aria-label={t('skill.calls')} className="flex flex-col gap-1.5 text-sm">
          {calls.map((call, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: calls are only ever added at the end
            <li key={index} className="rounded-lg border border-line">
              <SkillCallRow call={call} />
            </li>
          ))}
        </ul>
      )}
      {text !== '' && (
        <section aria-label={t('skillset.answer')} className="answer rounded-lg bg-sunken px-4 py-3">
          <Suspense fallback={<p className="whitespace-pre-wrap">{text}</p>}>
            <Markdown text={text} isWriting={state === 'running'} />
          </Suspense>
        </section>
      )}
      {state === 'done' && text === '' && <p className="text-sm text-soft">{t('skillset.noAnswer')}</p>}
      <Problem text={problem} />
    </div>
  )
}
