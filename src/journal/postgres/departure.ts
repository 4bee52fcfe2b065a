/**
 * A mailbox out of the fleet, into a journal of one machine. In steps, each of which is found done when it is taken again:
 * nobody in the fleet may hold the mailbox any more; its rows are copied; the journal is in its place.
 *
 * What of other mailboxes reached the same Gmail accounts goes along, so that no message goes in a second time. The rows
 * stay in the fleet, too, as evidence for the others, and keep their numbers here; nobody holds the mailbox by them until it
 * comes back (`adoption.ts`): with what it knew then, it would import again what was imported elsewhere.
 */
import { Fault } from '../../base/fault.ts'
import { copyNotes, copySteadyClock, steadyKey } from '../moving/copy-notes.ts'
import { copyRows, insertRows, type Renaming, type RowIds } from '../moving/copy-rows.ts'
import { copyAllStates } from '../moving/copy-states.ts'
import { copyUnderWay, underWayKey } from '../moving/copy-under-way.ts'
import { ownNoteKey } from '../own-notes.ts'
import type { Database, Statements } from '../sql.ts'
import { readNote } from '../state.ts'
import { departureNote } from './adoption.ts'

export interface Departure {
  /** Of this departure; the new journal keeps the same. */
  readonly id: string
  /** The mailbox by its name in the fleet. */
  readonly mailbox: string
  /** Where it goes to, as people are told it. */
  readonly place: string
  readonly atMs: number
}

export interface DepartureState {
  readonly id: string
  readonly place: string
  /** The journal is in its place. */
  readonly isPlaced: boolean
}

export async function findDeparture(fleet: Statements, mailbox: string): Promise<DepartureState | undefined> {
  const row = await fleet.get('SELECT id, place, is_placed FROM departed WHERE mailbox = ?', mailbox)
  return row === undefined
    ? undefined
    : { id: String(row.id), place: String(row.place), isPlaced: row.is_placed === 1 }
}

/** Lets nobody hold the mailbox from now on: who has it in hand finds its writes refused. */
export async function beginDeparture(fleet: Database, departure: Departure): Promise<void> {
  const { id, mailbox, place, atMs } = departure
  await fleet.transaction(async sql => {
    const before = await findDeparture(sql, mailbox)
    if (before !== undefined && before.id !== id)
      throw new Fault('journal.departed', { facts: { name: mailbox, place: before.place } })
    await sql.run('DELETE FROM hold WHERE mailbox = ?', mailbox)
    await sql.run(
      'INSERT INTO departed (mailbox, id, place, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      mailbox,
      id,
      place,
      atMs,
    )
  })
}

/** The departure by which a journal of a machine was made. */
export async function departureOf(file: Statements): Promise<string | undefined> {
  const note = await readNote(file, departureNote)
  return note === undefined ? undefined : (JSON.parse(note) as { readonly id: string }).id
}

export async function endDeparture(fleet: Statements, { id, mailbox }: Departure): Promise<void> {
  await fleet.run('UPDATE departed SET is_placed = 1 WHERE mailbox = ? AND id = ?', mailbox, id)
}

const sameIds: RowIds = { find: id => id }

/**
 * Fills a fresh journal with what the fleet knows of the mailbox; `beginDeparture` came before.
 * @returns how many messages of the mailbox it holds
 */
export async function fillDeparted(
  fleet: Database,
  file: Database,
  departure: Departure,
  renaming: Renaming,
): Promise<number> {
  const { mailbox, id } = departure
  const accounts = await listAccounts(fleet, mailbox)
  return file.transaction(async sql => {
    const copied = { ids: sameIds, renaming }
    const messages = await copyRows(fleet, sql, { ...copied, where: 'mailbox = ?', values: [mailbox] })
    const isEvidence = `mailbox <> ? AND account IN (${fleet.words.textsIn('?')}) AND gmail_id IS NOT NULL`
    const values = [mailbox, JSON.stringify([...accounts])]
    await copyRows(fleet, sql, { ...copied, where: isEvidence, values, change: settleForGood })
    const options = { ...copied, mailboxes: new Set([mailbox]), accounts }
    await copyAllStates(fleet, sql, options)
    await copyNotes(fleet, sql, options)
    const names = [mailbox, renaming.mailbox(mailbox)] as const
    await copyUnderWay(fleet, sql, names, [ownNoteKey(underWayKey, mailbox), underWayKey])
    const evidence = await listEvidence(sql, names[1])
    await insertRows(
      sql,
      'mailbox',
      ['name', 'listed'],
      evidence.map(({ name, count }) => [name, count]),
    )
    const note = JSON.stringify({ id, evidence: evidence.map(({ name }) => name) })
    await insertRows(sql, 'note', ['key', 'value'], [[departureNote, note]])
    await copySteadyClock(fleet, sql, ownNoteKey(steadyKey, mailbox), steadyKey)
    return messages
  })
}

/** Of another mailbox's message: nothing is to be done with it here. */
const settleForGood = (row: Record<string, unknown>): Record<string, unknown> => ({
  ...row,
  stage: 'settled',
  settled_as: row.settled_as ?? 'left',
  present: 0,
})

/** Those that mail of the mailbox went to. */
async function listAccounts(fleet: Statements, mailbox: string): Promise<ReadonlySet<string>> {
  const rows = await fleet.all(
    'SELECT DISTINCT account FROM message WHERE mailbox = ? AND account IS NOT NULL',
    mailbox,
  )
  return new Set(rows.map(({ account }) => String(account)))
}

async function listEvidence(
  sql: Statements,
  mailbox: string,
): Promise<readonly { readonly name: string; readonly count: number }[]> {
  const rows = await sql.all(
    'SELECT mailbox, count(*) AS n FROM message WHERE mailbox <> ? GROUP BY mailbox ORDER BY mailbox',
    mailbox,
  )
  return rows.map(({ mailbox: name, n }) => ({ name: String(name), count: Number(n) }))
}
