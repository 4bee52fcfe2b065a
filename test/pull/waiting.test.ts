/** What waits, for how long, and what ends the waiting: watches, folders, clocks, and trouble of the account. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { runDaemon } from '../../src/daemon.ts'
import type { Journal } from '../../src/journal/journal.ts'
import { attemptPull } from '../../src/pull/attempt.ts'
import { codeOf, hour, imapOf, mail, minute, play, portsOf, whileRunning } from '../faults/harness.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { until } from '../servers/until.ts'

const hardlyEver = { SCHEDULE: '0 0 1 1 *' }
const never = new AbortController().signal
const quiet = { signal: never, stopping: never, budgetMs: hour, reason: 'test', onProgress: () => {} }

test('a watch that dies soon after its begin is begun again more and more rarely', () =>
  play({ protocol: 'imap', more: hardlyEver }, async self => {
    const imap = imapOf(self)
    const { clock } = self
    const beganMs: number[] = []
    imap.faults.at = ({ verb }) => {
      if (verb !== 'IDLE') return undefined
      beganMs.push(clock.monotonicMs())
      return { do: 'bye', text: 'too many connections' }
    }
    await whileRunning(self, async () => {
      await until(() => {
        clock.pass(200)
        return beganMs.length >= 5
      }, 'five watches')
    })
    const [, , , fourth = 0, fifth = 0] = beganMs
    // Half of the fourth step (2, 4, 8, 16 s) is the least that back-off waits.
    assert.ok(fifth - fourth >= 8000, beganMs.join(' '))
  }))

test('a watch that gives no sign of life is dropped after ten minutes and begun again', t =>
  play({ protocol: 'imap', more: hardlyEver }, async self => {
    const begin = setTimeout
    t.mock.method(globalThis, 'setTimeout', (work: () => void, ms = 0, ...args: []) =>
      begin(work, ms === 10 * minute ? 50 : ms, ...args),
    )
    let watches = 0
    const ports = portsOf(self.app)
    /** Hangs for ever, as a library may that believes in a dead connection. */
    const watch = (_news: unknown, _alive: unknown, signal: AbortSignal): Promise<never> => {
      watches += 1
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const { protocol, countsLogins } = ports.source
    const source = { protocol, countsLogins, open: ports.source.open.bind(ports.source), watch }
    const bridge = { ...self.app.bridge, mailboxes: [{ ...ports, source }] }
    const stop = new AbortController()
    const running = runDaemon(bridge, stop.signal, never, { afterAttempt: () => {} })
    try {
      await until(() => {
        self.clock.pass(1000)
        return watches >= 3
      }, 'three watches')
    } finally {
      stop.abort()
      await running
    }
  }))

test('over POP3 what was put off waits for the schedule: hosts count logins', () =>
  play({ more: hardlyEver }, async self => {
    const { pop3 } = self.world.source
    assert.ok(pop3)
    await self.deliver(mail('short', 900))
    // It is to be read again, a second later.
    pop3.faults.truncate = () => 300
    await whileRunning(self, async attempts => {
      await until(() => attempts() === 1, 'the first pull')
      assert.equal((await self.stages()).deferred, 1)
      // An absence: what is too early would come after one second.
      await new Promise(resolve => setTimeout(resolve, 2000))
      assert.equal(pop3.ledger.logins.length, 1)
      assert.equal(attempts(), 1)
    })
  }))

test('a wrong password is tried by the pull, and by no watch beside it', () =>
  play({ protocol: 'imap', more: { ...hardlyEver, MAIL_PASSWORD: 'wrong' } }, async self => {
    const imap = imapOf(self)
    await whileRunning(self, async attempts => {
      await until(() => attempts() === 1, 'the pull was refused')
      for (let steps = 0; steps < 20; steps += 1) {
        self.clock.pass(5000)
        await new Promise(resolve => setImmediate(resolve))
      }
      assert.equal(imap.ledger.failedLogins.length, attempts())
    })
  }))

test('what waits in a folder that cannot be listed makes no pull after pull', () =>
  play({ protocol: 'imap', more: { MAIL_FOLDERS: 'INBOX,Shop' } }, async self => {
    const imap = imapOf(self)
    imap.create('Shop')
    imap.deliver('Shop', mail('s1'))
    self.world.gmail.faults.next('import', presets.status(400))
    await self.app.pull()
    imap.drop('Shop')
    self.clock.pass(10 * minute)
    const made = await self.app.pull()
    assert.equal(made.kind, 'pulled')
    if (made.kind !== 'pulled') return
    assert.equal(made.result.nextDueMs, undefined)
    assert.deepEqual(
      made.result.faults.map(fault => fault.code),
      ['source.folder-missing'],
    )
  }))

test('waits that were reckoned by a clock that ran ahead are void once it is set back', () =>
  play({}, async self => {
    const { app, clock, world } = self
    const { pop3 } = world.source
    assert.ok(pop3)
    clock.offsetMs = 12 * hour
    await self.deliver(mail('m'))
    world.gmail.faults.next('import', presets.status(400))
    await app.pull()
    assert.equal((await app.journal.row(1))?.stage, 'deferred')
    pop3.faults.line = event => (event.verb === 'CONNECT' ? 'fin' : undefined)
    assert.equal(codeOf(await app.pull()), 'source.connection-lost')
    pop3.faults.line = () => undefined
    clock.offsetMs = 0
    assert.equal(codeOf(await app.pull({ gate: true })), 'none', 'the mailbox does not wait')
    assert.equal(world.gmail.accepted.length, 1, 'nor does the message')
  }))

test('trouble of the account is over when Gmail answers, not when a pull had nothing to ask', () =>
  play({}, async self => {
    const { app, clock, world } = self
    const account = portsOf(app).mailbox.account
    await self.deliver(mail('m'))
    world.gmail.faults.always('import', presets.status(503))
    assert.equal(codeOf(await app.pull()), 'gmail.outcome-unknown')
    // Not due yet: the pull finds nothing to do.
    assert.equal(codeOf(await app.pull()), 'none')
    assert.equal((await app.journal.accountState(account)).failures, 1)
    assert.ok((await app.journal.mailbox(portsOf(app).mailbox.name)).failingSinceMs !== undefined)
    assert.doesNotMatch(app.log(), /"recovered"/)
    world.gmail.faults.clear()
    clock.pass(5 * hour)
    await app.pull()
    clock.pass(hour)
    await app.pull()
    assert.equal((await app.journal.accountState(account)).failures, 0)
    assert.match(app.log(), /"recovered"/)
  }))

test('a journal that is locked while trouble is recorded ends no daemon', () =>
  play({}, async self => {
    const { pop3 } = self.world.source
    assert.ok(pop3)
    pop3.faults.line = event => (event.verb === 'CONNECT' ? 'fin' : undefined)
    const ports = portsOf(self.app)
    const journal = lockedAt(ports.journal, 'changeMailbox')
    assert.equal(codeOf(await attemptPull({ ...ports, journal }, quiet, false)), 'journal.locked')
  }))

test('trouble that nothing may go on after is loud while stopping, too', () =>
  play({}, async self => {
    const ports = portsOf(self.app)
    const journal = lockedAt(ports.journal, 'beginPull', 'journal.missing')
    const options = { ...quiet, stopping: AbortSignal.abort() }
    await assert.rejects(attemptPull({ ...ports, journal }, options, false), { code: 'journal.missing' })
  }))

test('the disk is waited for at the end of a pull that found something or ended a trouble, and after an empty one not', () =>
  play({ more: { AFTER_IMPORT: 'keep' } }, async self => {
    const ports = portsOf(self.app)
    const ends: unknown[] = []
    const endPull: Journal['endPull'] = (mailbox, account, end, lasting) => {
      ends.push(lasting)
      return ports.journal.endPull(mailbox, account, end, lasting)
    }
    const journal: Journal = { ...ports.journal, endPull }
    const pull = () => attemptPull({ ...ports, journal }, quiet, false)
    await self.deliver(mail('one'))
    await pull()
    self.clock.pass(minute)
    const passedMs = self.clock.nowMs()
    await pull()
    const { lastGoodPullAtMs = 0 } = await ports.journal.mailbox(ports.mailbox.name)
    assert.ok(lastGoodPullAtMs >= passedMs, 'it is written all the same')
    const fault = recorded(self.clock.nowMs())
    await ports.journal.updateMailbox(ports.mailbox.name, { failures: 1, failingSinceMs: 1, fault })
    await pull()
    await pull()
    assert.deepEqual(ends, ['now', 'later', 'now', 'later'])
  }))

const recorded = (atMs: number) =>
  ({ code: 'source.connection-lost', retry: 'later', facts: {}, atMs }) as const

/** The real journal, of which one method always throws. */
function lockedAt(
  journal: Journal,
  method: 'changeMailbox' | 'beginPull',
  code: 'journal.locked' | 'journal.missing' = 'journal.locked',
): Journal {
  return new Proxy(journal, {
    get(target, key) {
      if (key === method) {
        return () => {
          throw new Fault(code)
        }
      }
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
