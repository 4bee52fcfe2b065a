/** What a worker of a fleet answers to monitoring programs, whatever the database says; that a real one does: test/fleet/. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { Writable } from 'node:stream'
import { describe, type TestContext, test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { makeLog } from '../../src/log/log.ts'
import type { FleetNumbers } from '../../src/web/fleet-metrics.ts'
import { makeWorkerMachines, type WorkerMachines } from '../../src/web/worker-machines.ts'
import { freePorts, loopback, program } from '../servers/local.ts'
import { requireServer } from '../servers/required.ts'
import { type Answer, ask } from './page.ts'

const noPromtool = requireServer('promtool', program('promtool') !== undefined)

const numbers: FleetNumbers = {
  workers: async () => [
    { name: 'a', capacity: 1000, held: 600, isThere: true },
    { name: 'b', capacity: 500, held: 300, isThere: true },
    { name: 'gone', capacity: 1000, held: 0, isThere: false },
  ],
  sums: async () => ({ tenants: 3, mailboxes: 950, paused: 40, free: 10, failing: 7, waiting: 123 }),
  troubles: async () => [
    { scope: 'mailbox', code: 'source.login-refused', count: 5 },
    { scope: 'mailbox', code: 'source.login-refused', count: 2 },
    { scope: 'account', code: 'gmail.consent-ended', count: 1 },
  ],
  limits: async () => [{ key: 'project "x"', most: 1_200_000, units: 600_000, dayTaken: 5_000_000 }],
}

async function start(
  t: TestContext,
  fleet: FleetNumbers,
  isAlive = () => true,
): Promise<{ machines: WorkerMachines; get(path: string): Promise<Answer> }> {
  const [port = 0] = await freePorts(1)
  const log = makeLog({ stream: new Writable({ write: (_chunk, _encoding, done) => done() }) })
  const machines = makeWorkerMachines({ capacity: 1000 }, log, isAlive)
  t.after(() => machines.close())
  await machines.open({ host: loopback, port }, fleet, {
    opened() {},
    refused: thrown => assert.fail(String(thrown)),
  })
  return { machines, get: path => ask(`${loopback}:${port}`, path) }
}

const sampleOf = (text: string, name: string): number =>
  Number(
    text
      .split('\n')
      .find(line => line.startsWith(`${name} `))
      ?.slice(name.length),
  )

describe('what a worker answers to monitoring programs', () => {
  test('itself and the fleet, in sums', async t => {
    const { machines, get } = await start(t, numbers)
    machines.opened('main/a')
    machines.opened('main/b')
    machines.closed('main/a')
    const { log } = machines
    log.fault(new Fault('source.unreachable', { facts: { host: 'mail.example', port: 993 } }), {
      mailbox: 'main/b',
    })
    log.imported({
      mailbox: 'main/b',
      message: 1,
      octets: 100,
      account: 'x',
      gmailId: 'y',
      ms: 1500,
    } as never)
    const { status, text } = await get('/metrics')
    assert.equal(status, 200)
    const shown = Object.fromEntries(
      [
        'hikyaku_worker_capacity',
        'hikyaku_worker_mailboxes',
        'hikyaku_worker_takings_total',
        'hikyaku_delivery_seconds_count',
        'hikyaku_delivery_seconds_bucket{le="2"}',
        'hikyaku_faults_total{code="source.unreachable"}',
        'hikyaku_fleet_workers',
        'hikyaku_fleet_capacity',
        'hikyaku_fleet_held{worker="b"}',
        'hikyaku_fleet_mailboxes',
        'hikyaku_fleet_paused',
        'hikyaku_fleet_free',
        'hikyaku_fleet_failing',
        'hikyaku_fleet_messages_waiting',
        'hikyaku_fleet_tenants',
        'hikyaku_fleet_troubles{scope="mailbox",code="source.login-refused"}',
        'hikyaku_fleet_limit_units{limit="project \\"x\\""}',
        'hikyaku_fleet_limit_most_units{limit="project \\"x\\""}',
        'hikyaku_fleet_day_units{limit="project \\"x\\""}',
      ].map(name => [name, sampleOf(text, name)]),
    )
    assert.deepEqual(
      Object.values(shown),
      [1000, 1, 2, 1, 1, 1, 2, 1500, 300, 950, 40, 10, 7, 123, 3, 7, 600_000, 1_200_000, 5_000_000],
      JSON.stringify(shown),
    )
    assert.doesNotMatch(text, /worker="gone"/)
    assert.deepEqual([(await get('/healthz')).status, (await get('/readyz')).status], [200, 200])
    if (noPromtool !== false) return
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    assert.equal(checked.stderr + checked.stdout, '')
  })

  test('where the database is away it is neither well nor ready, and lives: it says of itself what it knows', async t => {
    const away = async (): Promise<never> => {
      throw new Fault('journal.unreachable', {
        facts: { file: 'postgresql://db/fleet', reason: 'ECONNREFUSED' },
      })
    }
    const { get } = await start(t, { ...numbers, sums: away })
    for (const path of ['/healthz', '/readyz']) {
      const { status, text } = await get(path)
      assert.deepEqual(
        [status, JSON.parse(text)],
        [503, { ok: false, reasons: [{ code: 'journal.unreachable' }] }],
      )
    }
    assert.equal((await get('/livez')).status, 200)
    const { status, text } = await get('/metrics')
    assert.equal(status, 200)
    assert.equal(sampleOf(text, 'hikyaku_worker_capacity'), 1000)
    assert.doesNotMatch(text, /hikyaku_fleet_/)
  })

  test('while it stops it is not ready, and lives; where a loop is stuck it does not', async t => {
    let isAlive = true
    const { machines, get } = await start(t, numbers, () => isAlive)
    machines.stopping()
    assert.deepEqual(JSON.parse((await get('/readyz')).text).reasons, [{ code: 'stopping' }])
    assert.equal((await get('/livez')).status, 200)
    isAlive = false
    assert.equal((await get('/livez')).status, 503)
  })
})
