/** Hosts that take so many logins an hour from one address: all mailboxes there share them, whoever logs in. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../src/base/clock.ts'
import { asFault, Fault } from '../../src/base/fault.ts'
import { openBridge, openJournal } from '../../src/bridge.ts'
import { loadConfig } from '../../src/config/load.ts'
import { makeLog } from '../../src/log/log.ts'
import { attemptPull } from '../../src/pull/attempt.ts'
import { hostHeldUntilMs, hostLimitOf, mergeHostLogins } from '../../src/pull/host-logins.ts'
import { makeLoginGate } from '../../src/pull/logins.ts'
import { makeGates } from '../../src/setup/login-gate.ts'
import { hour, mail, minute } from '../faults/harness.ts'
import { PlayedClock } from '../servers/in-process.ts'
import { type SlowPop3, startSlowPop3 } from '../servers/slow-pop3.ts'
import { answerOf, startWorld } from '../servers/world.ts'

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
  logInAs(name: string, isWrong?: boolean): Promise<'in' | 'held' | 'refused'>
  /** The most logins in any hour. */
  most(): number
}

async function atHostGator(story: (day: Day) => Promise<void>, provider = 'hostgator'): Promise<void> {
  const clock = new PlayedClock()
  const server = await startSlowPop3({ clock, loginsAnHour: 30 })
  const world = await startWorld({
    protocol: 'pop3',
    gmail: { clock },
    env: { MAIL_PORT: String(server.port), MAIL_PROVIDER: provider, AFTER_IMPORT: 'delete' },
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
      async logInAs(name, isWrong = false) {
        const ports = bridge.mailboxes.find(({ mailbox }) => mailbox.name === name)
        assert.ok(ports)
        const gate = makeLoginGate(bridge.journal, ports.mailbox, clock, 'person')
        const login = gate.login(async () => {
          server.ledger.tries.push({ user: name, atMs: clock.monotonicMs() })
          if (isWrong) throw new Fault('source.login-refused', { loginRefused: true })
        }, never)
        return passTime(clock, server, login).then(
          () => 'in' as const,
          thrown => (asFault(thrown).loginRefused ? ('refused' as const) : ('held' as const)),
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

describe('WEB.DE’s one login in 15 minutes', () => {
  test('is each mailbox’s own, and a refused one is none: who mistyped the password goes on at once', () =>
    atHostGator(async ({ clock, server, logInAs, tick }) => {
      assert.equal(await logInAs('one', true), 'refused')
      assert.equal(await logInAs('one'), 'in')
      assert.equal(await logInAs('one'), 'held')
      assert.equal(await logInAs('two'), 'in')
      const beganMs = clock.monotonicMs()
      while (clock.monotonicMs() - beganMs < hour) await tick()
      for (const [name, least] of [
        ['one', 3],
        ['two', 3],
        ['three', 4],
      ] as const) {
        const times = server.ledger.tries.filter(t => t.user === name).map(({ atMs }) => atMs)
        const gaps = times.slice(1).map((atMs, n) => atMs - (times[n] ?? 0))
        const pulls = gaps.filter(gap => gap >= 15 * minute).length
        assert.ok(pulls >= least - 1, `${name}: ${gaps}`)
        assert.deepEqual(
          gaps.slice(name === 'one' ? 1 : 0).filter(gap => gap < 15 * minute),
          [],
          name,
        )
      }
    }, 'web-de'))
})

describe('logins at a host with a limit, over several processes', () => {
  test('of a set-up before there is a journal count in the pulls that follow, refused ones too, and are told by status', async () => {
    const server = await startSlowPop3({ clock: systemClock, loginsAnHour: 30 })
    const world = await startWorld({
      protocol: 'pop3',
      env: { MAIL_PORT: String(server.port), MAIL_PROVIDER: 'hostgator' },
    })
    const mailbox = async () => {
      const { mailboxes } = await loadConfig({ env: { ...world.env }, cwd: world.folder })
      assert.ok(mailboxes[0])
      return mailboxes[0]
    }
    try {
      await mkdir(world.stateDir, { recursive: true, mode: 0o700 })
      const early = makeGates(world.stateDir, { ...world.env }, systemClock)
      const gate = await early(await mailbox())
      for (let n = 0; n < 4; n++) await gate.login(async () => n, never)
      const refuse = () => Promise.reject(new Fault('source.login-refused', { loginRefused: true }))
      for (let n = 0; n < 2; n++) await assert.rejects(gate.login(refuse, never))
      const file = join(world.stateDir, 'setup-logins.json')
      assert.ok(existsSync(file))
      const ended = await world.run(['pull', '--json'])
      assert.equal(ended.code, 0, ended.stderr)
      assert.ok(!existsSync(file), 'taken up')
      // Beside the journal the set-up counts in it, and a person sees what is left.
      const late = await makeGates(world.stateDir, { ...world.env }, systemClock)(await mailbox())
      await late.login(async () => 'in', never)
      const status = answerOf(await world.run(['status', '--json']))
      const [standing] = status.mailboxes as { loginLimit: object }[]
      assert.deepEqual(standing?.loginLimit, {
        ...{ provider: 'hostgator', per: 'address', most: 30, perMs: hour, logins: 8, everyMs: 150_000 },
      })
      const en = await world.run(['status'])
      assert.match(
        en.stdout.replace(/\s+/g, ' '),
        /30 logins within 1 h.*Logins there in the last 1 h: 8.*checked every 3 min at most/s,
      )
      const ja = await world.run(['status', '--lang', 'ja'])
      assert.match(ja.stdout.replace(/\s+/g, ''), /30回まで.*直近1時間のログイン:8回/)
      const journal = await openJournal(world.stateDir)
      assert.equal((await journal?.mailbox((await mailbox()).name))?.failedLoginsAtMs.length, 2)
      await journal?.close()
    } finally {
      await world.stop()
      await server.stop()
    }
  })

  test('are never made under a provider that nobody knows: its limit could not be kept', async () => {
    const server = await startSlowPop3({ clock: systemClock })
    const env = { MAIL_PORT: String(server.port), MAIL_PROVIDER: 'hostgatr' }
    const world = await startWorld({ protocol: 'pop3', env })
    try {
      const ended = await world.run(['pull'])
      assert.equal(ended.code, 78)
      assert.match(ended.stderr + ended.stdout, /MAIL_PROVIDER hostgatr/)
      assert.equal(server.ledger.tries.length, 0)
    } finally {
      await world.stop()
      await server.stop()
    }
  })
})

describe('two records of logins', () => {
  test('are joined once, however often, and keep two of the same moment apart', async () => {
    let note = '[[1,"one"],[5,""],[5,""]]'
    const journal = {
      note: async () => note,
      changeNote: async <T>(_: string, change: (before: string) => readonly [string | undefined, T]) => {
        const [after, answer] = change(note)
        note = after ?? note
        return answer
      },
    }
    const early = '[[3,""],[3,""],[5,""]]'
    for (let n = 0; n < 3; n++) await mergeHostLogins(journal, 'host-logins/hostgator', early)
    assert.deepEqual(JSON.parse(note), [
      [1, 'one'],
      [3, ''],
      [3, ''],
      [5, ''],
      [5, ''],
    ])
  })
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
