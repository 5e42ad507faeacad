import { isObject, type Node } from './node.ts'
import type { Problems } from './problem.ts'

const MAX_HOPS = 20

/** Follows `$ref`s inside one document. Other documents are never fetched: that would let a document choose what is read. */
export class References {
  readonly root: unknown
  readonly #problems: Problems

  constructor(root: unknown, problems: Problems) {
    this.root = root
    this.#problems = problems
  }

  /** What a node stands for after all its references; undefined, with a problem said, when they lead nowhere. */
  follow(node: Node): Node | undefined {
    let at = node
    const seen = new Set<string>()
    while (isObject(at.value) && typeof at.value.$ref === 'string') {
      if (seen.has(at.pointer) || seen.size === MAX_HOPS) {
        this.#problems.error(node.pointer, 'The $ref leads only to itself.', 'Let one of them hold the thing itself.')
        return undefined
      }
      seen.add(at.pointer)
      const target = this.find(at.value.$ref, at.pointer)
      if (!target) return undefined
      at = target
    }
    return at
  }

  /** The target of one reference; undefined, with a problem said at `from`, when there is none. */
  find(reference: string, from: string): Node | undefined {
    const shown = reference.length > 200 ? `${reference.slice(0, 200)}…` : reference
    if (!reference.startsWith('#')) {
      this.#problems.error(
        `${from}/$ref`,
        `The $ref ${shown} leads to another document, which is never fetched.`,
        'Copy what it refers to into this document, for instance with a tool that bundles documents, and refer to it as #/components/….',
      )
      return undefined
    }
    const found = reference === '#' ? { value: this.root, pointer: '' } : this.#walk(reference.slice(1))
    if (!found)
      this.#problems.error(
        `${from}/$ref`,
        `The $ref ${shown} leads nowhere.`,
        'Add what it refers to, or correct the reference; it is a JSON pointer such as #/components/schemas/Hotel.',
      )
    return found
  }

  #walk(fragment: string): Node | undefined {
    if (!fragment.startsWith('/')) return undefined
    let value: unknown = this.root
    for (const part of fragment.slice(1).split('/')) {
      const key = unescapePointer(part)
      if (typeof value !== 'object' || value === null || key === undefined || !Object.hasOwn(value, key))
        return undefined
      value = (value as Record<string, unknown>)[key]
    }
    return { value, pointer: fragment }
  }
}

function unescapePointer(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return undefined
  }
}
