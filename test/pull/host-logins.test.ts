/** Hosts that take so many logins an hour from one address: all mailboxes there share them, whoever logs in. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../src/base/clock.ts'
import { openBridge } from '../../src/bridge.ts'
import { loadConfig } from '../../src/config/load.ts'
import { makeLog } from '../../src/log/log.ts'
import { attemptPull } from '../../src/pull/attempt.ts'
import { hostHeldUntilMs, hostLimitOf } from '../../src/pull/host-logins.ts'
import { makeLoginGate } from '../../src/pull/logins.ts'
import { hour, mail, minute } from '../faults/harness.ts'
import { PlayedClock } from '../servers/in-process.ts'
import { type SlowPop3, startSlowPop3 } from '../servers/slow-pop3.ts'
import { startWorld } from '../servers/world.ts'

const never = new AbortController().signal
const names = ['one', 'two', 'three']

/** Passes time while nobody talks, until `work` is done. */
async function passTime<T>(clock: PlayedClock, server: SlowPop3, work: Promise<T>): Promise<T> {
  let isDone = false
  const done = (): void => {
    isDone = true
  }
  work.then(done, done)
  while (!isDone) {
    await delay(1)
    if (server.open === 0) clock.pass(10_000)
  }
  return work
}

interface Day {
  readonly clock: PlayedClock
  readonly server: SlowPop3
  /** One minute: each mailbox as its schedule has it. */
  tick(): Promise<void>
  restart(): Promise<void>
  /** A login that a person waits for: set-up, doctor. */
  logInAs(name: string): Promise<'in' | 'held'>
  /** The most logins in any hour. */
  most(): number
}

async function atHostGator(story: (day: Day) => Promise<void>, loginsAnHour = 30): Promise<void> {
  const clock = new PlayedClock()
  const server = await startSlowPop3({ clock, loginsAnHour })
  const world = await startWorld({
    protocol: 'pop3',
    gmail: { clock },
    env: { MAIL_PORT: String(server.port), MAIL_PROVIDER: 'hostgator', AFTER_IMPORT: 'delete' },
  })
  const open = async () => {
    const config = await loadConfig({ env: { ...world.env }, cwd: world.folder })
    const [mailbox] = config.mailboxes
    assert.ok(mailbox)
    const mailboxes = names.map(name => ({ ...mailbox, name, user: name }))
    return openBridge({ ...config, mailboxes }, makeLog({ level: 'error', format: 'json' }), clock)
  }
  let bridge = await open()
  const options = {
    ...{ signal: never, stopping: never, budgetMs: Number.POSITIVE_INFINITY, reason: 'schedule' },
    onProgress: () => {},
  }
  try {
    await story({
      clock,
      server,
      async tick() {
        clock.pass(minute)
        for (const ports of bridge.mailboxes) await passTime(clock, server, attemptPull(ports, options, true))
      },
      async restart() {
        await bridge.close()
        bridge = await open()
      },
      async logInAs(name) {
        const ports = bridge.mailboxes.find(({ mailbox }) => mailbox.name === name)
        assert.ok(ports)
        const gate = makeLoginGate(bridge.journal, ports.mailbox, clock, 'person')
        const login = gate.login(
          async () => server.ledger.tries.push({ user: name, atMs: clock.monotonicMs() }),
          never,
        )
        return passTime(clock, server, login).then(
          () => 'in' as const,
          () => 'held' as const,
        )
      },
      most: () => {
        const { tries } = server.ledger
        return Math.max(
          ...tries.map(({ atMs }) => tries.filter(t => t.atMs >= atMs && t.atMs < atMs + hour).length),
        )
      },
    })
  } finally {
    await bridge.close()
    await world.stop()
    await server.stop()
  }
}

describe('HostGator’s 30 logins an hour', () => {
  test('are held over a day with three mailboxes, restarts and logins of persons, and shared fairly', () =>
    atHostGator(async ({ clock, server, tick, restart, logInAs, most }) => {
      const beganMs = clock.monotonicMs()
      let minutes = 0
      for (; clock.monotonicMs() - beganMs < 24 * hour; minutes += 1) {
        if (minutes % 97 === 0) server.messages.push(mail(`m${minutes}`))
        if (minutes % 200 === 150) await restart()
        // Set-up and doctor, several times in a row.
        if (minutes % 300 === 100) for (let n = 0; n < 6; n++) await logInAs('two')
        await tick()
      }
      assert.equal(server.ledger.refused, 0)
      assert.ok(most() <= 27, `${most()} logins in an hour`)
      assert.deepEqual(server.messages, [], 'the mail of the day was brought')
      for (const name of names) {
        const { length } = server.ledger.tries.filter(({ user }) => user === name)
        assert.ok(length >= 24 * 6.5, `${name}: ${length} logins in a day`)
      }
      console.log(`${server.ledger.tries.length} logins, ${most()} in the busiest hour, ${minutes} minutes`)
    }))

  test('hold a person up only where the host has no room, and say until when', () =>
    atHostGator(async ({ clock, server, logInAs, tick }) => {
      const outcomes: string[] = []
      for (let n = 0; n < 30; n++) outcomes.push(await logInAs('one'))
      assert.equal(outcomes.filter(outcome => outcome === 'in').length, 27)
      await tick()
      assert.equal(server.ledger.tries.length, 27, 'pulls wait, too')
      clock.pass(hour)
      await tick()
      assert.equal(server.ledger.tries.length, 30)
      assert.equal(server.ledger.refused, 0)
    }))

  test('are neither exceeded nor waited for without end once a clock that ran ahead is set back', () =>
    atHostGator(async ({ clock, server, tick }) => {
      clock.offsetMs = 30 * 24 * hour
      await tick()
      assert.equal(server.ledger.tries.length, 3)
      clock.offsetMs = 0
      for (let n = 0; n < 20; n++) await tick()
      assert.ok(server.ledger.tries.length >= 6)
      assert.equal(server.ledger.refused, 0)
    }))
})

describe('a host’s limit', () => {
  const place = { protocol: 'pop3', provider: undefined } as const
  test('is known by the server’s name, or by the provider that the owner or the set-up named', () => {
    assert.equal(hostLimitOf({ ...place, server: { host: 'gator1234.hostgator.com' } })?.most, 27)
    assert.equal(hostLimitOf({ ...place, server: { host: 'mail.shop.example' } }), undefined)
    const named = { ...place, server: { host: 'mail.shop.example' }, provider: 'hostgator' }
    assert.equal(hostLimitOf(named)?.apartMs, 150_000)
  })

  test('holds nothing up where the note of it cannot be read', async () => {
    const mailbox = { ...place, name: 'one', server: { host: 'gator1.hostgator.com' } }
    for (const text of ['', 'x', '{}', '[1]', '[["a","b"]]', '[[1e999,"one"]]', '[null]']) {
      const journal = { note: async () => text, changeNote: () => assert.fail('nothing to be written') }
      assert.equal(await hostHeldUntilMs(journal, mailbox, systemClock.nowMs()), undefined, text)
    }
  })
})
