/**
 * What can still be read from a damaged journal. A row counts only by its digest, held against octets that were just
 * retrieved, or by a source's name for a message about which nothing depends on it but whether it is imported at all.
 */
import { copyFileSync, existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { inFolder } from '../base/as-owner.ts'
import { diskFault } from '../base/disk-fault.ts'
import { Fault } from '../base/fault.ts'
import { openSqlite } from '../base/sqlite-file.ts'
import { readRecord } from './columns.ts'
import { type MessageRow, type NoteKey, type Salvage, stages } from './journal.ts'
import { messageColumns } from './records.ts'

/** After so many numbers without a row the rest is given up: damage hides where the last row is. */
const longestGap = 20_000

/**
 * Reads a copy of the file, made in `workDir` (which lies beside it): SQLite may write to what it opens, and the original stays as it is.
 * Where nothing can be read there are no rows; Fault state.* where the copy cannot be made.
 */
export function salvageJournal(file: string, workDir: string): Salvage {
  const copy = join(workDir, 'salvage.sqlite')
  try {
    inFolder(dirname(file), at => {
      for (const suffix of ['', '-wal']) {
        const from = join(at, basename(file) + suffix)
        if (existsSync(from)) copyFileSync(from, join(at, basename(workDir), `salvage.sqlite${suffix}`))
      }
    })
  } catch (error) {
    throw error instanceof Fault ? error : diskFault(error, copy)
  }
  const rows = existsSync(copy)
    ? readRows(copy)
    : { messages: [], firstPulls: new Map<string, number>(), paused: undefined }
  const key = (...parts: (string | undefined)[]): string => JSON.stringify(parts)
  const imported = new Map<string, MessageRow>()
  const importing = new Map<string, MessageRow>()
  const named = new Map<string, MessageRow>()
  for (const row of rows.messages) {
    if (row.sha256 !== undefined && row.account !== undefined) {
      const reached = row.gmailId !== undefined && row.mergedInto === undefined
      for (const digest of [row.bareSha256 ?? row.sha256, row.sha256]) {
        const same = key(row.account, digest)
        if (reached && (row.stage === 'imported' || row.stage === 'settled')) imported.set(same, row)
        if (row.stage === 'importing') importing.set(same, row)
      }
    }
    if (row.uid !== undefined) named.set(key(row.mailbox, row.folder, row.uid), row)
  }
  return {
    rows: rows.messages.length,
    importedAs: (account, sha256, bare) =>
      imported.get(key(account, sha256)) ?? imported.get(key(account, bare)),
    wasImporting: (account, sha256, bare) =>
      importing.get(key(account, sha256)) ?? importing.get(key(account, bare)),
    byUid: (mailbox, folder, uid) => named.get(key(mailbox, folder, uid)),
    paused: rows.paused,
    firstPullAtMs: mailbox => rows.firstPulls.get(mailbox),
  }
}

interface Readable {
  readonly messages: MessageRow[]
  readonly firstPulls: Map<string, number>
  readonly paused: string | undefined
}

function readRows(file: string): Readable {
  const messages: MessageRow[] = []
  let paused: string | undefined
  const firstPulls = new Map<string, number>()
  try {
    openSqlite(file, { timeout: 0 }, database => {
      const statement = database.prepare('SELECT * FROM message WHERE id = ?')
      for (let id = 1, gap = 0; gap < longestGap; id++) {
        const row = keepReadable(() => statement.get(id))
        const message = row === undefined ? undefined : keepReadable(() => readRecord(messageColumns, row))
        if (message !== undefined && isRow(message)) {
          messages.push(message)
          gap = 0
        } else gap += 1
      }
      const mailboxes = keepReadable(() =>
        database.prepare('SELECT name, first_pull_at_ms FROM mailbox WHERE first_pull_at_ms > 0').all(),
      )
      for (const row of mailboxes ?? []) firstPulls.set(String(row.name), Number(row.first_pull_at_ms))
      const key: NoteKey = 'paused'
      const note = keepReadable(() => database.prepare('SELECT value FROM note WHERE key = ?').get(key))
      if (note !== undefined) paused = String(note.value)
      database.close()
    })
  } catch {
    // Not a database any more, or without its tables: nothing to be had.
  }
  return { messages, firstPulls, paused }
}

/** Damage shows where it is read: one row that cannot be read says nothing of the others. */
function keepReadable<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function isRow(row: MessageRow): boolean {
  const words = [row.mailbox, row.folder, row.stage] as readonly unknown[]
  return words.every(word => typeof word === 'string') && stages.includes(row.stage)
}
