import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Books, digest, keyOf } from '../scripts/soak/books.ts'
import type { GmailServer } from '../test/servers/gmail/gmail-server.ts'

const script = fileURLToPath(new URL('../scripts/soak.ts', import.meta.url))

test('a short soak through storms, kills and restarts loses nothing, repeats nothing untold, and says so', async () => {
  const child = spawn(process.execPath, [script, '--days', '2', '--messages', '1000', '--seed', '42'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  const [code] = await once(child, 'close')
  assert.equal(code, 0, printed)
  assert.match(printed, /^day {2}2 {2}1000 in/m)
  assert.match(printed, /^1000 different messages in Gmail/m)
  assert.match(printed, /^O1 to O6 hold$/m)
  assert.ok(Number(/(\d+) faults played/.exec(printed)?.[1]) > 20, printed)
  assert.match(printed, /[12] of 2 child processes killed/)
})

test('the oracle of the soak sees a lost message, one removed too early, and a copy too many', () => {
  const [one, two] = ['one', 'two'].map(text => digest(Buffer.from(text))) as [string, string]
  const books = new Books(2, () => 1000)
  const gmail = { accepted: [] as { sha256: string; merged: boolean }[] }
  books.watchGmail(gmail as unknown as GmailServer)
  const ledger: { sha256: string }[] = []
  books.watchRemovals('here', ledger, () => 0)
  books.put.set(keyOf(one), 0)
  books.put.set(keyOf(two), 1)
  gmail.accepted.push({ sha256: one, merged: false })
  ledger.push({ sha256: one })
  assert.equal(books.judgeNothingLost(new Set([keyOf(two)])), 1)
  books.judgeNothingTwice(0)
  assert.equal(books.complaints.length, 0)

  ledger.push({ sha256: two })
  books.judgeNothingLost(new Set())
  gmail.accepted.push({ sha256: one, merged: true }, { sha256: one, merged: false })
  books.judgeNothingTwice(0)
  gmail.accepted.push({ sha256: digest(Buffer.from('three')), merged: false })
  const complaints: readonly string[] = books.complaints
  assert.deepEqual(
    complaints.map(complaint => complaint.slice(0, 3)),
    ['O2:', 'O1:', 'O3:', 'O1:'],
  )
})
