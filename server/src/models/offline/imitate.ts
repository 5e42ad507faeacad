import { featuresOf, likeness } from './words.ts'

type Example = { prompt: string; answer: string }

/**
 * Answers as an example did, when the prompt is near one; undefined when none is.
 *
 * The same prompt gets the same answer. Where prompt and example differ in one place and the answer names what stands
 * there, the answer is repeated with the prompt's words in that place. Where examples sort into labels, the nearest
 * example's label is given.
 */
export function imitate(prompt: string, examples: readonly Example[]): string | undefined {
  const same = examples.findLast((example) => normal(example.prompt) === normal(prompt))
  if (same) return same.answer
  for (const example of [...examples].reverse()) {
    const filled = refill(prompt, example)
    if (filled !== undefined) return filled
  }
  return label(prompt, examples)
}

const SHORTEST_COMMON_PART = 0.4

function refill(prompt: string, example: Example): string | undefined {
  const [ours, theirs] = [tokensOf(prompt), tokensOf(example.prompt)]
  let begin = 0
  while (begin < ours.length && begin < theirs.length && ours[begin] === theirs[begin]) begin++
  let end = 0
  while (end < ours.length - begin && end < theirs.length - begin && ours.at(-1 - end) === theirs.at(-1 - end)) end++
  const common = theirs
    .slice(0, begin)
    .concat(theirs.slice(theirs.length - end))
    .join('')
    .trim().length
  if (common < SHORTEST_COMMON_PART * example.prompt.length) return undefined
  const old = theirs
    .slice(begin, theirs.length - end)
    .join('')
    .trim()
  const fresh = ours
    .slice(begin, ours.length - end)
    .join('')
    .trim()
  if (old === '' || fresh === '' || !example.answer.includes(old)) return undefined
  return example.answer.replaceAll(old, fresh)
}

const LONGEST_LABEL = 24
const NEAR = 0.3
const VERY_NEAR = 0.7

function label(prompt: string, examples: readonly Example[]): string | undefined {
  if (examples.length < 2 || examples.some((example) => example.answer.length > LONGEST_LABEL)) return undefined
  const features = featuresOf(prompt)
  let nearest: { answer: string; likeness: number } | undefined
  for (const example of examples) {
    const near = likeness(features, featuresOf(example.prompt))
    if (!nearest || near > nearest.likeness) nearest = { answer: example.answer, likeness: near }
  }
  // Labels come back; answers that are all different are answers, and somebody else's answer is wrong here.
  const labelsRepeat = new Set(examples.map((example) => example.answer)).size < examples.length
  return nearest && nearest.likeness >= (labelsRepeat ? NEAR : VERY_NEAR) ? nearest.answer : undefined
}

function tokensOf(text: string): string[] {
  return text.match(/[\p{Script=Latin}\p{N}]+|\s+|[\s\S]/gu) ?? []
}

function normal(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/[\s.?!。？！]+$/u, '')
    .trim()
}
