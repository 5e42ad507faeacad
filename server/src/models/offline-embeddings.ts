import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ModelConfig } from '../config.ts'
import type { EmbeddingModel, Embeddings } from './embedding-model.ts'
import { countTokens } from './offline/words.ts'

const DIMENSIONS = 1024

/** What the catalog says of the embedding model that needs nothing: no key, no network, no configuration. */
export const OFFLINE_EMBEDDINGS: readonly (ModelConfig & { displayName: string })[] = [
  {
    name: 'etude-embed',
    displayName: 'Etude Embed (offline)',
    provider: 'offline',
    model: 'etude-embed',
    modality: 'embedding',
    dimensions: DIMENSIONS,
    contextTokens: 32_768,
    maxOutputTokens: 1,
    tokenizer: 'estimate',
    pricePerMillionTokens: { input: 0, output: 0 },
    unsupported: [],
    capabilities: { tools: false, images: false, json: false },
  },
]

/** Longest that the event loop may wait for a long text, in milliseconds. */
const TURN_MS = 8
const PIECE_CHARACTERS = 4096

/**
 * Vectors of the words and pairs of characters in a text, hashed into 1,024 numbers: the same text has the same vector
 * everywhere, and texts are near each other when they share words, not when they mean the same.
 */
export class OfflineEmbeddings implements EmbeddingModel {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  async embed(texts: readonly string[], signal: AbortSignal): Promise<Embeddings> {
    let turnBegan = performance.now()
    let inputTokens = 0
    const vectors: Float32Array[] = []
    for (const text of texts) {
      const features = new Map<number, number>()
      for (const piece of piecesOf(text)) {
        addFeatures(features, piece)
        inputTokens += countTokens(piece)
        if (performance.now() - turnBegan < TURN_MS) continue
        await nextTurn()
        signal.throwIfAborted()
        turnBegan = performance.now()
      }
      // Nothing but signs: at least the same signs shall have the same vector.
      if (features.size === 0) features.set(hash(text.trim()), 1)
      vectors.push(toVector(features))
    }
    signal.throwIfAborted()
    return { vectors, inputTokens }
  }
}

/** Cut at spaces, so that no word is cut unless it is as long as a piece. */
function* piecesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const limit = start + PIECE_CHARACTERS
    const space = limit < text.length ? text.lastIndexOf(' ', limit) : -1
    const end = space > start ? space : limit
    yield text.slice(start, end)
    start = end
  }
}

const WORD =
  /\p{Script=Hangul}+|[\p{Script=Han}々]+|[\p{Script=Katakana}ー]+|\p{Script=Hiragana}+|(?:(?![\p{Script=Hangul}\p{Script=Han}\p{Script=Katakana}\p{Script=Hiragana}])[\p{L}\p{N}])+/gu
const WITHOUT_SPACES = /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Katakana}\p{Script=Hiragana}ー々]/u
const MOSTLY_GRAMMAR = /^\p{Script=Hiragana}/u

/** A whole word weighs about as much as all its pairs of characters together; pairs find 환불 in 환불이. */
function addFeatures(features: Map<number, number>, text: string): void {
  const add = (feature: string, weight: number) => {
    const key = hash(feature)
    features.set(key, (features.get(key) ?? 0) + weight)
  }
  for (const [word] of text.normalize('NFKC').toLowerCase().matchAll(WORD)) {
    const weight = MOSTLY_GRAMMAR.test(word) ? 0.3 : 1
    add(`w ${word}`, weight)
    const padded = WITHOUT_SPACES.test(word) ? word : `^${word}$`
    const pairs = padded.length - 1
    for (let at = 0; at < pairs; at++) add(`p ${padded.slice(at, at + 2)}`, weight * (pairs < 3 ? 0.5 : 1.5 / pairs))
  }
}

/** Length 1; what occurs often counts less each time, and half of the features count below zero, so that chance hits cancel out. */
function toVector(features: ReadonlyMap<number, number>): Float32Array {
  const vector = new Float32Array(DIMENSIONS)
  let square = 0
  for (const [key, weight] of features) {
    const place = key % DIMENSIONS
    vector[place]! += (key & 0x4000_0000 ? -1 : 1) * Math.log1p(weight)
  }
  for (const number of vector) square += number * number
  if (square === 0) vector[0] = square = 1
  const length = Math.sqrt(square)
  return vector.map((number) => number / length)
}

/** FNV-1a with a last mixing, 31 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return (value ^ (value >>> 13)) >>> 1
}
