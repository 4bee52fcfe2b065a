/**
 * P2, P3: the first server is gone, and the one that followed it was behind. At each statement of a pull in turn it is cut
 * off; what comes after that is forgotten, be it a name, an intent or Gmail's answer. Then it is promoted, and the same
 * process goes on with it. The servers' own ledgers are the judges.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Fault } from '../../src/base/fault.ts'
import { makePostgresJournal, openPostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { booksOf, startAppendWorld } from '../servers/append-world.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { type InProcess, openInProcess, PlayedClock } from '../servers/in-process.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { startPostgresProxy } from '../servers/postgres-proxy.ts'
import { requireServer } from '../servers/required.ts'
import { type Protocol, sha256 } from '../servers/source-server.ts'
import { startWorld, type World } from '../servers/world.ts'
import { mail, nameless } from './harness.ts'
import { judge, judgeText, watchRemovals } from './oracle.ts'

const skip = requireServer('postgresql', postgresMissing())
/** In the suite it is cut off where the scenario says; HIKYAKU_DATABASE_EVERY=N is at every N-th statement of each. */
const every = Number(process.env.HIKYAKU_DATABASE_EVERY ?? 0)

interface Scenario {
  readonly title: string
  readonly protocol: Protocol
  readonly env: Readonly<Record<string, string>>
  readonly scopes?: readonly string[]
  readonly append?: true
  /** Where the standby is cut off in the suite: before a name, or before an intent. */
  readonly usually?: RegExp
}

const scenarios: readonly Scenario[] = [
  {
    title: 'POP3 with keep, Gmail may be searched',
    protocol: 'pop3',
    env: { AFTER_IMPORT: 'keep' },
    scopes: reading,
    usually: /UPDATE message SET stage/,
  },
  { title: 'POP3 with delete', protocol: 'pop3', env: { AFTER_IMPORT: 'delete' } },
  {
    title: 'IMAP with keep, Gmail may not be searched, the owner is asked',
    protocol: 'imap',
    env: { AFTER_IMPORT: 'keep', WHEN_OUTCOME_UNKNOWN: 'ask' },
    usually: /INSERT INTO message/,
  },
  {
    title: 'IMAP with keep, by an app password',
    protocol: 'imap',
    env: { AFTER_IMPORT: 'keep' },
    append: true,
    usually: /INSERT INTO message/,
  },
]

describe('a failover', { skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off', max_wal_senders: '20' })
  })
  after(() => server.stop())

  /** @param cutOffAt the standby has nothing from this statement on; undefined: it has everything */
  const play = async (scenario: Scenario, cutOffAt: number | RegExp | undefined): Promise<number> => {
    const where = `${scenario.title}, behind from statement ${cutOffAt}`
    const url = await server.newDatabase()
    const proxy = await startPostgresProxy(server.port)
    const start = scenario.append ? startAppendWorld : startWorld
    const clock = new PlayedClock()
    const world = await start({
      protocol: scenario.protocol,
      env: scenario.env,
      ...(scenario.append ? {} : { gmail: { clock } }),
      ...(scenario.scopes === undefined ? {} : { scopes: scenario.scopes }),
    })
    const early = scenario.append ? [] : watchRemovals(world)
    const standby = await server.makeStandby()
    let app: InProcess | undefined
    try {
      const both = proxy.through(url).replace(/@[^/]*/, match => `${match},127.0.0.1:${standby.port}`)
      const { journal } = await makePostgresJournal({ url: both, name: 'failover' })
      app = await openInProcess(world, { clock, journal })
      const put: Buffer[] = []
      const deliver = async (...messages: readonly Buffer[]): Promise<void> => {
        for (const octets of messages) {
          put.push(octets)
          await world.source.deliver(octets)
        }
      }
      await deliver(mail('before'))
      await pullAll(app, 2)
      await standby.caughtUp()
      await deliver(mail('one'), nameless('two'))
      proxy.arm()
      if (cutOffAt !== undefined) proxy.before(cutOffAt, () => standby.cutOff())
      await pullAll(app, 2)
      const statements = proxy.asked
      if (cutOffAt === undefined) await standby.caughtUp()
      else await standby.cutOff()
      // The first one is gone for good, amid the day.
      proxy.refuse(true)
      proxy.cutAll()
      await standby.promote()
      await deliver(mail('after'))
      await pullAll(app, 8)
      const repeated = await journal.repeatedCount(app.bridge.mailboxes[0]?.mailbox.name ?? '')
      await judgeAll(world, scenario, { put, early, printed: app.log(), where, repeated })
      const accepted = booksOf(world).accepted.length
      await pullAll(app, 2)
      assert.equal(booksOf(world).accepted.length, accepted, `${where}: O6: a run more changes nothing`)
      return statements
    } finally {
      await app?.close()
      await world.stop()
      await proxy.close()
      await standby.stop()
    }
  }
  /** What cannot be reached is tried again: pulls end with the journal's fault and nothing worse. */
  const pullAll = async (app: InProcess, times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1) {
      const made = await app.pull()
      if (made.kind === 'failed') assert.equal(made.fault.code, 'journal.unreachable')
      app.clock.pass(31_000)
    }
  }
  const judgeAll = async (
    world: World,
    { append }: Scenario,
    told: {
      readonly put: readonly Buffer[]
      readonly early: readonly string[]
      readonly printed: string
      readonly where: string
      readonly repeated: number
    },
  ): Promise<void> => {
    const { put, early, printed, where, repeated } = told
    if (append) {
      const stored = booksOf(world).stored()
      for (const octets of put) assert.equal(stored.get(sha256(octets)), 1, `${where}: O1, O3`)
      judgeText(world, printed)
    } else await judge({ world, put, early, repeated, printed })
  }

  it('P4: a standby alone is no journal, and among several hosts it is passed by', async () => {
    const url = await server.newDatabase()
    const { journal, close } = await makePostgresJournal({ url, name: 'first' })
    await journal.setNote('check-now', '1')
    const standby = await server.makeStandby()
    await standby.caughtUp()
    await assert.rejects(openPostgresJournal({ url: standby.at(url), name: 'alone' }), (error: Fault) => {
      assert.equal(error.code, 'journal.unreachable')
      assert.match(String(error.facts.reason), /standby/)
      return true
    })
    const hosts = `127.0.0.1:${standby.port},127.0.0.1:${server.port}`
    const both = `${url.replace(/@[^/]*/, `@${hosts}`)}?target_session_attrs=read-write`
    const found = await openPostgresJournal({ url: both, name: 'both' })
    assert.equal(await found.journal.note('check-now'), '1')
    assert.equal(found.journal.path, both.replace(/\w+@|\?.*/g, ''))
    await found.close()
    await close()
    await standby.stop()
  })

  it('P2: to a standby that has everything costs nothing but a moment', async () => {
    for (const scenario of scenarios.slice(0, every > 0 ? undefined : 1)) await play(scenario, undefined)
  })

  for (const scenario of scenarios) {
    const points: readonly RegExp[] = scenario.usually === undefined ? [] : [scenario.usually]
    if (every === 0 && points.length === 0) continue
    it(`P3: ${scenario.title}: nothing is lost and nothing comes twice, whatever was forgotten`, {
      timeout: 600_000,
    }, async t => {
      for (const point of points) await play(scenario, point)
      if (every === 0) return
      const statements = await play(scenario, undefined)
      for (let at = every; at <= statements; at += every) await play(scenario, at)
      t.diagnostic(`cut off at every ${every} of ${statements} statements`)
    })
  }
})
