/**
 * A process that is killed while a rule sends mail into another account: whatever the rules say at its next start, the
 * message is in that account once and in no other, with the labels that it was begun with.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { reading } from '../servers/gmail/oauth.ts'
import { hikyaku, startHikyaku } from '../servers/hikyaku.ts'
import { countOf } from '../servers/in-process.ts'
import { sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { mailWith, other, owner, type RuledWorld, startRuledWorld } from './ruled-world.ts'

const preload = [
  '--disable-warning=ExperimentalWarning',
  '--import',
  fileURLToPath(new URL('../faults/kill-preload.ts', import.meta.url)),
]
const toTaro = [{ recipient: 'taro@example.jp', account: 'taro', labels: 'His', star: 'yes' }]
const his = mailWith('his', ['To: taro@example.jp'], 400)
const mine = mailWith('mine', ['To: info@example.jp'], 400)
const labels = ['His', 'INBOX', 'STARRED', 'UNREAD']

async function prepare(scopes?: readonly string[]): Promise<RuledWorld> {
  const ruled = await startRuledWorld({ protocol: 'imap', ...(scopes === undefined ? {} : { scopes }) })
  await ruled.world.source.deliver(his)
  await ruled.world.source.deliver(mine)
  await ruled.configure({ box: { rules: toTaro } })
  return ruled
}

/** Two pulls of a new process with other rules; then each message is in one account, once. */
async function resumeWith(ruled: RuledWorld, rules: readonly object[], where: string): Promise<void> {
  await ruled.configure({ box: { rules } })
  const app = await ruled.open()
  try {
    for (let pulls = 0; pulls < 6; pulls += 1) {
      countOf(await app.pull())
      ruled.clock.pass(61_000)
    }
    const { pending, imported } = await app.journal.conservation('box')
    assert.deepEqual([imported, pending], [2, 0], where)
  } finally {
    await app.close()
  }
}

const copies = (ruled: RuledWorld, octets: Buffer, account: string): number =>
  ruled.world.gmail.stored(account).get(sha256(octets)) ?? 0

describe('killed between the intent and Gmail’s answer', () => {
  for (const scopes of [undefined, reading])
    test(`with a permission that ${scopes === undefined ? 'cannot' : 'can'} look it up`, async () => {
      const ruled = await prepare(scopes)
      try {
        const { gmail } = ruled.world
        gmail.faults.always('import', { kind: 'hang', stage: 'after-accept' })
        const running = startHikyaku(['pull', '--json'], { env: ruled.env, cwd: ruled.world.folder })
        await until(() => copies(ruled, his, other) === 1, 'his mail in Gmail')
        running.kill('SIGKILL')
        await running.ended
        gmail.faults.clear()
        // The rule is gone, and another one sends his mail elsewhere.
        await resumeWith(ruled, [{ recipient: 'taro@example.jp', labels: 'Mine now' }], 'resumed')
        assert.deepEqual([copies(ruled, his, other), copies(ruled, his, owner)], [1, 0])
        assert.deepEqual(ruled.labelsOf(his, other), labels)
      } finally {
        await ruled.stop()
      }
    })
})

test('killed at any of some steps: each message is in one account, once', async t => {
  const counted = await prepare()
  let points = 0
  try {
    const file = join(counted.world.folder, 'count')
    const env = { ...counted.env, HIKYAKU_KILL_COUNT: file }
    const ended = await hikyaku(['pull', '--json'], { env, cwd: counted.world.folder, nodeArgs: preload })
    assert.equal(ended.code, 0, ended.stderr)
    points = Number(await readFile(file, 'utf8'))
  } finally {
    await counted.stop()
  }
  assert.ok(points > 60, `only ${points} points`)
  const steps = Array.from({ length: 6 }, (_, n) => Math.round(points * (0.4 + (0.58 * n) / 5)))
  t.diagnostic(`${points} points; killed at ${steps.join(', ')}`)
  for (const at of steps) {
    const ruled = await prepare()
    try {
      const env = { ...ruled.env, HIKYAKU_KILL_AT: String(at) }
      await hikyaku(['pull', '--json'], { env, cwd: ruled.world.folder, nodeArgs: preload })
      const wasBegun = ruled.world.gmail.ledger.of('import').length > 0
      await resumeWith(ruled, at % 2 === 0 ? toTaro : [], `killed at ${at}`)
      const where = [copies(ruled, his, other), copies(ruled, his, owner)]
      assert.equal(
        (where[0] ?? 0) + (where[1] ?? 0),
        1,
        `killed at ${at}, ${wasBegun ? 'begun' : 'not begun'}: ${where}`,
      )
      if (at % 2 === 0) assert.deepEqual(where, [1, 0])
      assert.equal(copies(ruled, mine, owner), 1)
      assert.equal(copies(ruled, mine, other), 0)
    } finally {
      await ruled.stop()
    }
  }
})
