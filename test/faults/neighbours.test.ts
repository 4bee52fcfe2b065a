/** What other users and stray signals find of a running daemon, and what its libraries say past its log. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createConnection, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { startConsent } from '../../src/google/consent.ts'
import { makeAgent } from '../../src/service/launchd.ts'
import { makeUnits } from '../../src/service/systemd.ts'
import { endOf } from '../servers/hikyaku.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World } from '../servers/world.ts'

async function worldFor(t: TestContext, env: Record<string, string>): Promise<World> {
  const world = await startWorld({ protocol: 'pop3', env: { ALERT_MAIL: 'no', ...env } })
  t.after(() => world.stop())
  return world
}

/** Ports on which the process listens (proc(5): state 0A is TCP_LISTEN). */
async function listening(pid: number): Promise<readonly number[]> {
  const handles = await readdir(`/proc/${pid}/fd`)
  const links = await Promise.all(handles.map(fd => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  const inodes = new Set(links.map(link => /^socket:\[(\d+)\]$/.exec(link)?.[1]))
  const tables = await Promise.all(['tcp', 'tcp6'].map(name => readFile(`/proc/${pid}/net/${name}`, 'utf8')))
  return tables
    .flatMap(table => table.trim().split('\n').slice(1))
    .map(line => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode))
    .map(([, local = '']) => Number.parseInt(local.split(':').at(-1) ?? '', 16))
}

describe('a running daemon', () => {
  it('G14: opens no inspector at SIGUSR1 and goes on', { skip: process.platform !== 'linux' }, async t => {
    const world = await worldFor(t, { SCHEDULE: '* * * * * *' })
    // A port that is free, for Node's own would be the same for every test.
    const daemon = world.start(['run'], { nodeArgs: ['--inspect-port=0'] })
    await until(() => (world.source.pop3?.ledger.logins.length ?? 0) > 0, 'a first pull')
    const before = world.source.pop3?.ledger.logins.length ?? 0
    for (let count = 0; count < 3; count += 1) daemon.kill('SIGUSR1')
    await until(() => (world.source.pop3?.ledger.logins.length ?? 0) > before + 1, 'pulls after the signal')
    assert.deepEqual(await listening(daemon.pid), [])
    daemon.kill('SIGTERM')
    const { code, stderr } = await endOf(daemon)
    assert.equal(code, 0, stderr)
    assert.doesNotMatch(stderr, /Debugger/)
  })

  it('a Node without our handler does open one (the check can fail)', {
    skip: process.platform !== 'linux',
  }, async t => {
    const child = spawn(
      process.execPath,
      ['--inspect-port=0', '-e', 'setInterval(() => {}, 1000); console.log(1)'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    t.after(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    child.kill('SIGUSR1')
    await until(async () => (await listening(child.pid ?? 0)).length > 0, 'an inspector')
  })

  it('says in its own log that a time of the schedule has passed, looks then, and prints nothing past the log', async t => {
    const world = await worldFor(t, { SCHEDULE: '*/2 * * * * *', LOG_FORMAT: 'json', LOG_LEVEL: 'debug' })
    // At SIGUSR2 the event loop stands for 5 s, as if the machine slept: several times of the schedule pass.
    const stand =
      "process.on('SIGUSR2', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000))"
    const preload = `data:text/javascript,${encodeURIComponent(stand)}`
    const daemon = world.start(['run'], { nodeArgs: ['--import', preload] })
    await until(() => (world.source.pop3?.ledger.logins.length ?? 0) > 1, 'a pull by the schedule')
    daemon.kill('SIGUSR2')
    await until(() => /"scheduleLate"/.test(daemon.stderr()), 'the late time in the log', 30_000)
    daemon.kill('SIGTERM')
    const { stdout, stderr } = await endOf(daemon)
    assert.equal(stdout, '')
    const lines = stderr.trim().split('\n')
    for (const line of lines) assert.equal(typeof JSON.parse(line).event, 'string', line)
    assert.equal(lines.filter(line => JSON.parse(line).event === 'scheduleLate').length, 1)
  })
})

describe('the sign-in', () => {
  it('G14: is reached by the browser while another user of the machine holds hundreds of connections', async t => {
    const consent = await startConsent({
      client: { id: 'id', secret: 'secret' },
      scopes: [],
      authUrl: 'http://127.0.0.1:9/auth',
    })
    const sockets: Socket[] = []
    t.after(async () => {
      for (const socket of sockets) socket.destroy()
      await consent.close()
    })
    // Silent ones, and ones that never come to the end of a request.
    for (const words of ['', 'GET / HTTP/1.1\r\nHost: a\r\n'])
      for (let count = 0; count < 100; count += 1) {
        const socket = createConnection({ host: '127.0.0.1', port: consent.port })
        socket.on('error', () => {})
        sockets.push(socket)
        await once(socket, 'connect')
        if (words !== '') socket.write(words)
      }
    const waiting = consent.waitForRedirect(AbortSignal.timeout(20_000))
    const state = new URL(consent.url).searchParams.get('state')
    const back = await fetch(`http://127.0.0.1:${consent.port}/?state=${state}&code=CODE`)
    assert.equal(back.status, 200, 'the page behind the redirect')
    assert.equal((await waiting).code, 'CODE')
  })
})

describe('the service', () => {
  it('G14: leaves no core file, by the kernel or by the watchdog', () => {
    const paths = { nodeFile: '/usr/bin/node', cliFile: '/opt/hikyaku/dist/cli.js' }
    for (const scope of ['system', 'user'] as const)
      for (const mode of ['daemon', 'timer'] as const) {
        const [{ text } = { text: '' }] = makeUnits({ mode, scope, ...paths })
        assert.match(text, /^LimitCORE=0$/m)
        if (mode === 'daemon') assert.match(text, /^WatchdogSignal=SIGKILL$/m)
      }
    const { text } = makeAgent({ mode: 'daemon', scope: 'user', ...paths })
    assert.match(text, /<key>HardResourceLimits<\/key>\s*<dict>\s*<key>Core<\/key>\s*<integer>0<\/integer>/)
  })
})
