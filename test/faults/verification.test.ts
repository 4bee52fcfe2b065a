/** A verification amid which the process ends, and a watchdog beside it: neither makes a second copy. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { copies, watchDaemon } from '../hostile/daemon.ts'
import { hostileMessages } from '../hostile/messages.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { answerOf } from '../servers/world.ts'
import { installed } from '../vault/session-bus.ts'

const hostile = (name: string): Buffer => {
  const message = hostileMessages.find(one => one.name === name)
  assert.ok(message, name)
  return message.octets()
}

test('G3: killed amid a verification: it is not begun again, and Gmail holds one copy', async () => {
  // A DNS that never answers holds a verification for seconds.
  let asked = 0
  const silent = createSocket('udp4', () => {
    asked += 1
  })
  silent.bind(0, '127.0.0.1')
  await once(silent, 'listening')
  const watched = await watchDaemon({
    protocol: 'imap',
    env: { HIKYAKU_TEST_DNS: `127.0.0.1:${silent.address().port}` },
  })
  const { world } = watched
  try {
    await world.source.deliver(hostile('an ARC chain of 10 links'))
    await until(() => asked > 0, 'the verification asks')
    assert.equal(world.gmail.accepted.length, 1, 'it began after Gmail had taken the message')
    const journal = new DatabaseSync(join(world.stateDir, 'journal.sqlite'), { readOnly: true })
    const row = journal
      .prepare('SELECT gmail_id, verification_tried_at_ms AS tried, authentication FROM message')
      .get()
    journal.close()
    assert.ok(row?.gmail_id, 'and after the answer was in the journal')
    assert.ok(Number(row.tried) > 0)
    assert.equal(row.authentication, null)
    watched.daemon.kill('SIGKILL')
    await watched.daemon.ended
    const askedBefore = asked
    watched.start()
    await watched.deliver(watched.innocent())
    await until(() => asked > askedBefore, 'the innocent message is looked at')
    watched.daemon.kill('SIGTERM')
    await watched.daemon.ended
    assert.deepEqual(copies(world), [1])
    assert.equal(world.gmail.accepted.length, 2)
    const answer = answerOf(await world.run(['inspect', '1', '--json']))
    const { verified } = answer.authentication as { verified: unknown }
    assert.deepEqual(verified, { state: 'broken-off' })
  } finally {
    await watched.stop()
    silent.close()
  }
})

/** The service manager's socket, as systemd's own: prints one JSON string a message. */
const listener = `
import socket, sys, json, os, array
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('"ready"', flush=True)
while True:
    data, ancillary, flags, address = s.recvmsg(4096, 1024)
    for level, kind, raw in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds = array.array('i'); fds.frombytes(raw[:len(raw) - len(raw) % fds.itemsize])
            for fd in fds: os.close(fd)
    print(json.dumps(data.decode()), flush=True)
`
const skip = requireServer('systemd-notify', await installed('systemd-notify', 'python3'))

test('G2: under a watchdog, with a Gmail that answers after 2 s: no kill and one copy', { skip }, async t => {
  const periodMs = 9000
  const socket = join(process.env.TMPDIR ?? '/tmp', `notify-${process.pid}`)
  const python = spawn('python3', ['-c', listener, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: python.stdout })
  await once(lines, 'line')
  let lastMs = performance.now()
  let beats = 0
  lines.on('line', line => {
    if (!line.includes('WATCHDOG=1') && !line.includes('READY=1')) return
    lastMs = performance.now()
    beats += 1
  })
  const watched = await watchDaemon({
    protocol: 'imap',
    env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: String(periodMs * 1000) },
  })
  const { world } = watched
  let kills = 0
  // As the unit has it: no sign of life for a period, so it is killed and started anew.
  const watchdog = setInterval(() => {
    if (beats === 0 || performance.now() - lastMs < periodMs) return
    kills += 1
    lastMs = performance.now()
    watched.daemon.kill('SIGKILL')
    void watched.daemon.ended.then(() => watched.start())
  }, 100)
  try {
    await until(() => beats > 0, 'ready')
    const worst = [
      'one field of 170,000 folds and no signature',
      '5 signatures of 97 kB, each below the limit of Postfix',
      'h= with 128,000 names over 64,000 fields',
      'one signature with 47 kB of blanks in one line',
    ]
    for (const name of worst) {
      world.gmail.faults.next('import', { kind: 'slow', ms: 2000 })
      await watched.deliver(hostile(name))
    }
    await watched.deliver(watched.innocent())
    const sofar = beats
    await until(() => beats >= sofar + 3, 'a period later it still gives signs of life', 30_000)
    t.diagnostic(
      `kills ${kills}, copies ${copies(world)}, accepted ${world.gmail.accepted.length}, signs of life ${beats}`,
    )
    assert.equal(kills, 0)
    assert.deepEqual(copies(world), [1])
    assert.equal(world.gmail.accepted.length, worst.length + 1)
  } finally {
    clearInterval(watchdog)
    await watched.stop()
    const gone = once(python, 'exit')
    python.kill('SIGKILL')
    await gone
  }
})
