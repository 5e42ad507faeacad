import type { en } from './en.ts'

/** Every sentence of the page in one language. Korean and Japanese have no singular of their own. */
export type Catalog = Translated<typeof en>

type Translated<Node> = {
  [Key in keyof Node as Key extends `${string}_one` ? never : Key]: Node[Key] extends string
    ? string
    : Translated<Node[Key]>
}
