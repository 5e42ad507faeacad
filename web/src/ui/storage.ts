/**
 * What this browser keeps for its user: choices and drafts, never secrets.
 *
 * Some browsers forbid storage to pages in private windows; then nothing is kept.
 */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`etude.${name}`)
  } catch {
    return null
  }
}

/** @param value null forgets. */
export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`etude.${name}`)
    else localStorage.setItem(`etude.${name}`, value)
  } catch {
    // Nothing is kept: see above.
  }
}
