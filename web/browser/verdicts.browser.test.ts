import { describe, expect, it } from 'vitest'
import { chromiumPath, NO_CHROMIUM } from './browser.ts'
import { ask, choose, lane, useWorkbench } from './signed-in.ts'

if (!chromiumPath) console.warn(`The page is not tested: ${NO_CHROMIUM}`)

const WITHIN = { timeout: 10_000 }

describe.skipIf(!chromiumPath)('saying what was good or bad', () => {
  const { open, workbench } = useWorkbench()

  it('judges one answer with the keyboard, keeps it over a reload, and takes it back', async () => {
    const page = await open()
    await choose(page, 'Brook Mini', 'Aria Large')
    const sessionId = await ask(page, 'Judge me')
    const brook = lane(page, 'Brook Mini')
    await brook.getByText('Done', { exact: true }).waitFor()
    await lane(page, 'Aria Large').getByText('Done', { exact: true }).waitFor()

    await brook.getByRole('button', { name: 'Bad answer' }).press('Enter')
    await brook.getByRole('button', { name: 'Too long' }).press('Space')
    await brook.getByRole('button', { name: 'Too long', pressed: true }).waitFor()
    await brook.getByLabel('In your own words').fill('Half would do.')
    await page.keyboard.press('Control+Enter')
    await brook.getByRole('button', { name: 'Half would do.' }).waitFor()
    // The neighbour is not judged, and nothing was asked.
    expect(await lane(page, 'Aria Large').getByRole('button', { pressed: true }).count()).toBe(0)
    const verdicts = () => workbench().etude.listVerdicts(sessionId)
    await expect
      .poll(verdicts, WITHIN)
      .toMatchObject([{ handle: 'admin', thumb: 'down', reasons: ['too_long'], note: 'Half would do.' }])

    await page.reload()
    const again = lane(page, 'Brook Mini')
    await again.getByRole('button', { name: 'Bad answer', pressed: true }).press('Enter')
    await again.getByRole('button', { name: 'Bad answer', pressed: false }).waitFor()
    await expect.poll(verdicts, WITHIN).toEqual([])
  })
})
