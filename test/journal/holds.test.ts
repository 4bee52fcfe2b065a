/** Several workers on one journal: each mailbox is one worker's at a time, and a worker that was thought dead does no harm. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { fenceOff, makeHolds } from '../../src/journal/postgres/holds.ts'
import {
  type FleetJournal,
  holdMs,
  makePostgresJournal,
  openPostgresJournal,
} from '../../src/journal/postgres/postgres.ts'
import { makePostgresDatabase, type PostgresDatabase } from '../../src/journal/postgres/postgres-database.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { add, box, codeOf } from './journal-helpers.ts'

const skip = requireServer('postgresql', postgresMissing())

// Two of them wait for many seconds, beside one another and the others.
describe('workers that share a journal', { concurrency: true, skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
  })
  after(() => server.stop())

  const fleetFor = async (t: TestContext, url: string, name = 'test'): Promise<FleetJournal> => {
    const fleet = await makePostgresJournal({ url, name })
    t.after(() => fleet.close())
    return fleet
  }
  /** Makes the time of a worker's holds run out without waiting for it. */
  const runOut = (url: string, worker: string): Promise<unknown> =>
    server.ask(url, 'UPDATE hold SET held_until = clock_timestamp() WHERE worker = $1', [worker])

  it('two never hold the same mailbox, however many take at once', async t => {
    const url = await server.newDatabase()
    const fleets = await Promise.all(['a', 'b', 'c', 'd'].map(name => fleetFor(t, url, name)))
    await fleets[0]?.holds.offer(Array.from({ length: 200 }, (_, n) => `box${n}`))
    const taken = await Promise.all(
      fleets.map(async ({ holds }, n) => {
        const mine: string[] = []
        for (let tries = 0; tries < 30; tries += 1)
          mine.push(...(await holds.take(`worker${n}`, 3)).map(({ mailbox }) => mailbox))
        return mine
      }),
    )
    const all = taken.flat()
    assert.equal(new Set(all).size, all.length)
    assert.equal(all.length, 200)
    const { held, free } = (await fleets[0]?.holds.count()) ?? { held: new Map(), free: -1 }
    assert.equal(free, 0)
    assert.deepEqual(
      [...held].sort(),
      taken
        .map((mine, n) => [`worker${n}`, mine.length])
        .filter(([, count]) => count !== 0)
        .sort(),
    )
  })

  it('what is released is taken at once, with a higher number; what is withdrawn by nobody', async t => {
    const fleet = await fleetFor(t, await server.newDatabase())
    await fleet.holds.offer([box])
    const [first] = await fleet.holds.take('a', 5)
    assert.deepEqual(await fleet.holds.take('b', 5), [])
    await fleet.holds.release('b', [box])
    assert.deepEqual(await fleet.holds.take('b', 5), [], 'only the holder releases')
    await fleet.holds.release('a', [box])
    const [second] = await fleet.holds.take('b', 5)
    assert.ok((second?.fence ?? 0) > (first?.fence ?? 0))
    assert.deepEqual((await fleet.holds.renew('a', 5)).holds, [])
    assert.deepEqual((await fleet.holds.renew('b', 5)).holds, [second])
    await fleet.holds.withdraw([box])
    assert.deepEqual((await fleet.holds.renew('b', 5)).holds, [])
    assert.deepEqual(await fleet.holds.take('a', 5), [])
  })

  it('whoever holds it no more changes nothing: no stage, no state, no note, no row', async t => {
    const url = await server.newDatabase()
    const fleet = await fleetFor(t, url)
    await fleet.holds.offer([box])
    const [first] = await fleet.holds.take('a', 1)
    assert.ok(first)
    const stale = fleet.journalOf(first)
    const id = await add(stale, 'u1')
    const copy = await add(stale, 'u0')
    await stale.move(copy, 'merged', { mergedInto: id })
    await runOut(url, 'a')
    const [second] = await fleet.holds.take('b', 1)
    assert.ok(second)
    const holder = fleet.journalOf(second)
    for (const write of [
      () => stale.move(id, 'gone', { present: false }),
      () => stale.updateMailbox(box, { failures: 3 }),
      () => stale.setNote('check-now', '1'),
      () => stale.settleKept(box, 'keep', 1, 10),
      () =>
        stale.troubles.opened(
          { scope: 'mailbox', name: box, subject: '' },
          {
            code: 'source.unreachable',
            facts: {},
            retry: 'later',
            atMs: 1,
          },
        ),
      () => add(stale, 'u2'),
    ])
      assert.equal(await codeOf(write()), 'journal.not-held')
    assert.equal((await holder.row(id))?.stage, 'listed')
    assert.equal((await holder.row(copy))?.stage, 'merged')
    assert.equal((await holder.mailbox(box)).failures, 0)
    assert.equal(await holder.byUid(box, 'INBOX', 'u2'), undefined)
    assert.deepEqual(await holder.troubles.list(), [])
    await holder.move(id, 'importing', { account: 'me', sha256: 'a', octets: 1 })
    assert.equal((await stale.row(id))?.stage, 'importing')
  })

  it('renewing costs one row, however many are held; they last as long as the worker is there', async t => {
    const url = await server.newDatabase()
    const fleet = await fleetFor(t, url)
    const boxes = Array.from({ length: 300 }, (_, n) => `box${n}`)
    await fleet.holds.offer(boxes)
    await fleet.holds.renew('a', 300)
    const taken = await fleet.holds.take('a', 300)
    assert.deepEqual((await fleet.holds.renew('a', 300)).holds.length, 300)
    const versions = (): Promise<Record<string, unknown>[]> =>
      server.ask(url, 'SELECT xmin::text, mailbox FROM hold ORDER BY mailbox')
    const before = await versions()
    await fleet.holds.renew('a', 300)
    assert.deepEqual(await versions(), before, 'no hold is written by a renewal')
    assert.deepEqual(await fleet.holds.take('b', 300), [])
    const end = (worker: string): Promise<unknown> =>
      server.ask(url, 'UPDATE worker SET there_until = clock_timestamp() WHERE name = $1', [worker])
    await end('a')
    assert.equal((await fleet.holds.count()).free, 300)
    assert.equal((await fleet.holds.take('b', 100)).length, 100)
    // It was thought dead, and comes back: what nobody took is its own, by the same numbers.
    const { holds } = await fleet.holds.renew('a', 300)
    assert.equal(holds.length, 200)
    const fences = new Map(taken.map(({ mailbox, fence }) => [mailbox, fence]))
    assert.ok(holds.every(({ mailbox, fence }) => fences.get(mailbox) === fence))
    assert.deepEqual(await fleet.holds.take('b', 300), [])
  })

  it('a write that meets its hold being changed is begun anew, also where a later statement is the first to be heard of', async t => {
    const url = await server.newDatabase()
    const fleet = await fleetFor(t, url)
    await fleet.holds.offer([box])
    const [hold] = await fleet.holds.take('a', 1)
    assert.ok(hold)
    const id = await add(fleet.journalOf(hold), 'u1')
    const other = new pg.Client({ connectionString: url })
    await other.connect()
    t.after(() => other.end())
    await other.query('BEGIN')
    await other.query("UPDATE hold SET held_until = 'infinity'")
    const written = fleet.journalOf(hold).move(id, 'gone', { present: false })
    const waits =
      "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR NO KEY UPDATE%'"
    while ((await server.ask(url, waits)).length === 0) await pause(10)
    await other.query('COMMIT')
    await written
    assert.equal((await fleet.journal.row(id))?.stage, 'gone')
  })

  it('in the middle of a write the mailbox does not change hands; a writer that stops there loses it all the same', async t => {
    const url = await server.newDatabase()
    const fleet = await fleetFor(t, url)
    await fleet.holds.offer([box])
    const [first] = await fleet.holds.take('a', 1)
    assert.ok(first)
    const id = await add(fleet.journalOf(first), 'u1')
    const slow = makePostgresDatabase({ url, name: 'slow' })
    t.after(() => slow.close())
    const takenMeanwhile: number[] = []
    const write = (waitMs: number): Promise<void> =>
      fenceOff(slow, first).transaction(async sql => {
        await sql.run('UPDATE message SET attempts = attempts + 1 WHERE id = ?', id)
        const ended = server.ask(
          url,
          'SET lock_timeout = 200; UPDATE hold SET held_until = clock_timestamp()',
        )
        await assert.rejects(ended, /lock timeout/, 'the hold is locked')
        takenMeanwhile.push((await fleet.holds.take('b', 1)).length)
        await pause(waitMs)
      })
    assert.equal(await codeOf(write(0)), 'none')
    assert.equal((await fleet.journal.row(id))?.attempts, 1)
    const stopped = codeOf(write(6000))
    assert.equal(await stopped, 'journal.unreachable')
    await runOut(url, 'a')
    assert.equal((await fleet.holds.take('b', 1)).length, 1)
    assert.equal((await fleet.journal.row(id))?.attempts, 1, 'what was written in the end is not there')
    const late = fenceOff(slow, first).run('UPDATE message SET attempts = 9 WHERE id = ?', id)
    assert.equal(await codeOf(late), 'journal.not-held')
    assert.deepEqual(takenMeanwhile, [0, 0])
  })

  const startChild = (t: TestContext, url: string, worker: string) => {
    const script = fileURLToPath(new URL('holds-child.ts', import.meta.url))
    const child = spawn(process.execPath, [script, url, worker], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => child.kill('SIGKILL'))
    const lines: Record<string, unknown>[] = []
    createInterface(child.stdout).on('line', line => lines.push(JSON.parse(line)))
    const until = async (seen: (line: Record<string, unknown>) => boolean): Promise<void> => {
      while (!lines.some(seen)) await pause(20)
    }
    return { child, lines, until }
  }

  it('of a worker that was killed another takes the mailbox when its time is over, and not before', async t => {
    const url = await server.newDatabase()
    const fleet = await fleetFor(t, url)
    await fleet.holds.offer([box])
    const { child, until } = startChild(t, url, 'killed')
    await until(({ wrote }) => wrote === 2)
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    // Its last renewal may lie further back on a busy machine: the database knows how long its word holds.
    const [word] = await server.ask(
      url,
      "SELECT extract(epoch FROM there_until - clock_timestamp()) * 1000 AS ms FROM worker WHERE name = 'killed'",
    )
    const wordMs = Number(word?.ms)
    assert.ok(wordMs > 0 && wordMs <= holdMs, `${wordMs} ms`)
    const killedAtMs = performance.now()
    let taken = await fleet.holds.take('next', 1)
    while (taken.length === 0) {
      await pause(100)
      taken = await fleet.holds.take('next', 1)
    }
    const tookMs = performance.now() - killedAtMs
    t.diagnostic(`taken over ${Math.round(tookMs)} ms after SIGKILL`)
    assert.ok(tookMs > wordMs - 100 && tookMs < wordMs + 5000, `${tookMs} ms of ${wordMs}`)
  })

  it('a worker that was stopped and wakes up late is refused its first write', async t => {
    const url = await server.newDatabase()
    const fleet = await fleetFor(t, url)
    await fleet.holds.offer([box])
    const { child, lines, until } = startChild(t, url, 'paused')
    await until(({ wrote }) => wrote === 2)
    child.kill('SIGSTOP')
    await runOut(url, 'paused')
    const [hold] = await fleet.holds.take('next', 1)
    assert.ok(hold)
    const before = Number(await fleet.journal.note('wish-wait paused'))
    const exit = once(child, 'exit')
    child.kill('SIGCONT')
    await exit
    assert.deepEqual(lines.at(-1), { refused: 'journal.not-held' })
    assert.equal(Number(await fleet.journal.note('wish-wait paused')), before)
  })

  it('in a large fleet all mailboxes are counted, and looked through in vain, only now and then', async t => {
    const url = await server.newDatabase()
    const fleet = await fleetFor(t, url)
    await fleet.holds.offer(Array.from({ length: 12_000 }, (_, n) => `box${n}`))
    const sql = makePostgresDatabase({ url, name: 'large' })
    t.after(() => sql.close())
    const asked: string[] = []
    // As slow as with many more mailboxes and workers.
    const holds = makeHolds({
      ...sql,
      get: async (text, ...values) => {
        if (text.includes('count(*) AS count FROM hold')) {
          asked.push('count')
          await pause(300)
        }
        return sql.get(text, ...values)
      },
      all: async (text, ...values) => {
        if (text.includes('ORDER BY random()')) {
          asked.push('take')
          await pause(300)
        }
        return sql.all(text, ...values)
      },
    })
    await holds.renew('other', 6000)
    assert.equal((await holds.renew('large', 6000)).share, 6000)
    assert.deepEqual(asked, ['count'], 'the other one counted already')
    assert.equal((await holds.take('large', 6000)).length, 6000)
    assert.equal((await holds.take('large', 6000)).length, 6000, 'what is there is taken at once')
    assert.equal((await holds.take('large', 1)).length, 0)
    assert.equal((await holds.take('large', 1)).length, 0)
    assert.deepEqual(
      asked,
      ['count', 'take', 'take', 'take'],
      'and what is not there is not looked for again at once',
    )
    await pause(3100)
    await holds.renew('large', 6000)
    await holds.take('large', 1)
    assert.deepEqual(asked.slice(4), ['count', 'take'])
  })

  it('tell when the word of the first worker ends that says nothing more, and of nobody who is there no more', async t => {
    const { holds, database } = await fleetFor(t, await server.newDatabase())
    await holds.renew('dying', 1)
    const asOf = async (leftMs: number): Promise<number> => {
      await database.run(
        `UPDATE worker SET there_until = clock_timestamp() + interval '${leftMs} milliseconds' WHERE name = 'dying'`,
      )
      return (await holds.renew('living', 1)).wordEndsInMs
    }
    await asOf(5000)
    const first = await asOf(5000)
    assert.ok(first > 0 && first <= 5000, String(first))
    const own = await asOf(-1)
    assert.ok(own > 5000 && own <= 10_000, String(own))
  })

  it('a database that was killed costs what was under way, and nothing that was promised', async t => {
    const own = await startPostgres({ fsync: 'off' })
    t.after(() => own.stop())
    const url = await own.newDatabase()
    const fleet = await fleetFor(t, url)
    await fleet.journal.setNote('check-now', 'before')
    await own.kill()
    assert.equal(await codeOf(fleet.journal.setNote('check-now', 'lost')), 'journal.unreachable')
    await own.start()
    assert.equal(await fleet.journal.note('check-now'), 'before')
    await fleet.journal.setNote('check-now', 'after')
    assert.equal(await fleet.journal.note('check-now'), 'after')
  })

  it('is not begun anew in a database that has no journal, and not opened where it is newer', async t => {
    const url = await server.newDatabase()
    assert.equal(await codeOf(openPostgresJournal({ url, name: 'test' })), 'journal.missing')
    await fleetFor(t, url)
    await server.ask(url, 'UPDATE hikyaku_version SET version = 99')
    assert.equal(await codeOf(openPostgresJournal({ url, name: 'test' })), 'journal.newer')
    const elsewhere = url.replace(/test\d+$/, 'nowhere')
    assert.equal(await codeOf(openPostgresJournal({ url: elsewhere, name: 'test' })), 'journal.closed')
  })

  it('what two decide at once is decided as if one came after the other', async t => {
    const url = await server.newDatabase()
    const fleets = await Promise.all(['a', 'b', 'c'].map(name => fleetFor(t, url, name)))
    await Promise.all(
      fleets.map(async ({ journal }) => {
        for (let n = 0; n < 20; n += 1)
          await journal.changeNote('breaker me', before => [String(Number(before ?? 0) + 1), undefined])
      }),
    )
    assert.equal(await fleets[0]?.journal.note('breaker me'), '60')
    // Each writes where it finds nothing by the other: by what others of one mailbox's writers never have to do.
    const databases = ['x', 'y', 'z'].map(name => makePostgresDatabase({ url, name }))
    for (const database of databases) t.after(() => database.close())
    const writeFirst = (database: PostgresDatabase, n: number, round: number): Promise<boolean> =>
      database.transaction(async sql => {
        const others = await sql.all('SELECT key FROM note WHERE key LIKE ?', `first ${round} %`)
        if (others.length === 0)
          await sql.run('INSERT INTO note (key, value) VALUES (?, ?)', `first ${round} ${n}`, '')
        return others.length === 0
      })
    for (let round = 0; round < 10; round += 1) {
      const firsts = await Promise.all(databases.map((database, n) => writeFirst(database, n, round)))
      assert.equal(firsts.filter(isFirst => isFirst).length, 1, `round ${round}`)
    }
    const holds = makeHolds(makePostgresDatabase({ url, name: 'x' }))
    assert.deepEqual(await holds.take('a', 1), [])
  })
})
