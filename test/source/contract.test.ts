import { after, before, describe } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import type { MailboxConfig } from '../../src/config/config.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import { makePop3Source } from '../../src/source/pop3.ts'
import type { Source } from '../../src/source/source.ts'
import { type DovecotServer, dovecotMissing, startDovecot } from '../servers/dovecot.ts'
import { servedOctets } from '../servers/pop3-maildrop.ts'
import { requireServer } from '../servers/required.ts'
import { type Protocol, type ServerKind, startSource } from '../servers/source-server.ts'
import { type Rig, sourceContract } from './contract.ts'
import { mailboxOf } from './imap-harness.ts'

/** Short where a test has to wait for them to pass. */
const quick = {
  imap: { silence: 1000, greeting: 1000, login: 1500, connect: 1000 },
  pop3: { commandMs: 1000, progressMs: 1000, listMs: 1000, greetingMs: 1000, loginMs: 1000, capaMs: 500 },
} as const

/** What servers send for what was delivered: the stand-ins store it, Dovecot makes one kind of line end of it. */
function servedBy(protocol: Protocol, kind: ServerKind): (octets: Buffer) => Buffer {
  if (kind === 'stand-in') return protocol === 'pop3' ? servedOctets : octets => octets
  return octets => {
    const lines = octets.toString('latin1').replace(/(?<!\r)\n/g, '\r\n')
    if (protocol === 'pop3') return servedOctets(Buffer.from(lines, 'latin1'))
    // RFC 9051 section 4.3.1: NUL does not travel in a literal.
    return Buffer.from(lines.replaceAll('\0', '\x80'), 'latin1')
  }
}

interface Reach {
  readonly port: number
  readonly security: 'tls' | 'none'
  readonly caFile: string | undefined
  readonly user: string
  readonly password: string
}

/** @param deadlines whether they are short: for servers that fall silent on purpose */
function sourceAt(protocol: Protocol, reach: Reach, password: string, deadlines: boolean): Source {
  const { port, security, caFile, user } = reach
  const mailbox: MailboxConfig = {
    ...mailboxOf({ port, security, caFile }),
    protocol,
    user,
    credential: { kind: 'password', password: Secret.of(password) },
    folders: [{ name: folderOf(protocol), to: 'inbox', labels: [] }],
  }
  return protocol === 'pop3'
    ? makePop3Source({ mailbox, clock: systemClock, deadlines: deadlines ? quick.pop3 : {} })
    : makeImapSource({ mailbox, clock: systemClock, deadlines: deadlines ? quick.imap : {} })
}

const folderOf = (protocol: Protocol): string => (protocol === 'pop3' ? '' : 'INBOX')

async function startStandIn(protocol: Protocol): Promise<Rig> {
  const server = await startSource(protocol, 'stand-in')
  const { env, pop3, imap } = server
  const reach: Reach = {
    port: Number(env.MAIL_PORT),
    security: 'none',
    caFile: undefined,
    user: env.MAIL_USER ?? '',
    password: env.MAIL_PASSWORD ?? '',
  }
  let stopped = false
  return {
    source: sourceAt(protocol, reach, reach.password, true),
    stranger: sourceAt(protocol, reach, 'wrong', true),
    folder: folderOf(protocol),
    deliver: octets => server.deliver(octets),
    stored: () => server.stored(),
    served: servedBy(protocol, 'stand-in'),
    play: {
      vanish: octets => {
        for (const one of pop3?.messages ?? []) if (one.octets.equals(octets)) pop3?.vanish(one)
        for (const one of imap?.folder('INBOX')?.messages ?? [])
          if (one.octets.equals(octets)) imap?.expunge('INBOX', one.uid)
      },
      cutNextBody: at => {
        if (pop3 !== undefined) pop3.faults.retrCut = { at, how: 'rst' }
        if (imap !== undefined)
          imap.faults.at = ({ verb, text }) =>
            verb === 'UID FETCH' && text.includes('BODY.PEEK[]')
              ? { do: 'cut', of: 'literal', at, ending: 'reset' }
              : undefined
      },
      fallSilent: () => {
        if (pop3 !== undefined) pop3.faults.line = () => 'silence'
        if (imap !== undefined) imap.faults.at = () => ({ do: 'silence' })
      },
      connections: () => pop3?.openConnections() ?? imap?.connections ?? 0,
    },
    stop: async () => {
      if (stopped) return
      stopped = true
      await server.stop()
    },
  }
}

/** A mailbox of its own for each test, on one Dovecot. */
function rigOn(dovecot: DovecotServer, protocol: Protocol, user: string): Rig {
  const reach: Reach = {
    port: protocol === 'pop3' ? dovecot.ports.pop3s : dovecot.ports.imaps,
    security: 'tls',
    caFile: dovecot.caFile,
    user,
    password: dovecot.password,
  }
  return {
    source: sourceAt(protocol, reach, reach.password, false),
    stranger: sourceAt(protocol, reach, 'wrong', false),
    folder: folderOf(protocol),
    deliver: async octets => {
      await dovecot.deliver('INBOX', octets, { user })
    },
    stored: async () => (await dovecot.maildrop('INBOX', user)).map(one => one.sha256),
    served: servedBy(protocol, 'dovecot'),
    play: undefined,
    stop: async () => {},
  }
}

for (const protocol of ['pop3', 'imap'] as const) {
  describe(`the ${protocol} source on its stand-in`, () => sourceContract(() => startStandIn(protocol), true))
}

describe('on a real Dovecot', { skip: requireServer('dovecot', dovecotMissing()) }, () => {
  let dovecot: DovecotServer
  const users = Array.from({ length: 80 }, (_, n) => `user${n}`)

  before(async () => {
    dovecot = await startDovecot({ users: Object.fromEntries(users.map(user => [user, 'correct horse'])) })
  })
  after(() => dovecot.stop())

  for (const protocol of ['pop3', 'imap'] as const) {
    describe(`the ${protocol} source`, () =>
      sourceContract(async () => rigOn(dovecot, protocol, users.pop() ?? ''), false))
  }
})
