/** START_FROM moved back, and the process killed at any step of that: nothing is lost, nothing comes twice. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { countOf, openInProcess } from '../servers/in-process.ts'
import { type Protocol, sha256 } from '../servers/source-server.ts'
import { startWorld, type World } from '../servers/world.ts'
import { mail } from './harness.ts'

const nodeArgs = [
  '--disable-warning=ExperimentalWarning',
  '--import',
  fileURLToPath(new URL('kill-preload.ts', import.meta.url)),
]
/** Of the sweep: odd, so that kills fall before and behind the records alike. */
const step = 9

/** Mail that was left by START_FROM=new, and one message that came later and is imported. */
async function leaveOld(protocol: Protocol, old: number): Promise<{ world: World; put: readonly string[] }> {
  const world = await startWorld({ protocol, env: { START_FROM: 'new' } })
  const put: string[] = []
  const deliver = async (octets: Buffer): Promise<void> => {
    put.push(sha256(octets))
    await world.source.deliver(octets)
  }
  for (let n = 0; n < old; n += 1) await deliver(mail(`old-${n}`, 60))
  const app = await openInProcess(world)
  assert.equal(countOf(await app.pull()).imported, 0)
  await deliver(mail('fresh'))
  assert.equal(countOf(await app.pull()).imported, 1)
  assert.equal((await app.journal.counts(nameOf(app))).baseline, old)
  await app.close()
  return { world, put }
}

type App = Awaited<ReturnType<typeof openInProcess>>
const nameOf = (app: App): string => app.bridge.mailboxes[0]?.mailbox.name ?? ''

const killed = (world: World, at: number) =>
  world.run(['pull', '--json'], { nodeArgs, env: { START_FROM: 'all', HIKYAKU_KILL_AT: String(at) } })

/** A process that goes on brings all; one more changes nothing. */
async function judgeRest(world: World, put: readonly string[], where: string): Promise<void> {
  const app = await openInProcess(world, { env: { START_FROM: 'all' } })
  try {
    // An unclean end makes suspects, which are taken up one by one.
    for (let pulls = 0; pulls < 2; pulls += 1) countOf(await app.pull())
    assert.deepEqual([...world.gmail.stored().keys()].sort(), [...put].sort(), `${where}: each is in Gmail`)
    for (const count of world.gmail.stored().values()) assert.equal(count, 1, `${where}: one copy`)
    const uploads = world.gmail.accepted.length
    assert.equal(countOf(await app.pull()).imported, 0, `${where}: a run more changes nothing`)
    assert.equal(world.gmail.accepted.length, uploads)
    const told = await app.journal.repeatedCount(nameOf(app))
    assert.ok(uploads - put.length <= told, `${where}: an upload was repeated untold`)
    const { listed, imported } = await app.journal.conservation(nameOf(app))
    assert.deepEqual([listed, imported], [put.length, put.length], where)
  } finally {
    await app.close()
  }
}

for (const protocol of ['pop3', 'imap'] satisfies Protocol[])
  test(`${protocol}: old mail that is taken back is in Gmail once, wherever the process was killed`, async () => {
    const counting = await leaveOld(protocol, 2)
    let points = 0
    try {
      const countFile = join(counting.world.folder, 'count')
      const env = { START_FROM: 'all', HIKYAKU_KILL_COUNT: countFile }
      const ended = await counting.world.run(['pull', '--json'], { nodeArgs, env })
      assert.equal(ended.code, 0, ended.stderr + ended.stdout)
      points = Number(await readFile(countFile, 'utf8'))
      await judgeRest(counting.world, counting.put, 'not killed')
    } finally {
      await counting.world.stop()
    }
    let kills = 0
    let next = 1
    const takePoint = (): number => {
      next += step
      return next - step
    }
    const workers = Array.from({ length: 1 + availableParallelism() }, async () => {
      for (let at = takePoint(); at <= points; at = takePoint()) {
        const { world, put } = await leaveOld(protocol, 2)
        try {
          if ((await killed(world, at)).signal === 'SIGKILL') kills += 1
          await judgeRest(world, put, `killed at ${at} of ${points}`)
        } finally {
          await world.stop()
        }
      }
    })
    await Promise.all(workers)
    console.log(`${protocol}: ${kills} kills at ${points} points`)
    assert.ok(kills >= (points / step) * 0.8, `${kills} kills at ${points} points`)
  })

test('a kill between two of the records that take back 600 messages leaves the rest to the next pull', async () => {
  const old = 600
  const { world, put } = await leaveOld('pop3', old)
  try {
    let left = old
    // A record of 500 rows passes far more points than this.
    for (let at = 200; left === old && at < 20_000; at += 200) {
      assert.equal((await killed(world, at)).signal, 'SIGKILL', `at ${at}`)
      const app = await openInProcess(world, { env: { START_FROM: 'new' } })
      left = (await app.journal.counts(nameOf(app))).baseline
      await app.close()
    }
    assert.equal(left, 100, 'one record of 500 was made, and the second was not')
    await judgeRest(world, put, 'between two records')
  } finally {
    await world.stop()
  }
})
