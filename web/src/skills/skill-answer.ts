import type { AnsweredCall, SkillAnswerEvent } from '@etude/sdk/skill-answer'

/** An answer of a skillset as far as it has come. */
export type SkillAnswer = {
  state: 'none' | 'running' | 'done' | 'failed'
  /** Names for models of the skills that were chosen; undefined until they are. */
  plan: string[] | undefined
  calls: AnsweredCall[]
  text: string
  problem: string | undefined
}

export const NO_ANSWER: SkillAnswer = { state: 'none', plan: undefined, calls: [], text: '', problem: undefined }

export function applyAnswerEvent(answer: SkillAnswer, event: SkillAnswerEvent): SkillAnswer {
  switch (event.type) {
    case 'planning':
      return { ...answer, plan: event.selectedSkill }
    case 'cot':
      // What the model said before it called something was no part of the answer.
      return { ...answer, calls: [...answer.calls, ...event.calls], text: '' }
    case 'token':
      return { ...answer, text: answer.text + event.text }
    case 'finalAnswer':
      return { ...answer, text: event.finalAnswer }
  }
}
