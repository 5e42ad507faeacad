/** `shown` is the body as people may read it: the same text, or what stands for bytes. */
export type WrittenBody = { contentType: string; bytes: string | Buffer; shown: string }

/** A value that cannot stand in its place; the message is for the model. */
export class UnwritableValue extends Error {}
