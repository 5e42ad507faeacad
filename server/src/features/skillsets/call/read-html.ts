/** Of what a model sees of a page; APIs answer with pages when something is wrong. */
const MAX_CHARACTERS = 2_000
/** The rest of a page is not even looked at. */
const MAX_READ = 200_000
const WITHOUT_TEXT = ['script', 'style', 'svg', 'template', 'noscript', 'head'] as const

/** The readable text of a page, its title first, short. */
export function htmlText(html: string): string {
  const page = html.slice(0, MAX_READ)
  const title = /<title[^>]*>([^<]{0,300})/i.exec(page)?.[1] ?? ''
  const text = decodeEntities(`${title}\n${visible(page)}`)
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n[\s]*/g, '\n')
    .trim()
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS - 1).trimEnd()}…`
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

/** The five entities of XML, the commonest of HTML, and numbers; others stay as they are. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,6}));/g, (whole, decimal, hexadecimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole
    const code = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code).toWellFormed() : ''
  })
}

/** One pass from tag to tag: a pattern for whole elements would take quadratic time on a page made for that. */
function visible(page: string): string {
  const lower = page.toLowerCase()
  const parts: string[] = []
  let at = 0
  while (at < page.length) {
    const open = page.indexOf('<', at)
    if (open < 0) {
      parts.push(page.slice(at))
      break
    }
    parts.push(page.slice(at, open))
    const skipped = WITHOUT_TEXT.find(
      (name) => lower.startsWith(name, open + 1) && !/\w/.test(lower[open + 1 + name.length] ?? ''),
    )
    const end = lower.startsWith('!--', open + 1)
      ? lower.indexOf('-->', open)
      : page.indexOf('>', skipped === undefined ? open : lower.indexOf(`</${skipped}`, open))
    if (end < 0 || (skipped !== undefined && !lower.includes(`</${skipped}`, open))) break
    if (/^<\/?(p|div|br|li|tr|h\d|section|title)\b/.test(lower.slice(open, open + 10))) parts.push('\n')
    else parts.push(' ')
    at = end + 1
  }
  return parts.join('')
}
