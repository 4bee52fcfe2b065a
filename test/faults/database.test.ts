/**
 * The journal on PostgreSQL, whatever befalls the database: what a method promised is there, what it did not promise is there
 * whole or not at all, and it goes on by itself. Judged by another connection, which asks the database itself.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { asFault, type Fault, faultKinds } from '../../src/base/fault.ts'
import { makeFleetLook } from '../../src/fleet/fleet-look.ts'
import type { ImportClaim, Journal } from '../../src/journal/journal.ts'
import { waitForHandBack } from '../../src/journal/postgres/hand-back.ts'
import {
  type FleetJournal,
  makePostgresJournal,
  openPostgresJournal,
} from '../../src/journal/postgres/postgres.ts'
import { makePostgresDatabase } from '../../src/journal/postgres/postgres-database.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { add, box, newRow, record } from '../journal/journal-helpers.ts'
import { makeCertificates, needsOpenssl } from '../servers/certificates.ts'
import { freePorts, program, startDaemon } from '../servers/local.ts'
import { asPostgres, type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { type PostgresProxy, startPostgresProxy } from '../servers/postgres-proxy.ts'
import { requireServer } from '../servers/required.ts'
import { diskMissing, mountDisk } from '../servers/small-disk.ts'

const skip = requireServer('postgresql', postgresMissing())
/** What must never be told. */
const password = 'pass%2Fword-4711'
const nowMs = Date.UTC(2026, 10, 26)
/** Every so manieth statement in the suite; HIKYAKU_DATABASE_EVERY=1 is each of them. */
const every = Number(process.env.HIKYAKU_DATABASE_EVERY ?? 3)

const claim = (id: number, n: number): ImportClaim => ({
  ...{ id, account: 'me', sha256: `d${n}`, bareSha256: `d${n}`, messageId: `<${n}@x>` },
  facts: { account: 'me', sha256: `d${n}`, octets: 9, messageId: `<${n}@x>` },
  ...{ atMs: nowMs, waitUntilMs: nowMs, askOwner: undefined },
})

/** The fault of what fails, told in both languages without a secret; undefined where it does not fail. */
async function faultOf(work: Promise<unknown>): Promise<Fault | undefined> {
  try {
    await work
    return undefined
  } catch (thrown) {
    const fault = asFault(thrown)
    for (const language of ['en', 'ja'] as const) {
      const said = JSON.stringify([describeFault(fault, language), fault, String(fault), String(fault.cause)])
      for (const form of [password, decodeURIComponent(password)])
        assert.ok(!said.includes(form), `O5: the password is told: ${said}`)
    }
    assert.ok(fault.code in faultKinds)
    return fault
  }
}
const codeOf = async (work: Promise<unknown>): Promise<string> => (await faultOf(work))?.code ?? 'none'

describe('a journal on PostgreSQL', { skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off', max_connections: '30' })
  })
  after(() => server.stop())

  const fleetOn = async (t: TestContext, url: string, name = 'test'): Promise<FleetJournal> => {
    const fleet = await makePostgresJournal({ url, name })
    t.after(() => fleet.close())
    return fleet
  }
  const proxyFor = async (t: TestContext): Promise<PostgresProxy> => {
    const proxy = await startPostgresProxy(server.port)
    t.after(() => proxy.close())
    return proxy
  }
  /** The books by another connection: every row is counted where it stands, and once. */
  const assertWhole = async (url: string): Promise<void> => {
    const wrong = await server.ask(
      url,
      `SELECT * FROM (SELECT mailbox, stage, count(*) AS here FROM message GROUP BY mailbox, stage) AS rows
       FULL JOIN (SELECT mailbox, stage, sum(count) AS told FROM tally GROUP BY mailbox, stage) AS sums USING (mailbox, stage)
       WHERE coalesce(here, 0) <> coalesce(told, 0)`,
    )
    assert.deepEqual(wrong, [])
    const listed = await server.ask(
      url,
      `SELECT name FROM mailbox WHERE listed <> (SELECT count(*) FROM message WHERE mailbox = name)`,
    )
    assert.deepEqual(listed, [])
  }

  /**
   * A message's whole way, each step begun anew where it is not known whether it was done: what is there is asked of another
   * connection, and is the state before the step or the one after it.
   */
  const carry = async (journal: Journal, direct: Journal, mailbox: string): Promise<string[]> => {
    const codes: string[] = []
    const step = async (act: () => Promise<unknown>, isDone: () => Promise<boolean>): Promise<void> => {
      for (let tries = 1; ; tries += 1) {
        const fault = await faultOf(act())
        const done = await isDone()
        if (fault === undefined) {
          assert.ok(done, 'what a method promised is there')
          return
        }
        codes.push(fault.code)
        assert.ok(tries < 5, `it does not go on: ${fault.code} ${fault.facts.reason}`)
        if (done) return
      }
    }
    const rowAt = async (uid: string) => direct.byUid(mailbox, 'INBOX', uid)
    const stageIs = async (...stages: string[]) => stages.includes((await rowAt('u1'))?.stage ?? '')
    await step(
      () => journal.beginPull(mailbox, nowMs),
      async () => (await direct.mailbox(mailbox)).generation > 0,
    )
    const added = ['u1', 'u2', 'u3'].map(uid => newRow(uid, { mailbox }))
    await step(
      () => journal.recordFolder(record({ mailbox, added, started: true })),
      async () => {
        const rows = await direct.standing(mailbox, 'INBOX')
        assert.ok([0, 3].includes(rows.length), `${rows.length} of 3 rows`)
        return rows.length === 3
      },
    )
    const id = (await rowAt('u1'))?.id ?? 0
    await step(
      () => journal.claimImport({ ...claim(id, id), account: mailbox }),
      () => stageIs('importing'),
    )
    await step(
      () => journal.recordImport({ id, gmailId: `g${id}`, sha256: `d${id}`, patch: { importedAtMs: nowMs } }),
      () => stageIs('imported'),
    )
    await step(
      () => journal.move(id, 'settled', { settledAs: 'keep' }),
      () => stageIs('settled'),
    )
    const other = (await rowAt('u2'))?.id ?? 0
    await step(
      () => journal.moveAll([{ id: other, to: 'gone', patch: { present: false } }]),
      async () => (await rowAt('u2'))?.stage === 'gone',
    )
    await step(
      () =>
        journal.endPull(mailbox, mailbox, state => ({
          mailboxPatch: { lastGoodPullAtMs: nowMs, failures: state.failures },
          accountPatch: {},
          over: [],
          atMs: nowMs,
        })),
      async () => (await direct.mailbox(mailbox)).lastGoodPullAtMs === nowMs,
    )
    assert.equal((await direct.conservation(mailbox)).listed, 3)
    return codes
  }

  it('P9: the connection lost at each statement, before or after it was done, costs no promise and makes no half', async t => {
    const url = await server.newDatabase()
    const direct = await fleetOn(t, url)
    const proxy = await proxyFor(t)
    const { journal } = await fleetOn(t, proxy.through(url))
    proxy.arm()
    const commits: number[] = []
    proxy.rewrite(text => {
      if (text.startsWith('COMMIT')) commits.push(proxy.asked)
      return text
    })
    assert.deepEqual(await carry(journal, direct.journal, 'whole'), [])
    proxy.rewrite(text => text)
    const statements = proxy.asked
    assert.ok(statements > 25 && commits.length > 5, `only ${statements}, ${commits}`)
    // However few are chosen, the end of a transaction is among them.
    const chosen = new Set(commits.filter((_, n) => n % every === 0))
    for (let at = 1; at <= statements; at += every) chosen.add(at)
    const seen = new Map<string, number>()
    for (const when of ['before', 'after'] as const)
      for (const at of chosen) {
        proxy.arm({ at, when })
        const codes = await carry(journal, direct.journal, `${when}${at}`)
        for (const code of codes.length === 0 ? ['nothing'] : codes) seen.set(code, (seen.get(code) ?? 0) + 1)
      }
    await assertWhole(url)
    t.diagnostic(`${statements} statements; the caller heard: ${JSON.stringify(Object.fromEntries(seen))}`)
    assert.deepEqual([...seen.keys()].sort(), ['journal.unreachable', 'nothing'])
    // Only a commit whose answer never came is told: everything else is begun anew.
    const nothing = seen.get('nothing') ?? 0
    assert.ok(nothing > (seen.get('journal.unreachable') ?? 0), JSON.stringify([...seen]))
  })

  it('P9: a worker whose database comes and goes takes, renews and releases its holds', async t => {
    const url = await server.newDatabase()
    const direct = await fleetOn(t, url)
    const proxy = await proxyFor(t)
    const { holds } = await fleetOn(t, proxy.through(url))
    for (let at = 1; at <= 9; at += 1) {
      proxy.arm({ at, when: 'after' })
      await direct.holds.offer([`box${at}`])
      for (let tries = 0; tries < 3; tries += 1) await codeOf(holds.take('a', 1))
      const { holds: mine } = await holds.renew('a', 100)
      assert.equal(mine.length, at, 'what was taken is held')
    }
    await holds.leave('a')
    assert.equal((await direct.holds.count()).free, 9)
  })

  it('P7: a BEGIN that is refused alone lets nothing be written outside a transaction', async t => {
    const url = await server.newDatabase()
    const direct = await fleetOn(t, url)
    const proxy = await proxyFor(t)
    const { journal, holds } = await fleetOn(t, proxy.through(url))
    const id = await add(journal, 'u1')
    await journal.setNote('check-now', 'before')
    // As an administrator's cancel that meets this one statement: every answer but this one is as ever.
    let refused = 0
    proxy.rewrite(text => {
      if (!text.startsWith('BEGIN') || refused > 0) return text
      refused += 1
      return 'SELECT 1/0'
    })
    const code = await codeOf(journal.move(id, 'gone', { present: false }))
    assert.equal(refused, 1)
    const stage = (await direct.journal.row(id))?.stage
    assert.ok(code === 'none' ? stage === 'gone' : stage === 'listed', `${code}: ${stage}`)
    proxy.rewrite(text => (text.startsWith('BEGIN') ? 'SELECT 1/0' : text))
    assert.notEqual(await codeOf(journal.setNote('check-now', 'after')), 'none')
    assert.notEqual(await codeOf(holds.offer(['x'])), 'none')
    assert.equal(await direct.journal.note('check-now'), 'before', 'nothing of it is there')
    assert.equal((await direct.holds.count()).free, 0)
    proxy.rewrite(text => text)
    await journal.setNote('check-now', 'after')
  })

  it('P7: statements that are cancelled and connections that are ended cost a try, and then it goes on', async t => {
    const url = await server.newDatabase()
    const { journal } = await fleetOn(t, url, 'victim')
    const act = (what: string) =>
      server.ask(
        url,
        `SELECT ${what}(pid) FROM pg_stat_activity WHERE application_name = 'victim' AND datname = current_database()`,
      )
    let isOver = false
    const disturb = async (): Promise<void> => {
      for (let n = 0; !isOver; n += 1) await act(n % 3 === 0 ? 'pg_terminate_backend' : 'pg_cancel_backend')
    }
    const disturbed = disturb()
    const codes = new Set<string>()
    let promised = 0
    for (let n = 0; n < 150; n += 1) {
      const code = await codeOf(
        journal.changeNote('pulls k', text => [String(Number(text ?? 0) + 1), undefined]),
      )
      codes.add(code)
      if (code === 'none') promised += 1
    }
    isOver = true
    await disturbed
    await codeOf(journal.note('pulls k')) // a cancel that was still on its way
    const counted = Number(await journal.note('pulls k'))
    assert.ok(counted >= promised, `${promised} promised, ${counted} there`)
    for (const code of codes) assert.ok(['none', 'journal.unreachable'].includes(code), code)
    t.diagnostic(`150 changes, ${promised} promised, ${counted} made`)
  })

  it('P8: transactions that disturb each other or wait for each other are begun anew, and not for ever', async t => {
    const url = await server.newDatabase()
    const fleets = await Promise.all(['a', 'b', 'c', 'd'].map(name => fleetOn(t, url, name)))
    await Promise.all(
      fleets.map(async ({ journal }, n) => {
        const keys = n % 2 === 0 ? (['pulls 1', 'pulls 2'] as const) : (['pulls 2', 'pulls 1'] as const)
        for (let times = 0; times < 15; times += 1)
          for (const key of keys)
            await journal.changeNote(key, text => [String(Number(text ?? 0) + 1), undefined])
      }),
    )
    assert.equal(await fleets[0]?.journal.note('pulls 1'), '60')
    assert.equal(await fleets[0]?.journal.note('pulls 2'), '60')
    // Two that lock what the other wants: the server ends one of them.
    const databases = ['x', 'y'].map(name => makePostgresDatabase({ url, name }))
    for (const database of databases) t.after(() => database.close())
    const both = Promise.withResolvers<void>()
    let ready = 0
    let runs = 0
    const lockBoth = (n: number): Promise<void> | undefined =>
      databases[n]?.transaction(async sql => {
        runs += 1
        const [first, second] = n === 0 ? ['pulls 1', 'pulls 2'] : ['pulls 2', 'pulls 1']
        await sql.run('UPDATE note SET value = value WHERE key = ?', first ?? '')
        ready += 1
        if (ready === 2) both.resolve()
        await both.promise
        await sql.run('UPDATE note SET value = value WHERE key = ?', second ?? '')
      })
    await Promise.all([lockBoth(0), lockBoth(1)])
    assert.ok(runs >= 3, 'one was begun anew')
    // What is disturbed each time comes to an end as a fault that passes.
    let tries = 0
    const always = databases[0]?.transaction(async sql => {
      tries += 1
      await sql.run(`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`)
    })
    assert.equal(await codeOf(always ?? Promise.resolve()), 'journal.busy')
    assert.equal(tries, 25)
  })

  it('P10: a database that says nothing any more is given up in time, and asked again', {
    timeout: 60_000,
  }, async t => {
    const url = await server.newDatabase()
    await fleetOn(t, url)
    const proxy = await proxyFor(t)
    const { journal } = await fleetOn(t, proxy.through(url))
    await journal.setNote('check-now', 'before')
    t.mock.timers.enable({ apis: ['setTimeout'] })
    proxy.swallow(true)
    const asked = [journal.setNote('check-now', 'lost'), journal.note('check-now')].map(codeOf)
    let isOver = false
    const codes = Promise.all(asked).finally(() => {
      isOver = true
    })
    let passedMs = 0
    while (!isOver) {
      t.mock.timers.tick(500)
      passedMs += 500
      await new Promise(resolve => setImmediate(resolve))
      assert.ok(passedMs < 200_000, 'it waits for ever')
    }
    t.mock.timers.reset()
    assert.deepEqual(new Set(await codes), new Set(['journal.unreachable']))
    proxy.swallow(false)
    proxy.cutAll()
    await journal.setNote('check-now', 'after')
    assert.equal(await journal.note('check-now'), 'after')
  })

  it('P1: a server that ends in mid-transaction, by order, by force, or by one of its processes, takes nothing that was promised', async t => {
    const url = await server.newDatabase()
    const { journal } = await fleetOn(t, url, 'crashed')
    let promised = 0
    let isOver = false
    const codes = new Set<string>()
    const writing = (async () => {
      while (!isOver) {
        const fault = await faultOf(
          journal.changeNote('pulls k', text => [String(Number(text ?? 0) + 1), undefined]),
        )
        codes.add(fault?.code ?? 'none')
        if (fault === undefined) promised += 1
        else await new Promise(resolve => setTimeout(resolve, 20))
      }
    })()
    const progress = async (): Promise<void> => {
      const from = promised
      while (promised < from + 20) await new Promise(resolve => setTimeout(resolve, 5))
    }
    await progress()
    await server.kill('SIGQUIT')
    await server.start()
    await progress()
    await server.kill()
    await server.start()
    await progress()
    // As the kernel's out-of-memory killer does: the server ends all others and recovers.
    const [row] = await server.ask(
      url,
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'crashed' AND datname = current_database()",
    )
    process.kill(Number(row?.pid), 'SIGKILL')
    await progress()
    isOver = true
    await writing
    const counted = Number(await journal.note('pulls k'))
    assert.ok(counted >= promised, `${promised} promised, ${counted} there`)
    assert.deepEqual([...codes].sort(), ['journal.unreachable', 'none'])
    t.diagnostic(`${promised} changes promised, ${counted} there after three ends of the server`)
  })

  it('P6: no connection left is told as what passes, and memory that is short too', async t => {
    const url = await server.newDatabase()
    const { journal } = await fleetOn(t, url)
    await server.ask(url, 'ALTER SYSTEM SET superuser_reserved_connections = 0')
    await server.ask(url, 'CREATE ROLE plain LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO plain')
    const name = new URL(url).pathname.slice(1)
    await server.ask(url, `ALTER DATABASE ${name} CONNECTION LIMIT 0`)
    const plain = url.replace('fleet@', 'plain@')
    const fault = await faultOf(openPostgresJournal({ url: plain, name: 'late' }))
    assert.equal(fault?.code, 'journal.unreachable')
    assert.match(String(fault?.facts.reason), /too many connections/)
    await server.ask(url, `ALTER DATABASE ${name} CONNECTION LIMIT -1`)
    const late = await openPostgresJournal({ url: plain, name: 'late' })
    await late.close()
    const database = makePostgresDatabase({ url, name: 'short' })
    t.after(() => database.close())
    const short = database.run(`DO $$ BEGIN RAISE EXCEPTION 'short' USING ERRCODE = '53200'; END $$`)
    assert.equal(await codeOf(short), 'journal.unreachable')
    assert.equal(await codeOf(journal.setNote('check-now', '1')), 'none')
  })

  it('P4: a server that was demoted is told as one that takes no writes, and used again when it does', async t => {
    const url = await server.newDatabase()
    const fleet = await fleetOn(t, url)
    await fleet.journal.setNote('check-now', 'before')
    // Demoted: what was the first server comes back as a copy.
    const signal = join(server.folder, 'data', 'standby.signal')
    await server.kill('SIGQUIT')
    await writeFile(signal, '')
    await server.start()
    for (const work of [fleet.journal.setNote('check-now', 'lost'), fleet.journal.note('check-now')]) {
      const fault = await faultOf(work)
      assert.equal(fault?.code, 'journal.unreachable')
      assert.match(String(fault?.facts.reason), /standby/)
    }
    await server.kill('SIGQUIT')
    await rm(signal)
    await server.start()
    assert.equal(await codeOf(fleet.journal.setNote('check-now', 'after')), 'none')
  })

  it('P5: a full disk is told as one, costs what was being written, and is over by itself', {
    skip: requireServer('small disk', diskMissing()),
  }, async () => {
    const disk = mountDisk(24 << 20)
    try {
      await server.own(disk.path)
      const base = await server.newDatabase()
      await server.ask(base, `CREATE TABLESPACE small LOCATION '${disk.path}'`)
      await server.ask(base, 'CREATE DATABASE small TABLESPACE small')
      const url = base.replace(/\w+$/, 'small')
      const fleet = await makePostgresJournal({ url, name: 'small' })
      await server.ask(url, "CREATE TABLE ballast AS SELECT repeat('x', 1000) FROM generate_series(1, 3000)")
      const fault = await (async () => {
        for (let n = 0; n < 200; n += 1) {
          const failed = await faultOf(
            fleet.journal.setNote(
              `watch ${n}`,
              Array.from({ length: 40_000 }, () => Math.random().toString(36)).join(''),
            ),
          )
          if (failed !== undefined) return failed
        }
        return undefined
      })()
      assert.equal(fault?.code, 'state.disk-full')
      await assertWhole(url)
      // Room is made as an administrator would.
      await server.ask(url, 'DROP TABLE ballast')
      const id = await add(fleet.journal, 'u1')
      assert.equal((await fleet.journal.row(id))?.stage, 'listed')
      await fleet.close()
      await server.ask(base, 'DROP DATABASE small')
      await server.ask(base, 'DROP TABLESPACE small')
    } finally {
      disk.release()
    }
  })

  it('P11: a pooler that hands a connection around is refused in words of its own, in whatever mode', {
    skip: requireServer('pgbouncer', program('pgbouncer') !== undefined),
  }, async t => {
    const url = await server.newDatabase()
    await fleetOn(t, url)
    const name = new URL(url).pathname.slice(1)
    const ignored = 'statement_timeout,idle_in_transaction_session_timeout,options,extra_float_digits'
    for (const settings of [
      ['pool_mode = transaction'],
      ['pool_mode = transaction', `ignore_startup_parameters = ${ignored}`],
      ['pool_mode = session', `ignore_startup_parameters = ${ignored}`],
    ]) {
      const [port = 0] = await freePorts(1)
      const file = join(server.folder, 'pgbouncer.ini')
      const target = `${name} = host=127.0.0.1 port=${server.port}`
      const common = [
        'listen_addr = 127.0.0.1',
        `listen_port = ${port}`,
        'auth_type = any',
        'unix_socket_dir =',
      ]
      const text = ['[databases]', `${target} user=fleet`, '[pgbouncer]', ...common, ...settings, '']
      await writeFile(file, text.join('\n'))
      await server.own(file)
      const pooler = startDaemon('setpriv', [...asPostgres(), program('pgbouncer') ?? '', file])
      try {
        const through = url.replace(/:\d+\//, `:${port}/`)
        for (;;) {
          const answer = await server.ask(through, 'SELECT 1 AS one').catch(() => undefined)
          if (answer !== undefined) break
          assert.ok(pooler.alive(), pooler.printed())
          await new Promise(resolve => setTimeout(resolve, 20))
        }
        assert.equal(await codeOf(openPostgresJournal({ url: through, name: 'pooled' })), 'journal.pooled')
      } finally {
        await pooler.stop()
      }
    }
  })

  it('P12: a clock that was set forward or back gives no mailbox to two, and keeps none from everybody', async t => {
    const url = await server.newDatabase()
    const { holds, journalOf, database } = await fleetOn(t, url)
    await holds.offer([box])
    const [first] = await holds.take('a', 1)
    assert.ok(first)
    const shift = (by: string) =>
      server.ask(
        url,
        `UPDATE hold SET held_until = held_until + interval '${by}'; UPDATE worker SET there_until = there_until + interval '${by}'`,
      )
    await holds.renew('a', 1)
    // The clock was set back by an hour: what stands in the tables is an hour off. Whoever lives renews, and has it again.
    await shift('1 hour')
    assert.deepEqual((await holds.renew('a', 1)).holds, [first])
    assert.deepEqual(await holds.take('b', 1), [])
    // And of one that is dead another takes it over, and its share; nobody waits for it, nor takes it for one that is there.
    await shift('1 hour')
    assert.ok(await waitForHandBack(database, [box], 0))
    const [dead] = await makeFleetLook(database).workers()
    assert.deepEqual([dead?.isThere, dead?.held, dead?.goneMs], [false, 0, 0])
    assert.equal((await holds.renew('b', 1)).share, 1)
    const [second] = await holds.take('b', 1)
    assert.ok(second && second.fence > first.fence)
    assert.equal(await codeOf(journalOf(first).setNote('check-now', '1')), 'journal.not-held')
    // Set forward: the hold ends at once, and its worker may change nothing once another has taken it.
    await shift('-1 hour')
    const [third] = await holds.take('c', 1)
    assert.ok(third && third.fence > second.fence)
    assert.equal(await codeOf(journalOf(second).setNote('check-now', '1')), 'journal.not-held')
    assert.equal(await codeOf(journalOf(third).setNote('check-now', '1')), 'none')
  })

  it('P13: a changed password is asked for anew, and one that is wrong, or rights that are gone, are told without it', async t => {
    const url = await server.newDatabase()
    await fleetOn(t, url)
    const hba = join(server.folder, 'data', 'pg_hba.conf')
    const kept = join(server.folder, 'pg_hba.kept')
    await copyFile(hba, kept)
    await server.ask(
      url,
      `CREATE ROLE worker LOGIN PASSWORD 'first'; GRANT ALL ON ALL TABLES IN SCHEMA public TO worker`,
    )
    const rules = 'host all worker 127.0.0.1/32 scram-sha-256\n'
    await writeFile(hba, rules + (await readFile(kept, 'utf8')))
    await server.ask(url, 'SELECT pg_reload_conf()')
    t.after(async () => {
      await copyFile(kept, hba)
      await server.ask(url, 'SELECT pg_reload_conf()')
    })
    const plain = url.replace('fleet@', 'worker@')
    let current = 'first'
    const fleet = await openPostgresJournal({ url: plain, name: 'w', password: async () => current })
    t.after(() => fleet.close())
    await server.ask(url, `ALTER ROLE worker PASSWORD '${decodeURIComponent(password)}'`)
    const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'"
    await server.ask(url, end)
    assert.equal(await codeOf(fleet.journal.note('check-now')), 'journal.closed')
    current = decodeURIComponent(password)
    assert.equal(await codeOf(fleet.journal.note('check-now')), 'none')
    // In the URL, and wrong: neither the one nor the other is told.
    const given = plain.replace('worker@', `worker:${password}@`)
    await (await openPostgresJournal({ url: given, name: 'w' })).close()
    await server.ask(url, "ALTER ROLE worker PASSWORD 'third'")
    assert.equal(await codeOf(openPostgresJournal({ url: given, name: 'w' })), 'journal.closed')
    assert.equal(await codeOf(openPostgresJournal({ url: plain, name: 'w' })), 'journal.closed')
    assert.equal(
      await codeOf(openPostgresJournal({ url: `${given}?sslmode=none`, name: 'w' })),
      'journal.address',
    )
    assert.equal(
      await codeOf(openPostgresJournal({ url: given.replace(':', ';'), name: 'w' })),
      'journal.address',
    )
    await server.ask(url, 'REVOKE ALL ON note FROM worker')
    assert.equal(await codeOf(fleet.journal.note('check-now')), 'journal.closed')
  })

  it('P14: only a server whose certificate holds for its name is spoken to, whatever the environment says', {
    skip: needsOpenssl(),
  }, async t => {
    const certificates = await makeCertificates(join(server.folder, 'tls'))
    const url = await server.newDatabase()
    await fleetOn(t, url)
    const show = async (which: 'good' | 'wrongName' | 'expired' | 'selfSigned'): Promise<void> => {
      const files = { 'server.crt': certificates[which].certFile, 'server.key': certificates[which].keyFile }
      for (const [name, from] of Object.entries(files)) {
        const file = join(server.folder, 'data', name)
        await copyFile(from, file)
        await chmod(file, 0o600)
        await server.own(file)
      }
      await server.ask(url, "ALTER SYSTEM SET ssl = 'on'")
      await server.ask(url, 'SELECT pg_reload_conf()')
    }
    const reject = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    t.after(() => {
      if (reject === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = reject
    })
    const open = (options: string): Promise<string> =>
      codeOf(openPostgresJournal({ url: `${url}?${options}`, name: 'tls' }).then(fleet => fleet.close()))
    const ca = `sslrootcert=${encodeURIComponent(certificates.ca.certFile)}`
    assert.equal(await open('sslmode=require'), 'journal.insecure', 'a server without TLS')
    await show('good')
    // New connections see it once the server has read it.
    while ((await open(ca)) !== 'none') await new Promise(resolve => setTimeout(resolve, 20))
    assert.equal(await open(`sslmode=verify-full&${ca}`), 'none')
    assert.equal(await open('sslmode=require'), 'journal.insecure', 'signed by nobody that is known')
    for (const which of ['wrongName', 'expired', 'selfSigned'] as const) {
      await show(which)
      while ((await open(ca)) === 'none') await new Promise(resolve => setTimeout(resolve, 20))
      assert.equal(await open(ca), 'journal.insecure', which)
    }
    for (const mode of ['no-verify', 'prefer', 'allow'])
      assert.equal(await open(`sslmode=${mode}`), 'journal.address')
    assert.equal(await open('uselibpqcompat=true&sslmode=require'), 'journal.address')
    // Beyond this computer nothing is said without TLS.
    const far = createServer(socket => {
      socket.once('data', chunk => {
        heard.push(chunk)
        socket.end('N')
      })
    })
    const heard: Buffer[] = []
    far.listen(0, '127.0.0.1')
    await once(far, 'listening')
    t.after(() => far.close())
    const { port } = far.address() as { port: number }
    const away = `postgresql://worker:${password}@127.0.0.1:${port}/x?sslmode=verify-full`
    assert.equal(await codeOf(openPostgresJournal({ url: away, name: 'x' })), 'journal.insecure')
    for (const chunk of heard) assert.equal(chunk.length, 8, 'no more than the question for TLS')
  })
})
