import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openJournal } from '../../src/journal/sqlite.ts'
import { box, stateDirFor } from './journal-helpers.ts'

const child = fileURLToPath(new URL('durability-child.ts', import.meta.url))
const order = ['listed', 'importing', 'imported', 'settled']

test('what a method recorded is there after SIGKILL, from the moment it returned', async t => {
  const folder = await stateDirFor(t)
  // The same journal goes on from kill to kill.
  for (const lines of [1, 2, 3, 4, 5, 23, 111]) {
    const running = spawn(process.execPath, [child, folder])
    let said = ''
    running.stdout.setEncoding('utf8')
    for await (const text of running.stdout) {
      said += text
      if (said.split('\n').length > lines) break
    }
    running.kill('SIGKILL')
    await once(running, 'close')
    const journal = await openJournal(folder, 'run', () => {})
    try {
      const reached = new Map<number, number>()
      for (const line of said.split('\n').slice(0, -1)) {
        const [what = '', id = '0'] = line.split(' ')
        if (what === 'note') assert.ok(Number(await journal.note('pulls last')) >= Number(id))
        if (order.includes(what)) reached.set(Number(id), order.indexOf(what))
      }
      assert.ok((await journal.mailbox(box)).generation > 0)
      for (const [id, stage] of reached) {
        const now = (await journal.row(id))?.stage ?? 'missing'
        assert.ok(order.indexOf(now) >= stage, `row ${id} was ${order[stage]} and is ${now}`)
      }
      const { listed, imported, pending } = await journal.conservation(box)
      assert.equal(listed, imported + pending, 'no half of a transaction')
      // The next child begins its names anew.
      for (const { id } of await journal.standing(box, 'INBOX')) {
        const stage = (await journal.row(id))?.stage ?? 'listed'
        if (stage === 'imported') await journal.move(id, 'settled', { settledAs: 'keep' })
        await journal.move(id, (await journal.row(id))?.stage ?? 'listed', { uid: `kept-${id}` })
      }
    } finally {
      await journal.close()
    }
  }
})
