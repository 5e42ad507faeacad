/** Somebody who can sign in or use a key. */
export type Person = {
  personId: number
  /** Unique, lower case; also the name of the person's Weave entity. */
  handle: string
  name: string
  isAdmin: boolean
}
