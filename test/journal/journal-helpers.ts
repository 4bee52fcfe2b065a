/** What the journal's tests share: a journal on a real file that ends with its test, and rows in a stage. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { asFault } from '../../src/base/fault.ts'
import type { FolderRecord, Journal, NewRow, RowPatch, Stage } from '../../src/journal/journal.ts'
import { openJournal } from '../../src/journal/sqlite.ts'

export const box = 'box'
export const account = 'me'
const atMs = Date.UTC(2026, 10, 25)

/** How it ended: the fault's code, or 'none'. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    thrown => asFault(thrown).code,
  )

export async function stateDirFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-journal-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function journalFor(t: TestContext): Promise<Journal> {
  const journal = await openJournal(await stateDirFor(t), 'run', () => {})
  t.after(async () => {
    try {
      await journal.close()
    } catch {
      // The test closed it.
    }
  })
  return journal
}

export const newRow = (uid: string | undefined, more: Partial<NewRow> = {}): NewRow => ({
  mailbox: box,
  folder: 'INBOX',
  uid,
  stage: 'listed',
  octetsListed: 100,
  arrivedAtMs: undefined,
  seen: undefined,
  headerSha256: undefined,
  ...more,
})

export const record = (more: Partial<FolderRecord>): FolderRecord => ({
  mailbox: box,
  folder: 'INBOX',
  atMs,
  generation: 1,
  returned: [],
  vanished: [],
  renamed: [],
  unnamed: [],
  started: false,
  added: [],
  ...more,
})

/** Adds one row; its id. */
export async function add(
  journal: Journal,
  uid: string | undefined,
  more: Partial<NewRow> = {},
): Promise<number> {
  const row = newRow(uid, more)
  const [id = 0] = await journal.recordFolder(
    record({ mailbox: row.mailbox, folder: row.folder, added: [row] }),
  )
  return id
}

/** How a new row comes to each stage, by legal moves only. `merged` and `settled` need what the schema demands. */
export const wayTo: Readonly<Record<Stage, readonly (readonly [Stage, RowPatch])[]>> = {
  listed: [],
  importing: [['importing', {}]],
  imported: [
    ['importing', {}],
    ['imported', { gmailId: 'g1' }],
  ],
  merged: [['merged', { mergedInto: 1 }]],
  settled: [
    ['importing', {}],
    ['imported', { gmailId: 'g1' }],
    ['settled', { settledAs: 'keep' }],
  ],
  deferred: [['deferred', {}]],
  refused: [['refused', {}]],
  baseline: [['baseline', {}]],
  ignored: [['ignored', {}]],
  gone: [['gone', {}]],
}

/** Adds one row and brings it to a stage; its id. */
export async function addIn(
  journal: Journal,
  stage: Stage,
  uid: string,
  patch: RowPatch = {},
): Promise<number> {
  const id = await add(journal, uid)
  for (const [to, more] of wayTo[stage]) await journal.move(id, to, more)
  if (Object.keys(patch).length > 0) await journal.move(id, stage, patch)
  return id
}
