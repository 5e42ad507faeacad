import { invalidRequest, WeaveError } from '../weave/weave-error.ts'

const MAX_NAME_CHARACTERS = 128
const MAX_ALIAS_CHARACTERS = 128
const MAX_TAG_CHARACTERS = 256

/**
 * Checks the name of an object (weave.md §1.11): letters and digits of any script, `_`, `.` and `-`.
 *
 * @throws {WeaveError} in the hosted server's words.
 */
export function checkObjectName(name: string): void {
  const invalid = [...new Set(name.match(/[^\p{L}\p{N}_.-]/gu))]
  if (invalid.length > 0)
    throw new WeaveError(
      422,
      'InvalidFieldError',
      `Invalid object name: ${name}. Contains invalid characters: [${invalid.map((one) => `'${one}'`).join(', ')}]. ` +
        'Please upgrade your `weave` package to `>0.51.0` to prevent this error.',
    )
  if (name === '') throw new WeaveError(422, 'InvalidFieldError', 'Object name cannot be empty')
  if ([...name].length > MAX_NAME_CHARACTERS)
    throw invalidRequest(`String too long: ${name}. Max length is ${MAX_NAME_CHARACTERS}`)
}

/** @throws {WeaveError} unless it is words of letters, digits, `-` and `_`, with one blank between. */
export function checkTag(tag: string): void {
  if (tag === '') throw invalidRequest('tag name must not be empty')
  if ([...tag].length > MAX_TAG_CHARACTERS)
    throw invalidRequest(`tag name must be at most ${MAX_TAG_CHARACTERS} characters`)
  if (!/^[-\p{L}\p{N}_]+( [-\p{L}\p{N}_]+)*$/u.test(tag))
    throw invalidRequest(
      `tag name '${tag}' is invalid: only alphanumeric characters, hyphens, underscores, ` +
        'and single spaces between words are allowed',
    )
}

/** @throws {WeaveError} when it could not stand in a ref, or means something already: `latest`, `v0`, `v1`, … */
export function checkAlias(alias: string): void {
  if (alias.trim() === '') throw invalidRequest('alias name must not be empty')
  if ([...alias].length > MAX_ALIAS_CHARACTERS)
    throw invalidRequest(`alias name must be at most ${MAX_ALIAS_CHARACTERS} characters`)
  if (/[/:]/.test(alias)) throw invalidRequest(`alias name '${alias}' must not contain '/' or ':'`)
  if (/\p{Cc}/u.test(alias) || !alias.isWellFormed())
    throw invalidRequest('alias name must not contain control characters')
  if (alias === 'latest' || versionIndexOf(alias) !== undefined)
    throw invalidRequest(`alias name '${alias}' is reserved`)
}

/** 12 for `v12`: the versions of an object are counted from `v0`. */
export function versionIndexOf(version: string): number | undefined {
  const [, index] = /^v(\d{1,9})$/.exec(version) ?? []
  return index === undefined ? undefined : Number(index)
}
