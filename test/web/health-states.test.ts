/**
 * `curl /healthz` and `/readyz` in the states that machines.test.ts does not come by: a real run that stops, that is stuck,
 * whose sign-in Google refuses, whose Gmail is switched off. Each answer is told.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { mail } from '../faults/harness.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { endOf } from '../servers/hikyaku.ts'
import { freePorts, loopback, program } from '../servers/local.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World } from '../servers/world.ts'

const run = promisify(execFile)
const noCurl = requireServer('curl', program('curl') !== undefined)

interface Asked {
  readonly status: number
  readonly text: string
}

async function curl(port: number, path: string): Promise<Asked> {
  const args = ['--silent', '--max-time', '5', '--write-out', '\n%{http_code}']
  const { stdout } = await run('curl', [...args, `http://${loopback}:${port}${path}`]).catch(() => ({
    stdout: '\n000',
  }))
  const end = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) }
}

/** Asks until the reasons are these, and tells what was answered. */
async function untilReasons(t: TestContext, port: number, reasons: readonly string[]): Promise<Asked> {
  let asked: Asked = { status: 0, text: '' }
  await until(
    async () => {
      asked = await curl(port, '/healthz')
      if (asked.status === 0) return false
      const said = JSON.parse(asked.text).reasons.map(({ code }: { code: string }) => code)
      return reasons.every(code => said.includes(code)) && (reasons.length > 0 || said.length === 0)
    },
    `/healthz with ${reasons.join() || 'nothing'}`,
    30_000,
  )
  t.diagnostic(`curl /healthz: ${asked.status} ${asked.text.trim()}`)
  assert.equal(asked.status, reasons.length === 0 ? 200 : 503)
  return asked
}

async function startWatched(
  t: TestContext,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly [World, number]> {
  const [port = 0] = await freePorts(1)
  const often = { SCHEDULE: '*/2 * * * * *', ALERT_MAIL: 'no' }
  const world = await startWorld({
    protocol: 'pop3',
    env: { ...often, METRICS: `${loopback}:${port}`, ...env },
  })
  t.after(() => world.stop())
  return [world, port]
}

describe('curl /healthz', { skip: noCurl, concurrency: 2 }, () => {
  test('while it stops it is neither healthy nor ready, until what is on its way has ended', async t => {
    const [world, port] = await startWatched(t)
    const daemon = world.start(['run'])
    await untilReasons(t, port, [])
    const answered = Promise.withResolvers<void>()
    world.gmail.faults.next('import', { kind: 'hold', until: answered.promise })
    await world.source.deliver(mail('under way'))
    await until(() => world.gmail.ledger.of('import').length === 1, 'it is on its way')
    daemon.kill('SIGTERM')
    const { text } = await untilReasons(t, port, ['stopping'])
    assert.equal(JSON.parse(text).mailComes, false)
    const ready = await curl(port, '/readyz')
    t.diagnostic(`curl /readyz: ${ready.status} ${ready.text.trim()}`)
    assert.equal(ready.status, 503)
    answered.resolve()
    assert.equal((await endOf(daemon)).code, 0)
    assert.equal(world.gmail.accepted.length, 1)
    assert.equal((await curl(port, '/healthz')).status, 0)
  })

  test('a mailbox that does nothing for longer than all its deadlines allow is stuck, and not ready either', async t => {
    const silent = createServer(socket => socket.on('error', () => {})).listen(0, loopback)
    await until(() => silent.listening, 'the silent server')
    t.after(() => silent.close())
    const at = silent.address()
    const [world, port] = await startWatched(t, { MAIL_PORT: String(typeof at === 'object' ? at?.port : 0) })
    // The clock of the process, and no timer of it, is put forward by 76 minutes.
    const ahead = `const now = performance.now.bind(performance); let aheadMs = 0
      performance.now = () => now() + aheadMs; process.on('SIGUSR2', () => { aheadMs = 76 * 60_000 })`
    const preload = `data:text/javascript,${encodeURIComponent(ahead)}`
    const daemon = world.start(['run'], { nodeArgs: ['--import', preload] })
    await untilReasons(t, port, ['starting'])
    assert.equal((await curl(port, '/livez')).status, 200)
    daemon.kill('SIGUSR2')
    const { text } = await untilReasons(t, port, ['stuck'])
    assert.equal(JSON.parse(text).mailComes, false)
    const ready = await curl(port, '/readyz')
    t.diagnostic(`curl /readyz: ${ready.status} ${ready.text.trim()}`)
    assert.equal(ready.status, 503)
    assert.match(ready.text, /"stuck"/)
    assert.equal((await curl(port, '/livez')).status, 503)
  })

  test('a permission that Google has ended is told by its code, and what cannot be imported waits', async t => {
    const [world, port] = await startWatched(t)
    world.gmail.faults.always('token', presets.invalidGrant())
    await world.source.deliver(mail('waits'))
    world.start(['run'])
    const { text } = await untilReasons(t, port, ['gmail.consent-ended'])
    assert.equal(JSON.parse(text).mailComes, false)
    assert.doesNotMatch(text, /revoked|Token/)
    assert.equal((await curl(port, '/readyz')).status, 200)
    assert.equal(world.gmail.accepted.length, 0)
  })

  test('a Gmail that is switched off is told by its code, and all is well again once it was switched on', async t => {
    const [world, port] = await startWatched(t)
    world.gmail.faults.always('import', presets.apiDisabled())
    await world.source.deliver(mail('waits'))
    world.start(['run'])
    const { text } = await untilReasons(t, port, ['gmail.api-disabled'])
    assert.equal(JSON.parse(text).mailComes, false)
    world.gmail.faults.clear()
    await world.run(['check-now'])
    await untilReasons(t, port, [])
    assert.equal(world.gmail.accepted.length, 1)
  })
})
