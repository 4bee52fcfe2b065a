/** Notices of a fleet: processes that tell, one at a time, from a real PostgreSQL to a web hook that notes each call. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { FaultCode } from '../../src/base/fault.ts'
import { type HookServer, startHookServer } from '../alerts/hook-server.ts'
import { endOf, type Running, startHikyaku } from '../servers/hikyaku.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { account, accountSecrets, type FleetGround, mailbox, makeFleetGround } from './fleet-helpers.ts'

const skip = requireServer('postgresql', postgresMissing())
const hour = 3_600_000
const child = fileURLToPath(new URL('teller-child.ts', import.meta.url))

describe('notices of a fleet', { skip, concurrency: true }, () => {
  let postgres: PostgresServer
  before(async () => {
    postgres = await startPostgres({ fsync: 'off' })
  })
  after(() => postgres.stop())

  interface Play {
    readonly ground: FleetGround
    readonly hook: HookServer
    readonly keys: readonly string[]
    tell(instance: string, turnMs?: number): Running
    /** Mail of these has not come for so long. */
    fail(keys: readonly string[], host: string, agoMs?: number, code?: FaultCode): Promise<void>
    mend(keys: readonly string[]): Promise<void>
    told(count: number): Promise<void>
    /** Nothing more is told although it was looked a few times. */
    silent(): Promise<void>
  }
  const open = async (t: TestContext, count: number): Promise<Play> => {
    const [ground, hook] = await Promise.all([makeFleetGround(t, postgres), startHookServer()])
    t.after(() => hook.stop())
    const { directory, journal } = ground.fleet
    await directory.addTenant('main')
    await directory.putAccount('main', 'owner', account, accountSecrets)
    const names = Array.from({ length: count }, (_, n) => `box${String(n).padStart(3, '0')}`)
    await directory.putMailboxes(
      'main',
      names.map(name => ({
        ...{ kind: 'mailbox' as const, tenant: 'main', name, secrets: { password: 'x' } },
        settings: { ...mailbox, account: 'owner' },
      })),
    )
    const { troubles } = journal.journal
    const each = async (keys: readonly string[], work: (key: string) => Promise<unknown>): Promise<void> => {
      for (const key of keys) await work(key)
    }
    const thingOf = (name: string) => ({ scope: 'mailbox' as const, name, subject: '' })
    const looks = async (): Promise<number> => {
      const [row] = await postgres.ask(ground.url, `SELECT value FROM note WHERE key = 'teller'`)
      return Number(JSON.parse(String(row?.value ?? '{}')).untilMs ?? 0)
    }
    return {
      ...{ ground, hook, keys: names.map(name => `main/${name}`) },
      tell(instance, turnMs = 2000) {
        const args = [ground.url, instance, hook.url, String(turnMs)]
        const running = startHikyaku(args, { env: {}, cwd: '/', cli: child })
        t.after(() => running.kill('SIGKILL'))
        return running
      },
      fail: (keys, host, agoMs = hour, code = 'source.unreachable') =>
        each(keys, key =>
          troubles.opened(thingOf(key), { code, retry: 'later', facts: { host }, atMs: Date.now() - agoMs }),
        ),
      mend: keys => each(keys, key => troubles.closed(thingOf(key), 'success', Date.now())),
      told: number => until(() => hook.calls.length >= number, `${number} notices`, 20_000),
      async silent() {
        const { length } = hook.calls
        for (let n = 0; n < 4; n += 1) {
          const before = await looks()
          await until(async () => (await looks()) > before, 'another look')
        }
        assert.equal(hook.calls.length, length, hook.calls.at(-1)?.text)
      },
    }
  }
  const titleOf = (hook: HookServer, n: number): string => String(hook.calls[n]?.headers.title)
  const textOf = (hook: HookServer, n: number): string => String(hook.calls[n]?.text)

  it('name a host that is away once, with how many mailboxes it has, and its return once', async t => {
    const { hook, keys, fail, mend, tell, told, silent } = await open(t, 200)
    const away = keys.slice(0, 140)
    // Not all of them have failed for half an hour.
    await fail(away.slice(0, 90), 'mail.one.example', hour)
    await fail(away.slice(90), 'mail.one.example', hour / 6)
    const tellers = [tell('a'), tell('b'), tell('c')]
    await told(1)
    assert.equal(titleOf(hook, 0), '[hikyaku] No mail from main/box000 at the moment (and 139 more)')
    assert.match(textOf(hook, 0), /same with 140 in all: also main\/box001, .*box005 and 134 more\./)
    assert.match(textOf(hook, 0), /mail\.one\.example[\s\S]*hikyaku fleet list --trouble/)
    await silent()
    // One that joins an outage that was told is no news; another host is.
    await fail([keys[140] ?? ''], 'mail.one.example')
    await silent()
    await Promise.all([
      fail(keys.slice(150, 160), 'mail.two.example'),
      fail(keys.slice(160, 163), 'mail.three.example', hour, 'source.tls-untrusted'),
    ])
    // A look may come between the two, and even between two mailboxes of one.
    const ofHost = (host: string): number => hook.calls.findIndex(({ text }) => text.includes(host))
    const [two, three] = ['mail.two.example', 'mail.three.example']
    await until(() => ofHost(two) > 0 && ofHost(three) > 0, 'both hosts are told', 20_000)
    assert.match(titleOf(hook, ofHost(two)), /^\[hikyaku\] No mail from main\/box1[56]\d at the moment/)
    assert.match(titleOf(hook, ofHost(three)), /^\[hikyaku\] No mail from main\/box1[56]\d at the moment/)
    await silent()
    const before = hook.calls.length
    assert.ok(before <= 3, `${before} notices of three hosts`)
    await mend(away.slice(0, 100))
    await silent()
    await mend(away.slice(100))
    await mend([keys[140] ?? ''])
    // On a busy machine a look takes the pause between two of them for the end.
    const cleared = (): number => {
      const counts = hook.calls.slice(before).map((_, n) => {
        const [, more = '0'] = /works again(?: \(and (\d+) more\))?$/.exec(titleOf(hook, before + n)) ?? []
        return 1 + Number(more)
      })
      return counts.reduce((sum, count) => sum + count, 0)
    }
    await until(() => cleared() >= 140, 'all clear for each that was told', 20_000)
    assert.equal(cleared(), 140)
    assert.match(titleOf(hook, before), /^\[hikyaku\] main\/box\d+ works again \(and 1\d\d more\)$/)
    await silent()
    for (const { kill, ended } of tellers) {
      kill('SIGTERM')
      assert.equal((await ended).code, 0)
    }
  })

  it('are told by another worker where the one that had the turn is killed, and not twice after that', async t => {
    const { hook, keys, fail, tell, told, silent, ground } = await open(t, 3)
    const first = tell('first', 1000)
    await until(
      async () => (await ground.fleet.journal.journal.note('teller'))?.includes('first') ?? false,
      'a turn',
    )
    // It is killed while the hook has not answered: whether it was told is not known.
    hook.answer = 'silence'
    await fail(keys, 'mail.example.jp')
    await told(1)
    first.kill('SIGKILL')
    await first.ended
    hook.answer = { status: 200 }
    tell('second', 1000)
    tell('third', 1000)
    await told(2)
    assert.equal(textOf(hook, 1).split('\n')[0], textOf(hook, 0).split('\n')[0])
    await silent()
    assert.equal(hook.calls.length, 2)
  })

  it('end where they are cut off, in the middle of one or between two, and leave the turn to another', async t => {
    const { hook, keys, fail, tell, told, ground } = await open(t, 1)
    const between = tell('between', 60_000)
    const hasTurn = (instance: string) =>
      until(
        async () => (await ground.fleet.journal.journal.note('teller'))?.includes(`"${instance}"`) ?? false,
        `the turn of ${instance}`,
      )
    await hasTurn('between')
    between.kill('SIGUSR2')
    assert.equal((await endOf(between, 10_000)).code, 0)
    hook.answer = 'silence'
    await fail(keys, 'mail.example.jp')
    const middle = tell('middle', 60_000)
    await told(1)
    middle.kill('SIGUSR2')
    assert.equal((await endOf(middle, 10_000)).code, 0)
    hook.answer = { status: 200 }
    tell('next', 60_000)
    await told(2)
    assert.equal(textOf(hook, 1), textOf(hook, 0))
  })

  it('wait for a hook that says no, leave out what rests or is gone, and outlast a restart', async t => {
    const { hook, keys, fail, tell, told, silent, ground } = await open(t, 4)
    const [failing = '', paused = '', removed = '', young = ''] = keys
    hook.answer = { status: 500 }
    await fail([paused, removed], 'mail.example.jp')
    await fail([young], 'mail.young.example', 60_000)
    await ground.fleet.directory.pause([paused])
    await ground.fleet.directory.remove([removed])
    const first = tell('first')
    await silent()
    assert.deepEqual(hook.calls, [])
    await fail([failing], 'mail.example.jp')
    await told(2)
    hook.answer = { status: 200 }
    await told(3)
    assert.equal(titleOf(hook, 2), `[hikyaku] No mail from ${failing} at the moment`)
    await silent()
    first.kill('SIGTERM')
    assert.equal((await first.ended).code, 0)
    assert.match(first.stderr(), /"event":"noticeNotSent"[\s\S]*"event":"noticeSent"/)
    assert.equal(first.stderr().split('noticeNotSent').length, 2, 'said once')
    const { length } = hook.calls
    tell('again')
    await silent()
    assert.equal(hook.calls.length, length)
  })
})
