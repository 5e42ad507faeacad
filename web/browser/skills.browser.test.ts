import { describe, expect, it } from 'vitest'
import { answer, type FakeRequest } from '../../server/src/models/fake-openai.ts'
import { chromiumPath, NO_CHROMIUM } from './browser.ts'
import { ask, choose, lane, useWorkbench } from './signed-in.ts'

if (!chromiumPath) console.warn(`The page is not tested: ${NO_CHROMIUM}`)

type Message = { role: string; content: string }

/** Orders what the prompt says, and then tells whether that was done. */
function orderThings({ body }: FakeRequest) {
  const last = (body.messages as Message[]).at(-1)
  if (last?.role === 'tool') return answer([last.content.includes('not made') ? 'Not ordered.' : 'Ordered.'])
  const call = { name: 'shop__order', arguments: JSON.stringify({ item: last?.content }) }
  return {
    steps: [
      { do: 'delta' as const, delta: { tool_calls: [{ index: 0, id: 'c1', type: 'function', function: call }] } },
      { do: 'finish' as const, reason: 'tool_calls', usage: { prompt_tokens: 5, completion_tokens: 5 } },
      { do: 'done' as const },
    ],
  }
}

describe.skipIf(!chromiumPath)('calls of skills', () => {
  const { open, workbench } = useWorkbench({
    skilled: { displayName: 'Gale Skilled', tools: true, reply: orderThings },
  })

  /** A session whose agent carries a skill that needs permission. @returns the path of its page. */
  async function sessionWithSkill(): Promise<string> {
    const { url, providerOrigin, adminKey } = workbench()
    const send = async (method: string, path: string, body: object) => {
      const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }
      const reply = await fetch(url + path, { method, headers, body: JSON.stringify(body) })
      if (!reply.ok) throw new Error(await reply.text())
      return await reply.json()
    }
    const item = { name: 'item', in: 'query', required: true, schema: { type: 'string' } }
    const document = {
      openapi: '3.0.0',
      info: { title: 'Shop', version: '1' },
      servers: [{ url: providerOrigin }],
      paths: {
        '/orders': { post: { operationId: 'order', summary: 'Order something', parameters: [item], responses: {} } },
      },
    }
    const names = { name_for_human: 'The shop', name_for_model: 'shop' }
    const operations = [{ operation_id: 'order', approval: 'always' }]
    const skill = await send('POST', '/v1/skills', { document, ...names, operations })
    const { skill_id } = skill.skill ?? skill
    const { skillset_id } = await send('POST', '/v1/skillsets', { name: 'Shopping', skill_ids: [skill_id] })
    await send('POST', `/v1/skillsets/${skillset_id}/versions`, {})
    const { agent_id } = await send('POST', '/agents', {
      name: 'Shopper',
      system_prompt: 'You shop.',
      skillsets: [{ skillset_id }],
    })
    const { session_id } = await send('POST', '/user/practice/sessions', { class_id: 1, agent_id })
    return `/sessions/${session_id}`
  }

  it('ask for permission in their lane, by keyboard, and show what was called', async () => {
    const page = await open(await sessionWithSkill())
    await choose(page, 'Gale Skilled')
    await ask(page, 'tea')
    const gale = lane(page, 'Gale Skilled')
    await gale.getByText('Needs your permission').waitFor()
    await gale.getByText('Gale Skilled wants to call “Order something” of The shop.').waitFor()

    const given = gale.getByLabel('Arguments')
    await given.fill('not JSON')
    await gale.getByRole('button', { name: 'Allow once' }).press('Enter')
    await gale.getByText('The arguments are not a JSON object.').waitFor()
    await given.fill('{"item": "green tea"}')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await gale.getByText('Ordered.', { exact: true }).waitFor()

    const row = gale.getByRole('list', { name: 'Calls of skills' }).locator('summary')
    expect(await row.textContent()).toMatch(/Called: The shopOrder somethingPOST 127\.0\.0\.1:\d+200[\d.]+s/)
    await row.focus()
    await page.keyboard.press('Enter')
    await gale.getByText('item=green%20tea').waitFor()
    await page.reload()
    await lane(page, 'Gale Skilled').getByText('Order something').waitFor()
  })

  it('are not made when they are denied, and end their waiting when the lane is stopped', async () => {
    const page = await open(await sessionWithSkill())
    await choose(page, 'Gale Skilled')
    await ask(page, 'coffee')
    await lane(page, 'Gale Skilled').getByRole('button', { name: 'Deny' }).click()
    await lane(page, 'Gale Skilled').getByText('Not ordered.', { exact: true }).waitFor()
    await ask(page, 'coffee, please')
    await lane(page, 'Gale Skilled').getByRole('button', { name: 'Allow in this session' }).waitFor()
    await page.getByRole('button', { name: 'Stop Gale Skilled' }).click()
    await lane(page, 'Gale Skilled').getByText('Stopped', { exact: true }).first().waitFor()
    expect(await page.getByRole('button', { name: 'Deny' }).count()).toBe(0)
  })
})
