import { createHash } from 'node:crypto'

const MAX_OP_NAME_LENGTH = 128
const MAX_DISPLAY_NAME_LENGTH = 1024
const DELIMITER = /[,;| /?.]/

/** Shortens an op's name of 128 characters or more; names that differ stay different. */
export function shortenOpName(name: string): string {
  if (name.length < MAX_OP_NAME_LENGTH) return name
  return shorten(name, MAX_OP_NAME_LENGTH, `:${createHash('sha256').update(name).digest('hex').slice(0, 4)}`)
}

export function shortenDisplayName(name: string): string {
  return name.length < MAX_DISPLAY_NAME_LENGTH ? name : shorten(name, MAX_DISPLAY_NAME_LENGTH, '...')
}

/** Cuts at the last place between words that leaves room for `end`, or anywhere when there is none. */
function shorten(name: string, maxLength: number, end: string): string {
  const room = maxLength - end.length
  let cut = room
  while (cut > 0 && !DELIMITER.test(name[cut] ?? '')) cut--
  return name.slice(0, cut > 0 ? cut : room) + end
}
