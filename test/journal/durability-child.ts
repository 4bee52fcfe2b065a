/** Writes to a journal and says after each call that it returned; killed from outside at any moment. */
import { openJournal } from '../../src/journal/sqlite.ts'
import { box, newRow, record } from './journal-helpers.ts'

const journal = await openJournal(process.argv[2] ?? '', 'run', () => {})
const say = (what: string): void => void process.stdout.write(`${what}\n`)

await journal.beginPull(box, 1)
say('pull')
for (let n = 0; ; n += 1) {
  const [id = 0] = await journal.recordFolder(record({ added: [newRow(`u${n}`)] }))
  say(`listed ${id}`)
  await journal.move(id, 'importing', { importingAtMs: n })
  say(`importing ${id}`)
  await journal.move(id, 'imported', { gmailId: `g${n}` })
  say(`imported ${id}`)
  await journal.moveAll([{ id, to: 'settled', patch: { settledAs: 'keep' } }])
  say(`settled ${id}`)
  await journal.setNote('pulls last', String(id))
  say(`note ${id}`)
}
