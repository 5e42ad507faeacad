import { cjk } from '@streamdown/cjk'
import { type ComponentProps, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Components, type ExtraProps, type PluginConfig, Streamdown } from 'streamdown'
import { Icon } from '../ui/icon.tsx'
import { CodeBlock } from './code-block.tsx'
import { isInlinePicture, safeLink } from './safe-link.ts'

/** An answer's Markdown, also while it is being written. Nothing in it loads anything from anywhere. */
export function Markdown({ text, isWriting }: { text: string; isWriting: boolean }) {
  const plugins = usePlugins(text)
  // Changing the mode builds everything anew, so an answer that was seen growing stays as it has grown.
  const [mode] = useState<'streaming' | 'static'>(isWriting ? 'streaming' : 'static')
  return (
    <Streamdown
      mode={mode}
      parseIncompleteMarkdown={isWriting}
      components={COMPONENTS}
      plugins={plugins}
      remend={REMEND}
    >
      {text}
    </Streamdown>
  )
}

/** Unfinished links are shown as text, not as links to nowhere. */
const REMEND = { linkMode: 'text-only' } as const

const WITHOUT_MATH: PluginConfig = { cjk }

/** Formulas need a library of their own, which is loaded with the first one. */
function usePlugins(text: string): PluginConfig {
  const [plugins, setPlugins] = useState(WITHOUT_MATH)
  const needsMath = plugins === WITHOUT_MATH && text.includes('$$')
  useEffect(() => {
    if (!needsMath) return
    let isWanted = true
    void import('./math.ts').then(({ math }) => isWanted && setPlugins({ cjk, math }))
    return () => {
      isWanted = false
    }
  }, [needsMath])
  return plugins
}

/** Plain elements: how they look is in the style sheet, under `.answer`. */
const COMPONENTS: Components = {
  h1: 'h1',
  h2: 'h2',
  h3: 'h3',
  h4: 'h4',
  h5: 'h5',
  h6: 'h6',
  p: 'p',
  ul: 'ul',
  ol: 'ol',
  li: 'li',
  blockquote: 'blockquote',
  hr: 'hr',
  strong: 'strong',
  section: 'section',
  sup: 'sup',
  sub: 'sub',
  thead: 'thead',
  tbody: 'tbody',
  tr: 'tr',
  th: 'th',
  td: 'td',
  code: 'code',
  pre: Pre,
  table: Table,
  a: Link,
  img: Picture,
}

function Pre({ node }: ExtraProps) {
  const code = node?.children.find((child) => child.type === 'element')
  const name = code?.properties.className
  const language = /language-(\S+)/.exec(Array.isArray(name) ? name.join(' ') : '')?.[1] ?? ''
  const text = code?.children.map((child) => (child.type === 'text' ? child.value : '')).join('') ?? ''
  return <CodeBlock code={text.replace(/\n$/, '')} language={language} />
}

function Table({ children }: ComponentProps<'table'> & ExtraProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <div className="table-frame" tabIndex={0}>
      <table>{children}</table>
    </div>
  )
}

/** Shows where it goes, opens elsewhere, and tells the other side nothing. */
function Link({ href, children }: ComponentProps<'a'> & ExtraProps) {
  const { t } = useTranslation()
  const url = safeLink(href)
  // Footnotes point into the answer itself.
  if (href?.startsWith('#')) return <a href={href}>{children}</a>
  if (!url) return <span>{children}</span>
  return (
    <a href={url.href} title={url.href} target="_blank" rel="noopener noreferrer nofollow" referrerPolicy="no-referrer">
      {children}
      <span className="sr-only"> ({t('answer.newTab')})</span>
    </a>
  )
}

/** A picture from elsewhere would tell that server who is reading: it becomes a link. */
function Picture({ src, alt = '' }: ComponentProps<'img'> & ExtraProps) {
  const { t } = useTranslation()
  if (typeof src !== 'string') return null
  if (isInlinePicture(src)) return <img src={src} alt={alt} className="my-3 max-w-full rounded-lg" />
  const url = safeLink(src)
  if (!url) return null
  return (
    <a
      href={url.href}
      title={t('answer.imageBlocked', { host: url.host })}
      target="_blank"
      rel="noopener noreferrer nofollow"
      referrerPolicy="no-referrer"
      className="inline-flex items-center gap-1.5 rounded-md border border-line bg-sunken px-2 py-0.5 text-sm no-underline!"
    >
      <Icon name="image" className="size-4" />
      {alt || t('answer.image')}
      <span className="text-faint">{url.host}</span>
    </a>
  )
}
