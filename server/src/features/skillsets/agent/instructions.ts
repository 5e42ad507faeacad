import { featuresOf, likeness } from '../../../models/offline/words.ts'
import { ESTIMATE } from '../../window/estimate.ts'
import type { Demonstration, SkillsetVersion } from '../skill.ts'
import type { PlanState } from './planner.ts'
import type { SkillTool } from './skill-call.ts'

/** Demonstrations that one question is shown at most, and the part of the window that they may take. */
const MOST_DEMONSTRATIONS = 5
const DEMONSTRATIONS_PART = 8

/** What a planning model is told besides the conversation, whichever way it plans. */
export function instructionsFor(state: PlanState, howToCall: readonly string[]): string {
  const { tools, fence, demonstrations } = state
  const parts = [
    ...state.instructions,
    `You answer questions with the help of these skills:\n${skillLines(tools).join('\n')}`,
    [
      'How to work:',
      ...[
        ...howToCall,
        'Split a question that needs several skills. Ask for calls that do not need each other at the same time, and for those that need what another one returns afterwards.',
        'Call nothing that the question does not need, and nothing twice. When a call fails, correct its arguments and try once more; if it fails again, say what could not be found.',
        ...fence.rules,
        'Answer in the language in which the question is asked, from what was found and said, and invent nothing.',
      ].map((line) => `- ${line}`),
    ].join('\n'),
    ...state.answerFormats.map((format) => `The answer must have this form:\n${format}`),
  ]
  if (demonstrations.length > 0)
    parts.push(`Questions that were answered well:\n${demonstrations.map(inWords).join('\n\n')}`)
  return parts.join('\n\n')
}

/** The demonstrations that are most like a question, as many as a small part of the window takes. */
export function chooseDemonstrations(
  question: string,
  skillsets: readonly SkillsetVersion[],
  contextTokens: number,
): Demonstration[] {
  const all = skillsets.flatMap(({ demonstrations }) => demonstrations)
  if (all.length === 0) return []
  const asked = featuresOf(question.slice(0, 2_000))
  const ranked = all
    .map((demonstration) => ({ demonstration, score: likeness(asked, featuresOf(demonstration.query)) }))
    .toSorted((a, b) => b.score - a.score)
  let room = Math.floor(contextTokens / DEMONSTRATIONS_PART)
  const chosen: Demonstration[] = []
  for (const { demonstration } of ranked) {
    const tokens = ESTIMATE.count(inWords(demonstration))
    if (tokens > room) continue
    room -= tokens
    chosen.push(demonstration)
    if (chosen.length === MOST_DEMONSTRATIONS) break
  }
  return chosen
}

function skillLines(tools: readonly SkillTool[]): string[] {
  const skills = new Map(tools.map(({ skill }) => [skill.nameForModel, skill]))
  return [...skills.values()].map((skill) => {
    const own = tools.filter((tool) => tool.skill === skill).map(({ definition }) => definition.name)
    return `- ${skill.nameForModel}: ${skill.descriptionForModel || skill.descriptionForHuman || skill.nameForHuman} (${own.join(', ')})`
  })
}

function inWords({ query, steps, answer }: Demonstration): string {
  const calls = steps.map((step) => `${step.operationId} ${JSON.stringify(step.arguments)}`)
  return [`Question: ${query}`, ...(calls.length > 0 ? [`Calls: ${calls.join('; ')}`] : []), `Answer: ${answer}`].join(
    '\n',
  )
}
