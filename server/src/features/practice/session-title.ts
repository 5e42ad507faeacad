const TITLE_LENGTH = 60
const PREVIEW_LENGTH = 100

/** The title a session has until somebody gives it a better one: the first line of its prompt. */
export function titleFromPrompt(prompt: string): string {
  const line = prompt.split('\n').find((text) => text.trim() !== '') ?? ''
  return shorten(line.replace(/^[\s#>*-]+/, '') || line, TITLE_LENGTH)
}

/** The begin of a prompt on one line, for lists. */
export function previewOf(prompt: string): string {
  return shorten(prompt, PREVIEW_LENGTH)
}

/** Cuts between whole characters as people see them. */
function shorten(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line.length <= length) return line
  const characters = [...new Intl.Segmenter().segment(line.slice(0, length * 8))].map(({ segment }) => segment)
  return characters.length <= length
    ? line.slice(0, length * 8)
    : `${characters
        .slice(0, length - 1)
        .join('')
        .trimEnd()}…`
}
