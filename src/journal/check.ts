/**
 * `hikyaku journal check`: whether the journal can be relied on. It reads, and changes nothing: SQLite's own look at
 * the file, the schema's version, and whether what the rows say can be true.
 */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Fault } from '../base/fault.ts'
import { openSqlite } from '../base/sqlite-file.ts'
import { findIntegrityProblems, journalFile, madeFile } from './file.ts'
import { migrations } from './schema.ts'
import { toSqliteFault } from './sqlite-fault.ts'

/** What can be wrong with rows, each with the condition that finds them. */
const rowProblems = {
  /** Imported or settled, and neither Gmail's id nor another row's copy is known. */
  'no-gmail-id': `stage IN ('imported', 'settled') AND gmail_id IS NULL AND merged_into IS NULL`,
  /** Merged into a row that is not there or was never imported itself. */
  'merged-into-nothing': `merged_into IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM message AS other WHERE other.id = message.merged_into AND other.gmail_id IS NOT NULL)`,
  /** Sent, or about to be, without the digest that would find it again. */
  'no-digest': `stage IN ('importing', 'imported', 'merged') AND (sha256 IS NULL OR octets IS NULL)`,
  /** The source was asked to delete or move what was not imported. */
  'settled-too-early': `settle_asks > 0 AND stage NOT IN ('imported', 'merged', 'settled') AND gmail_id IS NULL`,
  'no-settled-as': `stage = 'settled' AND settled_as IS NULL`,
  'gone-but-present': `stage = 'gone' AND present = 1`,
  'unknown-mailbox': 'NOT EXISTS (SELECT 1 FROM mailbox WHERE mailbox.name = message.mailbox)',
} as const

export type RowProblem = keyof typeof rowProblems

export type JournalProblem =
  | { readonly problem: 'missing' }
  /** What SQLite says, a line; it may quote what stands in the file, so it is untrusted. */
  | { readonly problem: 'damaged'; readonly words: string }
  | { readonly problem: 'newer'; readonly found: number; readonly known: number }
  | { readonly problem: RowProblem; readonly count: number; readonly ids: readonly number[] }
  | {
      readonly problem: 'not-conserved'
      readonly mailbox: string
      readonly listed: number
      readonly rows: number
    }

export interface JournalCheck {
  readonly file: string
  /** 'none': there has never been a journal here. */
  readonly state: 'sound' | 'unsound' | 'none'
  readonly octets: number
  readonly version: number | undefined
  readonly messages: number
  readonly problems: readonly JournalProblem[]
}

const idsShown = 10
const linesShown = 20

/**
 * Looks at the journal of a state directory, also beside a running instance. What is wrong with the file is in the
 * answer; thrown is only what keeps it from being looked at: Fault state.* and journal.locked.
 */
export function checkJournal(stateDir: string): JournalCheck {
  const file = join(stateDir, journalFile)
  const octets = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  const nothing = { file, octets, version: undefined, messages: 0 }
  if (octets === 0) {
    const lost = existsSync(join(stateDir, madeFile))
    return { ...nothing, state: lost ? 'unsound' : 'none', problems: lost ? [{ problem: 'missing' }] : [] }
  }
  try {
    return openSqlite(file, { readOnly: true, timeout: 5000 }, database => {
      const looked = lookAtFile(database, file, octets)
      database.close()
      return { file, octets, ...looked }
    })
  } catch (error) {
    const fault = toSqliteFault(error, file)
    if (fault.code !== 'journal.damaged') throw fault
    const words = String(fault.facts.reason ?? '')
    return { ...nothing, state: 'unsound', problems: [{ problem: 'damaged', words }] }
  }
}

function lookAtFile(
  database: DatabaseSync,
  file: string,
  octets: number,
): Pick<JournalCheck, 'state' | 'version' | 'messages' | 'problems'> {
  const number = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0])
  const version = number('PRAGMA user_version')
  if (version > migrations.length) {
    const problem = { problem: 'newer', found: version, known: migrations.length } as const
    return { state: 'unsound', version, messages: 0, problems: [problem] }
  }
  const damage = [...findIntegrityProblems(database, true)].slice(0, linesShown)
  // SQLite reads the missing part of a last page as zeros and says nothing.
  if (!existsSync(`${file}-wal`) && octets % number('PRAGMA page_size') !== 0)
    damage.push('the last page is cut')
  if (version === 0) damage.push('no schema')
  if (damage.length > 0) {
    const problems = damage.map(words => ({ problem: 'damaged', words }) as const)
    return { state: 'unsound', version, messages: 0, problems }
  }
  // An older one is migrated at the next start; its tables may lack what is looked at here.
  const current = version === migrations.length
  // A table that is not there is an SQLITE_ERROR: damaged (sqlite-fault.ts).
  if (current) database.prepare('SELECT 1 FROM message, mailbox, account, note LIMIT 0').get()
  const problems = current ? [...lookAtRows(database), ...lookAtSums(database)] : []
  const messages = number('SELECT count(*) FROM message')
  return { state: problems.length === 0 ? 'sound' : 'unsound', version, messages, problems }
}

function lookAtRows(database: DatabaseSync): JournalProblem[] {
  const problems: JournalProblem[] = []
  for (const [problem, condition] of Object.entries(rowProblems) as [RowProblem, string][]) {
    const ids = database
      .prepare(`SELECT id FROM message WHERE ${condition} ORDER BY id`)
      .all()
      .map(row => Number(row.id))
    if (ids.length > 0) problems.push({ problem, count: ids.length, ids: ids.slice(0, idsShown) })
  }
  return problems
}

/** The conservation sentence: every message ever listed has its row. */
function lookAtSums(database: DatabaseSync): JournalProblem[] {
  return database
    .prepare(
      `SELECT name, listed, (SELECT count(*) FROM message WHERE message.mailbox = mailbox.name) AS n FROM mailbox`,
    )
    .all()
    .map(row => ({ mailbox: String(row.name), listed: Number(row.listed), rows: Number(row.n) }))
    .filter(({ listed, rows }) => listed !== rows)
    .map(sums => ({ problem: 'not-conserved', ...sums }) as const)
}

/** Throws the fault that the daemon would end with, where the journal is of a newer version. */
export function refuseNewerJournal(check: JournalCheck): void {
  for (const one of check.problems) {
    if (one.problem !== 'newer') continue
    throw new Fault('journal.newer', { facts: { file: check.file, found: one.found, known: one.known } })
  }
}
