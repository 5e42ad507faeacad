import { EtudeError } from '@etude/sdk/etude-error'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { en } from './i18n/en.ts'

type KnownCode = keyof typeof en.error

/** Says what went wrong in the reader's language, or else in the server's words. */
export function useErrorText(): (error: unknown) => string {
  const { t, i18n } = useTranslation()
  return (error) => {
    if (!(error instanceof EtudeError)) return t('error.internal')
    return i18n.exists(`error.${error.code}`) ? t(`error.${error.code as KnownCode}`) : error.message
  }
}

/** Why a lane has failed. Its provider's words are shown beside this. */
export function laneErrorText(t: TFunction, { code, message }: { code: string; message: string }): string {
  const known = code === 'rate_limited' ? 'model_rate_limited' : code
  return t(`error.${known as KnownCode}`, { defaultValue: message })
}
