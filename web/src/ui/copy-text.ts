/** Copies to the clipboard, also on plain http from another machine, where browsers offer only the old way. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const before = document.activeElement
  const carrier = document.createElement('textarea')
  carrier.value = text
  carrier.style.position = 'fixed'
  carrier.style.opacity = '0'
  // Inside an open dialog nothing else can take the focus.
  ;(before?.closest('[role="dialog"]') ?? document.body).append(carrier)
  carrier.select()
  document.execCommand('copy')
  carrier.remove()
  if (before instanceof HTMLElement) before.focus()
}
