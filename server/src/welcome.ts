import { firstStart } from './features/accounts/first-start.ts'
import type { RunningServer } from './serve.ts'

/** What the person who started the server wants to know: where it is, how to sign in, and the first API key. */
export async function welcome({ url, services }: RunningServer): Promise<string> {
  const address = url.replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]')
  const made = await firstStart(services.accounts)
  const lines = ['', `  Etude is ready at ${address}`]
  if (made) {
    lines.push(
      '',
      `  Sign in as ${made.admin.handle}, once, within a day:`,
      `  ${address}/sign-in#token=${made.signInToken}`,
    )
    if (made.apiKey) lines.push('', '  An API key for curl and programs, shown only now:', `  ${made.apiKey}`)
  }
  return `${lines.join('\n')}\n\n`
}
