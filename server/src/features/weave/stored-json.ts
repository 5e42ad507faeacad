import { type Json, JsonText, parseExactJson, printExactly, printJson } from './exact-json.ts'

/*
 * How the Weave dialect keeps JSON and text in the database, see docs/decisions/2026-11-25-weave-json-is-exact-text.md:
 * JSON is compact text in `text` columns, so nothing of its numbers and of the order of its keys is lost. What no
 * PostgreSQL text can hold (NUL, halves of surrogate pairs) is written as U+E000 and the four hexadecimal digits of the
 * UTF-16 unit, U+E000 itself too. Both engines see the same text, so both answer queries alike.
 */

const ESCAPE = '\ue000'
const UNSTORABLE = /[\0\ue000]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** JSON for a `text` column. */
export function storeJson(value: unknown): string {
  const text = printJson(value)
  // JSON.stringify writes NUL and halves of pairs as escapes.
  if (!text.includes('\\u') && !text.includes(ESCAPE)) return text
  return printExactly(value, (string) => JSON.stringify(storeText(string)))
}

/** A text for a `text` column. */
export function storeText(text: string): string {
  return text.includes('\0') || text.includes(ESCAPE) || !text.isWellFormed()
    ? text.replace(UNSTORABLE, (unit) => ESCAPE + unit.charCodeAt(0).toString(16).padStart(4, '0'))
    : text
}

/** The text as it was before {@link storeText}. */
export function restoreText(stored: string): string {
  return stored.includes(ESCAPE)
    ? stored.replace(/\ue000([0-9a-f]{4})/g, (_, unit: string) => String.fromCharCode(Number.parseInt(unit, 16)))
    : stored
}

/** Stored JSON as it leaves in a reply, without parsing it. */
export function restoreJsonText(stored: string): JsonText {
  return new JsonText(stored.includes(ESCAPE) ? stored.replace(/\ue000([0-9a-f]{4})/g, '\\u$1') : stored)
}

/** Stored JSON as the value that it was. */
export function restoreJson(stored: string): Json {
  return parseExactJson(restoreJsonText(stored).text)
}
