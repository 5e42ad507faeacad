import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { launch, openPage } from './browser.ts'
import { LANES } from './scripted-lanes.ts'
import { startWorkbench, type Workbench } from './workbench.ts'

/** One server and one browser for all tests of a file; each test has a context of its own. */
export function useWorkbench(lanes: Parameters<typeof startWorkbench>[0] = LANES, outboundAllow: string[] = []) {
  let workbench: Workbench
  let browser: Browser
  let cookies: Awaited<ReturnType<typeof signIn>>

  beforeAll(async () => {
    workbench = await startWorkbench(lanes, outboundAllow)
    browser = await launch()
    cookies = await signIn(browser, workbench)
  })
  afterAll(async () => {
    await browser?.close()
    await workbench?.stop()
  })

  /** A page of somebody who is not signed in. When the test ends, it must not have offended. */
  async function visit(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 }, ...options })
    const { page, offences } = await openPage(context, workbench.url)
    onTestFinished(() => {
      // Nobody waits for it: a busy browser can take its time over closing pages.
      context.close().catch(() => {})
      expect(offences).toEqual([])
    })
    page.setDefaultTimeout(20_000)
    await page.goto(workbench.url + path)
    return page
  }

  return {
    workbench: () => workbench,
    visit,
    /** A page of the admin. */
    open: (path = '/', options: BrowserContextOptions = {}) =>
      visit(path, { storageState: { cookies, origins: [] }, ...options }),
  }
}

async function signIn(browser: Browser, workbench: Workbench) {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(await workbench.signInUrl())
  await page.getByLabel('Prompt').waitFor()
  const { cookies } = await context.storageState()
  await context.close()
  return cookies
}

/** Chooses exactly these models, by the names that are shown. */
export async function choose(page: Page, ...names: string[]): Promise<void> {
  const chips = page.getByRole('group', { name: 'Models to ask' }).getByRole('button')
  await chips.first().waitFor()
  for (const chip of await chips.all()) {
    const isOn = (await chip.getAttribute('aria-pressed')) === 'true'
    if (isOn !== names.includes((await chip.textContent()) ?? '')) await chip.click()
  }
}

/** Types a prompt, asks with the keyboard, and waits for the session's page. */
export async function ask(page: Page, prompt: string): Promise<number> {
  await page.getByLabel('Prompt', { exact: true }).fill(prompt)
  await page.keyboard.press('Control+Enter')
  await page.waitForURL(/\/sessions\/\d+/)
  return Number(/\d+$/.exec(page.url())?.[0])
}

/** The lane of a model in the latest turn. */
export function lane(page: Page, name: string) {
  return page.getByRole('article', { name, exact: true }).last()
}
