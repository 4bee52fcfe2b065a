/**
 * Opens a page in the owner's browser, where there is one. Everybody on this machine can read a program's arguments, so
 * only a one-time loopback address is ever handed over, never Google's link with `state` and `code_challenge` in it; or a
 * page in a folder that nobody else can read.
 */
import { spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import type { Env } from '../base/home.ts'

/** As consent.ts makes it: no query, nothing but a port and a random path. */
const oneTimeUrl = /^http:\/\/127\.0\.0\.1:\d{1,5}\/[\w-]{22,}$/

/** Program and arguments, or undefined where no browser can be expected (a server without a display, SSH). */
export function browserCommand(
  url: string,
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): readonly [string, ...string[]] | undefined {
  if (env.SSH_CONNECTION || env.SSH_TTY) return undefined // it would open on the wrong screen, or in lynx
  if (platform === 'darwin') return ['open', url]
  // Not `cmd /c start`: its shell would read the & between the parameters.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url]
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open', url] : undefined
}

/** Whether a page that is opened here is seen by whoever started this process. */
export const hasBrowser = (env: Env): boolean =>
  browserCommand('', process.platform, { ...env }) !== undefined

/**
 * Starts it without a shell and does not wait for it to end.
 * @returns whether a program was started; that a page has opened nobody can promise, so show the link as well
 * @param url ConsentInProgress.oneTimeUrl
 * @throws TypeError for any other URL
 */
export async function openBrowser(
  url: string,
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  if (!oneTimeUrl.test(url)) throw new TypeError('only a one-time loopback address is opened')
  return startBrowser(url, env, platform)
}

/**
 * As `openBrowser`, with a page of mode 0600 that leads on to a link that nobody else may read.
 * @param file its absolute path
 */
export async function openPrivatePage(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  return startBrowser(pathToFileURL(file).href, env, platform)
}

async function startBrowser(
  url: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<boolean> {
  const command = browserCommand(url, platform, env)
  if (command === undefined) return false
  const [program, ...args] = command
  return new Promise(resolve => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true, env })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
