/**
 * What a real worker answers to monitoring programs, with a login that may do what a worker has to: while it carries mail,
 * beside another, and while the database is away.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { freePorts, loopback, program } from '../servers/local.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { type Answer, ask } from '../web/page.ts'
import { startFleetWorld } from './fleet-world.ts'

const skip = requireServer('postgresql', postgresMissing())
const noPromtool = requireServer('promtool', program('promtool') !== undefined)

describe('a worker asked by monitoring programs', { skip }, () => {
  let postgres: PostgresServer
  before(async () => {
    postgres = await startPostgres({ fsync: 'off' })
  })
  after(() => postgres.stop())

  it('says how it stands with itself and the fleet, and is not ready while the database is away', async t => {
    const world = await startFleetWorld(postgres, 3)
    t.after(() => world.stop())
    await postgres.ask(world.url, 'CREATE ROLE puller LOGIN IN ROLE hikyaku_worker')
    const FLEET_DATABASE = world.url.replace(/\/\/[^@]*@/, '//puller@')
    assert.notEqual(FLEET_DATABASE, world.url)
    const [port = 0, otherPort = 0] = await freePorts(2)
    const get = (path: string, at = port): Promise<Answer> =>
      ask(`${loopback}:${at}`, path).catch(() => ({ status: 0, headers: {}, text: '' }))
    const sample = async (name: string): Promise<number> => {
      const { text } = await get('/metrics')
      const line = text.split('\n').find(row => row.startsWith(`${name} `))
      return Number(line?.slice(name.length))
    }
    const shows = (name: string, value: number): Promise<void> =>
      until(async () => (await sample(name)) === value, `${name} ${value}`, 20_000)

    world.start('one', { FLEET_DATABASE, METRICS: `${loopback}:${port}` })
    for (const mailbox of world.mailboxes) mailbox.deliver()
    await shows('hikyaku_fleet_held{worker="one"}', 3)
    await shows('hikyaku_delivery_seconds_count', 3)
    await shows('hikyaku_worker_mailboxes', 3)
    for (const [name, value] of [
      ['hikyaku_fleet_workers', 1],
      ['hikyaku_fleet_capacity', 1000],
      ['hikyaku_fleet_mailboxes', 3],
      ['hikyaku_fleet_tenants', 1],
      ['hikyaku_fleet_free', 0],
      ['hikyaku_fleet_failing', 0],
      ['hikyaku_worker_takings_total', 3],
    ] as const)
      assert.equal(await sample(name), value, name)
    for (const path of ['/healthz', '/readyz', '/livez']) assert.equal((await get(path)).status, 200, path)
    // What the imports took of a limit is in one of the next looks at the fleet.
    const tellsUnits = (text: string) => /^hikyaku_fleet_limit_units\{limit="[^"]+"\} \d+$/m.test(text)
    await until(async () => tellsUnits((await get('/metrics')).text), 'units of a limit', 20_000)
    const { text } = await get('/metrics')
    if (noPromtool === false) {
      const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
      assert.equal(checked.stdout + checked.stderr, '')
    }

    const second = world.start('two', {
      FLEET_DATABASE,
      METRICS: `${loopback}:${otherPort}`,
      WORKER_CAPACITY: '500',
    })
    await shows('hikyaku_fleet_workers', 2)
    await shows('hikyaku_fleet_held{worker="two"}', 1)
    await until(
      async () => (await get('/metrics', otherPort)).text.includes('hikyaku_fleet_workers 2'),
      'both say it',
    )
    second.running.kill('SIGTERM')
    assert.equal((await second.running.ended).code, 0)
    await shows('hikyaku_fleet_workers', 1)
    await shows('hikyaku_worker_mailboxes', 3)

    await postgres.kill()
    await until(async () => (await get('/readyz')).status === 503, 'not ready', 20_000)
    const { text: why } = await get('/healthz')
    assert.match(why, /"journal\.unreachable"/)
    assert.equal((await get('/livez')).status, 200, 'a restart would not mend it')
    await shows('hikyaku_worker_mailboxes', 0)
    assert.doesNotMatch((await get('/metrics')).text, /hikyaku_fleet_/)
    await postgres.start()
    await until(async () => (await get('/readyz')).status === 200, 'ready again', 20_000)
    for (const mailbox of world.mailboxes) mailbox.deliver()
    await shows('hikyaku_delivery_seconds_count', 6)
  })
})
