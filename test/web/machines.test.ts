/** What a real `run` answers to monitoring programs, in each state that its mail can be in. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { mail } from '../faults/harness.ts'
import { corpus } from '../messages/corpus.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { endOf } from '../servers/hikyaku.ts'
import { freePorts, loopback, program } from '../servers/local.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { startWorld } from '../servers/world.ts'
import { type Answer, type Asked, ask as askAt } from './page.ts'

const noDovecot = requireServer('Dovecot', dovecotMissing())
const noPromtool = requireServer('promtool', program('promtool') !== undefined)
const monitoring = join(import.meta.dirname, '../../docs/monitoring')

const unanswered: Answer = { status: 0, headers: {}, text: '{}' }

/** Asks once; status 0 where nothing answers. */
const ask = (port: number, path: string, asked?: Asked): Promise<Answer> =>
  askAt(`${loopback}:${port}`, path, asked).catch(() => unanswered)

interface Health {
  readonly ok: boolean
  readonly mailComes: boolean
  readonly reasons: readonly { readonly code: string; readonly mailbox?: string; readonly since?: string }[]
}

const healthOf = ({ text }: Answer): Health => JSON.parse(text)

/** Waits until /healthz names a reason (undefined: until it is well). */
async function healthWith(port: number, code: RegExp | undefined): Promise<Answer> {
  let got = unanswered
  await until(
    async () => {
      got = await ask(port, '/healthz')
      if (code === undefined) return got.status === 200
      return got.status === 503 && healthOf(got).reasons.some(reason => code.test(reason.code))
    },
    `/healthz with ${code ?? 'nothing'}`,
    30_000,
  )
  return got
}

/** The value of a sample whose labels hold this text. */
function sampleOf(text: string, name: string, labels = ''): number {
  const line = text
    .split('\n')
    .find(row => row.startsWith(name) && row.includes(labels) && !row.startsWith('#'))
  return Number(line?.split(' ').at(-1))
}

const often = { SCHEDULE: '*/2 * * * * *', ALERT_MAIL: 'no' }

describe('what run answers to monitoring programs', { concurrency: 2 }, () => {
  test('it is starting, then well, and its metrics agree with what Gmail and the server saw', async t => {
    const [port = 0] = await freePorts(1)
    const world = await startWorld({ protocol: 'imap', env: { ...often, METRICS: `${loopback}:${port}` } })
    t.after(() => world.stop())
    await world.source.deliver(mail('before'))
    const daemon = world.start(['run'])
    assert.deepEqual(healthOf(await healthWith(port, undefined)), { ok: true, mailComes: true, reasons: [] })
    assert.equal((await ask(port, '/readyz')).status, 200)
    for (const name of ['a', 'b', 'c']) await world.source.deliver(mail(name))
    await until(() => world.gmail.accepted.length === 4, 'four mails')
    let text = ''
    await until(async () => {
      text = (await ask(port, '/metrics')).text
      return (
        sampleOf(text, 'hikyaku_messages_imported_total') === 4 && sampleOf(text, 'hikyaku_idle_alive') === 1
      )
    }, 'the metrics')
    assert.equal(world.gmail.ledger.of('import').length, 4)
    assert.equal(sampleOf(text, 'hikyaku_delivery_seconds_count'), 4)
    assert.equal(sampleOf(text, 'hikyaku_messages_waiting'), 0)
    assert.equal(sampleOf(text, 'hikyaku_messages_refused'), 0)
    assert.equal(sampleOf(text, 'hikyaku_healthy'), 1)
    assert.equal(
      sampleOf(text, 'hikyaku_logins_total', 'result="accepted"'),
      world.source.imap?.ledger.logins.length,
    )
    assert.ok(sampleOf(text, 'hikyaku_quota_units_used') >= 4 * 25)
    assert.ok(sampleOf(text, 'hikyaku_journal_size_bytes') > 10_000)
    const rssKib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1])
    assert.ok(Math.abs(sampleOf(text, 'process_resident_memory_bytes') / 1024 / rssKib - 1) < 0.3)
    const openMetrics = await ask(port, '/metrics', { headers: { Accept: 'application/openmetrics-text' } })
    assert.match(String(openMetrics.headers['content-type']), /^application\/openmetrics-text; version=1/)
    assert.match(openMetrics.text, /^# TYPE hikyaku_messages_imported counter$[\s\S]*\n# EOF\n$/m)
    if (noPromtool === false) {
      const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
      assert.equal(checked.status, 0, checked.stdout + checked.stderr)
      assert.equal(checked.stderr, '')
    }
    daemon.kill('SIGTERM')
    assert.equal((await endOf(daemon)).code, 0)
    assert.equal((await ask(port, '/healthz')).status, 0)
  })

  test('a server that says nothing: it is starting still, and neither well nor ready', async t => {
    const [port = 0] = await freePorts(1)
    const silent = createServer(socket => socket.on('error', () => {})).listen(0, loopback)
    await until(() => silent.listening, 'the silent server')
    t.after(() => silent.close())
    const at = silent.address()
    const world = await startWorld({
      protocol: 'pop3',
      env: {
        METRICS: `${loopback}:${port}`,
        MAIL_PORT: String(typeof at === 'object' ? at?.port : 0),
      },
    })
    t.after(() => world.stop())
    world.start(['run'])
    const got = await healthWith(port, /^starting$/)
    assert.equal(healthOf(got).mailComes, false)
    assert.equal((await ask(port, '/readyz')).status, 503)
    const live = await ask(port, '/livez')
    assert.deepEqual([live.status, live.text], [200, '{"ok":true}\n'])
  })

  test('a message that Gmail refuses: not well, and mail comes all the same', async t => {
    const [port = 0] = await freePorts(1)
    const world = await startWorld({ protocol: 'pop3', env: { ...often, METRICS: `${loopback}:${port}` } })
    t.after(() => world.stop())
    const refused = corpus().find(message => message.refused !== undefined)
    assert.ok(refused)
    await world.source.deliver(refused.octets)
    await world.source.deliver(mail('good'))
    world.start(['run'])
    const got = await healthWith(port, /^gmail\.message-refused$/)
    assert.equal(healthOf(got).mailComes, true)
    assert.ok(!got.text.includes('Subject') && !/"(said|about|facts|what)"/.test(got.text))
    await until(() => world.gmail.accepted.length === 1, 'the good one')
    await until(
      async () => sampleOf((await ask(port, '/metrics')).text, 'hikyaku_messages_refused') === 1,
      'the metric',
    )
    const { text } = await ask(port, '/metrics')
    assert.equal(sampleOf(text, 'hikyaku_faults_total', 'code="gmail.message-refused"'), 1)
    assert.equal(sampleOf(text, 'hikyaku_troubles', 'code="gmail.message-refused"'), 1)
  })

  test('Dovecot: well, then the password is changed', { skip: noDovecot }, async t => {
    const [port = 0] = await freePorts(1)
    const world = await startWorld({
      protocol: 'pop3',
      server: 'dovecot',
      env: { ...often, METRICS: `${loopback}:${port}` },
    })
    t.after(() => world.stop())
    const { dovecot } = world.source
    assert.ok(dovecot)
    await world.source.deliver(mail('before'))
    world.start(['run'])
    await healthWith(port, undefined)
    await dovecot.changePassword(dovecot.user, 'another one')
    const changed = await healthWith(port, /^source\.login-/)
    const [reason] = healthOf(changed).reasons
    assert.ok(Date.parse(reason?.since ?? '') <= Date.now())
    assert.equal(healthOf(changed).mailComes, false)
    assert.ok(!changed.text.includes(dovecot.password))
    assert.equal((await ask(port, '/readyz')).status, 200)
    await until(
      async () =>
        sampleOf((await ask(port, '/metrics')).text, 'hikyaku_logins_total', 'result="refused"') >= 1,
      'the refused login',
    )
  })

  test('a source that is gone is told by its code', async t => {
    const [port = 0, nobody = 0] = await freePorts(2)
    const world = await startWorld({
      protocol: 'imap',
      env: { ...often, METRICS: `${loopback}:${port}`, MAIL_PORT: String(nobody) },
    })
    t.after(() => world.stop())
    world.start(['run'])
    const got = await healthWith(port, /^source\.unreachable$/)
    assert.equal(healthOf(got).mailComes, false)
  })

  test('strangers get nothing: other names, other methods, bodies, too many, too slow; and a taken port stops no mail', async t => {
    const [port = 0] = await freePorts(1)
    const world = await startWorld({ protocol: 'pop3', env: { METRICS: `${loopback}:${port}` } })
    t.after(() => world.stop())
    const holder = world.start(['run'])
    await healthWith(port, undefined)
    for (const Host of ['attacker.example', `attacker.example:${port}`, '192.0.2.1', 'hikyaku'])
      assert.equal((await ask(port, '/metrics', { headers: { Host } })).status, 421, Host)
    for (const Host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      assert.equal((await ask(port, '/metrics', { headers: { Host } })).status, 200, Host)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
      assert.equal((await ask(port, '/healthz', { method })).status, 405, method)
    const head = await ask(port, '/metrics', { method: 'HEAD' })
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.equal(
      (await ask(port, '/healthz', { headers: { 'Content-Length': '5' }, body: 'hello' })).status,
      413,
    )
    assert.equal((await ask(port, '/healthz', { headers: { Long: 'x'.repeat(20_000) } })).status, 431)
    for (const path of ['/', '/metrics/', '/../etc/passwd', '/%2e%2e', '//healthz'])
      assert.equal((await ask(port, path)).status, 404, path)
    // More than may be connected: the others are dropped without a word, and it answers once they are gone.
    const crowd = Array.from({ length: 40 }, () => connect(port, loopback))
    t.after(() => crowd.forEach(socket => void socket.destroy()))
    let dropped = 0
    for (const socket of crowd)
      socket
        .on('error', () => {})
        .on('close', () => (dropped += Number(socket.bytesRead === 0)))
        .resume()
    await until(() => dropped >= 24, 'those beyond 16')
    for (const socket of crowd) socket.destroy()
    await until(async () => (await ask(port, '/healthz')).status === 200, 'an answer after the crowd')

    const second = await startWorld({ protocol: 'pop3', env: { METRICS: `${loopback}:${port}` } })
    t.after(() => second.stop())
    await second.source.deliver(mail('carried'))
    const daemon = second.start(['run'])
    await until(() => second.gmail.accepted.length === 1, 'mail although the port is taken')
    assert.match(daemon.stderr(), /METRICS: nothing answers at 127\.0\.0\.1:\d+ \(another program uses it\)/)
    holder.kill('SIGKILL')
    await until(
      () => /Answers monitoring programs at/.test(daemon.stderr()),
      'it answers once the port is free',
    )
    await healthWith(port, undefined)
  })

  for (const [whose, prefix, source] of [
    ['a computer', '', 'metrics.ts'],
    ['a fleet', 'fleet-', 'fleet-metrics.ts'],
  ] as const)
    test(`the alert rules and the board of ${whose} are sound`, { skip: noPromtool }, () => {
      const tested = spawnSync('promtool', ['test', 'rules', `${prefix}alerts.test.yaml`], {
        cwd: monitoring,
        encoding: 'utf8',
      })
      assert.equal(tested.status, 0, tested.stdout + tested.stderr)
      const read = (name: string): string => readFileSync(join(monitoring, `${prefix}${name}`), 'utf8')
      const [rules, tests, board] = [read('alerts.yaml'), read('alerts.test.yaml'), read('grafana.json')]
      for (const [, name = ''] of rules.matchAll(/- alert: (\w+)/g))
        assert.match(
          tests,
          new RegExp(`alertname: ${name}\\b[^}]*\\n +exp_alerts:\\n`),
          `${name} is shown to go off`,
        )
      // Nothing is asked for that is not there.
      const code = [source, 'process-metrics.ts']
        .map(name => readFileSync(join(import.meta.dirname, '../../src/web', name), 'utf8'))
        .join('\n')
      const named = [...new Set(`${rules}${board}`.match(/\b(hikyaku|process)_[a-z_]+/g))]
      assert.ok(named.length > 10)
      for (const name of named)
        assert.ok(code.includes(`'${name.replace(/_(total|bucket|count)$/, '')}'`), name)
      assert.ok((JSON.parse(board) as { panels: unknown[] }).panels.length > 5)
    })
})
