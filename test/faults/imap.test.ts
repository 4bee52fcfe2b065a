/** Row C of the fault matrix: an IMAP server that changes its names, drops or lies. The books of both servers judge. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { FaultCode } from '../../src/base/fault.ts'
import { makeCertificates, needsOpenssl } from '../servers/certificates.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { asksForBody, type BodyFault, type ImapPlay } from '../servers/imap-faults.ts'
import { type ImapServer, startImapServer, usualCapabilities } from '../servers/imap-server.ts'
import type { StoredFolder } from '../servers/imap-store.ts'
import { countOf } from '../servers/in-process.ts'
import { requireServer } from '../servers/required.ts'
import { sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { codeOf, hour, imapOf, mail, minute, nameless, type Play, play, whileRunning } from './harness.ts'

const folderOf = (self: Play, name = 'INBOX'): StoredFolder => {
  const folder = imapOf(self).folder(name)
  if (folder === undefined) throw new Error(`no folder ${name}`)
  return folder
}

/** What a server does after a restore: another UIDVALIDITY, UIDs from 1. */
function rebuild(folder: StoredFolder, validity: number | undefined): void {
  folder.uidValidity = validity
  folder.messages = folder.messages.map((message, at) => ({ ...message, uid: at + 1 }))
  folder.uidNext = folder.messages.length + 1
}

const uploads = (self: Play): string[] => self.world.gmail.accepted.map(one => one.sha256)
const never = { SCHEDULE: '0 0 1 1 *' }
const validities = [
  ['another number', 1_900_000_000],
  ['missing', undefined],
  ['0', 0],
] as const

for (const [name, validity] of validities) {
  for (const kind of ['the same mails', 'other mails', 'a mixture', 'nothing'] as const) {
    test(`C1: UIDVALIDITY becomes ${name} with ${kind}: only new mail is imported, nothing older is deleted`, () =>
      play({ protocol: 'imap' }, async self => {
        const old = [mail('a'), nameless('b'), mail('c', 3000), mail('d')]
        await self.deliver(...old)
        countOf(await self.app.pull())
        await self.restart({ AFTER_IMPORT: 'delete' })
        const folder = folderOf(self)
        const fresh = kind === 'the same mails' || kind === 'nothing' ? [] : [mail('e'), nameless('f')]
        if (kind === 'other mails' || kind === 'nothing') folder.messages = []
        if (kind === 'a mixture') folder.messages = folder.messages.slice(1, 3)
        const gone = old.filter(
          octets => !folder.messages.some(message => message.octets.equals(octets)),
        ).length
        await self.deliver(...fresh)
        rebuild(folder, validity)
        countOf(await self.app.pull())
        assert.deepEqual(uploads(self).slice(old.length).sort(), fresh.map(sha256).sort())
        const removed = imapOf(self).ledger.expunged.map(one => one.sha256)
        assert.ok(!removed.includes(sha256(mail('c', 3000))), 'what was only recognised is not deleted')
        if (validity === undefined || validity === 0)
          assert.deepEqual(removed, [], 'nothing is deleted by a UID that proves nothing')
        for (let i = 0; i < 2; i++) {
          self.clock.pass(minute)
          countOf(await self.app.pull())
        }
        assert.equal(uploads(self).length, old.length + fresh.length)
        if (typeof validity === 'number' && validity > 0) assert.deepEqual(folder.messages, [], 'then it is')
        else assert.equal(folder.messages.length, old.length - gone + fresh.length)
        await self.judge()
      }))
  }
}

test('C1: UIDVALIDITY changes between the listing and the retrieval: nothing is read under the old names', () =>
  play({ protocol: 'imap', more: { MAIL_FOLDERS: 'INBOX,Work', AFTER_IMPORT: 'delete' } }, async self => {
    imapOf(self).create('Work')
    await self.deliver(mail('a'), mail('b'))
    imapOf(self).faults.at = ({ verb, folder, text }) => {
      // INBOX is reached again after Work was listed.
      if (verb !== 'SELECT' || folder !== 'Work' || !/INBOX/.test(text)) return undefined
      folderOf(self).messages.reverse()
      rebuild(folderOf(self), 1_900_000_000)
      delete imapOf(self).faults.at
      return undefined
    }
    await self.app.pull()
    assert.equal(uploads(self).length, 0)
    assert.equal(imapOf(self).ledger.expunged.length, 0)
    for (let i = 0; i < 2; i++) {
      self.clock.pass(hour)
      countOf(await self.app.pull())
    }
    assert.deepEqual(uploads(self).sort(), [sha256(mail('a')), sha256(mail('b'))].sort())
    await self.judge()
  }))

test(
  'C1: real Dovecot forgets its UIDs: nothing is imported again, and deleted only a pull later',
  { skip: requireServer('dovecot', dovecotMissing()) },
  () =>
    play({ protocol: 'imap', server: 'dovecot' }, async self => {
      const { dovecot } = self.world.source
      assert.ok(dovecot !== undefined)
      await self.deliver(mail('a'), nameless('b'), mail('c', 5000))
      assert.equal(countOf(await self.app.pull()).imported, 3)
      await self.restart({ AFTER_IMPORT: 'delete' })
      await dovecot.restart()
      await dovecot.forgetUids('INBOX')
      await self.deliver(mail('d'))
      assert.equal(countOf(await self.app.pull()).imported, 1)
      const left = await self.world.source.stored()
      assert.ok(left.includes(sha256(mail('a'))) && left.includes(sha256(mail('c', 5000))))
      self.clock.pass(minute)
      countOf(await self.app.pull())
      assert.deepEqual(await self.world.source.stored(), [])
      await self.judge()
    }),
)

test('C2: a UID that names another mail later, UIDs out of order and rows in reverse: each mail once', () =>
  play({ protocol: 'imap' }, async self => {
    imapOf(self).faults.reversedRows = true
    const put = async (octets: Buffer, uid: number, day = 1): Promise<void> => {
      self.put.push(octets)
      imapOf(self).deliver('INBOX', octets, { uid, internalDate: new Date(`2026-01-0${day}T12:00:00Z`) })
    }
    await put(mail('a'), 9)
    await put(mail('b'), 3)
    await put(mail('c'), 5)
    countOf(await self.app.pull())
    // Seen gone in between, and not; of another size, and of the same.
    for (const [seenGone, octets, day] of [
      [false, mail('d', 900), 1],
      [true, mail('e', 900), 1],
      [false, mail('f', 900), 2],
      [true, mail('g', 900), 2],
    ] as const) {
      imapOf(self).expunge('INBOX', 9)
      if (seenGone) countOf(await self.app.pull())
      await put(octets, 9, day)
      // Where it was not seen gone, the daily look at sizes and dates finds it.
      self.clock.pass(25 * hour)
      countOf(await self.app.pull())
    }
    assert.deepEqual(uploads(self).sort(), self.put.map(sha256).sort())
    await self.judge()
  }))

for (const [name, fault] of [
  ['refuses SEARCH', 'refuse'],
  ['gives a part of SEARCH only', 'cap'],
] as const) {
  test(`C2: a server that ${name} is listed by FETCH 1:*, which is nobody's last message where there is none`, () =>
    play({ protocol: 'imap' }, async self => {
      const { faults } = imapOf(self)
      if (fault === 'cap') faults.capSearch = 1
      else
        faults.at = ({ verb }) =>
          verb === 'UID SEARCH' ? { do: 'answer', pieces: ['{tag} NO no SEARCH here\r\n'] } : undefined
      assert.equal(countOf(await self.app.pull()).listed, 0)
      await self.deliver(mail('a'), mail('b'), mail('c'))
      assert.equal(countOf(await self.app.pull()).imported, 3)
      await self.judge()
    }))
}

/** A broken answer to the first message's FETCH: it waits at the source, the other one goes through. */
async function brokenBody(self: Play, fault: () => ImapPlay): Promise<void> {
  await self.deliver(mail('bad'), mail('good'))
  imapOf(self).faults.at = ({ text }) => (asksForBody(text, 1) ? fault() : undefined)
  const made = await self.app.pull()
  if (made.kind === 'failed') {
    // The connection had to be given up: the good one comes with the next pull, however often that happens.
    self.clock.pass(hour)
    await self.app.pull()
  }
  assert.deepEqual(uploads(self), [sha256(mail('good'))])
  assert.deepEqual((await self.world.source.stored()).sort(), [mail('bad'), mail('good')].map(sha256).sort())
  assert.ok((await self.app.journal.inStages(mailboxOf(self), ['deferred']))[0]?.fault !== undefined, 'told')
  delete imapOf(self).faults.at
  self.clock.pass(5 * hour)
  countOf(await self.app.pull())
  assert.deepEqual(uploads(self), [mail('good'), mail('bad')].map(sha256))
  await self.judge()
}

const mailboxOf = (self: Play): string => self.app.bridge.mailboxes[0]?.mailbox.name ?? ''

for (const as of [
  'nil',
  'quoted-empty',
  'zero',
  'none',
  'empty-row',
  'no-row',
  'wrong-uid',
] as const satisfies readonly BodyFault[]) {
  test(`C3: a body that comes as ${as} is never imported: it waits, the next one goes through`, () =>
    play({ protocol: 'imap' }, self => brokenBody(self, () => ({ do: 'body', as }))))
}

for (const [name, pieces] of [
  ['NO', ['{tag} NO cannot\r\n']],
  ['NO after a row without a body', ['* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n', '{tag} NO [SERVERBUG] oh\r\n']],
  ['OK without a body', ['{tag} OK done\r\n']],
  ['only rows of others', ['* 2 FETCH (UID 2 BODY[]<0> {3}\r\nabc)\r\n', '{tag} OK done\r\n']],
] as const) {
  test(`C3: ${name} to a FETCH is never imported`, () =>
    play({ protocol: 'imap' }, self => brokenBody(self, () => ({ do: 'answer', pieces }))))
}

test('C3: FETCH, EXISTS and EXPUNGE that nobody asked for disturb nothing', () =>
  play({ protocol: 'imap', more: { AFTER_IMPORT: 'delete' } }, async self => {
    imapOf(self).faults.at = ({ verb }) =>
      verb === 'UID FETCH' || verb === 'UID SEARCH'
        ? {
            do: 'before',
            pieces: [
              '* 2 FETCH (FLAGS (\\Seen))\r\n* 7 FETCH (UID 77 FLAGS ())\r\n',
              '* 9 EXISTS\r\n* 9 EXPUNGE\r\n',
            ],
          }
        : undefined
    await self.deliver(mail('a'), mail('b', 2_500_000), mail('c'))
    countOf(await self.app.pull())
    self.clock.pass(minute)
    countOf(await self.app.pull())
    assert.deepEqual(uploads(self).sort(), self.put.map(sha256).sort())
    await self.judge()
  }))

for (const [name, pieces] of [
  ['shorter than announced', ['* 1 FETCH (UID 1 BODY[]<0> {10}\r\nabc)\r\n{tag} OK done\r\n']],
  ['longer than announced', ['* 1 FETCH (UID 1 BODY[]<0> {2}\r\nabc)\r\n{tag} OK done\r\n']],
  ['announced as 2 GiB', ['* 1 FETCH (UID 1 BODY[]<0> {2147483648}\r\nabc']],
] as const) {
  test(`C4: a literal ${name} is dropped with its connection and never imported`, () =>
    play({ protocol: 'imap' }, async self => {
      await self.deliver(mail('bad'))
      imapOf(self).faults.at = ({ text }) => (asksForBody(text, 1) ? { do: 'answer', pieces } : undefined)
      const heap = process.memoryUsage().rss
      await hurryPull(self)
      assert.ok(process.memoryUsage().rss - heap < 300 * 1024 * 1024)
      assert.deepEqual(uploads(self), [])
      assert.deepEqual(await self.world.source.stored(), [sha256(mail('bad'))])
      delete imapOf(self).faults.at
      self.clock.pass(5 * hour)
      countOf(await self.app.pull())
      assert.deepEqual(uploads(self), [sha256(mail('bad'))])
      await self.judge()
    }))
}

async function hurryPull(self: Play): Promise<void> {
  const timer = setInterval(() => self.clock.pass(10_000), 20)
  try {
    await self.app.pull()
  } finally {
    clearInterval(timer)
  }
}

for (const as of ['quoted', 'literal8'] as const satisfies readonly BodyFault[]) {
  test(`C4: a body that comes as ${as} is taken exactly`, () =>
    play({ protocol: 'imap' }, async self => {
      imapOf(self).faults.at = ({ text }) => (asksForBody(text, 1) ? { do: 'body', as } : undefined)
      // A quoted string cannot hold CR and LF (RFC 9051 section 4.3).
      const octets = as === 'quoted' ? Buffer.from('From: a@example.net') : mail('a\0\x80\xff')
      await self.deliver(octets)
      countOf(await self.app.pull())
      assert.deepEqual(uploads(self), [sha256(octets)])
      await self.judge()
    }))
}

const idleFaults: readonly (readonly [string, (self: Play) => void])[] = [
  ['dies in silence', self => silenceAt(self, 'IDLE', { do: 'answer', pieces: ['+ idling\r\n'] })],
  ['ends by BYE', self => silenceAt(self, 'IDLE', { do: 'bye', text: 'Autologout' })],
  ['never answers DONE', self => silenceAt(self, 'DONE', { do: 'silence' })],
  ['answers NOOP no more', self => silenceAt(self, 'NOOP', { do: 'silence' })],
  [
    'says "Still here" and never EXISTS',
    self => {
      const { faults } = imapOf(self)
      faults.mutePushes = true
      faults.at = ({ verb }) =>
        verb === 'IDLE'
          ? { do: 'answer', pieces: ['+ idling\r\n', '* OK Still here\r\n', '* OK Still here\r\n'] }
          : undefined
    },
  ],
]

/** The first watch meets the fault; those that follow it do not. */
function silenceAt(self: Play, at: string, fault: ImapPlay): void {
  let session: number | undefined
  imapOf(self).faults.at = moment => {
    if (moment.verb !== at) return undefined
    session ??= moment.session
    return moment.session === session ? fault : undefined
  }
}

for (const [name, fault] of idleFaults) {
  test(`C5: IDLE that ${name} is noticed by the watchdog, and new mail comes without any poll`, () =>
    play({ protocol: 'imap', more: never }, async self => {
      fault(self)
      await whileRunning(self, async () => {
        await until(() => imapOf(self).ledger.commands.some(one => one.text === 'IDLE'), 'the watch')
        const muted = imapOf(self).faults.mutePushes === true || imapOf(self).faults.at !== undefined
        assert.ok(muted)
        imapOf(self).faults.mutePushes = true
        await self.deliver(mail('new'))
        const beganMs = self.clock.monotonicMs()
        const timer = setInterval(() => self.clock.pass(5000), 20)
        try {
          await until(() => uploads(self).length === 1, 'the new mail')
        } finally {
          clearInterval(timer)
        }
        assert.ok(self.clock.monotonicMs() - beganMs < 10 * minute)
      })
      await self.judge()
    }))
}

test('C5: a watch that tells nothing at all is made up for by the poll', () =>
  play({ protocol: 'imap', more: { SCHEDULE: '* * * * * *' } }, async self => {
    imapOf(self).faults.mutePushes = true
    await whileRunning(self, async () => {
      await until(() => imapOf(self).ledger.commands.some(one => one.text === 'IDLE'), 'the watch')
      await self.deliver(mail('new'))
      await until(() => uploads(self).length === 1, 'the new mail')
    })
    await self.judge()
  }))

test('C5: EXISTS without a new UID costs a listing and changes nothing', () =>
  play({ protocol: 'imap', more: never }, async self => {
    await self.deliver(mail('a'))
    imapOf(self).faults.at = ({ verb }) =>
      verb === 'IDLE' ? { do: 'after', pieces: ['* 1 EXISTS\r\n', '* 1 RECENT\r\n'] } : undefined
    await whileRunning(self, async () => {
      await until(() => uploads(self).length === 1, 'the mail')
      await until(() => imapOf(self).ledger.commands.filter(one => one.text === 'IDLE').length > 0, 'IDLE')
    })
    delete imapOf(self).faults.at
    await self.judge()
  }))

const without = (...names: string[]): string[] => usualCapabilities.filter(name => !names.includes(name))

for (const [policy, capabilities, told] of [
  ['delete', without('UIDPLUS'), 'source.cannot-settle'],
  ['move:Done', without('UIDPLUS', 'MOVE'), 'source.cannot-settle'],
  ['move:Done', without('MOVE'), undefined],
  ['delete', without('IDLE', 'MOVE', 'ID', 'NAMESPACE', 'LITERAL+'), undefined],
] as const) {
  const lacks = usualCapabilities.filter(name => !capabilities.includes(name)).join(', ')
  test(`C6: ${policy} on a server without ${lacks} ${told === undefined ? 'is done another way' : 'is told and not done'}`, () =>
    play({ protocol: 'imap', more: { AFTER_IMPORT: policy } }, async self => {
      // They change with the login, too: what holds is what is announced after it.
      imapOf(self).faults.capabilitiesAfterLogin = capabilities
      await self.deliver(mail('a'), mail('b'))
      const other = mail('marked by another client')
      self.put.push(other)
      imapOf(self).deliver('INBOX', other, { flags: ['\\Deleted'] })
      await self.app.pull()
      assert.equal(uploads(self).length, 3, 'mail comes through in any case')
      self.clock.pass(hour)
      const made = await self.app.pull()
      if (told === undefined) assert.deepEqual(folderOf(self).messages, [])
      else {
        assert.equal(made.kind === 'pulled' ? made.result.faults[0]?.code : codeOf(made), told)
        assert.equal(folderOf(self).messages.length, 3)
        assert.ok(!imapOf(self).ledger.commands.some(one => /EXPUNGE|^CLOSE/.test(one.text)))
      }
      await self.judge()
    }))
}

test('C6: a server without IDLE is asked by NOOP', () =>
  play({ protocol: 'imap', more: never }, async self => {
    imapOf(self).faults.capabilitiesAfterLogin = without('IDLE')
    await whileRunning(self, async () => {
      await until(() => self.app.log().includes('"listed"'), 'the first pull')
      await self.deliver(mail('a'))
      const timer = setInterval(() => self.clock.pass(5000), 20)
      try {
        await until(() => uploads(self).length === 1, 'the mail')
      } finally {
        clearInterval(timer)
      }
    })
    await self.judge()
  }))

test('C7: what another client flags or expunges meanwhile stays its own affair', () =>
  play({ protocol: 'imap', more: { AFTER_IMPORT: 'delete' } }, async self => {
    const [theirs, gone, late] = [mail('theirs'), mail('gone'), mail('late')]
    await self.deliver(mail('a'), mail('b'), gone)
    let once = false
    imapOf(self).faults.at = ({ verb }) => {
      if (verb !== 'UID STORE' || once) return undefined
      once = true
      // In the moment before our expunge: one marked by them, one taken away by them, one just come.
      self.put.push(theirs, late)
      imapOf(self).deliver('INBOX', theirs, { flags: ['\\Deleted'] })
      imapOf(self).deliver('INBOX', late)
      imapOf(self).expunge('INBOX', 3)
      return undefined
    }
    await self.app.pull()
    assert.deepEqual(
      imapOf(self)
        .ledger.expunged.map(one => one.sha256)
        .sort(),
      [mail('a'), mail('b')].map(sha256).sort(),
    )
    assert.deepEqual(
      folderOf(self).messages.map(one => sha256(one.octets)),
      [theirs, late].map(sha256),
    )
    self.clock.pass(hour)
    countOf(await self.app.pull())
    await self.judge({ takenAway: [gone] })
  }))

test('C8: PREAUTH is refused: whose mailbox that is, nobody said', () =>
  play({ protocol: 'imap' }, async self => {
    await self.deliver(mail('a'))
    imapOf(self).faults.greeting = '* PREAUTH [CAPABILITY IMAP4rev1] welcome'
    assert.equal(codeOf(await self.app.pull()), 'source.protocol')
    assert.deepEqual(imapOf(self).ledger.commands, [])
    delete imapOf(self).faults.greeting
    self.clock.pass(hour)
    countOf(await self.app.pull())
    await self.judge()
  }))

test('C8: a STARTTLS that is stripped, or has octets injected behind it, gets no password', {
  skip: needsOpenssl(),
}, async t => {
  const tls = await tlsServer(t)
  await play({ protocol: 'imap', more: tls.env }, async self => {
    tls.server.deliver('INBOX', mail('a'))
    tls.server.faults.injectedAfterStarttls = '* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n'
    assert.equal(codeOf(await self.app.pull()), 'source.tls-injection')
    delete tls.server.faults.injectedAfterStarttls
    tls.server.faults.at = ({ verb }) => {
      if (verb === 'CAPABILITY')
        return { do: 'answer', pieces: ['* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done\r\n'] }
      return verb === 'STARTTLS' ? { do: 'answer', pieces: ['{tag} BAD unknown\r\n'] } : undefined
    }
    assert.equal(codeOf(await self.app.pull()), 'source.tls-not-offered')
    assert.deepEqual([...tls.server.ledger.logins, ...tls.server.ledger.failedLogins], [])
    delete tls.server.faults.at
    self.clock.pass(hour)
    assert.equal(countOf(await self.app.pull()).imported, 1)
  })
})

async function tlsServer(
  t: TestContext,
): Promise<{ server: ImapServer; env: Readonly<Record<string, string>> }> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-c8-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const { good, ca } = await makeCertificates(folder)
  const server = await startImapServer({
    users: { owner: 'correct horse battery' },
    tls: { mode: 'starttls', cert: good.cert, key: good.key },
  })
  t.after(() => server.stop())
  return {
    server,
    env: {
      MAIL_HOST: 'localhost',
      MAIL_PORT: String(server.port),
      MAIL_SECURITY: 'starttls',
      MAIL_CA_FILE: ca.certFile,
    },
  }
}

for (const [at, fault, code] of [
  ['GREETING', { do: 'bye', text: 'Too many connections from your IP' }, 'source.limited'],
  ['GREETING', { do: 'bye', text: '[UNAVAILABLE] maintenance' }, 'source.limited'],
  ['LOGIN', { do: 'answer', pieces: ['{tag} NO [LIMIT] slow down\r\n'] }, 'source.limited'],
  ['LOGIN', { do: 'answer', pieces: ['{tag} NO [UNAVAILABLE] later\r\n'] }, 'source.limited'],
  ['SELECT', { do: 'answer', pieces: ['{tag} NO [UNAVAILABLE] later\r\n'] }, 'source.limited'],
  ['UID SEARCH', { do: 'bye', text: '[LIMIT] too many commands' }, 'source.limited'],
  ['UID FETCH', { do: 'answer', pieces: ['{tag} NO [OVERQUOTA] bandwidth\r\n'] }, 'source.limited'],
  [
    'SELECT',
    { do: 'answer', pieces: ['{tag} NO [ALERT] look at our web site\r\n'] },
    'source.server-temporary',
  ],
] as const satisfies readonly (readonly [string, ImapPlay, FaultCode])[]) {
  const words = fault.do === 'bye' ? `BYE ${fault.text}` : fault.pieces[0].trim().replace('{tag} ', '')
  test(`C9: "${words}" at ${at} is a passing state, told with the server's words`, () =>
    play({ protocol: 'imap' }, async self => {
      await self.deliver(mail('a'))
      imapOf(self).faults.at = ({ verb }) =>
        verb === at || (at === 'LOGIN' && verb === 'AUTHENTICATE') ? fault : undefined
      const made = await self.app.pull()
      assert.equal(codeOf(made), code)
      assert.ok(made.kind === 'failed')
      assert.equal(made.fault.retry, 'later')
      assert.ok(made.fault.exitCode > 0)
      assert.ok(made.notBeforeMs > self.clock.nowMs())
      assert.match(
        String(made.fault.facts.words),
        /connections|maintenance|slow|later|commands|bandwidth|web site/,
      )
      assert.match(self.app.log(), new RegExp(code))
      assert.equal((await self.app.journal.mailbox(mailboxOf(self))).fault?.code, code)
      delete imapOf(self).faults.at
      self.clock.pass(hour)
      countOf(await self.app.pull())
      await self.judge()
    }))
}

test('C9: an alert on the way stops nothing', () =>
  play({ protocol: 'imap' }, async self => {
    await self.deliver(mail('a'))
    imapOf(self).faults.at = ({ verb }) =>
      verb === 'UID SEARCH' ? { do: 'before', pieces: ['* OK [ALERT] 95 % full\u0007\r\n'] } : undefined
    assert.equal(countOf(await self.app.pull()).imported, 1)
    await self.judge()
  }))

for (const [name, break_] of [
  ['deleted', (self: Play) => imapOf(self).drop('Work')],
  ['made non-selectable', (self: Play) => Object.assign(folderOf(self, 'Work'), { selectable: false })],
] as const) {
  test(`C10: a folder that was ${name} is told, and the others go on`, () =>
    play({ protocol: 'imap', more: { MAIL_FOLDERS: 'Work,INBOX', AFTER_IMPORT: 'delete' } }, async self => {
      imapOf(self).create('Work')
      imapOf(self).deliver('Work', mail('w'))
      self.put.push(mail('w'))
      countOf(await self.app.pull())
      break_(self)
      await self.deliver(mail('a'))
      const made = await self.app.pull()
      assert.ok(made.kind === 'pulled')
      assert.deepEqual(
        made.result.faults.map(fault => [fault.code, fault.facts.folder]),
        [['source.folder-missing', 'Work']],
      )
      assert.equal(made.result.count.imported, 1)
      assert.deepEqual(
        (await self.app.journal.troubles.list()).map(({ scope, subject }) => [scope, subject]),
        [['folder', 'Work']],
      )
      await self.judge()
    }))
}

test('C10: a folder that was renamed is told; under its new name nothing is imported again', () =>
  play({ protocol: 'imap', more: { MAIL_FOLDERS: 'INBOX,Work' } }, async self => {
    const work = imapOf(self).create('Work')
    for (const octets of [mail('w1'), mail('w2'), nameless('w3')]) {
      self.put.push(octets)
      imapOf(self).deliver('Work', octets)
    }
    countOf(await self.app.pull())
    const renamed = imapOf(self).create('Work 2026')
    renamed.messages = work.messages
    imapOf(self).drop('Work')
    const made = await self.app.pull()
    assert.equal(made.kind === 'pulled' ? made.result.faults[0]?.code : '', 'source.folder-missing')
    await self.restart({ MAIL_FOLDERS: 'INBOX,Work 2026' })
    countOf(await self.app.pull())
    assert.equal(uploads(self).length, 3)
    await self.judge()
  }))

test('C10: folder names are names, never paths, and come in modified UTF-7', () => {
  // A name that nobody else has put beside our folder.
  const unique = `x-${randomUUID()}`
  const above = `../../${unique}`
  return play({ protocol: 'imap', more: { MAIL_FOLDERS: `INBOX,${above},仕事` } }, async self => {
    for (const name of [above, '&TtVOiw-']) {
      const octets = mail(`in-${Buffer.from(name).toString('hex')}`, 600_000)
      self.put.push(octets)
      imapOf(self).create(name)
      imapOf(self).deliver(name, octets)
    }
    await self.deliver(mail('a'))
    assert.equal(countOf(await self.app.pull()).imported, 3)
    assert.deepEqual(readdirSync(self.world.folder), ['state'])
    for (const level of ['..', '../..', 'state', 'state/..'])
      assert.ok(!existsSync(join(self.world.folder, level, unique)), level)
    await self.judge()
  })
})

test('C10: a name that would steer a terminal is shown escaped', () =>
  play({ protocol: 'imap', more: { MAIL_FOLDERS: 'INBOX,Gone' } }, async self => {
    imapOf(self).create('\u001b[31mred')
    const made = await self.app.pull()
    assert.equal(made.kind === 'pulled' ? made.result.faults[0]?.code : '', 'source.folder-missing')
    await self.judge()
  }))
