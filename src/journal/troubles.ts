/** The one list of what is not well, on SQLite (trouble.ts has the contract, trouble-schema.ts the table). */
import type { SQLInputValue } from 'node:sqlite'
import type { FaultFacts } from '../base/fault.ts'
import type {
  MessageAbout,
  Trouble,
  TroubleBook,
  TroubleEnd,
  TroubleEntry,
  TroubleFault,
  TroubleKey,
} from '../base/trouble.ts'
import type { Answers } from './answers.ts'
import { type Columns, readRecord, type SqlRow } from './columns.ts'
import type { Statements } from './database.ts'

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

/** The book, with answers at once: the journal opens and closes troubles within its own transactions. */
export type SqliteTroubles = ReturnType<typeof makeTroubles>

export function makeTroubles(sql: Statements) {
  /** What nobody was told of leaves nothing behind where it is of a message: there may be many. */
  function close(where: string, values: readonly SQLInputValue[], by: TroubleEnd, atMs: number): boolean {
    const dropped = sql.run(
      `DELETE FROM trouble WHERE ${where} AND ${isOpen} AND scope = 'message' AND notice_at_ms IS NULL`,
      ...values,
    )
    const kept = sql.run(
      `UPDATE trouble SET closed_at_ms = ?, closed_by = ? WHERE ${where} AND ${isOpen}`,
      Math.round(atMs),
      by,
      ...values,
    )
    return dropped + kept > 0
  }

  function find({ scope, name, subject }: TroubleKey): Trouble | undefined {
    const row = sql.get(`SELECT * FROM trouble WHERE ${thing} AND ${isOpen}`, scope, name, subject)
    return row === undefined ? undefined : readRecord(columns, row)
  }

  /** Single troubles, and those of messages together where they agree in `alike`. */
  function entries(where: string, alike: string): TroubleEntry[] {
    const singles = sql
      .all(`SELECT * FROM trouble WHERE ${where} AND scope <> 'message'`)
      .map((row): TroubleEntry => {
        const trouble = readRecord(columns, row)
        return { ...trouble, messages: 0, first: [], ids: [trouble.id] }
      })
    const groups = sql
      .all(
        `SELECT name, count(*) AS messages, min(since_ms) AS since, max(last_seen_ms) AS seen, max(times) AS most,
           json_group_array(id) AS ids, min(notice_at_ms) AS noticed
         FROM trouble WHERE ${where} AND scope = 'message' GROUP BY name, ${alike}`,
      )
      .map(group => groupOf(group))
    return [...singles, ...groups].sort((a, b) => a.sinceMs - b.sinceMs || a.id - b.id)
  }

  function groupOf(group: SqlRow): TroubleEntry {
    const first = sql
      .all(
        `SELECT * FROM trouble WHERE id IN (SELECT value FROM json_each(?)) ORDER BY since_ms, id LIMIT ${firstShown}`,
        String(group.ids),
      )
      .map(row => readRecord(columns, row))
    const [eldest] = first
    if (eldest === undefined) throw new RangeError('a group without a member')
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

  return {
    find,
    opened(key: TroubleKey, fault: TroubleFault, sinceMs = fault.atMs): boolean {
      const fresh = find(key) === undefined
      const facts = boundFacts(fault.facts)
      const words = facts.words
      sql.run(
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
    },
    closed(key: TroubleKey, by: TroubleEnd, atMs: number): boolean {
      return close(thing, [key.scope, key.name, key.subject], by, atMs)
    },
    list(): readonly TroubleEntry[] {
      return entries(isOpen, 'code')
    },
    untold(putOffBeforeMs: number): readonly TroubleEntry[] {
      return entries(
        `${isOpen} AND (notice_at_ms IS NULL OR (scope <> 'message' AND notice_code IS NOT code))
           AND (scope <> 'message' OR retry = 'owner' OR since_ms <= ${Math.round(putOffBeforeMs)})`,
        "code, retry = 'owner'",
      )
    },
    uncleared(): readonly TroubleEntry[] {
      return entries(isUncleared, 'code, closed_by')
    },
    lastNoticeMs({
      scope,
      name,
      subject,
      code,
    }: Pick<TroubleEntry, keyof TroubleKey | 'code'>): number | undefined {
      const ofMessages = scope === 'message'
      const ms = sql.get(
        `SELECT max(last_notice_ms) AS ms FROM trouble WHERE scope = ? AND name = ? AND ${ofMessages ? 'notice_code' : 'subject'} = ?`,
        scope,
        name,
        ofMessages ? code : subject,
      )?.ms
      return ms === null || ms === undefined ? undefined : Number(ms)
    },
    noticed(ids: readonly number[], atMs: number): void {
      sql.run(
        `UPDATE trouble SET notice_at_ms = ?1, last_notice_ms = ?1, notice_code = code
         WHERE id IN (SELECT value FROM json_each(?2))`,
        Math.round(atMs),
        JSON.stringify(ids),
      )
    },
    cleared(ids: readonly number[], atMs: number): void {
      const these = 'id IN (SELECT value FROM json_each(?))'
      const list = JSON.stringify(ids)
      sql.run(
        `UPDATE trouble SET all_clear_at_ms = ? WHERE ${these} AND ${isUncleared}`,
        Math.round(atMs),
        list,
      )
      sql.run(
        `DELETE FROM trouble WHERE ${these} AND scope = 'message' AND all_clear_at_ms IS NOT NULL`,
        list,
      )
    },
    undescribed(mailbox: string, sinceAtMostMs: number, limit: number): readonly number[] {
      return sql
        .all(
          `SELECT subject FROM trouble WHERE scope = 'message' AND name = ? AND ${isOpen} AND about IS NULL
             AND (since_ms <= ? OR retry = 'owner') ORDER BY since_ms, id LIMIT ?`,
          mailbox,
          Math.round(sinceAtMostMs),
          limit,
        )
        .map(row => Number(row.subject))
    },
    describe(messageId: number, about: MessageAbout): void {
      sql.run(
        `UPDATE trouble SET about = ? WHERE scope = 'message' AND subject = ? AND ${isOpen}`,
        JSON.stringify(about),
        String(messageId),
      )
    },
    keepFolders(mailbox: string, folders: readonly string[], wishes: readonly string[], atMs: number): void {
      const list = JSON.stringify(folders)
      close(
        `name = ? AND scope IN ('folder', 'wish') AND subject NOT IN (SELECT value FROM json_each(?))`,
        [mailbox, JSON.stringify([...folders, ...wishes])],
        'configuration',
        atMs,
      )
      close(
        // From the troubles to their rows, which are few, and not the other way.
        `name = ? AND scope = 'message' AND EXISTS (SELECT 1 FROM message
           WHERE message.id = CAST(trouble.subject AS INTEGER) AND present = 0
             AND folder NOT IN (SELECT value FROM json_each(?)))`,
        [mailbox, list],
        'configuration',
        atMs,
      )
    },
    keepOnly(mailboxes: readonly string[], accounts: readonly string[], atMs: number): void {
      const inList = 'name NOT IN (SELECT value FROM json_each(?))'
      close(
        `scope IN ('message', 'folder', 'wish', 'mailbox') AND ${inList}`,
        [JSON.stringify(mailboxes)],
        'configuration',
        atMs,
      )
      close(`scope = 'account' AND ${inList}`, [JSON.stringify(accounts)], 'configuration', atMs)
    },
  } satisfies Answers<TroubleBook>
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
