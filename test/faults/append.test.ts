/**
 * Row D of the fault matrix for the other way into Gmail, an app password and IMAP APPEND: what Gmail's IMAP server may do.
 * Its own books and the source's are the judges.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import type { FaultCode } from '../../src/base/fault.ts'
import type { Attempt } from '../../src/pull/attempt.ts'
import { type AppendWorld, startAppendWorld } from '../servers/append-world.ts'
import type { GmailImapOptions, GmailImapPlay } from '../servers/gmail-imap/gmail-imap-server.ts'
import { type InProcess, openInProcess, PlayedClock } from '../servers/in-process.ts'
import { sha256 } from '../servers/pop3-maildrop.ts'
import { codeOf, hour, mail, minute, nameless, portsOf } from './harness.ts'

interface Play {
  readonly world: AppendWorld
  app: InProcess
  readonly clock: PlayedClock
  deliver(...messages: readonly Buffer[]): Promise<void>
  restart(env?: Readonly<Record<string, string>>): Promise<void>
  /** Plays this at the next so many commands of the kind. */
  next(verb: string, play: GmailImapPlay, times?: number): void
  /** Pulls an hour apart until nothing waits, at most 12 times. */
  untilDone(): Promise<void>
  /** Each message once in Gmail, none left at the source, nothing left it before Gmail had it; books agree. */
  judge(except?: readonly Buffer[]): Promise<void>
}

async function play(story: (play: Play) => Promise<void>, imap: GmailImapOptions = {}): Promise<void> {
  const world = await startAppendWorld({ protocol: 'pop3', imap, env: { AFTER_IMPORT: 'delete' } })
  const clock = new PlayedClock()
  let app = await openInProcess(world, { clock })
  const put: Buffer[] = []
  const self: Play = {
    world,
    clock,
    get app() {
      return app
    },
    deliver: async (...messages) => {
      for (const octets of messages) {
        put.push(octets)
        await world.source.deliver(octets)
      }
    },
    restart: async (env = {}) => {
      await app.close()
      app = await openInProcess(world, { clock, env })
    },
    next: (verb, given, times = 1) => {
      let left = times
      world.imap.at = moment => (moment.verb === verb && left-- > 0 ? given : undefined)
    },
    untilDone: async () => {
      for (let times = 0; times < 12; times += 1) {
        clock.pass(hour)
        const attempt = await app.pull()
        const { pending } = await app.journal.conservation(portsOf(app).mailbox.name)
        if (attempt.kind === 'pulled' && pending === 0 && attempt.result.count.settleAsked === 0) return
      }
      throw new Error('never done')
    },
    judge: async (except = []) => {
      const kept = except.map(sha256)
      const expected = put.map(sha256).filter(digest => !kept.includes(digest))
      const appended = world.imap.ledger.appended
      assert.deepEqual(appended.map(each => each.sha256).sort(), [...expected].sort(), 'each message once')
      assert.deepEqual((await world.source.stored('INBOX')).sort(), kept.sort(), 'what is left at the source')
      for (const { sha256: digest, at } of world.source.pop3?.ledger.deleted ?? []) {
        const taken = appended.find(each => each.sha256 === digest)
        assert.ok(
          taken !== undefined && taken.atMs <= at + 3,
          'nothing leaves the source before Gmail has it',
        )
      }
      clock.pass(hour)
      await app.pull()
      assert.equal(world.imap.ledger.appended.length, expected.length, 'another pull changes nothing')
      const { listed, imported, merged, refused, pending, ignored, gone } = await app.journal.conservation(
        portsOf(app).mailbox.name,
      )
      assert.equal(imported + merged + refused + pending + ignored + gone, listed)
    },
  }
  try {
    await story(self)
  } finally {
    await app.close()
    await world.stop()
  }
}

const waitOf = (attempt: Attempt, clock: PlayedClock): number =>
  attempt.kind === 'failed' ? attempt.notBeforeMs - clock.nowMs() : 0

const rates: readonly [line: string, code: FaultCode, leastMs: number][] = [
  ['NO [THROTTLED] (Failure)', 'gmail.rate-limited', 1000],
  ['NO [ALERT] Too many simultaneous connections. (Failure)', 'gmail.rate-limited', 1000],
  [
    'NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)',
    'gmail.daily-limit',
    10 * minute,
  ],
]
for (const [line, code, leastMs] of rates)
  test(`D1: by APPEND, ${line} is waited out, and nothing is lost or sent twice`, () =>
    play(async self => {
      await self.deliver(...['1', '2', '3'].map(name => mail(name)))
      self.next('APPEND', { do: 'answer', line: `{tag} ${line}` })
      const attempt = await self.app.pull()
      assert.equal(codeOf(attempt), code)
      assert.ok(waitOf(attempt, self.clock) >= leastMs, String(waitOf(attempt, self.clock)))
      await self.untilDone()
      await self.judge()
    }))

for (const [title, given] of [
  ['before it took the message in', { do: 'answer', line: '{tag} NO [UNAVAILABLE] Temporary System Error' }],
  [
    'after it took the message in',
    { do: 'done-then', line: '{tag} NO [UNAVAILABLE] Temporary System Error' },
  ],
  ['without having taken it in', { do: 'refuse', line: '{tag} NO System Error (Failure)' }],
] as const)
  test(`D2: by APPEND, a server error ${title} costs no message and no second copy`, () =>
    play(async self => {
      await self.deliver(mail('one'), nameless('two'))
      self.next('APPEND', given)
      await self.app.pull()
      await self.untilDone()
      await self.judge()
    }))

for (const [title, given] of [
  ['the connection is reset amid the octets', { do: 'cut-amid', octets: 1 }],
  ['the answer is lost', { do: 'done-then-cut' }],
  ['the server says OK and nothing of where', { do: 'done-then', line: '{tag} OK (Success)' }],
  ['the server says goodbye', { do: 'bye', words: 'Session expired, please login again.' }],
  ['the connection ends before the octets', { do: 'cut' }],
] as const)
  for (const [kind, make] of [
    ['with', mail],
    ['without', nameless],
  ] as const)
    test(`D3: by APPEND, ${title}, at a message ${kind} a Message-ID: it is there once`, () =>
      play(async self => {
        await self.deliver(make('one'), make('two'))
        self.next('APPEND', given)
        await self.app.pull()
        await self.untilDone()
        await self.judge()
      }))

test('D5: by APPEND, a message that is refused in unknown words stays, is tried again, and stops no other', () =>
  play(async self => {
    const odd = mail('odd', 5000)
    await self.deliver(mail('one'), odd, mail('two'))
    self.world.imap.at = ({ verb, text }) =>
      verb === 'APPEND' && text.includes(`{${odd.length}`)
        ? { do: 'answer', line: '{tag} NO Nobody knows why' }
        : undefined
    for (let times = 0; times < 3; times += 1) {
      await self.app.pull()
      self.clock.pass(hour)
    }
    assert.equal(self.world.imap.mail.messages.length, 2)
    self.world.imap.at = undefined
    await self.untilDone()
    await self.judge()
  }))

test('D5: by APPEND, a message with NUL is kept at the source and shown, and stops no other', () =>
  play(async self => {
    const nul = Buffer.concat([mail('nul'), Buffer.from('a\0b\r\n')])
    await self.deliver(mail('one'), nul, mail('two'))
    await self.untilDone()
    const [row] = await self.app.journal.inStages(portsOf(self.app).mailbox.name, ['refused'])
    assert.equal(row?.fault?.code, 'gmail.cannot-append')
    await self.judge([nul])
  }))

const logins: readonly [line: string, code: FaultCode][] = [
  ['NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)', 'gmail.app-password-refused'],
  [
    'NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)',
    'gmail.app-password-needed',
  ],
  ['NO [WEBALERT https://accounts.google.com/x] Web login required. (Failure)', 'gmail.web-login'],
  ['NO [ALERT] Your account is not enabled for IMAP use. (Failure)', 'gmail.imap-disabled'],
  ['NO [ALERT] gesperrt', 'gmail.account-refused'],
]
for (const [line, code] of logins)
  test(`D6: by APPEND, a login answered by ${line} stops the account, is told, and mail goes on after it`, () =>
    play(async self => {
      await self.deliver(mail('one'))
      self.world.imap.at = ({ verb }) =>
        /^(LOGIN|AUTHENTICATE)$/.test(verb) ? { do: 'answer', line: `{tag} ${line}` } : undefined
      assert.equal(codeOf(await self.app.pull()), code)
      const key = { scope: 'account', name: portsOf(self.app).mailbox.account, subject: '' } as const
      assert.equal((await self.app.journal.troubles.find(key))?.code, code)
      assert.equal((await self.world.source.stored('INBOX')).length, 1)
      self.world.imap.at = undefined
      await self.untilDone()
      assert.equal(await self.app.journal.troubles.find(key), undefined)
      await self.judge()
    }))

test('D7: by APPEND, a full account waits with all its mail at the source, and goes on when there is room', () =>
  play(
    async self => {
      await self.deliver(mail('one'), mail('two', 3000))
      assert.equal(codeOf(await self.app.pull()), 'gmail.storage-full')
      assert.ok((await self.world.source.stored('INBOX')).length >= 1)
      self.world.imap.setStorage(1_000_000)
      await self.untilDone()
      await self.judge()
    },
    { storageOctets: 2000 },
  ))

test('D8: by APPEND, two messages of one Message-ID are two', () =>
  play(async self => {
    await self.deliver(mail('same'), Buffer.concat([mail('same'), Buffer.from('a footer of a list\r\n')]))
    await self.untilDone()
    await self.judge()
  }))

test('D9: by APPEND, what the owner deleted in Gmail does not come back', () =>
  play(async self => {
    await self.deliver(mail('one'))
    await self.untilDone()
    self.world.imap.mail.messages.splice(0)
    await self.restart()
    await self.untilDone()
    assert.equal(self.world.imap.ledger.appended.length, 1)
  }))

test('D10: by APPEND, a message over the announced limit is kept and shown, and stops no other', () =>
  play(
    async self => {
      const large = mail('large', 20_000)
      await self.deliver(large, mail('one'))
      await self.untilDone()
      const [row] = await self.app.journal.inStages(portsOf(self.app).mailbox.name, ['refused'])
      assert.equal(row?.fault?.code, 'message.too-large')
      await self.judge([large])
    },
    {
      capabilities: [
        'IMAP4rev1',
        'X-GM-EXT-1',
        'UIDPLUS',
        'SPECIAL-USE',
        'LIST-EXTENDED',
        'AUTH=PLAIN',
        'APPENDLIMIT=10000',
      ],
    },
  ))

test('D11: by APPEND, a look-up that fails or lags makes nothing come twice', () =>
  play(async self => {
    await self.deliver(mail('one'))
    self.world.imap.holdIndex()
    self.next('APPEND', { do: 'done-then-cut' })
    await self.app.pull()
    self.next('UID SEARCH', { do: 'answer', line: '{tag} NO [UNAVAILABLE] try again' }, 2)
    self.clock.pass(5 * minute)
    await self.app.pull()
    self.world.imap.at = undefined
    self.clock.pass(5 * minute)
    await self.app.pull()
    self.world.imap.indexNow()
    await self.untilDone()
    await self.judge()
  }))

test('D12: by APPEND, somebody else who answers for Google gets no mail', async () => {
  const heard: Buffer[] = []
  const stranger = createServer(socket => {
    socket.on('data', chunk => heard.push(chunk))
    socket.on('error', () => {})
    socket.end('HTTP/1.1 302 Found\r\nLocation: http://hotel.example/\r\n\r\n')
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => stranger.once('listening', resolve))
  const address = stranger.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  try {
    await play(async self => {
      await self.deliver(mail('one'))
      await self.restart({ GMAIL_IMAP_URL: `imap://127.0.0.1:${port}` })
      assert.equal(codeOf(await self.app.pull()), 'gmail.not-google')
      assert.equal(Buffer.concat(heard).length, 0)
      await self.restart()
      await self.untilDone()
      await self.judge()
    })
  } finally {
    stranger.close()
  }
})

test('D13: by APPEND, nobody answers at Gmail: all waits, and goes on when it is there', () =>
  play(async self => {
    await self.deliver(mail('one'))
    await self.restart({ GMAIL_IMAP_URL: 'imap://127.0.0.1:9' })
    assert.equal(codeOf(await self.app.pull()), 'gmail.unreachable')
    await self.restart()
    await self.untilDone()
    await self.judge()
  }))
