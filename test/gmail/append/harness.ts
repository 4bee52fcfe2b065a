/** The adapter of the app password against a server of a test, closed with it. */
import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { Secret } from '../../../src/base/secret.ts'
import { makeAppendGmail } from '../../../src/gmail/append/append.ts'
import type { AppendOptions, AppendServer } from '../../../src/gmail/append/settings.ts'
import type { Gmail } from '../../../src/gmail/gmail.ts'
import {
  type GmailImapOptions,
  type GmailImapServer,
  startGmailImap,
} from '../../servers/gmail-imap/gmail-imap-server.ts'

export const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

export const mailOf = (id: string, text = 'hello\r\n', more = ''): Buffer =>
  Buffer.from(
    `From: a@example.com\r\nMessage-ID: <${id}@example.com>\r\nDate: Tue, 03 Mar 2020 04:05:06 +0900\r\n${more}\r\n${text}`,
    'latin1',
  )

export interface GmailGiven {
  readonly user?: string
  readonly password?: string
  readonly importsInFlight?: number
  readonly deadlines?: AppendOptions['deadlines']
}

export function openAppend(t: TestContext, server: AppendServer, given: GmailGiven = {}): Gmail {
  const { user = 'owner@example.test', password = 'abcdefghijklmnop', importsInFlight = 2, deadlines } = given
  const gmail = makeAppendGmail({
    account: {
      name: 'home',
      address: user,
      importsInFlight,
      unitsPerMinute: 6000,
      password: Secret.of(password),
    },
    server,
    clock: systemClock,
    deadlines,
  })
  t.after(() => gmail.close())
  return gmail
}

/** The stand-in and the adapter; at the end nothing may have broken the protocol. */
export async function startBoth(
  t: TestContext,
  options: GmailImapOptions = {},
  given: GmailGiven = {},
): Promise<{ readonly server: GmailImapServer; readonly gmail: Gmail }> {
  const server = await startGmailImap(options)
  const gmail = openAppend(t, { host: server.host, port: server.port, security: 'none' }, given)
  t.after(async () => {
    await gmail.close()
    await server.stop()
    if (server.bugs.length > 0) throw new Error(`the protocol was broken: ${server.bugs.join('; ')}`)
  })
  return { server, gmail }
}
