import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { recall, remember } from '../ui/storage.ts'
import type { en } from './en.ts'

export const LANGUAGES = [
  { code: 'ko', name: '한국어' },
  { code: 'ja', name: '日本語' },
  { code: 'en', name: 'English' },
] as const
export type Language = (typeof LANGUAGES)[number]['code']

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en }
    enableSelector: false
  }
}

const CATALOGS: Record<Language, () => Promise<object>> = {
  ko: async () => (await import('./ko.ts')).ko,
  ja: async () => (await import('./ja.ts')).ja,
  en: async () => (await import('./en.ts')).en,
}

/** Loads the language that was chosen before, or the first one of the browser's that we speak. */
export async function startTranslations(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'dev',
    fallbackLng: false,
    interpolation: { escapeValue: false },
    returnNull: false,
    react: { useSuspense: false },
  })
  await showIn(chooseLanguage(recall('language'), navigator.languages))
}

/** Switches the page to a language and keeps the choice. */
export async function changeLanguage(language: Language): Promise<void> {
  remember('language', language)
  await showIn(language)
}

/** The language that was chosen, else the first of the browser's that we speak, else English. */
export function chooseLanguage(chosen: string | null, browser: readonly string[]): Language {
  const wanted = [chosen ?? '', ...browser].map((tag) => tag.toLowerCase().split('-')[0])
  return wanted.find(isLanguage) ?? 'en'
}

function isLanguage(tag: string | undefined): tag is Language {
  return LANGUAGES.some(({ code }) => code === tag)
}

async function showIn(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation'))
    i18next.addResourceBundle(language, 'translation', await CATALOGS[language]())
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}
