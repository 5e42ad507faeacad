type Key = Pick<KeyboardEvent, 'key' | 'keyCode' | 'isComposing' | 'metaKey' | 'ctrlKey' | 'shiftKey' | 'altKey'>

export const IS_APPLE = typeof navigator !== 'undefined' && /mac|iphone|ipad/i.test(navigator.userAgent)

/**
 * Whether a key is pressed to choose among the candidates of an input method, and so is not meant for us.
 *
 * Safari ends the composition before it reports the key that ended it; the old code 229 still tells.
 */
export function isComposing({ isComposing, keyCode }: Pick<Key, 'isComposing' | 'keyCode'>): boolean {
  return isComposing || keyCode === 229
}

/** ⌘ or Ctrl with Enter: asks. Enter alone is a new line, and confirms a word while one is being composed. */
export function isAskKey(event: Key): boolean {
  return event.key === 'Enter' && (event.metaKey || event.ctrlKey) && !event.altKey && !isComposing(event)
}

/** Esc: stops, unless it only ends a composition. */
export function isStopKey(event: Key): boolean {
  const { key, metaKey, ctrlKey, shiftKey, altKey } = event
  return key === 'Escape' && !metaKey && !ctrlKey && !shiftKey && !altKey && !isComposing(event)
}

/** ⌘K or Ctrl+K: search and go. */
export function isPaletteKey(event: Key): boolean {
  const { key, metaKey, ctrlKey, shiftKey, altKey } = event
  return key.toLowerCase() === 'k' && (metaKey || ctrlKey) && !shiftKey && !altKey && !isComposing(event)
}
