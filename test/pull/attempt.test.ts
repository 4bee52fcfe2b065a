/** Who may log in and try now, and who waits: over ticks, starts, the owner's word, and clocks that were wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { askForPull } from '../../src/pull/owner-acted.ts'
import { codeOf, day, hour, mail, type Play, play, pop3Of, portsOf, whileRunning } from '../faults/harness.ts'
import { countOf } from '../servers/in-process.ts'
import { until } from '../servers/until.ts'

const hardlyEver = { SCHEDULE: '0 0 1 1 *' }
const never = new AbortController().signal
const recorded = (code: 'source.connection-lost' | 'gmail.storage-full', atMs: number) =>
  ({ code, retry: 'later', facts: {}, atMs }) as const

/** Logs in and leaves at once. @returns 'in', or the code of the fault */
async function login(self: Play): Promise<string> {
  try {
    const session = await portsOf(self.app).source.open(never)
    await session.close()
    return 'in'
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    return thrown.code
  }
}

test('a backlog that is left is gone on with at once, without a tick of the schedule', () =>
  play({ more: hardlyEver }, async self => {
    const held = Promise.withResolvers<void>()
    await self.deliver(...Array.from({ length: 12 }, (_, at) => mail(`m${at}`)))
    self.world.gmail.faults.always('import', { kind: 'hold', until: held.promise })
    await whileRunning(self, async () => {
      await until(() => self.world.gmail.ledger.of('import').length > 0, 'an upload')
      self.clock.pass(31_000)
      held.resolve()
      self.world.gmail.faults.clear()
      await until(() => self.world.gmail.accepted.length === 12, 'all of them')
    })
  }))

test('a tick of the schedule ends no wait, and the word of the owner does', () =>
  play({ more: { SCHEDULE: '* * * * * *' } }, async self => {
    const server = pop3Of(self)
    server.faults.line = ({ verb }) => (verb === 'CONNECT' ? 'fin' : undefined)
    await whileRunning(self, async attempts => {
      await until(() => attempts() === 1, 'the first attempt')
      const { connections } = server.ledger
      // An absence: two ticks.
      await new Promise(resolve => setTimeout(resolve, 2500))
      assert.equal(server.ledger.connections, connections)
      await askForPull(self.app.journal)
      await until(() => server.ledger.connections > connections, 'the attempt that the owner asked for')
    })
  }))

test('a start tries at once what another process left waiting', () =>
  play({ more: hardlyEver }, async self => {
    const { mailbox } = portsOf(self.app)
    const now = self.clock.nowMs()
    await self.app.journal.updateMailbox(mailbox.name, {
      failures: 3,
      notBeforeMs: now + hour,
      fault: recorded('source.connection-lost', now),
    })
    await self.deliver(mail('one'))
    await whileRunning(self, () => until(() => self.world.gmail.accepted.length === 1, 'the mail'))
  }))

test('news of mail do not end the wait of the account', () =>
  play({ protocol: 'imap', more: hardlyEver }, async self => {
    const { mailbox } = portsOf(self.app)
    await whileRunning(self, async attempts => {
      await until(() => attempts() > 0 && self.world.source.imap?.connections === 1, 'the watch')
      const now = self.clock.nowMs()
      // Another mailbox of the account has met this.
      await self.app.journal.updateAccount(mailbox.account, {
        failures: 3,
        notBeforeMs: now + hour,
        fault: recorded('gmail.storage-full', now),
      })
      const before = attempts()
      await self.deliver(mail('one'))
      await until(() => attempts() > before, 'the look at the wait')
      assert.equal(self.world.gmail.ledger.of('import').length, 0)
    })
  }))

test('nobody is let in once five logins were refused within the hour, whoever asks, and after it again', () =>
  play({}, async self => {
    const { faults } = pop3Of(self)
    let refused = 0
    faults.line = ({ verb }) => {
      if (verb !== 'PASS') return undefined
      refused += 1
      return { answer: '-ERR no\r\n' }
    }
    // At the same time: none is answered before the others have asked.
    const all = await Promise.all(Array.from({ length: 8 }, () => login(self)))
    assert.equal(refused, 5, all.join(' '))
    delete faults.line
    assert.equal(await login(self), 'source.login-capped')
    assert.equal(refused, 5)
    self.clock.pass(hour + 1000)
    assert.equal(await login(self), 'in')
  }))

test('refusals and logins of a clock that ran ahead hold nobody once it is set back', () =>
  play({}, async self => {
    const { faults } = pop3Of(self)
    const slow = ['TOP', 'UIDL', 'USER', 'LOGIN-DELAY 30']
    faults.line = ({ verb }) =>
      verb === 'CAPA' ? { answer: `+OK\r\n${slow.join('\r\n')}\r\n.\r\n` } : undefined
    self.clock.offsetMs = 30 * day
    assert.equal(await login(self), 'in')
    self.clock.offsetMs = 0
    assert.equal(await login(self), 'in', 'the pause after a login that lies ahead')
    self.clock.offsetMs = 60 * day
    faults.line = ({ verb }) => (verb === 'PASS' ? { answer: '-ERR no\r\n' } : undefined)
    for (let n = 0; n < 5; n++) await login(self)
    delete faults.line
    assert.equal(await login(self), 'source.login-capped')
    self.clock.offsetMs = hour
    assert.equal(await login(self), 'in', 'refusals that lie ahead')
  }))

test('a pause between logins that is longer than a minute is told and not slept through', () =>
  play({}, async self => {
    pop3Of(self).faults.line = ({ verb }) =>
      verb === 'CAPA' ? { answer: '+OK\r\nTOP\r\nUIDL\r\nUSER\r\nLOGIN-DELAY 600\r\n.\r\n' } : undefined
    assert.equal(await login(self), 'in')
    const asleep = new Promise<string>(resolve => setTimeout(resolve, 5000, 'asleep').unref())
    assert.equal(await Promise.race([login(self), asleep]), 'source.login-delay')
  }))

test('a wish that was put off by a clock that ran ahead is tried once it is set back', () =>
  play({ protocol: 'imap', more: { AFTER_IMPORT: 'move:Done' } }, async self => {
    const { imap } = self.world.source
    assert.ok(imap)
    imap.faults.at = ({ verb }) =>
      verb === 'CREATE' ? { do: 'answer', pieces: ['{tag} NO not now\r\n'] } : undefined
    self.clock.offsetMs = 30 * day
    await self.deliver(mail('one'))
    countOf(await self.app.pull())
    delete imap.faults.at
    self.clock.offsetMs = 0
    assert.equal(codeOf(await self.app.pull()), 'none')
    assert.deepEqual(imap.folder('INBOX')?.messages, [])
    assert.equal(imap.folder('Done')?.messages.length, 1)
  }))

test('the next try that is told after five refusals is the one that the cap allows', () =>
  play({}, async self => {
    pop3Of(self).faults.line = ({ verb }) => (verb === 'PASS' ? { answer: '-ERR no\r\n' } : undefined)
    const firstMs = self.clock.nowMs()
    let nextMs = 0
    for (let n = 0; n < 5; n++) {
      const made = await self.app.pull()
      assert.equal(made.kind, 'failed')
      if (made.kind === 'failed') nextMs = made.notBeforeMs
      self.clock.pass(1000)
    }
    assert.ok(nextMs >= firstMs + hour, `${nextMs - firstMs} ms after the first`)
  }))
