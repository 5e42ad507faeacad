import { answer, type FakeReply } from '../../server/src/models/fake-openai.ts'
import type { ScriptedLane } from './workbench.ts'

/** An answer with everything that Markdown has. */
export const RICH = `## Palindromes

A palindrome reads the same **forwards and backwards**; see [Wikipedia](https://en.wikipedia.org/wiki/Palindrome).

1. Try every centre, between characters as well as on them.
2. Grow outwards while both sides agree.
3. Keep the longest.

\`\`\`python
def longest_palindrome(text: str) -> str:
    """Grows a palindrome around every centre."""
    best = ""
    for centre in range(len(text)):
        for left, right in ((centre, centre), (centre, centre + 1)):
            while left >= 0 and right < len(text) and text[left] == text[right]:
                left, right = left - 1, right + 1
            best = max(best, text[left + 1 : right], key=len)  # the loop goes one too far
    return best
\`\`\`

| Method | Time | Memory |
| --- | --- | --- |
| Every substring | O(n³) | O(1) |
| Around centres | O(n²) | O(1) |
| Manacher | O(n) | O(n) |

The running time follows from $$\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}$$ steps, which costs $5 or less.

> Premature optimisation is the root of all evil.

![A tracking picture](https://tracker.example/pixel.png)
<img src="https://tracker.example/raw.png"><script>window.hacked = true</script>
[harmless?](javascript:window.hacked=true)

- [x] tested
- [ ] **진짜 중요한**것은 \`len()\`입니다.
`

const SENTENCES = [
  'A vaccine shows the immune system a harmless likeness of a germ.',
  'White blood cells that happen to fit it multiply, and some of them stay for years.',
  'When the real germ arrives, they recognise it at once and answer within hours instead of days.',
  'That is why the second meeting with an illness is so often no illness at all.',
]

/** Splits a text into pieces of a few characters, as models do. */
function pieces(text: string, size = 6): string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'gu')) ?? []
}

const slowly = (text: string, chunkDelayMs: number): FakeReply => answer(pieces(text), { chunkDelayMs })

function countEndlessly(): FakeReply {
  return slowly(Array.from({ length: 400 }, (_, index) => `Line ${index + 1} of many.\n\n`).join(''), 15)
}

/** Models of which each does one thing. */
export const LANES: Record<string, ScriptedLane> = {
  rich: { displayName: 'Aria Large', price: 2.5, reply: () => slowly(RICH, 4) },
  prose: { displayName: 'Brook Mini', price: 0.15, reply: () => slowly(SENTENCES.join(' '), 12) },
  failing: {
    displayName: 'Cedar 9B',
    reply: () => ({
      status: 429,
      json: {
        error: { message: 'You exceeded your current quota, please check your plan.', code: 'insufficient_quota' },
      },
    }),
  },
  endless: { displayName: 'Delta Preview', reply: countEndlessly },
  other: { displayName: 'Echo Preview', reply: countEndlessly },
  tiny: { displayName: 'Fir Tiny', contextTokens: 1024, reply: () => answer(['Short and ', 'forgetful.']) },
}
