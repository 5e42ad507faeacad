import { describe, expect, it } from 'vitest'
import { chromiumPath, NO_CHROMIUM } from './browser.ts'
import { RICH } from './scripted-lanes.ts'
import { ask, choose, lane, useWorkbench } from './signed-in.ts'

if (!chromiumPath) console.warn(`The page is not tested: ${NO_CHROMIUM}`)

describe.skipIf(!chromiumPath)('asking', () => {
  const { open, workbench } = useWorkbench()

  it('shows each answer in its lane with what it took, and keeps the others when one fails', async () => {
    const page = await open()
    await choose(page, 'Aria Large', 'Brook Mini', 'Cedar 9B')
    await ask(page, 'Why is the sky blue?')

    const aria = lane(page, 'Aria Large')
    await aria.getByText('Done', { exact: true }).waitFor()
    await lane(page, 'Brook Mini').getByText('Done', { exact: true }).waitFor()
    await lane(page, 'Cedar 9B').getByText('You exceeded your current quota').waitFor()
    expect(await lane(page, 'Cedar 9B').getByText('Failed', { exact: true }).count()).toBe(1)

    const metrics = await aria.locator('dl > div').allTextContents()
    expect(metrics.map((text) => text.replaceAll(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/Tokens in ?↑ \d+/),
      expect.stringMatching(/Tokens out ?↓ \d+/),
      expect.stringMatching(/First token ?first [\d.]+s/),
      expect.stringMatching(/Total time ?total [\d.]+s/),
      expect.stringMatching(/Cost ?\$0\.\d+/),
    ])
    const widths = await page.locator('.lane-place').evaluateAll((lanes) => lanes.map((lane) => lane.clientWidth))
    expect(new Set(widths).size).toBe(1)
    expect(widths[0]).toBeGreaterThanOrEqual(400)
  })

  it('shows Markdown, and what is dangerous in it only as text', async () => {
    const page = await open()
    await choose(page, 'Aria Large')
    await ask(page, 'Show everything')
    const answer = lane(page, 'Aria Large')
    await answer.getByText('Done', { exact: true }).waitFor()

    await answer.getByRole('heading', { name: 'Palindromes' }).waitFor()
    await answer.getByRole('cell', { name: 'O(n³)' }).waitFor()
    await answer.locator('figure span[style*="--code-token-keyword"]').first().waitFor()
    await answer.locator('.katex').first().waitFor()
    expect(await answer.getByText('which costs $5 or less').count()).toBe(1)
    expect(await answer.locator('strong', { hasText: '진짜 중요한' }).count()).toBe(1)

    const link = answer.getByRole('link', { name: 'Wikipedia' })
    expect(await link.getAttribute('rel')).toContain('noopener')
    expect(await link.getAttribute('target')).toBe('_blank')
    expect(await answer.locator('img, script, iframe').count()).toBe(0)
    expect(await answer.locator('a[href^="javascript"]').count()).toBe(0)
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false)
  })

  it('copies code as it was written', async () => {
    const page = await open('/', { permissions: ['clipboard-read', 'clipboard-write'] })
    await choose(page, 'Aria Large')
    await ask(page, 'Some code')
    await lane(page, 'Aria Large').getByText('Done', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Copy code' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    const code = /```python\n([\s\S]+?)\n```/.exec(RICH)?.[1]
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code)
  })

  it('misses nothing when it is reloaded in the middle', async () => {
    const page = await open()
    await choose(page, 'Brook Mini', 'Delta Preview')
    const sessionId = await ask(page, 'Count')
    await page.getByText('Line 3 of many.').waitFor()
    await page.reload()
    await lane(page, 'Delta Preview').getByText('Answering', { exact: true }).waitFor()
    await page.getByText('Line 20 of many.').waitFor()
    await page.getByText('Line 2 of many.').waitFor()
    await page.getByRole('button', { name: 'Stop Delta Preview' }).click()
    await lane(page, 'Delta Preview').getByText('Stopped', { exact: true }).waitFor()

    const { responses } = await workbench().etude.getSession(sessionId)
    const stored = responses.find(({ model_name }) => model_name === 'endless')?.response_text ?? ''
    const shown = await lane(page, 'Delta Preview').locator('.answer p').allTextContents()
    expect(shown).toEqual(stored.trim().split(/\n+/))
  })

  it('goes on by itself after the connection was lost', async () => {
    const page = await open()
    await choose(page, 'Delta Preview')
    await ask(page, 'Count')
    await page.getByText('Line 3 of many.').waitFor()
    const resumed = page.waitForRequest(/\/events\?after=\d+/)
    workbench().cutConnections()
    await resumed
    await page.getByText('Line 60 of many.').waitFor()
    const lines = await lane(page, 'Delta Preview').locator('.answer p').allTextContents()
    const numbers = lines.slice(0, 60).map((line) => Number(/Line (\d+) of/.exec(line)?.[1]))
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    await page.keyboard.press('Escape')
  })

  it('stops one lane, then with Esc all of them, and keeps what they have said', async () => {
    const page = await open()
    await choose(page, 'Delta Preview', 'Echo Preview')
    await ask(page, 'Count')
    await lane(page, 'Delta Preview').getByText('Line 3 of many.').waitFor()
    await page.getByRole('button', { name: 'Stop Delta Preview' }).click()
    await lane(page, 'Delta Preview').getByText('Stopped', { exact: true }).waitFor()
    await lane(page, 'Echo Preview').getByText('Line 20 of many.').waitFor()
    await page.keyboard.press('Escape')
    await lane(page, 'Echo Preview').getByText('Stopped', { exact: true }).waitFor()
    await lane(page, 'Delta Preview').getByText('Line 3 of many.').waitFor()
    expect(await page.getByRole('button', { name: /^Ask 2 models/ }).count()).toBe(1)
  })

  it('asks the next prompt of the lanes that are on, and leaves the focus where it is', async () => {
    const page = await open()
    await choose(page, 'Aria Large', 'Brook Mini')
    await ask(page, 'First')
    await lane(page, 'Aria Large').getByText('Done', { exact: true }).waitFor()
    await lane(page, 'Brook Mini').getByText('Done', { exact: true }).waitFor()
    await choose(page, 'Brook Mini')
    await ask(page, 'Second')
    await page.getByText('Not asked').waitFor()
    await lane(page, 'Brook Mini').getByText('Done', { exact: true }).waitFor()
    expect(await page.getByRole('article', { name: 'Brook Mini' }).count()).toBe(2)
    expect(await page.getByRole('article', { name: 'Aria Large' }).count()).toBe(1)
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('composer')
  })

  it('announces beginning and end of each lane, not its words', async () => {
    const page = await open()
    await choose(page, 'Brook Mini', 'Cedar 9B')
    await ask(page, 'Say it')
    await lane(page, 'Brook Mini').getByText('Done', { exact: true }).waitFor()
    const said = await page.locator('article > [role="status"]').allTextContents()
    expect(said).toEqual(['Brook Mini has finished', 'Cedar 9B failed: The provider is receiving too many requests.'])
    await page.reload()
    await lane(page, 'Brook Mini').waitFor()
    expect((await page.locator('article > [role="status"]').allTextContents()).join('')).toBe('')
  })

  it('says what no longer fitted, and shows the summary that was sent instead', async () => {
    const { etude } = workbench()
    const prompt = 'Many words about very little. '.repeat(40)
    const { session_id } = await etude.run({ classId: 1, prompt, models: ['tiny'], summaryModel: 'prose' })
    for (let turns = 1; turns < 6; turns++) await etude.chat(session_id, { prompt })
    const page = await open(`/sessions/${session_id}`)
    const note = lane(page, 'Fir Tiny').getByText(/earlier turns did not fit\. prose has summarised \d of them\./)
    await note.click()
    await lane(page, 'Fir Tiny').getByText('A vaccine shows the immune system').waitFor()

    await page.getByLabel('Prompt', { exact: true }).fill('And now?')
    await page.getByRole('button', { name: /^Window: \d+% used$/ }).click()
    const ring = page.getByRole('dialog', { name: 'What is sent to each model' })
    await ring.getByText('This prompt').waitFor()
    expect(await ring.getByRole('region', { name: 'Fir Tiny' }).locator('dt').allTextContents()).toEqual([
      'Summary',
      'History',
      'This prompt',
      'Kept free for the answer',
    ])
    await ring.getByText(/earlier turns will not be sent/).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('[aria-label^="Window:"]:focus').waitFor()
  })

  it('never asks with the Enter that ends the composition of a word', async () => {
    const page = await open()
    await choose(page, 'Brook Mini')
    const field = page.getByLabel('Prompt', { exact: true })
    await field.fill('')
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('Input.imeSetComposition', { text: '한글', selectionStart: 2, selectionEnd: 2 })
    // Browsers differ in what they tell of a key that belongs to an input method; some say only one of these.
    for (const told of [{ isComposing: true }, { keyCode: 229 }])
      await field.evaluate((element, told) => {
        const init = { key: 'Enter', code: 'Enter', ctrlKey: true, bubbles: true, cancelable: true, ...told }
        element.dispatchEvent(new KeyboardEvent('keydown', init))
      }, told)
    await devtools.send('Input.insertText', { text: '한글' })
    expect(await field.inputValue()).toBe('한글')
    expect(new URL(page.url()).pathname).toBe('/')
    await page.keyboard.press('Enter')
    expect(await field.inputValue()).toBe('한글\n')
    expect(await page.getByRole('button', { name: /^Ask 1 model/ }).isEnabled()).toBe(true)
    await page.keyboard.press('Control+Enter')
    await page.waitForURL(/sessions/)
  })

  it('keeps the end in sight until somebody scrolls up', async () => {
    const page = await open()
    await choose(page, 'Delta Preview')
    await ask(page, 'Count')
    await page.getByText('Line 30 of many.').waitFor()
    const distance = () =>
      page.locator('.conversation').evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop)
    expect(await distance()).toBeLessThan(60)
    await page.locator('.conversation').hover()
    await page.mouse.wheel(0, -250)
    await page.getByText('Line 60 of many.').waitFor()
    expect(await distance()).toBeGreaterThan(300)
    await page.getByRole('button', { name: 'Go to the latest' }).click()
    await page.getByText('Line 70 of many.').waitFor()
    expect(await distance()).toBeLessThan(60)
    await page.keyboard.press('Escape')
    await lane(page, 'Delta Preview').getByText('Stopped', { exact: true }).waitFor()
    await expect.poll(distance).toBeLessThan(60)
  })
})
