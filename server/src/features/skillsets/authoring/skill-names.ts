export const MAX_HUMAN_NAME_CHARACTERS = 20
export const MAX_MODEL_NAME_CHARACTERS = 40

/** Letters of any script, Korean and Japanese among them, digits and spaces (clova.md §3, "Authoring model"). */
const NOT_IN_HUMAN_NAME = /[^\p{L}\p{M}\p{N} ー・]/gu

/** Whether people may call a skill so: letters, digits and spaces, at most 20 characters, not only spaces. */
export function isHumanName(name: string): boolean {
  return name.trim() !== '' && [...name].length <= MAX_HUMAN_NAME_CHARACTERS && name.search(NOT_IN_HUMAN_NAME) < 0
}

/** Whether models may call a skill so: ASCII letters, digits and underscores, beginning with a letter. */
export function isModelName(name: string): boolean {
  return name.length <= MAX_MODEL_NAME_CHARACTERS && /^[A-Za-z][A-Za-z0-9_]*$/.test(name)
}

/** A name for people out of a document's title. */
export function humanNameOf(title: string): string {
  const words = title.normalize('NFC').replace(NOT_IN_HUMAN_NAME, ' ').replace(/ +/g, ' ').trim()
  return [...words].slice(0, MAX_HUMAN_NAME_CHARACTERS).join('').trim() || 'Skill'
}

/** A name for models out of a document's title: `hotel_search`. */
export function modelNameOf(title: string): string {
  const words = title
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '')
    .toLowerCase()
  return words.slice(0, MAX_MODEL_NAME_CHARACTERS).replace(/_+$/, '') || 'skill'
}
