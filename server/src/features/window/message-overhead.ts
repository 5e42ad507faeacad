/** What a request costs beside its texts: the marks that the chat template of a family of models writes around them. */
export type MessageOverhead = {
  /** For each message, its role included. */
  message: number
  /** For the beginning of the answer, once. */
  reply: number
  /** For each tool call in a message, beside its name and arguments. */
  toolCall: number
  /** For the introduction of the tools, once, when there are any; their JSON is counted besides. */
  tools: number
  /** For the introduction of a response format, once, when there is one; its JSON is counted besides. */
  responseFormat: number
  /**
   * For each image, whatever its size: the provider scales it to its own measure, and fetching it to look would delay
   * every request. The number is what the largest image costs in the GPT-4o family: 85 tokens and 8 tiles of 170.
   */
  image: number
}

const IMAGE = 85 + 8 * 170

/**
 * OpenAI's chat format: three marks and the role for each message, three for the answer. A lone "Hello" is 8 tokens.
 * Tools are rewritten in a form shorter than JSON, so that counting their JSON leaves something to spare.
 */
const OPENAI: MessageOverhead = { message: 4, reply: 3, toolCall: 8, tools: 12, responseFormat: 12, image: IMAGE }

/**
 * gpt-oss: `<|start|>role<|message|>…<|end|>`; and its template always writes a system text of its own, with the date
 * and the channels.
 */
const HARMONY: MessageOverhead = { message: 4, reply: 72, toolCall: 12, tools: 24, responseFormat: 12, image: IMAGE }

/**
 * Models with a chat template of their own. ChatML (Qwen, HyperCLOVA X and many others) writes five tokens a message
 * and three for the answer, Llama 3 five and five, Mistral fewer. The introduction of tools is that of the Hermes format.
 */
const TEMPLATE: MessageOverhead = { message: 5, reply: 5, toolCall: 16, tools: 120, responseFormat: 16, image: IMAGE }

/** The overhead that goes with a tokenizer; one that is not OpenAI's is taken for an open model's. */
export function overheadFor(tokenizer: string): MessageOverhead {
  if (tokenizer === 'o200k_harmony') return HARMONY
  return /^(o200k|cl100k|p50k|r50k)_|^gpt2$/.test(tokenizer) ? OPENAI : TEMPLATE
}
