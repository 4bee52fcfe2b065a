/** The proof of a fleet in short: what `npm run fleet:proof` shows of 1,000 mailboxes, with six. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Timed } from '../../scripts/fleet/blows.ts'
import { prove } from '../../scripts/fleet/proof.ts'
import { findMissing } from '../../scripts/fleet/stage.ts'
import { requireServer } from '../servers/required.ts'

const skip = requireServer('postgresql and dovecot', findMissing()[0])

/** Each in the middle of mail: its share of the messages comes right behind it. */
const blows: readonly Timed[] = [
  { blow: { kind: 'kill', workers: 1, backAfterMs: 0, isRenamed: true }, gapMs: 0 },
  { blow: { kind: 'database', signal: 'SIGKILL', awayMs: 0 }, gapMs: 0 },
]

test('a worker and the database are killed in the middle of mail: all of it arrives, none of it twice untold', {
  skip,
}, async t => {
  const screen = { say: (line: string) => t.diagnostic(line), show() {}, clear() {} }
  const { complaints, lines } = await prove(
    { ...{ mailboxes: 6, messages: 40, workers: 2, seed: 2026 }, blows, isShort: true },
    screen,
    t.signal,
  )
  for (const line of lines) t.diagnostic(line)
  assert.deepEqual(complaints, [])
  assert.match(lines.join('\n'), /1 workers killed in 1 blows, the database 1 times/)
})
