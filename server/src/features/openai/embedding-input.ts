import { ParameterError } from './errors.ts'

export type EmbeddingInput = string | string[] | number[] | number[][]

/**
 * The texts to make vectors of.
 *
 * LangChain and other clients send token numbers in the encoding of OpenAI's own embedding models (cl100k_base). Other
 * models do not know these, so they become texts again.
 *
 * @throws {ParameterError} when a number is no token of that encoding.
 */
export async function textsOf(input: EmbeddingInput): Promise<string[]> {
  if (typeof input === 'string') return [input]
  if (isTexts(input)) return input
  const { default: encoding } = await import('gpt-tokenizer/encoding/cl100k_base')
  return (isTokens(input) ? [input] : input).map((tokens) => {
    try {
      return encoding.decode(tokens)
    } catch {
      throw new ParameterError('input', 'invalid_value', 'A number is no token of the encoding cl100k_base.')
    }
  })
}

function isTexts(input: Exclude<EmbeddingInput, string>): input is string[] {
  return typeof input[0] === 'string'
}

function isTokens(input: number[] | number[][]): input is number[] {
  return typeof input[0] === 'number'
}
