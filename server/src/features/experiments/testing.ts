import type { Database } from '../../db/open.ts'
import type { ScriptedModel } from '../../models/testing.ts'
import { appForTest } from '../../testing.ts'

type Result = { response_id: number; response_text: string; status: string }
type WireVariant = {
  variant_id: number
  label: string
  model_name: string
  metrics: Record<string, unknown>
  responses: Result[]
}
export type WireExperiment = { experiment_id: number; session_id: number; turn_id: number; variants: WireVariant[] }
export type Blind = {
  answers: { answer_id: string; name: string; text: string }[]
  pairs: { left_answer_id: string; right_answer_id: string }[]
  pairs_left: number
  votes: { left_answer_id: string; right_answer_id: string; outcome: string }[]
}

export const EXPERIMENTS = '/user/practice/experiments'

/** The application with Mina, who runs experiments, and Jun, who is in the same class. */
export async function laboratory(database: Database, models: readonly ScriptedModel[]) {
  const test = await appForTest(database, models)
  const mina = await test.person('mina')
  const jun = await test.person('jun')

  async function run(variants: object[], more: object = {}): Promise<WireExperiment> {
    const body = { prompt_text: 'Why is the sky blue?', variants, ...more }
    const reply = await mina.post(`${EXPERIMENTS}?class_id=1`, body)
    if (reply.statusCode !== 201) throw new Error(reply.body)
    return reply.json()
  }
  const blind = async (person: typeof mina, { experiment_id }: { experiment_id: number }): Promise<Blind> =>
    (await person.get(`${EXPERIMENTS}/${experiment_id}/blind`)).json()
  const share = ({ experiment_id }: { experiment_id: number }, is_shared = true) =>
    mina.patch(`${EXPERIMENTS}/${experiment_id}`, { is_shared })
  return { ...test, mina, jun, run, blind, share }
}
