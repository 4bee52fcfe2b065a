/**
 * npm run sandbox -- --dashboard: mail passes, and the page of the real daemon shows it, until Ctrl-C or half an hour
 * later. Everything is on this computer: DNS answers from loopback, too, so that what forwarding would have lost is told.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Running } from '../../test/servers/hikyaku.ts'
import { freePorts, loopback } from '../../test/servers/local.ts'
import { monthOfMail } from './month.ts'
import { makeSandboxPage, type SandboxPage, type SandboxPageOptions } from './page-world.ts'
import { passingMail } from './passing-mail.ts'
import { sandboxWords } from './words.ts'

export interface DashboardSandbox extends Omit<SandboxPageOptions, 'port'> {
  /** It ends by itself then. */
  readonly minutes: number
}

/** The one of the manual, so that a tunnel fits. */
const usualPort = 8737
/** What was there before: the page has something to show at once. */
const mailBefore = 40
const betweenMs = 3000
const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** What `hikyaku dashboard` needs to find a browser on this screen. */
const ofTheScreen = [
  ...['PATH', 'HOME', 'DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'XDG_RUNTIME_DIR'],
  ...['DBUS_SESSION_BUS_ADDRESS', 'SSH_CONNECTION', 'SSH_TTY'],
]

/** @returns the exit code: 0 where it was ended by its time or by Ctrl-C */
export async function showDashboard({ minutes, ...options }: DashboardSandbox): Promise<number> {
  const words = sandboxWords[options.language]
  let isEnding = false
  let daemon: Running | undefined
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      // Who asks a second time does not want to wait.
      if (isEnding) daemon?.kill('SIGKILL')
      isEnding = true
    })
  const isOver = (): boolean => isEnding
  const page = await makeSandboxPage({ ...options, port: await findPort() })
  const { source, gmail } = page
  try {
    for (const octets of monthOfMail(mailBefore)) await source.deliver(octets)
    console.log(words.page(options.protocol.toUpperCase(), words.servers[options.kind]))
    const running = await page.start(isOver)
    daemon = running
    if (!isOver()) await showLink(page)
    console.log(words.watch(minutes))
    // Enter: the link is good for once and for five minutes.
    if (process.stdin.isTTY) process.stdin.on('data', () => void showLink(page))
    const endMs = performance.now() + minutes * 60_000
    let nextMs = 0
    let shown = 0
    for (let serial = 0; !running.hasEnded() && !isOver() && performance.now() < endMs; ) {
      if (performance.now() >= nextMs) {
        const { kind, octets } = passingMail(serial + mailBefore)
        await source.deliver(octets)
        if (kind !== 'plain') console.log(words.passing[kind])
        serial += 1
        nextMs = performance.now() + betweenMs
      }
      if (gmail.accepted.length > shown) {
        shown = gmail.accepted.length
        console.log(words.passed(shown))
      }
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    if (!running.hasEnded()) return 0
    console.error(words.ended, running.stderr().slice(-4000))
    return 1
  } finally {
    process.stdin.removeAllListeners('data').pause()
    await page.stop()
  }
}

/** As its owner would; where there is a browser, it is opened. */
async function showLink({ folder, env }: SandboxPage): Promise<void> {
  const screen = Object.fromEntries(ofTheScreen.map(name => [name, process.env[name]]))
  const child = spawn(process.execPath, [cli, 'dashboard'], {
    cwd: folder,
    env: { ...screen, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  await once(child, 'close')
}

async function findPort(): Promise<number> {
  const server = createServer()
  try {
    server.listen(usualPort, loopback)
    await once(server, 'listening')
    return usualPort
  } catch {
    const [port = 0] = await freePorts(1)
    return port
  } finally {
    server.close()
  }
}
