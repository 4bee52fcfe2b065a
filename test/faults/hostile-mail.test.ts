/** The hostile corpus through `hikyaku run`: nobody behind it waits, nothing comes twice, the loop goes on turning. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { copies, type Watched, watchDaemon } from '../hostile/daemon.ts'
import { hostileMessages } from '../hostile/messages.ts'
import { until } from '../servers/until.ts'

test('the measure sees a loop that stands', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'loop')
  const busy =
    'setTimeout(() => { const end = process.cpuUsage().user + 400_000; while (process.cpuUsage().user < end); setTimeout(() => {}, 50) }, 50)'
  const child = spawn(
    process.execPath,
    ['--import', new URL('../hostile/loop-preload.ts', import.meta.url).href, '-e', busy],
    {
      env: { HIKYAKU_TEST_LOOP: file },
      stdio: 'ignore',
    },
  )
  await once(child, 'close')
  assert.ok(Number(await readFile(file, 'utf8')) > 200)
})

const skip = process.platform === 'linux' ? false : 'needs /proc'

describe('the hostile corpus, over IMAP', { skip, timeout: 110_000 }, () => {
  let watched: Watched
  let aloneMs: number

  before(async () => {
    watched = await watchDaemon({ protocol: 'imap' })
    await watched.deliver(watched.innocent())
    // The control: what an innocent message takes on this machine just now.
    aloneMs = await watched.deliver(watched.innocent())
    await watched.reset()
  })
  after(() => watched.stop())

  test('G1: an innocent message behind each is in Gmail within 5 s, the loop never stands for 200 ms, memory stays below 256 MiB, nothing comes twice', async t => {
    const { world } = watched
    let slowestMs = 0
    for (const { name, octets } of hostileMessages) {
      const tookMs = await watched.deliver(octets(), watched.innocent())
      slowestMs = Math.max(slowestMs, tookMs)
      assert.ok(tookMs < Math.max(5000, 10 * aloneMs), `${Math.round(tookMs)} ms behind ${name}`)
    }
    const { loopMs, rssMiB } = await watched.measure()
    t.diagnostic(
      `${hostileMessages.length} kinds: innocent mail alone ${Math.round(aloneMs)} ms, behind the worst ${Math.round(slowestMs)} ms; loop ${loopMs} ms, RSS ${rssMiB} MiB`,
    )
    assert.ok(loopMs < 200, `the loop stood for ${loopMs} ms of CPU time`)
    assert.ok(rssMiB < 256, `${rssMiB} MiB`)
    assert.deepEqual(copies(world), [1])
    // Each was tried once, and says what became of it.
    const journal = new DatabaseSync(join(world.stateDir, 'journal.sqlite'), { readOnly: true })
    try {
      const open = (): number =>
        Number(
          journal
            .prepare(
              'SELECT count(*) AS n FROM message WHERE gmail_id IS NOT NULL AND authentication IS NULL',
            )
            .get()?.n,
        )
      const tried = (): number =>
        Number(
          journal.prepare('SELECT count(*) AS n FROM message WHERE verification_tried_at_ms > 0').get()?.n,
        )
      // Gmail's answer to the last one is in its ledger before it is in the journal.
      await until(
        () => tried() >= world.gmail.accepted.length && open() === 0,
        'every message has its results',
        30_000,
      )
      const states = journal
        .prepare(
          "SELECT json_extract(authentication, '$.verified.state') AS state, count(*) AS n FROM message WHERE gmail_id IS NOT NULL GROUP BY state",
        )
        .all()
      t.diagnostic(JSON.stringify(states))
      assert.equal(tried(), world.gmail.accepted.length)
    } finally {
      journal.close()
    }
  })

  test('and the daemon ends at SIGTERM', async () => {
    watched.daemon.kill('SIGTERM')
    assert.equal((await watched.daemon.ended).code, 0)
  })
})
