/**
 * Run by tls.test.ts in an environment that would switch verification off: goes once to each destination with which
 * hikyaku speaks TLS, and prints as one JSON object how each ended.
 * argv[2]: JSON, port by destination; argv[3]: origin of a token service that answers.
 */
import { get } from 'node:https'
import { pingAddress, postText } from '../../src/alerts/webhook.ts'
import { systemClock } from '../../src/base/clock.ts'
import { Fault } from '../../src/base/fault.ts'
import { makeFetcher } from '../../src/discovery/fetch.ts'
import { makeGmail } from '../../src/gmail/google.ts'
import { exchangeCode, revokeConsent } from '../../src/google/consent-exchange.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import { makePop3Source } from '../../src/source/pop3.ts'
import { accountFor, anImport, endpointsFor, messageOf } from '../gmail/scripted.ts'
import { mailboxOf } from '../source/imap-harness.ts'
import type { Destination } from './tls-destinations.ts'

const ports = JSON.parse(process.argv[2] ?? '') as Record<Destination, number>
const goodTokens = process.argv[3] ?? ''
const signal = AbortSignal.timeout(30_000)
const originOf = (destination: Destination): string => `https://localhost:${ports[destination]}`

async function openSource(destination: Destination, security: 'tls' | 'starttls'): Promise<void> {
  const mailbox = mailboxOf({ port: ports[destination], host: 'localhost', security })
  const clock = systemClock
  const source = destination.startsWith('pop3')
    ? makePop3Source({ mailbox: { ...mailbox, protocol: 'pop3', folders: [] }, clock })
    : makeImapSource({ mailbox, clock })
  await source.open(signal)
}

async function importBy(apiRoot: string, tokens: string): Promise<void> {
  const endpoints = endpointsFor(apiRoot, tokens)
  const gmail = makeGmail({ account: accountFor(), endpoints, clock: systemClock })
  try {
    await gmail.import(messageOf(Buffer.from('Subject: a\r\n\r\nb\r\n')), anImport(), signal)
  } finally {
    await gmail.close()
  }
}

const code = { code: 'CODE', verifier: 'VERIFIER', redirectUri: 'http://127.0.0.1:1' }
const message = { title: 't', text: 'x', urgent: false }
const ways: Readonly<Record<Destination, () => Promise<unknown>>> = {
  pop3: () => openSource('pop3', 'tls'),
  'pop3-stls': () => openSource('pop3-stls', 'starttls'),
  imap: () => openSource('imap', 'tls'),
  'imap-starttls': () => openSource('imap-starttls', 'starttls'),
  token: () => importBy('https://localhost:1', originOf('token')),
  api: () => importBy(originOf('api'), goodTokens),
  consent: () =>
    exchangeCode(code, {
      client: { id: 'id', secret: 'secret' },
      tokenUrl: `${originOf('consent')}/token`,
      scopes: [],
      clock: systemClock,
      signal,
    }),
  revoke: () => revokeConsent('1//REFRESH', `${originOf('revoke')}/revoke`, signal),
  webhook: () => postText(`${originOf('webhook')}/secret`, message, systemClock, signal),
  ping: () => pingAddress(`${originOf('ping')}/secret`, true, systemClock, signal),
  discovery: () => makeFetcher()(new URL(`${originOf('discovery')}/mail/config-v1.1.xml`), signal),
  // What Node itself would do here: shows that the environment is one that would deceive us.
  node: () =>
    new Promise((resolve, reject) => {
      get(`${originOf('node')}/`, { agent: false }, resolve).on('error', reject)
    }),
}

const ended: Record<string, string> = {}
for (const [destination, go] of Object.entries(ways)) {
  try {
    ended[destination] = String(await go())
  } catch (thrown) {
    const { code: errorCode } = thrown as NodeJS.ErrnoException
    ended[destination] =
      thrown instanceof Fault ? `${thrown.code} ${thrown.facts.reason ?? ''}` : String(errorCode ?? thrown)
  }
}
process.stdout.write(JSON.stringify(ended), () => process.exit(0))
