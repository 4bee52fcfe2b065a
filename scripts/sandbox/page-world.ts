/** The real daemon with its page between a mailbox and a stand-in for Gmail, with DNS that answers from this computer. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Language } from '../../src/base/language.ts'
import { startDnsServer } from '../../test/authentication/dns-server.ts'
import { type GmailServer, startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { type Running, startHikyaku } from '../../test/servers/hikyaku.ts'
import { loopback } from '../../test/servers/local.ts'
import {
  type Protocol,
  type ServerKind,
  type SourceServer,
  startSource,
} from '../../test/servers/source-server.ts'
import { until } from '../../test/servers/until.ts'
import { makeSandboxEnv } from './env.ts'
import { monthEnv, monthZone } from './month.ts'

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
    ...makeSandboxEnv({ source, gmail, folder, protocol, language }),
    ...monthEnv(dns.server),
    DASHBOARD: `${loopback}:${port}`,
    ALERT_MAIL: 'no',
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
      await until(
        () => daemon.hasEnded() || isOver() || daemon.stderr().includes(`http://${env.DASHBOARD}`),
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
