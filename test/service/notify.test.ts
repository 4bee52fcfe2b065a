import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it, type TestContext } from 'node:test'
import { makeNotifier, watchdogMs } from '../../src/service/notify.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { installed } from '../vault/session-bus.ts'

/** A real AF_UNIX datagram socket. Closes passed descriptors, as systemd does: that is what a barrier waits for. */
const listener = `
import socket, sys, json, os, array
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('ready', flush=True)
while True:
    data, ancillary, flags, address = s.recvmsg(4096, 1024)
    for level, kind, raw in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds = array.array('i'); fds.frombytes(raw[:len(raw) - len(raw) % fds.itemsize])
            for fd in fds: os.close(fd)
    print(json.dumps(data.decode()), flush=True)
`

const skip = requireServer('systemd-notify', await installed('systemd-notify', 'python3'))

describe('telling systemd', { skip }, () => {
  let folder: string
  let python: ChildProcess
  let lines: AsyncIterator<string>
  const env = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, NOTIFY_SOCKET: join(folder, 'notify') })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-notify-'))
    const child = spawn('python3', ['-c', listener, join(folder, 'notify')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    python = child
    lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    assert.equal((await lines.next()).value, 'ready')
  })
  after(async () => {
    const gone = once(python, 'exit')
    python.kill('SIGKILL')
    await gone
    await rm(folder, { recursive: true })
  })

  /** The next message, without the barriers in between. */
  async function heard(): Promise<readonly string[]> {
    for (;;) {
      const message = JSON.parse(String((await lines.next()).value)) as string
      if (message.trim() !== 'BARRIER=1') return message.split('\n').filter(Boolean)
    }
  }

  it('says ready with our process id, status and stopping, in this order', async () => {
    const notifier = makeNotifier(env(), 4711)
    void notifier.ready('2 mailboxes')
    void notifier.status('all well\nREADY=0')
    void notifier.stopping()
    const ready = await heard()
    assert.deepEqual([...ready].sort(), ['MAINPID=4711', 'READY=1', 'STATUS=2 mailboxes'])
    assert.deepEqual(await heard(), ['STATUS=all well READY=0'], 'a line ending does not begin an assignment')
    assert.deepEqual(await heard(), ['STOPPING=1'])
    await notifier.close()
  })

  it('sends signs of life while it is alive and asked for them, and none after that', async () => {
    const notifier = makeNotifier({ ...env(), WATCHDOG_USEC: '60000' })
    let alive = true
    notifier.keepAlive(() => alive)
    assert.deepEqual(await heard(), ['WATCHDOG=1'])
    assert.deepEqual(await heard(), ['WATCHDOG=1'])
    alive = false
    await notifier.close() // with what was on its way
    const other = makeNotifier({ ...env(), WATCHDOG_USEC: '60000' })
    await other.status('closed')
    let asked = 0
    other.keepAlive(() => {
      asked += 1
      return false
    })
    await until(() => asked >= 3, 'three beats that are none')
    await other.status('end')
    const messages: string[] = []
    while (messages.at(-1) !== 'STATUS=end') messages.push(...(await heard()))
    assert.deepEqual(messages.slice(messages.indexOf('STATUS=closed')), ['STATUS=closed', 'STATUS=end'])
    await other.close()
  })
})

describe('without systemd', () => {
  /** A helper that writes down each call and fails. */
  async function failingHelper(t: TestContext): Promise<{ folder: string; calls: () => Promise<number> }> {
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-notify-'))
    t.after(() => rm(folder, { recursive: true }))
    const book = join(folder, 'calls')
    await writeFile(join(folder, 'systemd-notify'), `#!/bin/sh\necho called >>'${book}'\nexit 1\n`)
    await chmod(join(folder, 'systemd-notify'), 0o755)
    const calls = async (): Promise<number> =>
      (await readFile(book, 'utf8').catch(() => '')).split('\n').length - 1
    return { folder, calls }
  }

  it('does nothing', async t => {
    const { folder, calls } = await failingHelper(t)
    const notifier = makeNotifier({ PATH: folder, WATCHDOG_USEC: '60000' })
    let asked = 0
    notifier.keepAlive(() => {
      asked += 1
      return true
    })
    await notifier.ready()
    await notifier.close()
    assert.deepEqual([await calls(), asked], [0, 0])
  })

  it('goes on where the helper is missing, fails or the socket is dead', async t => {
    const { folder, calls } = await failingHelper(t)
    for (const PATH of ['/nonexistent', folder]) {
      const notifier = makeNotifier({ PATH, NOTIFY_SOCKET: join(folder, 'dead') })
      assert.equal(await notifier.ready(), undefined)
      assert.equal(await notifier.status('after a failure'), undefined)
      await notifier.close()
    }
    assert.equal(await calls(), 2, 'the second message is sent although the first one failed')
  })

  it('has a watchdog only where it is meant for this process', () => {
    assert.equal(watchdogMs({}, 1), undefined)
    assert.equal(watchdogMs({ WATCHDOG_USEC: '180000000', WATCHDOG_PID: '2' }, 1), undefined)
    assert.equal(watchdogMs({ WATCHDOG_USEC: '180000000', WATCHDOG_PID: '1' }, 1), 180_000)
    assert.equal(watchdogMs({ WATCHDOG_USEC: 'soon' }, 1), undefined)
  })
})
