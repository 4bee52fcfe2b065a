/** The one list of what is not well, in the journal (trouble.ts has the contract, trouble-schema.ts the table). */
import type { FaultFacts } from '../base/fault.ts'
import type {
  Trouble,
  TroubleBook,
  TroubleEnd,
  TroubleEntry,
  TroubleFault,
  TroubleKey,
} from '../base/trouble.ts'
import { type Columns, readRecord, type SqlRow, type SqlValue } from './columns.ts'
import type { Database, Statements, Transaction } from './sql.ts'

const saidOctets = 500
const firstShown = 5

const columns: Columns<Trouble> = {
  id: 'integer',
  scope: 'text',
  name: 'text',
  subject: 'text',
  code: 'text',
  facts: 'json',
  retry: 'text',
  said: 'text',
  sinceMs: 'integer',
  lastSeenMs: 'integer',
  times: 'integer',
  noticeAtMs: 'integer',
  noticeCode: 'text',
  closedAtMs: 'integer',
  closedBy: 'text',
  allClearAtMs: 'integer',
  about: 'json',
}

const thing = 'scope = ? AND name = ? AND subject = ?'
const isOpen = 'closed_at_ms IS NULL'
const isUncleared = 'closed_at_ms IS NOT NULL AND notice_at_ms IS NOT NULL AND all_clear_at_ms IS NULL'
/** Open, or closed without the owner having heard of its end: what comes back then has not been over. */
const isSame = `(trouble.closed_at_ms IS NULL
  OR (trouble.notice_at_ms IS NOT NULL AND trouble.all_clear_at_ms IS NULL))`

/** What nobody was told of leaves nothing behind where it is of a message: there may be many. */
async function closeAll(
  sql: Statements,
  where: string,
  values: readonly SqlValue[],
  by: TroubleEnd,
  atMs: number,
): Promise<boolean> {
  const dropped = await sql.run(
    `DELETE FROM trouble WHERE ${where} AND ${isOpen} AND scope = 'message' AND notice_at_ms IS NULL`,
    ...values,
  )
  const kept = await sql.run(
    `UPDATE trouble SET closed_at_ms = ?, closed_by = ? WHERE ${where} AND ${isOpen}`,
    Math.round(atMs),
    by,
    ...values,
  )
  return dropped + kept > 0
}

/** The open one of this thing. */
export async function findTrouble(
  sql: Statements,
  { scope, name, subject }: TroubleKey,
): Promise<Trouble | undefined> {
  const row = await sql.get(`SELECT * FROM trouble WHERE ${thing} AND ${isOpen}`, scope, name, subject)
  return row === undefined ? undefined : readRecord(columns, row)
}

/** @returns whether it was not open already */
export async function openTrouble(
  sql: Transaction,
  key: TroubleKey,
  fault: TroubleFault,
  sinceMs = fault.atMs,
): Promise<boolean> {
  // What is of more than one mailbox several workers meet at once, and one of them is the first.
  if (key.scope === 'account' || key.scope === 'machine')
    sql.lock(`trouble ${key.scope} ${key.name} ${key.subject}`)
  const fresh = (await findTrouble(sql, key)) === undefined
  const facts = boundFacts(fault.facts)
  const words = facts.words
  sql.send(
    `INSERT INTO trouble (scope, name, subject, code, facts, retry, said, since_ms, last_seen_ms)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
     ON CONFLICT (scope, name, subject) DO UPDATE SET
       code = ?4, facts = ?5, retry = ?6, said = ?7, last_seen_ms = ?9,
       since_ms = CASE WHEN ${isSame} THEN trouble.since_ms ELSE ?8 END,
       times = CASE WHEN ${isSame} THEN trouble.times + 1 ELSE 1 END,
       notice_at_ms = CASE WHEN ${isSame} THEN trouble.notice_at_ms END,
       notice_code = CASE WHEN ${isSame} THEN trouble.notice_code END,
       about = CASE WHEN ${isSame} THEN trouble.about END,
       closed_at_ms = NULL, closed_by = NULL, all_clear_at_ms = NULL`,
    key.scope,
    key.name,
    key.subject,
    fault.code,
    JSON.stringify(facts),
    fault.retry,
    words === undefined || words === '' ? null : String(words),
    Math.round(sinceMs),
    Math.round(fault.atMs),
  )
  return fresh
}

/** @returns whether there was one to close: most often there is none, and it costs one look */
export async function closeTroubles(
  sql: Statements,
  keys: readonly TroubleKey[],
  by: TroubleEnd,
  atMs: number,
): Promise<boolean> {
  return (await isAnyOpen(sql, keys)) && closeAll(sql, anyOf(keys), valuesOf(keys), by, atMs)
}

const anyOf = (keys: readonly TroubleKey[]): string => `(${keys.map(() => `(${thing})`).join(' OR ')})`
const valuesOf = (keys: readonly TroubleKey[]): readonly string[] =>
  keys.flatMap(({ scope, name, subject }) => [scope, name, subject])

/** Whether one of these is open. */
async function isAnyOpen(sql: Statements, keys: readonly TroubleKey[]): Promise<boolean> {
  if (keys.length === 0) return false
  const row = await sql.get(
    `SELECT 1 AS found FROM trouble WHERE ${isOpen} AND ${anyOf(keys)} LIMIT 1`,
    ...valuesOf(keys),
  )
  return row !== undefined
}

/** Single troubles, and those of messages together where they agree in `alike`. */
async function readEntries(
  sql: Statements,
  where: string,
  alike: string,
  ...values: readonly SqlValue[]
): Promise<readonly TroubleEntry[]> {
  // Most often there is none, and each pull asks.
  const found = await sql.get(`SELECT 1 AS found FROM trouble WHERE ${where} LIMIT 1`, ...values)
  if (found === undefined) return []
  const rows = await sql.all(`SELECT * FROM trouble WHERE ${where} AND scope <> 'message'`, ...values)
  const singles = rows.map((row): TroubleEntry => {
    const trouble = readRecord(columns, row)
    return { ...trouble, messages: 0, first: [], ids: [trouble.id] }
  })
  const groups = await sql.all(
    `SELECT name, count(*) AS messages, min(since_ms) AS since, max(last_seen_ms) AS seen, max(times) AS most,
       ${sql.words.listNumbers('id')} AS ids, min(notice_at_ms) AS noticed
     FROM trouble WHERE ${where} AND scope = 'message' GROUP BY name, ${alike}`,
    ...values,
  )
  const together = await Promise.all(groups.map(group => readGroup(sql, group)))
  const known = together.filter(entry => entry !== undefined)
  return [...singles, ...known].sort((a, b) => a.sinceMs - b.sinceMs || a.id - b.id)
}

/** @returns undefined where its members were removed meanwhile */
async function readGroup(sql: Statements, group: SqlRow): Promise<TroubleEntry | undefined> {
  const eldestRows = await sql.all(
    `SELECT * FROM trouble WHERE id IN (${sql.words.numbersIn('?')}) ORDER BY since_ms, id LIMIT ${firstShown}`,
    String(group.ids),
  )
  const first = eldestRows.map(row => readRecord(columns, row))
  const [eldest] = first
  if (eldest === undefined) return undefined
  return {
    ...eldest,
    sinceMs: Number(group.since),
    lastSeenMs: Number(group.seen),
    times: Number(group.most),
    noticeAtMs: group.noticed === null ? undefined : Number(group.noticed),
    messages: Number(group.messages),
    first,
    ids: JSON.parse(String(group.ids)) as number[],
  }
}

export function makeTroubles(database: Database): TroubleBook {
  return {
    find: key => findTrouble(database, key),
    opened: (key, fault, sinceMs) => database.transaction(sql => openTrouble(sql, key, fault, sinceMs)),
    closed: async (key, by, atMs) =>
      (await database.changeIf(
        sql => isAnyOpen(sql, [key]),
        sql => closeAll(sql, anyOf([key]), valuesOf([key]), by, atMs),
      )) ?? false,
    list: () => readEntries(database, isOpen, 'code'),
    untold: putOffBeforeMs =>
      readEntries(
        database,
        `${isOpen} AND (notice_at_ms IS NULL OR (scope <> 'message' AND notice_code IS DISTINCT FROM code))
           AND (scope <> 'message' OR retry = 'owner' OR since_ms <= ?)`,
        "code, retry = 'owner'",
        Math.round(putOffBeforeMs),
      ),
    uncleared: () => readEntries(database, isUncleared, 'code, closed_by'),
    async lastNoticeMs({ scope, name, subject, code }) {
      const ofMessages = scope === 'message'
      const row = await database.get(
        `SELECT max(last_notice_ms) AS ms FROM trouble WHERE scope = ? AND name = ? AND ${ofMessages ? 'notice_code' : 'subject'} = ?`,
        scope,
        name,
        ofMessages ? code : subject,
      )
      return row?.ms === null || row?.ms === undefined ? undefined : Number(row.ms)
    },
    async noticed(ids, atMs) {
      await database.run(
        `UPDATE trouble SET notice_at_ms = ?1, last_notice_ms = ?1, notice_code = code
         WHERE id IN (${database.words.numbersIn('?2')})`,
        Math.round(atMs),
        JSON.stringify(ids),
      )
    },
    cleared: (ids, atMs) =>
      database.transaction(async sql => {
        const these = `id IN (${sql.words.numbersIn('?')})`
        const list = JSON.stringify(ids)
        await sql.run(
          `UPDATE trouble SET all_clear_at_ms = ? WHERE ${these} AND ${isUncleared}`,
          Math.round(atMs),
          list,
        )
        await sql.run(
          `DELETE FROM trouble WHERE ${these} AND scope = 'message' AND all_clear_at_ms IS NOT NULL`,
          list,
        )
      }),
    async undescribed(mailbox, sinceAtMostMs, limit) {
      const rows = await database.all(
        `SELECT subject FROM trouble WHERE scope = 'message' AND name = ? AND ${isOpen} AND about IS NULL
             AND (since_ms <= ? OR retry = 'owner') ORDER BY since_ms, id LIMIT ?`,
        mailbox,
        Math.round(sinceAtMostMs),
        limit,
      )
      return rows.map(row => Number(row.subject))
    },
    async describe(messageId, about) {
      await database.run(
        `UPDATE trouble SET about = ? WHERE scope = 'message' AND subject = ? AND ${isOpen}`,
        JSON.stringify(about),
        String(messageId),
      )
    },
    async keepFolders(mailbox, folders, wishes, atMs) {
      const isNeeded = async (sql: Statements): Promise<boolean> => {
        const row = await sql.get(
          `SELECT 1 AS found FROM trouble WHERE name = ? AND scope IN ('folder', 'wish', 'message') AND ${isOpen} LIMIT 1`,
          mailbox,
        )
        return row !== undefined
      }
      await database.changeIf(isNeeded, async sql => {
        const notIn = `NOT IN (${sql.words.textsIn('?')})`
        await closeAll(
          sql,
          `name = ? AND scope IN ('folder', 'wish') AND subject ${notIn}`,
          [mailbox, JSON.stringify([...folders, ...wishes])],
          'configuration',
          atMs,
        )
        await closeAll(
          sql,
          // From the troubles to their rows, which are few, and not the other way.
          `name = ? AND scope = 'message' AND EXISTS (SELECT 1 FROM message
             WHERE message.id = CAST(trouble.subject AS BIGINT) AND present = 0 AND folder ${notIn})`,
          [mailbox, JSON.stringify(folders)],
          'configuration',
          atMs,
        )
      })
    },
    keepOnly: (mailboxes, accounts, atMs) =>
      database.transaction(async sql => {
        const notIn = `name NOT IN (${sql.words.textsIn('?')})`
        await closeAll(
          sql,
          `scope IN ('message', 'folder', 'wish', 'mailbox') AND ${notIn}`,
          [JSON.stringify(mailboxes)],
          'configuration',
          atMs,
        )
        await closeAll(
          sql,
          `scope = 'account' AND ${notIn}`,
          [JSON.stringify(accounts)],
          'configuration',
          atMs,
        )
      }),
  }
}

/** Every text cut to so many octets of UTF-8, at a character. */
function boundFacts(facts: FaultFacts): FaultFacts {
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [key, typeof value === 'string' ? cutText(value) : value]),
  )
}

function cutText(text: string): string {
  const octets = Buffer.from(text.toWellFormed())
  if (octets.length <= saidOctets) return text.toWellFormed()
  return new TextDecoder('utf-8', { fatal: false })
    .decode(octets.subarray(0, saidOctets - 3), { stream: true })
    .concat('…')
}
