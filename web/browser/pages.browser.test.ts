import { describe, expect, it } from 'vitest'
import { chromiumPath, NO_CHROMIUM } from './browser.ts'
import { ask, choose, lane, useWorkbench } from './signed-in.ts'

if (!chromiumPath) console.warn(`The page is not tested: ${NO_CHROMIUM}`)

describe.skipIf(!chromiumPath)('the page', () => {
  const { open, visit, workbench } = useWorkbench()

  it('signs in with a one-time link, once, and takes the token out of the address first', async () => {
    const link = await workbench().signInUrl()
    const page = await visit('/sessions/12345')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(new URL(page.url()).searchParams.get('next')).toBe('/sessions/12345')

    // Pasted into a page that is open already: only the hash changes.
    await page.goto(link)
    await page.getByLabel('Prompt', { exact: true }).waitFor()
    expect(page.url()).not.toContain('token')

    const again = await visit(new URL(link).pathname + new URL(link).hash)
    await again.getByRole('alert').waitFor()
    expect(await again.getByRole('alert').textContent()).toContain('This link has been used')
    expect(again.url()).not.toContain('token')
  })

  it('signs in with a password and goes where it was going, and signs out', async () => {
    await workbench().addPerson('mina', '--password', 'a long enough password')
    const page = await visit('/?from=bookmark')
    await page.getByLabel('Handle').fill('mina')
    await page.getByLabel('Password').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('The handle or the password is not right.').waitFor()
    await page.getByLabel('Password').fill('a long enough password')
    await page.keyboard.press('Enter')
    await page.getByLabel('Prompt', { exact: true }).waitFor()
    expect(new URL(page.url()).search).toBe('?from=bookmark')

    await page.getByRole('button', { name: /Settings/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.goto(workbench().url)
    await page.waitForURL(/sign-in/)
  })

  it('lists sessions, finds them, renames and deletes them', async () => {
    const { etude } = workbench()
    for (let index = 1; index <= 45; index++) {
      const request = { classId: 1, prompt: `Question number ${index}`, models: ['etude-extract'] }
      // One after another, but without waiting for the answers.
      for await (const { type } of etude.streamRun(request)) if (type === 'turn-start') break
    }

    const page = await open()
    const list = page.getByRole('navigation', { name: 'Sessions' })
    await list.getByRole('link', { name: 'Question number 45' }).waitFor()
    const oldest = list.getByRole('link', { name: 'Question number 1', exact: true })
    expect(await oldest.count()).toBe(0)
    await list.locator('ul a').last().hover()
    await page.mouse.wheel(0, 5000)
    await oldest.waitFor()

    await page.getByLabel('Search sessions').fill('number 17')
    await list.getByRole('link', { name: 'Question number 45' }).waitFor({ state: 'detached' })
    await list.getByRole('link', { name: 'Question number 17' }).click()
    await page.getByRole('heading', { name: 'Question number 17', level: 1 }).waitFor()

    await page.getByRole('button', { name: 'Session actions' }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await page.getByLabel('Title').fill('A better name')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'A better name', level: 1 }).waitFor()

    await page.getByRole('button', { name: 'Session actions' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('heading', { name: 'What shall we compare?' }).waitFor()
    const { total } = await etude.listSessions({ search: 'A better name' })
    expect(total).toBe(0)
  })

  it('searches and goes with the keyboard alone', async () => {
    await workbench().etude.run({ classId: 1, prompt: 'Where do whales sleep?', models: ['etude-extract'] })
    const page = await open()
    await page.getByLabel('Prompt', { exact: true }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').waitFor()
    await page.keyboard.type('whales')
    await page.getByRole('option', { name: /Where do whales sleep/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Where do whales sleep?', level: 1 }).waitFor()
    await page.keyboard.press('Control+k')
    await page.locator('[role="combobox"]:focus').waitFor()
    await page.keyboard.type('New session')
    await page.getByRole('option', { name: 'New session', selected: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'What shall we compare?' }).waitFor()
  })

  it('takes with Enter what it showed as marked, whatever else is found meanwhile', async () => {
    for (const prompt of ['Appearance: Dark matter', 'What is an appearance: dark or light?'])
      await workbench().etude.run({ classId: 1, prompt, models: ['etude-extract'] })
    const page = await open()
    let answerSearch = () => {}
    const searchAnswered = new Promise<void>((resolve) => {
      answerSearch = resolve
    })
    await page.route(/q=appearance/i, async (route) => {
      await searchAnswered
      await route.continue()
    })
    await page.getByLabel('Prompt', { exact: true }).waitFor()
    await page.keyboard.press('Control+k')
    await page.locator('[role="combobox"]:focus').waitFor()
    await page.getByRole('option', { name: 'Appearance: Dark matter' }).waitFor()

    const marked = page.getByRole('option', { selected: true }).locator('span').first()
    await page.keyboard.type('appearance: da')
    expect(await marked.textContent()).toBe('Appearance: Dark')
    answerSearch()
    await page.getByRole('option', { name: 'What is an appearance' }).waitFor()
    expect(await marked.textContent()).toBe('Appearance: Dark')
    await page.keyboard.press('ArrowDown')
    expect(await marked.textContent()).toMatch(/matter|What is/)
    await page.keyboard.type('rk')
    await page.keyboard.press('Enter')
    await page.locator('html[data-theme="dark"]').waitFor()
    expect(new URL(page.url()).pathname).toBe('/')
  })

  it('can be used from the first key to the last without a pointer', async () => {
    const page = await open()
    await choose(page, 'Brook Mini')
    await page.getByRole('link', { name: 'Skip to the prompt' }).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.type('By keyboard')
    // On to the chips: the second one on, then back to the prompt.
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-pressed'))).toBe('false')
    await page.keyboard.press('Space')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-pressed'))).toBe('true')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Control+Enter')
    await lane(page, 'Brook Mini').getByText('Done', { exact: true }).waitFor()
    await lane(page, 'Aria Large').getByText('Done', { exact: true }).waitFor()

    await page.getByRole('button', { name: 'Actions for Brook Mini' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Copy the answer' }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('[aria-label="Actions for Brook Mini"]:focus').waitFor()

    await page.getByRole('button', { name: 'Tabs', exact: true }).focus()
    await page.keyboard.press('Space')
    await page.getByRole('tab', { name: 'Aria Large' }).focus()
    await page.keyboard.press('ArrowRight')
    await page.getByRole('tab', { name: 'Brook Mini', selected: true }).waitFor()
    await page.locator('[role="tab"]:focus', { hasText: 'Brook Mini' }).waitFor()
  })

  it('keeps drafts, each in its place', async () => {
    const page = await open()
    const prompt = page.getByLabel('Prompt', { exact: true })
    await choose(page, 'Brook Mini')
    await ask(page, 'A session')
    await lane(page, 'Brook Mini').getByText('Done', { exact: true }).waitFor()
    await prompt.fill('half a thought')
    await page.getByRole('link', { name: 'New session' }).click()
    await page.getByRole('heading', { name: 'What shall we compare?' }).waitFor()
    expect(await prompt.inputValue()).toBe('')
    await prompt.fill('another one')
    await page.reload()
    await prompt.waitFor()
    expect(await prompt.inputValue()).toBe('another one')
    await page.getByRole('link', { name: 'A session' }).first().click()
    await page.getByRole('heading', { name: 'A session', level: 1 }).waitFor()
    expect(await prompt.inputValue()).toBe('half a thought')
  })

  it('speaks the language of the browser, and another one when told', async () => {
    const page = await open('/', { locale: 'ko-KR' })
    await page.getByRole('heading', { name: '무엇을 비교해 볼까요?' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('ko')
    await page.getByRole('button', { name: /설정/ }).click()
    await page.getByRole('menuitem', { name: /언어/ }).click()
    await page.getByRole('menuitemradio', { name: '日本語' }).click()
    await page.getByRole('heading', { name: '何を比べてみますか？' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('ja')
    await page.reload()
    await page.getByRole('heading', { name: '何を比べてみますか？' }).waitFor()
  })

  it('is dark or light as the system is, unless told', async () => {
    const page = await open('/', { colorScheme: 'dark' })
    const lightness = () =>
      page.evaluate(() => {
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
        if (!canvas) return Number.NaN
        canvas.fillStyle = getComputedStyle(document.body).backgroundColor
        canvas.fillRect(0, 0, 1, 1)
        return canvas.getImageData(0, 0, 1, 1).data[0] ?? Number.NaN
      })
    await page.getByLabel('Prompt', { exact: true }).waitFor()
    expect(await lightness()).toBeLessThan(60)
    await page.getByRole('button', { name: /Settings/ }).click()
    await page.getByRole('menuitem', { name: /Appearance/ }).click()
    await page.getByRole('menuitemradio', { name: 'Light' }).click()
    expect(await lightness()).toBeGreaterThan(200)
  })

  it('makes an API key that works, shows it once, and revokes it', async () => {
    const page = await open()
    const openKeys = async () => {
      await page.getByRole('button', { name: /Settings/ }).click()
      await page.getByRole('menuitem', { name: 'API keys' }).click()
    }
    await openKeys()
    await page.getByLabel('Name').fill('notebook')
    await page.getByRole('button', { name: 'Create key' }).click()
    const key = (await page.getByRole('status').locator('code').textContent()) ?? ''
    const reply = (key: string) =>
      fetch(`${workbench().url}/user/me`, { headers: { authorization: `Bearer ${key}` } }).then(({ status }) => status)
    expect(await reply(key)).toBe(200)

    await page.keyboard.press('Escape')
    await openKeys()
    await page.getByText('notebook').waitFor()
    expect(await page.getByText(key).count()).toBe(0)
    await page.getByRole('button', { name: 'Revoke “notebook”' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText(/revoked/).waitFor()
    expect(await reply(key)).toBe(401)
  })

  it('shows lanes as tabs to be swiped on a phone', async () => {
    const page = await open('/', { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true })
    await choose(page, 'Aria Large', 'Brook Mini')
    await page.getByLabel('Prompt', { exact: true }).fill('On the way')
    await page.getByRole('button', { name: 'Ask 2 models' }).tap()
    await page.getByRole('tab', { name: 'Aria Large', selected: true }).waitFor()
    await lane(page, 'Aria Large').getByText('Done', { exact: true }).waitFor()

    const devtools = await page.context().newCDPSession(page)
    await devtools.send('Input.synthesizeScrollGesture', { x: 300, y: 400, xDistance: -250, yDistance: 0, speed: 1200 })
    await page.getByRole('tab', { name: 'Brook Mini', selected: true }).waitFor()
    await lane(page, 'Brook Mini').getByText('A vaccine shows').waitFor()
    // A short answer leaves no emptiness as long as its neighbour.
    const heights = await page.locator('.conversation').evaluate((box) => [box.scrollHeight, box.clientHeight])
    expect(heights[0]).toBe(heights[1])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)

    await page.getByRole('button', { name: 'Open the sidebar' }).tap()
    await page.getByRole('dialog').getByRole('link', { name: 'New session' }).tap()
    await page.getByRole('heading', { name: 'What shall we compare?' }).waitFor()
  })

  it('says so when there is no such session and no such page', async () => {
    const page = await open('/sessions/987654')
    await page.getByText('This session does not exist, or it is not yours.').waitFor()
    await page.goto(`${workbench().url}/nowhere`)
    await page.getByText('There is nothing at this address.').waitFor()
  })
})
