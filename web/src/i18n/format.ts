import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

/** Numbers, times and money as people of a language write them. */
export function formats(language: string) {
  const whole = new Intl.NumberFormat(language)
  const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 })
  const percent = new Intl.NumberFormat(language, { style: 'percent' })
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
  const month = new Intl.DateTimeFormat(language, { year: 'numeric', month: 'long' })
  const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
  const seconds = (digits: number) =>
    new Intl.NumberFormat(language, {
      style: 'unit',
      unit: 'second',
      // The narrow form of Japanese is an English letter.
      unitDisplay: language === 'ja' ? 'short' : 'narrow',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    })
  const fine = seconds(2)
  const coarse = seconds(1)
  const cents = new Intl.NumberFormat(language, { ...DOLLARS, maximumFractionDigits: 2 })
  const fractions = new Intl.NumberFormat(language, { ...DOLLARS, maximumSignificantDigits: 2 })

  return {
    number: (value: number) => whole.format(value),
    compact: (value: number) => compact.format(value),
    percent: (part: number) => percent.format(part),
    /** @param ms milliseconds, shown as seconds: hundredths below ten seconds, then tenths. */
    duration: (ms: number) => (ms < 9_995 ? fine : coarse).format(ms / 1000),
    /** @param ms milliseconds that are still being counted, shown as tenths of a second. */
    stopwatch: (ms: number) => coarse.format(Math.floor(ms / 100) / 10),
    /** @param dollars a single answer often costs a fraction of a cent: two significant digits then. */
    money: (dollars: number) => (dollars >= 0.995 || dollars === 0 ? cents : fractions).format(dollars),
    day: (iso: string) => day.format(new Date(iso)),
    month: (iso: string) => month.format(new Date(iso)),
    moment: (iso: string) => moment.format(new Date(iso)),
  }
}

const DOLLARS = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' } as const

export function useFormats() {
  const { i18n } = useTranslation()
  return useMemo(() => formats(i18n.language), [i18n.language])
}
