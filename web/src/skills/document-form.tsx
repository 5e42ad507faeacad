import type { DocumentPlace } from '@etude/sdk/skills-client'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { classNames } from '../ui/class-names.ts'
import { Field, LINE, LINES, Problem } from '../ui/field.tsx'

const WAYS = ['paste', 'file', 'url', 'mcp'] as const
type Way = (typeof WAYS)[number]

const MAX_FILE_BYTES = 5 * 1024 * 1024

type DocumentFormProps = { isBusy: boolean; problem: string | undefined; onCheck: (place: DocumentPlace) => void }

/** Takes an OpenAPI document, pasted, as a file or at a URL, or an MCP server. */
export function DocumentForm({ isBusy, problem, onCheck }: DocumentFormProps) {
  const { t } = useTranslation()
  const name = useId()
  const [way, setWay] = useState<Way>('paste')
  const [text, setText] = useState('')
  const [url, setUrl] = useState('')
  const [mcpUrl, setMcpUrl] = useState('')
  const [mcpToken, setMcpToken] = useState('')
  const [file, setFile] = useState<File>()
  const isTooLarge = (file?.size ?? 0) > MAX_FILE_BYTES
  const isReady = {
    paste: text.trim() !== '',
    file: file !== undefined && !isTooLarge,
    url: url.trim() !== '',
    mcp: mcpUrl.trim() !== '',
  }[way]

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!isReady || isBusy) return
    if (way === 'url') onCheck({ url: url.trim() })
    else if (way === 'mcp') onCheck({ mcp_url: mcpUrl.trim(), ...(mcpToken !== '' && { mcp_token: mcpToken }) })
    else onCheck({ document: way === 'file' && file ? await file.text() : text })
  }

  return (
    <form onSubmit={(event) => void submit(event)} className="space-y-3">
      <fieldset className="flex flex-wrap gap-1 rounded-lg bg-sunken p-1">
        <legend className="sr-only">{t('skillForm.whereFrom')}</legend>
        {WAYS.map((one) => (
          <label
            key={one}
            className={classNames(
              'flex-1 cursor-pointer rounded-md px-3 py-1 text-center text-sm font-medium whitespace-nowrap has-focus-visible:outline-2 has-focus-visible:outline-accent',
              way === one ? 'bg-surface text-ink shadow-card' : 'text-soft hover:text-ink',
            )}
          >
            <input type="radio" name={name} checked={way === one} onChange={() => setWay(one)} className="sr-only" />
            {t(`skillForm.${one}`)}
          </label>
        ))}
      </fieldset>
      {way === 'paste' && (
        <Field label={t('skillForm.document')} hint={t('skillForm.documentHint')}>
          <textarea
            value={text}
            onChange={(event) => setText(event.target.value)}
            rows={12}
            spellCheck={false}
            placeholder={'openapi: 3.1.0\ninfo:\n  title: …'}
            className={`${LINES} font-mono text-[0.8125rem]`}
          />
        </Field>
      )}
      {way === 'file' && (
        <Field label={t('skillForm.file')} hint={t('skillForm.documentHint')}>
          <input
            type="file"
            accept=".json,.yaml,.yml,application/json,application/yaml"
            onChange={(event) => setFile(event.target.files?.[0])}
            className={`${LINES} file:mr-3 file:rounded-md file:border-0 file:bg-hover file:px-2.5 file:py-1 file:text-sm file:font-medium file:text-ink`}
          />
        </Field>
      )}
      {way === 'url' && (
        <Field label={t('skillForm.url')} hint={t('skillForm.urlHint')}>
          <input
            type="url"
            value={url}
            onChange={(event) => setUrl(event.target.value)}
            placeholder="https://api.example/openapi.json"
            className={LINE}
          />
        </Field>
      )}
      {way === 'mcp' && (
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label={t('skillForm.mcpUrl')} hint={t('skillForm.urlHint')}>
            <input
              type="url"
              value={mcpUrl}
              onChange={(event) => setMcpUrl(event.target.value)}
              placeholder="https://tools.example/mcp"
              className={LINE}
            />
          </Field>
          <Field label={t('skillForm.mcpToken')} hint={t('skillForm.mcpTokenHint')}>
            <input
              type="password"
              value={mcpToken}
              onChange={(event) => setMcpToken(event.target.value)}
              autoComplete="off"
              className={LINE}
            />
          </Field>
        </div>
      )}
      <Problem text={isTooLarge && way === 'file' ? t('skillForm.tooLarge') : problem} />
      <Button look="primary" type="submit" disabled={!isReady || isBusy}>
        {isBusy ? t('skillForm.checking') : t('skillForm.check')}
      </Button>
    </form>
  )
}
