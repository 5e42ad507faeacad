/** A question with the answer that somebody wants to see: shown to a model before the real question. */
export type FewShotExample = FewShotDraft & {
  exampleId: number
  personId: number
  /** Null for one's own. */
  source: 'user_fewshot' | 'class_shared' | 'partner_fewshot' | null
  createdAt: string
  updatedAt: string
  /** The classes with which it is shared, as far as the reader may know. */
  classIds: number[]
}

/** What a person says of an example. */
export type FewShotDraft = {
  title: string | null
  inputText: string
  outputText: string
  meta: Record<string, unknown>
  isActive: boolean
}

/** Permission for a class to use what one of its teachers or assistants owns. */
export type Share = {
  shareId: number
  classId: number
  personId: number
  isActive: boolean
  createdAt: string
}

export const MAX_TEXT_CHARACTERS = 20_000
export const MAX_EXAMPLES_PER_PERSON = 2_000
