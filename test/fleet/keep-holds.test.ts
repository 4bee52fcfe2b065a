/** Workers as processes of their own, which share the mailboxes, are killed, stopped and started, and lose their database. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { percentile } from '../../scripts/bench/measure.ts'
import { makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'

const skip = requireServer('postgresql', postgresMissing())

interface Line {
  readonly worker: string
  readonly atMs: number
  readonly begin?: string
  readonly end?: string
  readonly fence?: number
  readonly fault?: string
  readonly left?: boolean
}

// Nearly all of it is waiting for a hold's end, so they wait beside one another.
describe('the workers of a fleet', { concurrency: true, skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
  })
  after(() => server.stop())

  const script = fileURLToPath(new URL('worker-child.ts', import.meta.url))
  /** A fleet of so many mailboxes, and its workers' lines in the order in which they came. */
  const fleetOf = async (t: TestContext, mailboxes: number, on = server) => {
    const url = await on.newDatabase()
    const fleet = await makePostgresJournal({ url, name: 'test' })
    t.after(() => fleet.close())
    await fleet.holds.offer(Array.from({ length: mailboxes }, (_, n) => `box${n}`))
    const lines: Line[] = []
    const start = (worker: string, capacity = 1000): ChildProcess => {
      const child = spawn(process.execPath, [script, url, worker, String(capacity)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      t.after(() => child.kill('SIGKILL'))
      createInterface(child.stdout).on('line', line => lines.push(JSON.parse(line)))
      return child
    }
    /** Who has a mailbox in hand by its own words, at the end of what was heard. */
    const inHand = (): Map<string, string[]> => {
      const hands = new Map<string, string[]>()
      for (const { worker, begin, end } of lines) {
        const mine = hands.get(worker) ?? []
        if (begin !== undefined) mine.push(begin)
        if (end !== undefined) mine.splice(mine.indexOf(end), 1)
        hands.set(worker, mine)
      }
      return hands
    }
    const until = async (seen: () => boolean, what: string, withinMs = 30_000): Promise<void> => {
      const end = performance.now() + withinMs
      while (!seen()) {
        const counts = [...inHand()].map(([worker, mine]) => `${worker} ${mine.length}`).join(', ')
        assert.ok(performance.now() < end, `${what}: ${counts}`)
        await pause(50)
      }
    }
    const sizes = (): number[] => [...inHand().values()].map(mine => mine.length)
    return { fleet, url, lines, start, inHand, until, sizes }
  }
  /** A hold may overlap with the one before only where that worker was dead or stopped. */
  const assertNeverTwice = (lines: readonly Line[], unable: readonly string[] = []): void => {
    const holder = new Map<string, Line>()
    for (const line of [...lines].sort(
      (a, b) => a.atMs - b.atMs || Number(b.end !== undefined) - Number(a.end !== undefined),
    )) {
      if (line.begin !== undefined) {
        const before = holder.get(line.begin)
        assert.ok(
          before === undefined || unable.includes(before.worker),
          `${line.begin} begun by ${line.worker} while ${before?.worker} had it`,
        )
        assert.ok((line.fence ?? 0) > (before?.fence ?? 0))
        holder.set(line.begin, line)
      }
      if (line.end !== undefined && holder.get(line.end)?.fence === line.fence) holder.delete(line.end)
    }
  }
  it('share the mailboxes evenly, follow one that was killed within 15 s, and one that ends at once', async t => {
    const { lines, start, until, sizes, inHand } = await fleetOf(t, 200)
    const all = ['a', 'b', 'c', 'd'].map(worker => start(worker))
    await until(() => sizes().length === 4 && sizes().every(size => size === 50), 'fifty each')
    const killed = all[0]
    assert.ok(killed)
    const dead = new Set(inHand().get('a'))
    const exit = once(killed, 'exit')
    killed.kill('SIGKILL')
    await exit
    const killedAtMs = Date.now()
    const takeovers = (): number[] =>
      lines
        .filter(
          ({ worker, begin, atMs }) =>
            worker !== 'a' && begin !== undefined && dead.has(begin) && atMs >= killedAtMs,
        )
        .map(({ atMs }) => atMs - killedAtMs)
    await until(() => takeovers().length === 50, 'the mailboxes of the killed one')
    const [p50, p95, most] = [0.5, 0.95, 1].map(part => percentile(takeovers(), part))
    t.diagnostic(
      `after SIGKILL 50 mailboxes were taken over within p50 ${p50} ms, p95 ${p95} ms, at most ${most} ms`,
    )
    assert.ok((most ?? Infinity) < 15_000)
    const ended = all[1]
    assert.ok(ended)
    const left = new Set(inHand().get('b'))
    const stoppedAtMs = Date.now()
    ended.kill('SIGTERM')
    const followed = (): Line[] =>
      lines.filter(
        ({ worker, begin, atMs }) =>
          worker !== 'b' && begin !== undefined && left.has(begin) && atMs >= stoppedAtMs,
      )
    await until(() => followed().length >= left.size, 'the mailboxes of the one that ended')
    const tookMs = Math.max(...followed().map(({ atMs }) => atMs - stoppedAtMs))
    t.diagnostic(`after SIGTERM ${left.size} mailboxes were taken over within ${tookMs} ms`)
    assert.ok(tookMs < 8000)
    assertNeverTwice(lines, ['a'])
  })

  it('give back what is more than their share to one that comes later, and stay within their room', async t => {
    const { lines, start, until, inHand } = await fleetOf(t, 60)
    start('large', 100)
    await until(() => inHand().get('large')?.length === 60, 'all of them')
    start('small', 20)
    await until(() => inHand().get('small')?.length === 10 && inHand().get('large')?.length === 50, 'a sixth')
    start('other', 100)
    const shares = () => ['large', 'small', 'other'].map(worker => inHand().get(worker)?.length ?? 0)
    await until(() => shares().join(' ') === '28 6 26', 'two parts in five, one in eleven, and the rest')
    assertNeverTwice(lines)
  })

  it('one that was stopped and wakes up late lets go of everything', async t => {
    const { lines, start, until, inHand } = await fleetOf(t, 10)
    const child = start('sleeper')
    await until(() => inHand().get('sleeper')?.length === 10, 'all of them')
    child.kill('SIGSTOP')
    start('next')
    await until(() => inHand().get('next')?.length === 10, 'all of them', 20_000)
    child.kill('SIGCONT')
    await until(
      () => lines.filter(({ worker, end }) => worker === 'sleeper' && end !== undefined).length === 10,
      'the end of each',
    )
    assertNeverTwice(lines, ['sleeper'])
  })

  it('let go of what the database says is another’s, though their own time is not over, and of nothing else', async t => {
    const { url, lines, start, until, inHand } = await fleetOf(t, 3)
    start('a')
    await until(() => inHand().get('a')?.length === 3, 'all of them')
    await server.ask(
      url,
      "UPDATE hold SET worker = 'b', fence = fence + 1, held_until = 'infinity' WHERE mailbox = 'box1'",
    )
    await until(() => lines.some(({ end }) => end !== undefined), 'the end of one')
    assert.deepEqual(
      lines.flatMap(({ end }) => end ?? []),
      ['box1'],
    )
  })

  it('let go of everything where the database is away for too long, and go on when it is back', async t => {
    const own = await startPostgres({ fsync: 'off' })
    t.after(() => own.stop())
    const { lines, start, until, inHand } = await fleetOf(t, 10, own)
    start('a')
    await until(() => inHand().get('a')?.length === 10, 'all of them')
    await own.kill()
    const awayAtMs = Date.now()
    await until(() => inHand().get('a')?.length === 0, 'nothing in hand', 20_000)
    const lateMs = Math.max(...lines.flatMap(({ end, atMs }) => (end === undefined ? [] : [atMs - awayAtMs])))
    t.diagnostic(`let go ${lateMs} ms after the database went away`)
    assert.ok(lateMs < 9000, 'before another could have taken them')
    assert.ok(lines.some(({ fault }) => fault === 'journal.unreachable'))
    await own.start()
    await until(() => inHand().get('a')?.length === 10, 'all of them again')
    assertNeverTwice(lines)
  })
})
