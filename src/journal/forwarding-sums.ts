/** What forwarding would have cost, summed up by the index `message_search` alone, some thousand entries a turn of the event loop. */
import { endSlice } from '../base/in-slices.ts'
import type { Journal } from './journal.ts'
import type { ForwardingCost } from './questions.ts'
import type { ImportPlace } from './row.ts'
import { findImportPlace, hasImport, readRows } from './rows.ts'
import type { Statements } from './sql.ts'

type Sums = Pick<Journal, 'sumForwarding' | 'repeatedSince' | 'firstImportAtMs'>

/** Entries that are grouped in one turn of the event loop, some ms: the more, the fewer groups are handed on. */
const sliceEntries = 10_000
/** Records that are judged anew in one turn. */
const judgedRows = 500
/** Of a slice, whatever it holds: a bound keeps the databases from making one query of two. */
const allEntries = 1_000_000_000

export function makeForwardingSums(sql: Statements): Sums {
  return {
    async sumForwarding(fromMs, beforeMs, take) {
      for (let place: ImportPlace | undefined = { importedAtMs: fromMs, id: 0 }; place !== undefined; ) {
        const end: ImportPlace | undefined = await findEntry(sql, place, beforeMs)
        await takeSlice(sql, place, end ?? { importedAtMs: beforeMs, id: 0 }, take)
        place = end
        if (end !== undefined) await endSlice()
      }
    },
    repeatedSince: atMs =>
      readRows(sql, 'repeated > 0 AND imported_at_ms >= ? ORDER BY imported_at_ms, id', atMs),
    async firstImportAtMs() {
      const first = await sql.get(`SELECT min(imported_at_ms) AS ms FROM message WHERE ${hasImport}`)
      return first?.ms === null || first === undefined ? undefined : Number(first.ms)
    },
  }
}

/** The entry that the slice after this one begins with. */
const findEntry = (sql: Statements, place: ImportPlace, beforeMs: number): Promise<ImportPlace | undefined> =>
  findImportPlace(
    sql,
    `(imported_at_ms, id) >= (?, ?) AND imported_at_ms < ?
     ORDER BY imported_at_ms, id LIMIT 1 OFFSET ${sliceEntries}`,
    place.importedAtMs,
    place.id,
    beforeMs,
  )

/** Groups the entries from `place` to before `end`. */
async function takeSlice(
  sql: Statements,
  place: ImportPlace,
  end: ImportPlace,
  take: (costs: ForwardingCost) => void,
): Promise<void> {
  const { senderDomain, forwardingCost, isJudgedBefore } = sql.words
  const within = `${hasImport} AND (imported_at_ms, id) >= (?1, ?2) AND (imported_at_ms, id) < (?3, ?4)`
  const bounds = [place.importedAtMs, place.id, end.importedAtMs, end.id]
  // The inner one is answered by the index alone; grouped by itself SQLite would read the rows for the expressions.
  const groups = await sql.all(
    `SELECT mailbox, domain, cost, old, count(*) AS messages FROM (
       SELECT mailbox, ${senderDomain} AS domain, ${forwardingCost} AS cost, ${isJudgedBefore} AS old
       FROM message WHERE ${within} LIMIT ${allEntries}) AS entry
     GROUP BY mailbox, domain, cost, old`,
    ...bounds,
  )
  let areSomeJudgedBefore = false
  for (const { mailbox, domain, cost, old, messages } of groups) {
    if (old !== null) areSomeJudgedBefore = true
    else
      take({
        mailbox: String(mailbox),
        senderDomain: String(domain ?? ''),
        cost: cost === null ? undefined : String(cost),
        judgedBefore: undefined,
        messages: Number(messages),
      })
  }
  if (areSomeJudgedBefore) await takeJudgedBefore(sql, within, bounds, take)
}

async function takeJudgedBefore(
  sql: Statements,
  within: string,
  bounds: readonly number[],
  take: (costs: ForwardingCost) => void,
): Promise<void> {
  const { senderDomain, isJudgedBefore } = sql.words
  for (let after = 0; ; await endSlice()) {
    const rows = await sql.all(
      `SELECT id, mailbox, ${senderDomain} AS domain, authentication FROM message
       WHERE id IN (SELECT id FROM message WHERE ${within} AND ${isJudgedBefore} = 1) AND id > ?5
       ORDER BY id LIMIT ${judgedRows}`,
      ...bounds,
      after,
    )
    for (const { mailbox, domain, authentication } of rows)
      take({
        mailbox: String(mailbox),
        senderDomain: String(domain ?? ''),
        cost: undefined,
        judgedBefore: String(authentication),
        messages: 1,
      })
    if (rows.length < judgedRows) return
    after = Number(rows.at(-1)?.id)
  }
}
