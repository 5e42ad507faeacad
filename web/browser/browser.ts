import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine, if there is one; nothing is downloaded. */
export const chromiumPath = [process.env.CHROMIUM_PATH ?? '', ...PLACES].find((path) => path !== '' && existsSync(path))

export const NO_CHROMIUM = `no Chromium at ${PLACES.join(', ')} or in CHROMIUM_PATH (Debian: apt-get install chromium)`

export function launch(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath && { executablePath: chromiumPath }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/**
 * A page that fails its test by what it must never do: throw, offend its content security policy, or ask another
 * server for anything.
 */
export async function openPage(context: BrowserContext, origin: string): Promise<{ page: Page; offences: string[] }> {
  const page = await context.newPage()
  const offences: string[] = []
  page.on('pageerror', (error) => offences.push(`thrown: ${error.message}`))
  page.on('console', (message) => {
    // The browser itself reports every reply that is not a success.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      offences.push(message.text())
  })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !url.startsWith('data:') && !url.startsWith('blob:')) offences.push(`asked: ${url}`)
  })
  return { page, offences }
}
