import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { chromiumPath } from './browser.ts'
import { LANES } from './scripted-lanes.ts'
import { useWorkbench } from './signed-in.ts'

const api = await startHotelApi()
afterAll(() => api.close())

describe.skipIf(!chromiumPath)('the page for skills', () => {
  const { open, workbench } = useWorkbench(LANES, [api.origin])

  it('go from a pasted document to an answer, by way of a secret, a skillset and a version', async () => {
    const page = await open()
    await page.getByRole('link', { name: 'Skills', exact: true }).click()
    await page.getByRole('button', { name: 'New skill', exact: true }).click()
    await page.getByRole('textbox', { name: 'OpenAPI document' }).fill('openapi: nonsense')
    await page.getByRole('button', { name: 'Check the document' }).click()
    await page.getByText('Nothing of this document can be used yet.').waitFor()

    await page.getByRole('textbox', { name: 'OpenAPI document' }).fill(JSON.stringify(api.document))
    await page.getByRole('button', { name: 'Check the document' }).click()
    await page.getByText('Nothing is wrong with this document.').waitFor()
    await page.getByLabel('Name', { exact: true }).fill('Hotels')
    await page.getByRole('checkbox', { name: /^bookHotel/ }).uncheck()
    expect(await page.getByLabel('Ask me before bookHotel').isDisabled()).toBe(true)
    await page.getByText('1 of 2 operations').waitFor()
    await page.getByRole('button', { name: 'Save as a skill' }).click()

    await page.getByRole('heading', { name: 'Hotels', level: 1 }).waitFor()
    await page.getByLabel('Secret for key').fill('sk-very-secret-1234')
    await page.getByRole('button', { name: 'Set', exact: true }).click()
    await page.getByText('…1234').waitFor()
    expect(await page.content()).not.toContain('very-secret')

    await page.getByRole('banner').getByRole('link', { name: 'Skills' }).click()
    await page.getByRole('button', { name: 'New skillset' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Trips')
    await page.getByRole('checkbox', { name: /^Hotels/ }).check()
    await page.getByLabel('Instructions').fill('Answer in one sentence.')
    expect(await page.getByRole('button', { name: 'Publish' }).isDisabled()).toBe(true)
    await page.getByRole('combobox', { name: 'Model' }).selectOption('etude-extract')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Saved.').waitFor()
    await page.getByRole('heading', { name: 'Trips', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('Version 1 is published.').waitFor()

    await page.getByLabel('Question').fill('Search hotels in Jeju')
    await page.keyboard.press('Control+Enter')
    const call = page.getByRole('list', { name: 'Calls of skills' }).getByRole('listitem').first()
    await call.getByText('200').waitFor()
    await page.getByRole('region', { name: 'Answer' }).waitFor()
    await call.locator('summary').focus()
    await page.keyboard.press('Enter')
    await call.getByText(/Sea Palace/).waitFor()
    expect(api.keys).toContain('sk-very-secret-1234')
    expect(await page.content()).not.toContain('very-secret')
  })

  it('tell two editors apart, and are not deleted while they are needed', async () => {
    const { skills } = workbench().etude
    const skill = await skills.create({ document: api.document, name_for_human: 'Rooms', name_for_model: 'rooms' })
    const set = await skills.createSkillset({ name: 'Stays', skill_ids: [skill.skill_id] })
    const page = await open(`/skillsets/${set.skillset_id}`)
    await page.getByLabel('Name', { exact: true }).fill('Mine')
    await skills.updateSkillset(set.skillset_id, { name: 'Theirs' })
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Somebody else changed this skillset meanwhile.').waitFor()

    await page.goto(`${workbench().url}/skills/${skill.skill_id}`)
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('A skillset uses this skill.').waitFor()
    await page.keyboard.press('Escape')
    await skills.deleteSkillset(set.skillset_id)
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('heading', { name: 'Skills', level: 1 }).waitFor()
    expect((await skills.list({ search: 'Rooms' })).total).toBe(0)
  })
})

/** A real API on loopback, and its document. */
async function startHotelApi() {
  const keys: unknown[] = []
  const server = createServer((request, response) => {
    keys.push(request.headers['x-key'])
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({ items: [{ name: 'Sea Palace', area: 'Jeju', price: 120 }], key: request.headers['x-key'] }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const document = {
    openapi: '3.1.0',
    info: { title: 'Hotel Search', version: '1.0', description: 'Finds and books hotels by area.' },
    servers: [{ url: `${origin}/v1` }],
    paths: {
      '/hotels': {
        get: {
          operationId: 'searchHotels',
          summary: 'Search hotels in an area',
          parameters: [
            { name: 'area', in: 'query', required: true, description: 'Area, e.g. Jeju', schema: { type: 'string' } },
          ],
          responses: { '200': { description: 'Hotels' } },
          security: [{ key: [] }],
        },
        post: { operationId: 'bookHotel', summary: 'Book a hotel', responses: { '200': { description: 'Booked' } } },
      },
    },
    components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } } },
  }
  return {
    origin,
    document,
    keys,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
