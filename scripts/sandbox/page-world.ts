/** The real daemon with its page between a mailbox and a stand-in for Gmail, with DNS that answers from this computer. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Language } from '../../src/base/language.ts'
import { startDnsServer } from '../../test/authentication/dns-server.ts'
import { type GmailServer, startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { gmailEnv, type Running, startHikyaku, until } from '../../test/servers/hikyaku.ts'
import { loopback } from '../../test/servers/local.ts'
import {
  type Protocol,
  type ServerKind,
  type SourceServer,
  startSource,
} from '../../test/servers/source-server.ts'
import { forwardingAddress, monthZone, rentalHost } from './month.ts'

export interface SandboxPage {
  readonly source: SourceServer
  readonly gmail: GmailServer
  /** Where the commands run, and with what. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  /** Resolves once the page is open, or the daemon has ended by itself, or `isOver`. */
  start(isOver?: () => boolean): Promise<Running>
  stop(): Promise<void>
}

export interface SandboxPageOptions {
  readonly protocol: Protocol
  readonly kind: ServerKind
  readonly language: Language
  readonly port: number
}

export async function makeSandboxPage(options: SandboxPageOptions): Promise<SandboxPage> {
  const { protocol, kind, language, port } = options
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-sandbox-'))
  const dns = await startDnsServer(monthZone())
  const gmail = await startGmailServer()
  const source = await startSource(protocol, kind)
  const env = {
    ...source.env,
    ...gmailEnv(gmail),
    STATE_DIR: join(folder, 'state'),
    DASHBOARD: `${loopback}:${port}`,
    GMAIL_UNITS_PER_MINUTE: '1200000',
    FORWARDING_ADDRESS: forwardingAddress,
    AUTHSERV_IDS: rentalHost,
    DNS_SERVERS: dns.server,
    ALERT_MAIL: 'no',
    ...(protocol === 'pop3' ? { SCHEDULE: '*/2 * * * * *' } : {}),
    HIKYAKU_LANG: language,
  }
  let running: Running | undefined
  return {
    source,
    gmail,
    folder,
    env,
    async start(isOver = () => false) {
      const daemon = startHikyaku(['run'], { env, cwd: folder, ownGroup: true })
      running = daemon
      let hasEnded = false
      void daemon.ended.then(() => {
        hasEnded = true
      })
      await until(
        () => hasEnded || isOver() || daemon.stderr().includes(`http://${env.DASHBOARD}`),
        'the page is open',
      )
      return daemon
    },
    async stop() {
      running?.kill('SIGTERM')
      await running?.ended
      await source.stop()
      await gmail.close()
      await dns.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
