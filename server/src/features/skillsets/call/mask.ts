/** What stands where a secret was. */
const MASK = '***'
/** Shorter ones are masked only where they stand alone, or they would tear holes in ordinary words. */
const MIN_ANYWHERE = 4
/** From here on, a secret is recognised inside a longer base64 text as well. */
const MIN_EMBEDDED = 8

export type Mask = {
  text(text: string): string
  /** The same for all strings and keys of a JSON value. */
  value(value: unknown): unknown
}

/**
 * Takes secrets out of whatever is shown: as they are, percent-encoded, as form, JSON or HTML escape them, and in base64,
 * by themselves or inside something longer.
 */
export function createMask(secrets: readonly string[]): Mask {
  const long = new Set<string>()
  const short = new Set<string>()
  for (const secret of secrets.map((text) => text.trim()))
    for (const form of secret === '' ? [] : formsOf(secret)) (form.length < MIN_ANYWHERE ? short : long).add(form)
  // Longest first: a form may be part of another.
  const longestFirst = [...long].sort((a, b) => b.length - a.length)
  const alone =
    short.size === 0 ? undefined : new RegExp(`(?<!\\w)(?:${[...short].map(escapeRegExp).join('|')})(?!\\w)`, 'g')
  const text = (shown: string) => {
    let masked = shown
    for (const form of longestFirst) masked = masked.replaceAll(form, MASK)
    return alone ? masked.replace(alone, MASK) : masked
  }
  const deep = (shown: unknown): unknown => {
    if (typeof shown === 'string') return text(shown)
    // A key that a careless API parses as a number comes back as one.
    if (typeof shown === 'number') return long.has(String(shown)) ? MASK : shown
    if (Array.isArray(shown)) return shown.map(deep)
    if (typeof shown !== 'object' || shown === null) return shown
    return Object.fromEntries(Object.entries(shown).map(([key, part]) => [text(key), deep(part)]))
  }
  // Nearly always there is nothing, which one look at the whole tells faster than one at each of its strings.
  const value = (shown: unknown) => {
    const whole = JSON.stringify(shown) ?? ''
    return text(whole) === whole ? shown : deep(shown)
  }
  return { text, value }
}

/** Whether a header, parameter or field of this name surely holds something that must not be shown. */
export function isSecretName(name: string): boolean {
  return /authorization|cookie|passw|secret|credential|signature|(api|service|access|auth|subscription|app|client|private)[-_]?(key|token)|^x[-_].*[-_](key|token)$/i.test(
    name,
  )
}

/** Whether it may: `key` can also be what is searched for, and `token` the next page. */
export function mayBeSecretName(name: string): boolean {
  return isSecretName(name) || /^(key|token|auth|sig|id_?token)$/i.test(name)
}

/** How a secret may be written: escaped, and once more whatever that gave, since APIs echo what was encoded already. */
function formsOf(secret: string): Set<string> {
  const once = [...escapedForms(secret), ...base64Forms(secret)]
  return new Set(once.flatMap((form) => [form, ...escapedForms(form), ...base64Forms(form)]))
}

function escapedForms(secret: string): string[] {
  const percent = encodeURIComponent(secret.toWellFormed())
  const strict = percent.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  const json = JSON.stringify(secret).slice(1, -1)
  const ascii = json.replace(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const html = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
  const percentForms = [percent, strict].flatMap((form) => [
    form,
    form.replace(/%[0-9A-F]{2}/g, (sign) => sign.toLowerCase()),
    form.replaceAll('%20', '+'),
  ])
  return [secret, ...percentForms, json, ascii, json.replaceAll('/', '\\/'), html, html.replaceAll("'", '&#39;')]
}

/** Base64 writes three bytes as four signs, so inside a longer text a secret looks different at each of three offsets. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const whole = bytes.toString('base64')
  const forms = [whole, whole.replace(/=+$/, '')]
  if (bytes.length >= MIN_EMBEDDED)
    for (const offset of [0, 1, 2]) {
      const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
        .toString('base64')
        .replace(/=+$/, '')
      // Signs at both ends also hold bits of the neighbours.
      const from = Math.ceil((offset * 8) / 6)
      forms.push(shifted.slice(from, Math.floor(((offset + bytes.length) * 8) / 6)))
    }
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
