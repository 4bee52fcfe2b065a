/** Family F, "field": refused logins in whatever words, servers that need longer, and waits that were announced. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { runDaemon } from '../../src/daemon.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { learnedDeadlines } from '../../src/pull/patience.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { countOf, PlayedClock } from '../servers/in-process.ts'
import { type SlowPop3, startSlowPop3 } from '../servers/slow-pop3.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld } from '../servers/world.ts'
import { codeOf, day, hour, hurry, mail, minute, type Play, play, portsOf } from './harness.ts'

const never = new AbortController().signal

/** At most five of these instants (ms) lie within any hour. */
function assertCapped(refusedAtMs: readonly number[]): void {
  for (const [index, at] of refusedAtMs.entries()) {
    const within = refusedAtMs.slice(index).filter(one => one < at + hour).length
    assert.ok(within <= 5, `${within} refused logins within an hour`)
  }
}

/** Every login over IMAP is answered by this line; the instants (played clock) at which that happened. */
function refuseImap(self: Play, line: string): number[] {
  const { imap } = self.world.source
  assert.ok(imap)
  const atMs: number[] = []
  imap.faults.at = ({ verb }) => {
    if (verb !== 'AUTHENTICATE') return undefined
    atMs.push(self.clock.nowMs())
    return { do: 'answer', pieces: ['+ \r\n', `${line}\r\n`] }
  }
  return atMs
}

function refusePop3(self: Play, line: string): { readonly count: () => number } {
  const { pop3 } = self.world.source
  assert.ok(pop3)
  pop3.faults.login = line
  return { count: () => pop3.ledger.failedLogins.length }
}

// https://github.com/LukeSmithxyz/mutt-wizard/issues/831, https://github.com/roundcube/roundcubemail/issues/6809,
// https://github.com/thunderbird/thunderbird-android/issues/8072
for (const line of [
  '{tag} NO [ALERT] Invalid credentials (Failure)',
  '{tag} NO [ALERT] Application-specific password required',
  '{tag} NO [CONTACTADMIN] Please log in via your web browser',
  '{tag} NO [UNAVAILABLE] Temporary authentication failure',
  '{tag} NO [LIMIT] Too many sessions',
  '{tag} NO [INUSE] Mailbox is in use',
  '{tag} NO [SERVERBUG] oops',
  '{tag} NO [PRIVACYREQUIRED] not like this',
  '{tag} NO Login failed, please try again later',
  '{tag} NO nope',
  '{tag} NO',
  '{tag} BAD go away',
  '* BYE [ALERT] Invalid credentials',
  '* BYE',
  '{tag} NO [ALERT] Invalid credentials (Failure)\r\n* BYE and do not come back',
])
  test(`F9: "${line}": pulls in a row, each in a process of its own and told not to wait, are refused at most five times an hour`, () =>
    play({ protocol: 'imap' }, async self => {
      await self.deliver(mail('one'))
      const atMs = refuseImap(self, line)
      for (let n = 0; n < 11; n++) {
        await self.restart()
        await self.app.pull()
      }
      assert.equal(atMs.length, 5)
      for (let n = 0; n < 24; n++) {
        self.clock.pass(5 * minute)
        await self.app.pull()
      }
      assert.ok(atMs.length > 5, 'it goes on trying')
      assertCapped(atMs)
      const { imap } = self.world.source
      if (imap) imap.faults.at = () => undefined
      self.clock.pass(hour)
      countOf(await self.app.pull())
      await self.judge()
    }))

for (const line of [
  '-ERR',
  '-ERR [SYS/TEMP] later',
  '-ERR [IN-USE] locked',
  '-ERR [ALERT] Invalid credentials',
  '-ERR [AUTH] Unsupported authentication mechanism',
])
  test(`F9: "${line}" to PASS counts as well`, () =>
    play({}, async self => {
      const refused = refusePop3(self, line)
      for (let n = 0; n < 11; n++) {
        await self.restart()
        await self.app.pull()
      }
      assert.equal(refused.count(), 5)
    }))

test('F9: a wrong password behind an alert ends with 77 and the words of the server, in both languages and in JSON', async () => {
  const world = await startWorld({ protocol: 'imap' })
  try {
    const { imap } = world.source
    assert.ok(imap)
    let logins = 0
    imap.faults.at = ({ verb }) => {
      if (verb !== 'AUTHENTICATE') return undefined
      logins += 1
      return {
        do: 'answer',
        pieces: ['+ \r\n', '{tag} NO [ALERT] Application-specific password required\r\n'],
      }
    }
    const first = await world.run(['pull'])
    assert.equal(first.code, 77)
    assert.match(first.stderr, /Application-specific password required/)
    assert.match(first.stderr, /make one in the security settings/)
    const second = await world.run(['pull', '--json'])
    assert.equal(second.code, 77)
    const [mailbox] = answerOf(second).mailboxes as { waitsUntilMs: number; fault: { code: string } }[]
    assert.equal(mailbox?.fault.code, 'source.login-refused')
    assert.ok((mailbox?.waitsUntilMs ?? 0) > Date.now() + 4 * minute)
    assert.equal(logins, 1, 'a pull that nobody sits at keeps the wait')
    for (let n = 0; n < 6; n++) assert.equal((await world.run(['pull', '--now', '--lang', 'ja'])).code, 77)
    assert.equal(logins, 5)
    const last = await world.run(['pull', '--now', '--lang', 'ja'])
    assert.match(last.stdout, /まで待ちます/)
    assert.match(last.stderr, /5 回拒否/)
    assert.equal(logins, 5)
  } finally {
    await world.stop()
  }
})

/** The daemon, with a watch that logs in by itself and not over the connection that a pull keeps for it. */
async function runApart(
  self: Play,
  story: (daemon: { readonly attempts: () => number }) => Promise<void>,
  { refuse, opened = () => {} }: { readonly refuse: () => boolean; readonly opened?: () => void },
): Promise<void> {
  let isPulling = false
  const { imap } = self.world.source
  assert.ok(imap)
  imap.faults.at = ({ verb }) =>
    verb === 'AUTHENTICATE' && !isPulling && refuse()
      ? { do: 'answer', pieces: ['+ \r\n', '{tag} NO [LIMIT] one session, please\r\n'] }
      : undefined
  const ports = portsOf(self.app)
  const { expectWatch: _, ...unkept } = ports.source
  const source = {
    ...unkept,
    async open(signal: AbortSignal) {
      isPulling = true
      try {
        opened()
        return await ports.source.open(signal)
      } finally {
        isPulling = false
      }
    },
  }
  const bridge = { ...self.app.bridge, mailboxes: [{ ...ports, source }] }
  const stop = new AbortController()
  let attempts = 0
  const afterAttempt = (): void => {
    attempts += 1
  }
  const running = runDaemon(bridge, stop.signal, never, { afterAttempt })
  try {
    await story({ attempts: () => attempts })
  } finally {
    stop.abort()
    await running
  }
}

const isIdling = ({ world: { source } }: Play): boolean =>
  source.imap?.ledger.commands.some(({ text }) => text === 'IDLE') === true

test('F9: a watch that is refused and pulls that go well: the mail comes, and the cap holds for both together', () =>
  play({ protocol: 'imap', more: { SCHEDULE: '0 0 1 1 *' } }, async self => {
    const refusedAtMs: number[] = []
    let isRefused = true
    const refuse = (): boolean => {
      if (isRefused) refusedAtMs.push(self.clock.nowMs())
      return isRefused
    }
    const story = async ({ attempts }: { readonly attempts: () => number }): Promise<void> => {
      await until(() => refusedAtMs.length === 1, 'the watch was refused')
      for (let n = 2; n <= 6; n++) {
        await self.app.journal.setNote('check-now', '1')
        const before = attempts()
        await until(() => attempts() > before, 'a pull')
        // A good login ends the pause at once, as long as room is left for the pulls.
        if (n <= 3) await until(() => refusedAtMs.length === n, `refusal ${n}`)
      }
      assert.equal(refusedAtMs.length, 3)
      assertCapped(refusedAtMs)
      isRefused = false
      await until(() => {
        self.clock.pass(minute)
        return isIdling(self)
      }, 'the watch is there again')
    }
    await runApart(self, story, { refuse })
  }))

test('F9: a good login ends the pause of a refused watch also where the clock was set back in the middle of the pull', () =>
  play({ protocol: 'imap', more: { SCHEDULE: '0 0 1 1 *' } }, async self => {
    let refusals = 0
    let isSetBack = false
    const refuse = (): boolean => ++refusals === 1
    const opened = (): void => {
      if (isSetBack) self.clock.offsetMs -= hour / 2
    }
    const story = async (): Promise<void> => {
      await until(() => refusals > 0, 'the watch was refused')
      isSetBack = true
      await self.app.journal.setNote('check-now', '1')
      // No time passes: the pause would last for five minutes at the least.
      await until(() => isIdling(self), 'the watch is there again')
    }
    await runApart(self, story, { refuse, opened })
  }))

async function slowly(
  options: {
    readonly silentMs?: Record<string, number>
    readonly loginDelaySeconds?: number
    readonly env?: Record<string, string>
  },
  story: (self: Play, server: SlowPop3) => Promise<void>,
): Promise<void> {
  // The clock of `play` is made in it: the server asks for it when it needs one.
  let clock: PlayedClock | undefined
  const known = (): PlayedClock => clock ?? new PlayedClock()
  const server = await startSlowPop3({
    ...options,
    clock: { monotonicMs: () => known().monotonicMs(), sleep: (ms, signal) => known().sleep(ms, signal) },
  })
  try {
    await play({ more: { MAIL_PORT: String(server.port), ...options.env } }, async self => {
      clock = self.clock
      await story(self, server)
    })
  } finally {
    await server.stop()
  }
}

// https://github.com/the-djmaze/snappymail/issues/1211, https://github.com/RainLoop/rainloop-webmail/issues/903
for (const [verb, phase, ms] of [
  ['PASS', 'login', 75_000],
  ['LIST', 'list', 170_000],
  ['GREETING', 'greeting', 150_000],
  ['RETR', 'retrieve', 75_000],
  ['PASS', 'login', 500_000],
] as const)
  test(`F10: a POP3 server that is silent for ${ms / 1000} s at ${verb} is given more time, over restarts, and the usual one again after days`, () =>
    slowly({ silentMs: { [verb]: ms } }, async (self, server) => {
      server.messages.push(mail('one'))
      let tries = 0
      let imported = 0
      while (imported === 0 && tries < 5) {
        await self.restart()
        const made = await hurry(self.clock, 5000, self.app.pull())
        if (made.kind === 'pulled') imported = made.result.count.imported
        else assert.equal(codeOf(made), 'source.timeout')
        tries += 1
        self.clock.pass(hour)
      }
      assert.equal(imported, 1)
      assert.ok(tries >= 2 && tries <= 4, `${tries} tries`)
      const name = portsOf(self.app).mailbox.name
      const learned = () => learnedDeadlines(self.app.journal, name, self.clock.nowMs())
      assert.ok(((await learned())[phase]?.ms ?? 0) >= ms)
      assert.ok(Object.values(await learned()).every(one => one.ms <= 600_000))
      // Still needed: kept for another few days.
      if (phase !== 'retrieve') {
        for (let n = 0; n < 2; n++) {
          self.clock.pass(2 * day)
          countOf(await hurry(self.clock, 5000, self.app.pull()))
        }
        assert.ok(((await learned())[phase]?.ms ?? 0) >= ms)
      }
      server.silentMs = {}
      self.clock.pass(4 * day)
      countOf(await self.app.pull())
      assert.deepEqual(await learned(), {})
    }))

// https://github.com/scroogie/asimap/issues/372
test('F10: an IMAP server that needs 75 s to open a folder is given them', () =>
  play({ protocol: 'imap' }, async self => {
    const { imap } = self.world.source
    assert.ok(imap)
    await self.deliver(mail('one'))
    imap.faults.at = ({ verb }) => (verb === 'SELECT' ? { do: 'silence' } : undefined)
    assert.equal(codeOf(await hurry(self.clock, 5000, self.app.pull())), 'source.timeout')
    const { name } = portsOf(self.app).mailbox
    assert.equal((await learnedDeadlines(self.app.journal, name, self.clock.nowMs())).select?.ms, 180_000)
    const beganMs = self.clock.monotonicMs()
    assert.equal(codeOf(await hurry(self.clock, 5000, self.app.pull())), 'source.timeout')
    assert.ok(self.clock.monotonicMs() - beganMs >= 180_000)
    assert.equal((await learnedDeadlines(self.app.journal, name, self.clock.nowMs())).select?.ms, 600_000)
    imap.faults.at = () => undefined
    countOf(await self.app.pull())
    await self.judge()
  }))

test('F10: a deadline that grew holds up no stop', () =>
  slowly({ silentMs: { PASS: 300_000 } }, async (self, server) => {
    for (let n = 0; n < 2; n++) await hurry(self.clock, 5000, self.app.pull())
    const stopping = new AbortController()
    const before = server.ledger.commands.filter(verb => verb === 'PASS').length
    const pulling = self.app.pull({ stopping: stopping.signal })
    await until(() => server.ledger.commands.filter(verb => verb === 'PASS').length > before, 'the login')
    const beganMs = performance.now()
    stopping.abort()
    assert.equal((await pulling).kind, 'stopped')
    assert.ok(performance.now() - beganMs < 2000)
  }))

test('F11: a pause between logins that a server announces is kept by a daemon that looks each minute', () =>
  slowly({ loginDelaySeconds: 600, env: { AFTER_IMPORT: 'delete' } }, async (self, server) => {
    server.messages.push(mail('one'))
    countOf(await self.app.pull({ gate: true }))
    for (let n = 0; n < 60; n++) {
      self.clock.pass(minute)
      if (n % 7 === 0) await self.restart()
      if (n === 20) server.messages.push(mail('two'))
      await hurry(self.clock, 1000, self.app.pull({ gate: n % 2 === 0 }))
    }
    assert.equal(server.ledger.refused, 0)
    assert.ok(server.ledger.logins >= 5 && server.ledger.logins <= 7, `${server.ledger.logins} logins`)
    assert.equal(self.world.gmail.accepted.length, 2)
    assert.deepEqual(server.messages, [])
  }))

test('F11: a one-shot pull waits a short pause out before it proves its deletions, and does without where it is long', async () => {
  for (const loginDelaySeconds of [2, 600]) {
    const server = await startSlowPop3({ clock: systemClock, loginDelaySeconds })
    const world = await startWorld({
      protocol: 'pop3',
      env: { MAIL_PORT: String(server.port), AFTER_IMPORT: 'delete' },
    })
    try {
      server.messages.push(mail('one'), mail('two'))
      const ended = await world.run(['pull', '--json'])
      assert.equal(ended.code, 0, ended.stdout + ended.stderr)
      assert.deepEqual(server.messages, [])
      assert.equal(server.ledger.refused, 0)
      assert.equal(answerOf(ended).imported, 2)
      if (loginDelaySeconds === 2) continue
      for (const more of [[], ['--now']]) {
        const again = await world.run(['pull', ...more])
        assert.equal(again.code, 75)
        assert.match(again.stderr, /wants 600 seconds between two logins/)
        assert.match(again.stdout, /nothing was tried; the wait for this lasts until/)
      }
      assert.equal(server.ledger.refused + server.ledger.logins, 1)
    } finally {
      await world.stop()
      await server.stop()
    }
  }
})

test('F11: a pull from a timer sends nothing before "Retry after" is over, and one with --now does', async () => {
  const world = await startWorld({ protocol: 'pop3' })
  try {
    for (const name of ['one', 'two', 'three']) await world.source.deliver(mail(name))
    world.gmail.faults.always('import', presets.rateLimited('user-rate', 2 * hour))
    const uploads = (): number =>
      world.gmail.ledger.entries.filter(entry => entry.endpoint === 'import').length
    const first = await world.run(['pull'])
    assert.equal(first.code, 75)
    const sent = uploads()
    assert.ok(sent > 0)
    for (const lang of ['en', 'ja', 'en']) {
      const ended = await world.run(['pull', '--lang', lang])
      assert.equal(ended.code, 75)
      assert.match(ended.stdout, lang === 'en' ? /nothing was tried.*in 2 hours/ : /まで待ちます/)
    }
    assert.equal(uploads(), sent)
    world.gmail.faults.clear()
    assert.equal((await world.run(['pull', '--now'])).code, 0)
    assert.equal(world.gmail.accepted.length, 3)
    assert.equal((await world.run(['pull'])).code, 0)
  } finally {
    await world.stop()
  }
})

for (const [lang, causes] of [
  [
    'en',
    [
      /it took before/,
      /password was changed at the host/,
      /too many logins.*nothing to do/,
      /The next try comes .*min after this one, at /,
    ],
  ],
  ['ja', [/これまで使えていた/, /サーバー側でパスワードを変更/, /何もする必要はありません/, /次の再試行は/]],
] as const)
  test(`F12: a refused login after a good one names both causes, both remedies and the next try (${lang})`, async () => {
    const world = await startWorld({ protocol: 'pop3' })
    try {
      assert.equal((await world.run(['pull'])).code, 0)
      const { pop3 } = world.source
      assert.ok(pop3)
      pop3.faults.login = '-ERR [AUTH] Authentication failed.'
      const refused = await world.run(['pull', '--lang', lang])
      assert.equal(refused.code, 77)
      for (const cause of [...causes, /\[AUTH\] Authentication failed\./]) assert.match(refused.stderr, cause)
      const kept = await world.run(['pull', '--lang', lang])
      assert.equal(kept.code, 77)
      for (const cause of causes) assert.match(kept.stderr, cause)
      assert.equal(pop3.ledger.failedLogins.length, 1)
      delete pop3.faults.login
      assert.equal((await world.run(['pull', '--now'])).code, 0)
    } finally {
      await world.stop()
    }
  })

test('F12: a refusal that lasts is a changed password, and is told once', () =>
  play({}, async self => {
    countOf(await self.app.pull())
    refusePop3(self, '-ERR login incorrect')
    const codes: string[] = []
    for (let n = 0; n < 60; n++) {
      self.clock.pass(5 * minute)
      const made = await self.app.pull({ gate: true })
      if (made.kind === 'failed') codes.push(made.fault.code)
      if (made.kind === 'failed') assert.match(describeFault(made.fault, 'en').mail, /The next try comes/)
    }
    assert.equal(codes[0], 'source.login-doubtful')
    assert.equal(codes.at(-1), 'source.login-refused')
    assert.equal(codes.indexOf('source.login-refused'), codes.lastIndexOf('source.login-doubtful') + 1)
    assert.equal((await self.app.journal.troubles.list()).length, 1)
  }))

test('F11: a wait is kept for the server and login that it was recorded for, and for no corrected one', async () => {
  const world = await startWorld({ protocol: 'pop3' })
  try {
    const { pop3 } = world.source
    assert.ok(pop3)
    const wrong = { env: { MAIL_PASSWORD: 'wrong' } }
    assert.equal((await world.run(['pull'], wrong)).code, 77)
    assert.equal((await world.run(['pull'], wrong)).code, 77)
    assert.equal(pop3.ledger.failedLogins.length, 1)
    const elsewhere = await world.run(['pull'], { env: { MAIL_PORT: '1' } })
    assert.equal(elsewhere.code, 69)
    assert.equal((await world.run(['pull'])).code, 0, 'the right password goes at once')
  } finally {
    await world.stop()
  }
})
