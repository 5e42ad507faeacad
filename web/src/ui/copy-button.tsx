import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from './button.tsx'
import { copyText } from './copy-text.ts'

const SHOWN_MS = 1600

export function CopyButton({ text, label, className }: { text: string; label: string; className?: string }) {
  const { t } = useTranslation()
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [isCopied])

  const copy = () => void copyText(text).then(() => setCopied(true))
  return (
    <>
      <IconButton
        icon={isCopied ? 'check' : 'copy'}
        label={isCopied ? t('app.copied') : label}
        onClick={copy}
        className={className}
      />
      <span role="status" className="sr-only">
        {isCopied && t('app.copied')}
      </span>
    </>
  )
}
