/** One model that turns texts into vectors, whoever provides it. */
export interface EmbeddingModel {
  /** The catalog's logical name. */
  readonly name: string
  /**
   * Turns texts into vectors of one length, in the order of the texts.
   *
   * Aborting the signal cancels the provider's request; the promise then rejects with the signal's reason.
   *
   * @throws {ModelError} for every failure of the provider.
   */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Embeddings>
}

/** @property inputTokens as the provider counted them; undefined when it did not say. */
export type Embeddings = { vectors: Float32Array[]; inputTokens: number | undefined }
