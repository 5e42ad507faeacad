import type { Database } from '../../db/open.ts'
import { appForTest } from '../../testing.ts'

/** An application with people who use feedback, and what they send, as raw text. */
export async function feedbackApp(database: Database) {
  const { app, services, person } = await appForTest(database, [])
  const boss = await person('boss', { isAdmin: true })
  const keys = new Map<string, string>()
  for (const handle of ['ada', 'bob', 'tutor']) keys.set(handle, (await person(handle)).authorization)
  const { class_id } = (await boss.post('/classes', { name: 'First', slug: 'first', status: 'active' })).json()
  for (const [handle, role] of Object.entries({ ada: 'student', bob: 'student', tutor: 'teacher' }))
    await boss.post(`/classes/${class_id}/members`, { handle, role })

  /** @param body JSON text, or what is made into it. */
  const send = async (path: string, body: unknown, handle = 'ada') => {
    const reply = await app.inject({
      method: 'POST',
      url: path,
      headers: { authorization: keys.get(handle) ?? '' },
      payload: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: reply.statusCode, text: reply.body, body: isJson(reply.headers) ? reply.json() : undefined }
  }

  return {
    app,
    services,
    send,
    create: (given: object = {}, handle?: string) => send('/feedback/create', feedback(given), handle),
    query: async (given: object = {}, handle?: string) =>
      (await send('/feedback/query', { project_id: 'ada/demo', ...given }, handle)).body,
  }
}

/** The least that is feedback. */
export function feedback(given: object = {}): Record<string, unknown> {
  return {
    project_id: 'ada/demo',
    weave_ref: 'weave:///ada/demo/call/018f1f2a-9c2b-7d3e-b5a1-8c9d2e4f6a7b',
    feedback_type: 'custom',
    payload: { note: 'good' },
    ...given,
  }
}

export function equals(field: string, literal: unknown): object {
  return { $expr: { $eq: [{ $getField: field }, { $literal: literal }] } }
}

function isJson(headers: Record<string, unknown>): boolean {
  return String(headers['content-type']).startsWith('application/json;')
}
