import { useEffect, useState } from 'react'
import { recall, remember } from '../ui/storage.ts'

/** What has been typed and not asked yet; kept in this browser. @param place a session's id, or `new`. */
export function useDraft(place: number | 'new'): [string, (text: string) => void] {
  const name = `draft.${place}`
  const [draft, setDraft] = useState(() => recall(name) ?? '')
  useEffect(() => setDraft(recall(name) ?? ''), [name])
  const write = (text: string) => {
    setDraft(text)
    remember(name, text === '' ? null : text)
  }
  return [draft, write]
}
