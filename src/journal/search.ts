/**
 * Looking through the journal. The database answers in the thread that carries mail, so nothing here reads more than some
 * thousand entries of an index at a time, and a search that finds little ends after a bounded time and says where it
 * goes on.
 */
import { endSlice } from '../base/in-slices.ts'
import type { SqlValue } from './columns.ts'
import type { Journal } from './journal.ts'
import {
  type SearchAnswer,
  type SearchQuestion,
  type SearchStage,
  type StagePlace,
  storedAs,
} from './questions.ts'
import type { ImportPlace, MessageRow } from './row.ts'
import { findImportPlace, hasImport, readRows, selectBehind } from './rows.ts'
import type { Statements } from './sql.ts'

type Search = Pick<Journal, 'search' | 'named'>

/** Entries that are looked at in one turn of the event loop: about 2 ms. */
const sliceEntries = 5000
/** Of other stages, where the rows are read. */
const sliceRows = 500
/** After so long a search is ended, ms; half of what a page may take. */
const longestMs = 100

type OtherStage = Exclude<SearchStage, 'imported'>

export function makeSearch(sql: Statements): Search {
  return {
    search: question =>
      question.stage === 'imported'
        ? searchImports(sql, question)
        : searchStage(sql, question, question.stage),
    named: (text, limit) => {
      const bare = text.replace(/^<|>$/g, '')
      const isHex = /^[0-9a-f]{8,64}$/i.test(text)
      return readRows(
        sql,
        `id IN (
           SELECT id FROM (SELECT id FROM message WHERE message_id IN (?1, ?2, ?3) ORDER BY id DESC LIMIT ?5) AS by_message_id
           UNION SELECT id FROM (SELECT id FROM message WHERE gmail_id = ?4 LIMIT ?5) AS by_gmail_id
           UNION SELECT id FROM (${digestBegins} LIMIT ?5) AS by_digest)
         ORDER BY id DESC LIMIT ?5`,
        text,
        bare,
        `<${bare}>`,
        text.toLowerCase(),
        limit,
        // No digest lies between where the text is none.
        isHex ? text.toLowerCase() : 'x',
        isHex ? `${text.toLowerCase()}g` : 'x',
      )
    },
  }
}

/** One look into the index of digests for each account. */
const digestBegins = `WITH RECURSIVE known (account) AS (
    SELECT min(account) FROM message WHERE sha256 IS NOT NULL
    UNION ALL
    SELECT (SELECT min(account) FROM message WHERE sha256 IS NOT NULL AND account > known.account)
    FROM known WHERE known.account IS NOT NULL)
  SELECT message.id FROM known JOIN message
    ON message.account = known.account AND message.sha256 >= ?6 AND message.sha256 < ?7`

async function searchImports(sql: Statements, question: SearchQuestion): Promise<SearchAnswer> {
  const { fromMs = 0, beforeMs, limit } = question
  const latest: ImportPlace = { importedAtMs: beforeMs ?? Number.MAX_SAFE_INTEGER, id: 0 }
  const given = question.place !== undefined && 'importedAtMs' in question.place ? question.place : undefined
  let place = given === undefined || isBefore(latest, given) ? latest : given
  const { conditions, values } = conditionsOf(sql, question)
  const beganMs = performance.now()
  const ids: number[] = []
  for (;;) {
    // Where all fit, the first that there are are the answer.
    const end = conditions === '' ? undefined : await findEntryBefore(sql, place, fromMs)
    const { importedAtMs: endMs, id: endId } = end ?? { importedAtMs: fromMs, id: 0 }
    const found = await sql.all(
      `SELECT id FROM message
       WHERE ${hasImport} AND (imported_at_ms, id) < (?, ?) AND (imported_at_ms, id) >= (?, ?) ${conditions}
       ORDER BY imported_at_ms DESC, id DESC LIMIT ?`,
      place.importedAtMs,
      place.id,
      endMs,
      endId,
      ...values,
      limit + 1 - ids.length,
    )
    ids.push(...found.map(row => Number(row.id)))
    const isFull = ids.length > limit
    const isCut = !isFull && end !== undefined && performance.now() - beganMs > longestMs
    if (isFull || end === undefined || isCut) {
      const rows = await readAll(sql, ids.slice(0, limit))
      const last = rows.at(-1)
      if (isCut) return { rows, next: end, isCut }
      const next =
        isFull && last?.importedAtMs !== undefined
          ? { importedAtMs: last.importedAtMs, id: last.id }
          : undefined
      return { rows, next, isCut: false }
    }
    place = end
    await endSlice()
  }
}

/** Of columns that are hidden from every index but the one that is gone through. */
function conditionsOf(
  { words }: Statements,
  { mailboxes, folders, senderDomain: domain }: SearchQuestion,
): { readonly conditions: string; readonly values: readonly SqlValue[] } {
  const conditions: string[] = []
  const values: SqlValue[] = []
  if (mailboxes !== undefined) {
    conditions.push(`AND mailbox || '' IN (${words.textsIn('?')})`)
    values.push(JSON.stringify(mailboxes))
  }
  if (folders !== undefined) {
    conditions.push(`AND folder || '' IN (${words.textsIn('?')})`)
    values.push(JSON.stringify(folders))
  }
  if (domain !== undefined) {
    conditions.push(`AND (${words.senderDomain} = ? OR ${words.senderDomain} LIKE ? ESCAPE '!')`)
    values.push(domain, `%.${domain.replace(/[%_!]/g, '!$&')}`)
  }
  return { conditions: conditions.join(' '), values }
}

/** In the order of the ids. */
async function readAll(sql: Statements, ids: readonly number[]): Promise<readonly MessageRow[]> {
  const rows = await readRows(sql, `id IN (${sql.words.numbersIn('?')})`, JSON.stringify(ids))
  const byId = new Map(rows.map(row => [row.id, row]))
  return ids.flatMap(id => byId.get(id) ?? [])
}

const isBefore = (a: ImportPlace, b: ImportPlace): boolean =>
  a.importedAtMs < b.importedAtMs || (a.importedAtMs === b.importedAtMs && a.id < b.id)

/** The entry that a slice backwards ends with; undefined where fewer lie before `place` and not before `fromMs`. */
const findEntryBefore = (
  sql: Statements,
  place: ImportPlace,
  fromMs: number,
): Promise<ImportPlace | undefined> =>
  findImportPlace(
    sql,
    `(imported_at_ms, id) < (?, ?) AND imported_at_ms >= ?
     ORDER BY imported_at_ms DESC, id DESC LIMIT 1 OFFSET ${sliceEntries - 1}`,
    place.importedAtMs,
    place.id,
    fromMs,
  )

/** Of one mailbox after the other, each in the order of its listings, the newest first. */
async function searchStage(
  sql: Statements,
  { mailboxes = [], folders, senderDomain: domain, fromMs = 0, beforeMs, place, limit }: SearchQuestion,
  stage: OtherStage,
): Promise<SearchAnswer> {
  const beganMs = performance.now()
  const ids: number[] = []
  const lastMs = beforeMs ?? Number.MAX_SAFE_INTEGER
  const first = place !== undefined && 'generation' in place ? place : undefined
  // Of these nobody has looked at the sender.
  if (domain !== undefined) return { rows: [], next: undefined, isCut: false }
  const answer = async (next: StagePlace | undefined, isCut: boolean): Promise<SearchAnswer> => ({
    rows: await readAll(sql, ids),
    next,
    isCut,
  })
  const isAny = folders === undefined && fromMs <= 0 && beforeMs === undefined
  const most = isAny ? limit + 1 : sliceRows
  for (let at = first?.mailbox ?? 0; at < mailboxes.length; at += 1) {
    let from: StagePlace =
      first?.mailbox === at ? first : { mailbox: at, generation: Number.MAX_SAFE_INTEGER, id: 0 }
    for (;;) {
      const found = await entriesOf(sql, stage, mailboxes[at] ?? '', from, most)
      for (const { id, generation, folder: stoodIn, listedAtMs } of found) {
        if ((folders?.includes(stoodIn) ?? true) && listedAtMs >= fromMs && listedAtMs < lastMs) {
          if (ids.length === limit) return answer(from, false)
          ids.push(id)
        }
        from = { mailbox: at, generation, id }
      }
      if (found.length < most) break
      if (performance.now() - beganMs > longestMs) return answer(from, true)
      await endSlice()
    }
  }
  return answer(undefined, false)
}

interface Entry {
  readonly id: number
  readonly generation: number
  readonly folder: string
  readonly listedAtMs: number
}

/** The next entries behind a place. */
async function entriesOf(
  sql: Statements,
  stage: OtherStage,
  mailbox: string,
  { generation, id }: StagePlace,
  most: number,
): Promise<readonly Entry[]> {
  const kinds =
    stage === 'merged' ? ['merged_into IS NOT NULL'] : storedAs[stage].map(stored => `stage = '${stored}'`)
  const entries = await sql.all(
    `${selectBehind('id, generation, folder, listed_at_ms', kinds)}
     ORDER BY generation DESC, id DESC LIMIT ?4`,
    mailbox,
    generation,
    id,
    most,
  )
  return entries.map(entry => ({
    id: Number(entry.id),
    generation: Number(entry.generation),
    folder: String(entry.folder),
    listedAtMs: Number(entry.listed_at_ms),
  }))
}
