import 'katex/dist/katex.min.css'
import rehypeKatex from 'rehype-katex'
import remarkMath from 'remark-math'
import type { PluginConfig } from 'streamdown'

/** Formulas between double dollars. A single dollar is money. */
export const math: NonNullable<PluginConfig['math']> = {
  name: 'katex',
  type: 'math',
  remarkPlugin: [remarkMath, { singleDollarTextMath: false }],
  // What a model writes is not trusted: no links or images in formulas, no endless macros, no giant rules.
  rehypePlugin: [
    rehypeKatex,
    { trust: false, strict: 'ignore', maxExpand: 500, maxSize: 40, errorColor: 'var(--danger)' },
  ],
}
