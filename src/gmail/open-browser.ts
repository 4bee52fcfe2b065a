/** Opens a link in the owner's browser, where there is one. */
import { spawn } from 'node:child_process'

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

/**
 * Starts it without a shell and does not wait for it to end.
 * @returns whether a program was started; that a page has opened nobody can promise, so show the link as well
 * @throws TypeError for a URL that is neither https nor http
 */
export async function openBrowser(
  url: string,
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  if (!/^https?:$/.test(new URL(url).protocol)) throw new TypeError('only http and https are opened')
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
