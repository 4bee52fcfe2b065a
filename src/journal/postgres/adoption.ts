/**
 * A journal of one machine into the fleet's, in one transaction: all of it is there, or nothing. What was imported stays
 * imported, what is unknown stays unknown and is resolved by the worker that takes the mailbox.
 *
 * Invariants: nobody works with the file while it is copied (instance lock), nor afterwards (`adopted.ts`); a mailbox that
 * has rows in the fleet is never adopted over them, but where it left this fleet and comes back (`departure.ts`); an
 * adoption that is in the fleet already is not made a second time.
 */
import { Fault } from '../../base/fault.ts'
import { copyNotes, copySteadyClock, steadyKey } from '../moving/copy-notes.ts'
import { copyRows, makeRowIds, type Renaming, type RowIds, readIds } from '../moving/copy-rows.ts'
import { copyAllStates } from '../moving/copy-states.ts'
import { copyUnderWay, underWayKey } from '../moving/copy-under-way.ts'
import { ownNoteKey } from '../own-notes.ts'
import type { Database, Statements } from '../sql.ts'
import { readNote } from '../state.ts'

export interface Adoption {
  /** Of this adoption: what is done under it is not done again. */
  readonly id: string
  readonly tenant: string
  /** Where the journal comes from, as people are told it. */
  readonly origin: string
  readonly renaming: Renaming
  readonly atMs: number
}

export interface AdoptedRows {
  readonly messages: number
  /** Of these, how many may have reached Gmail without that anybody knows it yet. */
  readonly unknown: number
  /** Names here and in the fleet, in the order of the names here. */
  readonly mailboxes: readonly (readonly [here: string, there: string])[]
}

/** What a mailbox that left the fleet took along, so that it is known when it comes back: see departure.ts. */
export const departureNote = 'left-fleet'

/**
 * Copies the journal, or finds that this very adoption was made before.
 * Throws Fault journal.taken where the fleet has rows of such a mailbox, and what the databases throw.
 */
export async function adoptJournal(
  file: Database,
  fleet: Database,
  adoption: Adoption,
): Promise<AdoptedRows> {
  return fleet.transaction(async sql => {
    const before = await sql.get('SELECT summary FROM adoption WHERE id = ?', adoption.id)
    if (before !== undefined) return JSON.parse(String(before.summary)) as AdoptedRows
    const adopted = await copyAll(file, sql, adoption)
    await sql.run(
      'INSERT INTO adoption (id, tenant, origin, at_ms, summary) VALUES (?, ?, ?, ?, ?)',
      adoption.id,
      adoption.tenant,
      adoption.origin,
      adoption.atMs,
      JSON.stringify(adopted),
    )
    return adopted
  })
}

async function copyAll(file: Database, sql: Statements, { renaming }: Adoption): Promise<AdoptedRows> {
  const names = await listNames(file)
  const returning = await findReturning(file, sql, names.mailboxes, renaming)
  const fresh = names.mailboxes.filter(name => !returning.all.has(name))
  await refuseTaken(sql, fresh.map(renaming.mailbox))
  const brought = new Set([...fresh, ...returning.own])
  const accounts = new Set(names.accounts)
  const ids = await numberRows(file, sql, returning, renaming)
  for (const name of returning.own) await forgetMailbox(sql, renaming.mailbox(name))
  const isBrought = `mailbox IN (${file.words.textsIn('?')})`
  const values = [JSON.stringify([...brought])]
  const messages = await copyRows(file, sql, { where: isBrought, values, ids, renaming })
  const options = { mailboxes: brought, accounts, ids, renaming }
  await copyAllStates(file, sql, options)
  await copyNotes(file, sql, options)
  const mailboxes = [...brought].sort().map(name => [name, renaming.mailbox(name)] as const)
  for (const pair of mailboxes) {
    await copySteadyClock(file, sql, steadyKey, ownNoteKey(steadyKey, pair[1]))
    await copyUnderWay(file, sql, pair, [underWayKey, ownNoteKey(underWayKey, pair[1])])
  }
  const unknown = await file.get(
    `SELECT count(*) AS n FROM message WHERE outcome_unknown = 1 AND ${isBrought}`,
    ...values,
  )
  return { messages, unknown: Number(unknown?.n ?? 0), mailboxes }
}

async function listNames(
  file: Statements,
): Promise<{ readonly mailboxes: readonly string[]; readonly accounts: readonly string[] }> {
  const read = async (text: string): Promise<string[]> =>
    (await file.all(text)).map(({ name }) => String(name))
  return {
    mailboxes: await read('SELECT name FROM mailbox UNION SELECT mailbox FROM message ORDER BY 1'),
    accounts: await read(
      'SELECT name FROM account UNION SELECT account FROM message WHERE account IS NOT NULL ORDER BY 1',
    ),
  }
}

async function refuseTaken(sql: Statements, mailboxes: readonly string[]): Promise<void> {
  const taken = await sql.get(
    `SELECT name FROM (
       SELECT name FROM mailbox WHERE name IN (${sql.words.textsIn('?1')})
       UNION ALL SELECT mailbox FROM departed WHERE mailbox IN (${sql.words.textsIn('?1')})) AS taken LIMIT 1`,
    JSON.stringify(mailboxes),
  )
  if (taken !== undefined) throw new Fault('journal.taken', { facts: { name: String(taken.name) } })
}

interface Returning {
  /** Those that left this fleet with this journal: what it says of them holds. */
  readonly own: ReadonlySet<string>
  /** And those that went along as evidence, and are the fleet's still. */
  readonly all: ReadonlySet<string>
}

/** Of a journal that came from this fleet: what it may bring back. */
async function findReturning(
  file: Statements,
  sql: Statements,
  mailboxes: readonly string[],
  renaming: Renaming,
): Promise<Returning> {
  const note = await readNote(file, departureNote)
  if (note === undefined) return { own: new Set(), all: new Set() }
  const { id, evidence } = JSON.parse(note) as { id: string; evidence: string[] }
  const rows = await sql.all('SELECT mailbox FROM departed WHERE id = ?', id)
  const left = new Set(rows.map(row => String(row.mailbox)))
  const own = mailboxes.filter(name => left.has(renaming.mailbox(name)))
  // Another fleet, or another tenant: everything in it is new there.
  if (own.length === 0) return { own: new Set(), all: new Set() }
  return { own: new Set(own), all: new Set([...own, ...evidence]) }
}

/** New numbers in the order of the old ones; what was the fleet's row before keeps the number that others refer to. */
async function numberRows(
  file: Statements,
  sql: Statements,
  { all }: Returning,
  { mailbox }: Renaming,
): Promise<RowIds> {
  const here = await readIds(file, '1 = 1')
  const kept = new Set<number>()
  for (const name of all) {
    const fleets = await readIds(sql, 'mailbox = ?', mailbox(name))
    const known = new Set(fleets)
    for (const id of await readIds(file, 'mailbox = ?', name)) if (known.has(id)) kept.add(id)
  }
  const rows = await sql.all(
    `SELECT nextval(pg_get_serial_sequence('message', 'id')) AS id FROM generate_series(1, ?::bigint) ORDER BY 1`,
    here.length - kept.size,
  )
  let next = 0
  return makeRowIds(
    here,
    here.map(id => (kept.has(id) ? id : Number(rows[next++]?.id))),
  )
}

/** The fleet's own rows of a mailbox that comes back give way to what became of them: each returns under its number. */
async function forgetMailbox(sql: Statements, mailbox: string): Promise<void> {
  await sql.run('DELETE FROM message WHERE mailbox = ?', mailbox)
  await sql.run('DELETE FROM mailbox WHERE name = ?', mailbox)
  await sql.run("DELETE FROM trouble WHERE name = ? AND scope <> 'account'", mailbox)
  await sql.run('DELETE FROM departed WHERE mailbox = ?', mailbox)
}
