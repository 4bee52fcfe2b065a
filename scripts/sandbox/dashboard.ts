/**
 * npm run sandbox -- --dashboard: mail passes, and the page of the real daemon shows it, until Ctrl-C or half an hour
 * later. Everything is on this computer: DNS answers from loopback, too, so that what forwarding would have lost is told.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Language } from '../../src/base/language.ts'
import { startDnsServer } from '../../test/authentication/dns-server.ts'
import { startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { gmailEnv, type Running, startHikyaku, until } from '../../test/servers/hikyaku.ts'
import { freePorts, loopback } from '../../test/servers/local.ts'
import { type Protocol, type ServerKind, startSource } from '../../test/servers/source-server.ts'
import { forwardingAddress, monthOfMail, monthZone, rentalHost } from './month.ts'
import { passingMail } from './passing-mail.ts'
import { sandboxWords } from './words.ts'

export interface DashboardSandbox {
  readonly protocol: Protocol
  readonly kind: ServerKind
  readonly language: Language
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
export async function showDashboard({
  protocol,
  kind,
  language,
  minutes,
}: DashboardSandbox): Promise<number> {
  const words = sandboxWords[language]
  let isEnding = false
  let daemon: Running | undefined
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      // Who asks a second time does not want to wait.
      if (isEnding) daemon?.kill('SIGKILL')
      isEnding = true
    })
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-sandbox-'))
  const dns = await startDnsServer(monthZone())
  const gmail = await startGmailServer()
  const source = await startSource(protocol, kind)
  const env = {
    ...source.env,
    ...gmailEnv(gmail),
    STATE_DIR: join(folder, 'state'),
    DASHBOARD: `${loopback}:${await findPort()}`,
    GMAIL_UNITS_PER_MINUTE: '1200000',
    FORWARDING_ADDRESS: forwardingAddress,
    AUTHSERV_IDS: rentalHost,
    DNS_SERVERS: dns.server,
    ALERT_MAIL: 'no',
    ...(protocol === 'pop3' ? { SCHEDULE: '*/2 * * * * *' } : {}),
    HIKYAKU_LANG: language,
  }
  const showLink = async (): Promise<void> => {
    const screen = Object.fromEntries(ofTheScreen.map(name => [name, process.env[name]]))
    const child = spawn(process.execPath, [cli, 'dashboard'], {
      cwd: folder,
      env: { ...screen, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    await once(child, 'close')
  }
  const isOver = (): boolean => isEnding
  try {
    for (const octets of monthOfMail(mailBefore)) await source.deliver(octets)
    console.log(words.page(protocol.toUpperCase(), words.servers[kind]))
    const running = startHikyaku(['run'], { env, cwd: folder, ownGroup: true })
    daemon = running
    let hasDied = false
    void running.ended.then(() => {
      hasDied = true
    })
    const isOpen = (): boolean => hasDied || isOver() || running.stderr().includes(env.DASHBOARD)
    await until(isOpen, 'the page is open')
    if (!hasDied && !isOver()) await showLink()
    console.log(words.watch(minutes))
    // Enter: the link is good for once and for five minutes.
    if (process.stdin.isTTY) process.stdin.on('data', () => void showLink())
    const endMs = performance.now() + minutes * 60_000
    let nextMs = 0
    let shown = 0
    for (let serial = 0; !hasDied && !isOver() && performance.now() < endMs; ) {
      if (performance.now() >= nextMs) {
        const { kind: which, octets } = passingMail(serial + mailBefore)
        await source.deliver(octets)
        if (which !== 'plain') console.log(words.passing[which])
        serial += 1
        nextMs = performance.now() + betweenMs
      }
      if (gmail.accepted.length > shown) {
        shown = gmail.accepted.length
        console.log(words.passed(shown))
      }
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    if (!hasDied) return 0
    console.error(words.ended, running.stderr().slice(-4000))
    return 1
  } finally {
    process.stdin.removeAllListeners('data').pause()
    daemon?.kill('SIGTERM')
    await daemon?.ended
    await source.stop()
    await gmail.close()
    await dns.close()
    await rm(folder, { recursive: true, force: true })
  }
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
