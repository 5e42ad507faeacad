import { featuresOf } from './words.ts'

export type Extraction = {
  /** The sentences that fit, in the order in which they stood. */
  sentences: string[]
  /** Words or pairs of characters that question and sentences share. */
  shared: string[]
}

/** Least part of the question that a sentence must speak of. */
const LEAST_EVIDENCE = 0.18

/**
 * Chooses the sentences that speak of what the question asks.
 *
 * Rare words count more than those that stand in every sentence.
 *
 * @param breadth 0 (only the best) to 2 (whatever is near): the temperature.
 */
export function extract(question: string, sentences: readonly string[], breadth: number): Extraction {
  const asked = featuresOf(question)
  const features = sentences.map(featuresOf)
  const rarity = rarityIn(features)
  const askedWeight = total([...asked.values()])
  const reachable = total([...asked].map(([feature, weight]) => weight * (rarity.get(feature) ?? 0)))
  if (askedWeight === 0 || reachable === 0) return { sentences: [], shared: [] }

  const scored = features.map((found, index) => {
    const shared = [...asked].filter(([feature]) => found.has(feature))
    const evidence = total(shared.map(([, weight]) => weight)) / askedWeight
    const score = total(shared.map(([feature, weight]) => weight * (rarity.get(feature) ?? 0))) / reachable
    return { index, shared, score: evidence >= LEAST_EVIDENCE ? score : 0 }
  })
  return best(scored, sentences, breadth)
}

/** Chooses the sentences that say most of what the others say too: a summary. */
export function summarise(sentences: readonly string[], breadth: number): Extraction {
  const features = sentences.map(featuresOf)
  const often = new Map<string, number>()
  for (const found of features) for (const feature of found.keys()) often.set(feature, (often.get(feature) ?? 0) + 1)
  const scored = features.map((found, index) => {
    const shared = [...found].filter(([feature]) => (often.get(feature) ?? 0) > 1)
    const weight = total(shared.map(([feature, value]) => value * ((often.get(feature) ?? 0) - 1)))
    // What stands first usually says what it is about.
    return { index, shared, score: (weight + 1) / Math.sqrt(found.size + 4) + (index === 0 ? 0.5 : 0) }
  })
  return best(scored, sentences, breadth + 0.8)
}

type Scored = { index: number; shared: [feature: string, weight: number][]; score: number }

function best(scored: Scored[], sentences: readonly string[], breadth: number): Extraction {
  const ranked = scored.filter((one) => one.score > 0).sort((a, b) => b.score - a.score || a.index - b.index)
  const floor = (ranked[0]?.score ?? 0) * Math.max(0.15, 0.75 - breadth * 0.3)
  const chosen = ranked.filter((one) => one.score >= floor).slice(0, 2 + Math.round(breadth * 2))
  return {
    sentences: chosen.sort((a, b) => a.index - b.index).map((one) => sentences[one.index]!),
    shared: [...new Set(chosen.flatMap((one) => one.shared.map(([feature]) => feature)))],
  }
}

function rarityIn(features: readonly Map<string, number>[]): Map<string, number> {
  const documents = new Map<string, number>()
  for (const found of features)
    for (const feature of found.keys()) documents.set(feature, (documents.get(feature) ?? 0) + 1)
  return new Map([...documents].map(([feature, count]) => [feature, Math.log(1 + features.length / count)]))
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}
