/** What the tests of the IMAP source share: a stand-in and a source that end with the test, and shorthand. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { Fault, type FaultCode } from '../../src/base/fault.ts'
import { Secret } from '../../src/base/secret.ts'
import type { MailboxConfig, ServerConfig } from '../../src/config/config.ts'
import { makeUsualMailbox } from '../../src/config/usual-mailbox.ts'
import { AheadRoom } from '../../src/source/ahead-room.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import type { ImapDeadlines } from '../../src/source/imap-deadlines.ts'
import type { IdleMemory, Listed, Source, SourceSession } from '../../src/source/source.ts'
import { type ImapServer, type ImapServerOptions, startImapServer } from '../servers/imap-server.ts'
import { until } from '../servers/until.ts'

export const user = 'owner'
export const password = 'correct horse'
export const never = new AbortController().signal

export function mailboxOf(
  server: Partial<ServerConfig> & { port: number },
  folders: readonly string[] = ['INBOX'],
): MailboxConfig {
  return {
    ...makeUsualMailbox('imap'),
    name: 'box',
    server: { host: '127.0.0.1', security: 'none', caFile: undefined, pinnedSha256: undefined, ...server },
    user,
    credential: { kind: 'password', password: Secret.of(password) },
    folders: folders.map(name => ({ name, to: 'inbox', labels: [] })),
    account: 'me',
    internalDateSource: 'receivedTime',
    verify: false,
  }
}

export interface Rig {
  readonly server: ImapServer
  readonly source: Source
  open(): Promise<SourceSession>
  /** Called when the test ends, before the stand-in looks for connections left open. */
  readonly atEnd: (() => void)[]
}

export interface RigOptions extends ImapServerOptions {
  readonly pull?: readonly string[]
  readonly deadlines?: Partial<ImapDeadlines>
  readonly reach?: Partial<ServerConfig>
  readonly mailbox?: Partial<MailboxConfig>
  readonly clock?: Clock
  readonly idleMemory?: IdleMemory
  /** Room for messages that come before they are asked for. */
  readonly aheadOctets?: number
  /** For a watch: whether its news are pulled at once. */
  readonly isAwaited?: () => boolean
}

/** A stand-in with a source for it; both end with the test, which fails when a connection is left open. */
export async function rig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const server = await startImapServer(options)
  const mailbox = { ...mailboxOf({ port: server.port, ...options.reach }, options.pull), ...options.mailbox }
  const source = makeImapSource({
    mailbox,
    clock: options.clock ?? systemClock,
    deadlines: options.deadlines ?? {},
    ...(options.idleMemory && { idleMemory: options.idleMemory }),
    ...(options.aheadOctets !== undefined && { aheadRoom: new AheadRoom(options.aheadOctets) }),
  })
  const atEnd: (() => void)[] = []
  t.after(async () => {
    for (const end of atEnd) end()
    await until(() => server.connections === 0, 'every connection to be closed')
    await server.stop()
  })
  return {
    server,
    source,
    atEnd,
    open: async () => {
      const session = await source.open(never)
      atEnd.push(() => session.abandon())
      return session
    },
  }
}

export interface Watched extends Rig {
  readonly seen: { news: number; alive: number }
  /** What the watch ended with. */
  readonly ended: Promise<unknown>
  readonly abort: AbortController
}

/** A watch under way that is aborted when the test ends. */
export async function watching(t: TestContext, options: RigOptions = {}): Promise<Watched> {
  const made = await rig(t, options)
  const seen = { news: 0, alive: 0 }
  const abort = new AbortController()
  const onNews = (): void => {
    seen.news += 1
  }
  const onAlive = (): void => {
    seen.alive += 1
  }
  const { isAwaited = () => false } = options
  const ended = made.source.watch?.(onNews, onAlive, abort.signal, isAwaited) ?? assert.fail('it watches')
  ended.catch(() => {})
  made.atEnd.push(() => abort.abort())
  return { ...made, seen, ended, abort }
}

/** How often the server was asked by this command. */
export const said = ({ server }: Rig, verb: string): number =>
  server.ledger.commands.filter(({ text }) => text === verb || text.startsWith(`${verb} `)).length

/** Whether a command is the quick look at news. */
export const isLook = (text: string): boolean => /^UID FETCH \d+:\d+ \(UID FLAGS .*BODY\.PEEK/.test(text)

export const listAll = async (session: SourceSession, folder = 'INBOX'): Promise<readonly Listed[]> =>
  (await session.list(folder, () => false, never)).entries

export async function octetsOf(session: SourceSession, entry: Listed, signal = never): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const count = await session.retrieve(entry, { write: chunk => void parts.push(chunk) }, signal)
  const octets = Buffer.concat(parts)
  assert.equal(octets.length, count)
  return octets
}

/** The fault that `work` ends with; fails when it ends well or with anything else. */
export async function faultOf(work: Promise<unknown>, code?: FaultCode): Promise<Fault> {
  const outcome: unknown = await work.then(
    value => value,
    error => error,
  )
  assert.ok(outcome instanceof Fault, `expected a Fault, got ${String(outcome)}`)
  if (code !== undefined) assert.equal(outcome.code, code, JSON.stringify(outcome.facts))
  return outcome
}

export const first = (entries: readonly Listed[]): Listed => {
  const [entry] = entries
  assert.ok(entry !== undefined, 'an entry was listed')
  return entry
}

export const mail = (subject: string, body = 'hello\r\n'): Buffer =>
  Buffer.from(
    `From: a@example.org\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.org>\r\n\r\n${body}`,
  )
