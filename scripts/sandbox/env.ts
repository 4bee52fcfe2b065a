/** What the daemon of a sandbox is told first: a mailbox and a Gmail on this computer. */
import { join } from 'node:path'
import type { Language } from '../../src/base/language.ts'
import type { GmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { gmailEnv } from '../../test/servers/hikyaku.ts'
import type { Protocol, SourceServer } from '../../test/servers/source-server.ts'

export function makeSandboxEnv(world: {
  readonly source: SourceServer
  readonly gmail: GmailServer
  readonly folder: string
  readonly protocol: Protocol
  readonly language: Language
}): Readonly<Record<string, string>> {
  const { source, gmail, folder, protocol, language } = world
  return {
    ...source.env,
    ...gmailEnv(gmail),
    STATE_DIR: join(folder, 'state'),
    // The stand-in has no usage limit worth waiting for, and POP3 need not spare it.
    GMAIL_UNITS_PER_MINUTE: '1200000',
    ...(protocol === 'pop3' ? { SCHEDULE: '*/2 * * * * *' } : {}),
    HIKYAKU_LANG: language,
  }
}
