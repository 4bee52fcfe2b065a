/** What the POP3 tests share: a mailbox that points at the stand-in, a sink that keeps octets, a session around a test. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { Fault, type FaultCode } from '../../src/base/fault.ts'
import { Secret } from '../../src/base/secret.ts'
import type { MailboxConfig, ServerConfig } from '../../src/config/config.ts'
import { makeUsualMailbox } from '../../src/config/usual-mailbox.ts'
import type { OctetSink } from '../../src/message/message.ts'
import type { Lookup } from '../../src/source/dial.ts'
import { makePop3Source, type Pop3Deadlines } from '../../src/source/pop3.ts'
import type { Listed, Source, SourceSession } from '../../src/source/source.ts'
import { type Pop3Server, type Pop3ServerOptions, startPop3Server } from '../servers/pop3-server.ts'

export const never = new AbortController().signal
export const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1')

/** A message of `n` body lines. */
export const plain = (n: number): Buffer => crlf(`Subject: message ${n}\n\n${'body line\n'.repeat(n)}`)

export function mailboxAt(
  port: number,
  server: Partial<ServerConfig> = {},
  user = 'user',
  password = 'secret',
) {
  const mailbox: MailboxConfig = {
    ...makeUsualMailbox('pop3'),
    name: 'test',
    server: {
      host: '127.0.0.1',
      port,
      security: 'none',
      caFile: undefined,
      pinnedSha256: undefined,
      ...server,
    },
    user,
    credential: { kind: 'password', password: Secret.of(password) },
    account: 'me',
    processForCalendar: true,
    verify: false,
  }
  return mailbox
}

/** A server for one test, gone after it. */
export async function serve(t: TestContext, options: Pop3ServerOptions = {}): Promise<Pop3Server> {
  const server = await startPop3Server(options)
  t.after(() => server.close())
  return server
}

export interface SourceOptions {
  readonly server?: Partial<ServerConfig>
  readonly user?: string
  readonly password?: string
  readonly deadlines?: Partial<Pop3Deadlines>
  readonly clock?: Clock
  readonly lookup?: Lookup
}

export function sourceFor(server: { readonly port: number }, options: SourceOptions = {}): Source {
  const { user, password, deadlines, clock = systemClock, lookup } = options
  const mailbox = mailboxAt(server.port, options.server, user, password)
  return makePop3Source({ mailbox, clock, ...(deadlines && { deadlines }), ...(lookup && { lookup }) })
}

/** A session for one test, dropped after it. */
export async function openAt(
  t: TestContext,
  server: { readonly port: number },
  options: SourceOptions = {},
): Promise<SourceSession> {
  const session = await sourceFor(server, options).open(never)
  t.after(() => session.abandon())
  return session
}

export async function listAll(session: SourceSession): Promise<readonly Listed[]> {
  return (await session.list('', () => false, never)).entries
}

export interface KeepingSink extends OctetSink {
  octets(): Buffer
}

export function keepingSink(): KeepingSink {
  const chunks: Uint8Array[] = []
  return {
    write(chunk) {
      chunks.push(chunk)
    },
    octets: () => Buffer.concat(chunks),
  }
}

export async function retrieve(session: SourceSession, entry: Listed | undefined): Promise<Buffer> {
  assert.ok(entry, 'the message is listed')
  const sink = keepingSink()
  const octets = await session.retrieve(entry, sink, never)
  assert.equal(octets, sink.octets().length)
  return sink.octets()
}

/** The work must be rejected with this code; gives the fault back. */
export async function rejectsWith(code: FaultCode, work: Promise<unknown>): Promise<Fault> {
  let thrown: unknown
  await work.then(
    () => assert.fail(`expected ${code}, and it succeeded`),
    error => {
      thrown = error
    },
  )
  assert.ok(thrown instanceof Fault, `expected ${code}, got ${thrown}`)
  assert.equal(thrown.code, code, JSON.stringify(thrown.facts))
  return thrown
}
