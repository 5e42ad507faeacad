import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ThemedToken } from 'shiki/core'
import { CopyButton } from '../ui/copy-button.tsx'
import { useHighlighted } from './highlight.ts'

/** @param language what stands after the three backticks; may be empty. */
export function CodeBlock({ code, language }: { code: string; language: string }) {
  const { t } = useTranslation()
  const lines = useHighlighted(code, language)
  return (
    <figure className="my-[0.9em] overflow-hidden rounded-lg border border-line bg-sunken">
      <figcaption className="flex h-8 items-center justify-between border-b border-line pr-1 pl-3 text-xs text-soft">
        <span className="font-mono">{language || t('answer.codeBlock')}</span>
        <CopyButton text={code} label={t('answer.copyCode')} className="size-6.5!" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <pre className="overflow-x-auto px-3.5 py-3 text-[0.8125rem] leading-[1.6]" tabIndex={0} dir="ltr">
        <code className="block w-max min-w-full">
          {lines
            ? // biome-ignore lint/suspicious/noArrayIndexKey: lines are only ever added at the end
              lines.map((tokens, index) => <Line key={index} tokens={tokens} />)
            : code}
        </code>
      </pre>
    </figure>
  )
}

const Line = memo(function Line({ tokens }: { tokens: ThemedToken[] }) {
  return (
    <>
      {tokens.map((token) => (
        <span key={token.offset} style={{ color: token.color }}>
          {token.content}
        </span>
      ))}
      {'\n'}
    </>
  )
})
