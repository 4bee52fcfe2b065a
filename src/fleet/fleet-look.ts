/** How it stands with a whole fleet, in sums that one question each brings, however many mailboxes there are. */
import type { FaultCode, FaultFacts } from '../base/fault.ts'
import type { TroubleScope } from '../base/trouble.ts'
import type { SqlRow } from '../journal/columns.ts'
import { holdMs, isFree, isThere } from '../journal/postgres/holds.ts'
import type { Statements } from '../journal/sql.ts'
import type { MailboxEntry } from './directory.ts'

export interface WorkerView {
  readonly name: string
  readonly capacity: number
  /** Mailboxes that it holds now. */
  readonly held: number
  readonly isThere: boolean
  /** Since when it is gone, ms; 0 where it is there. */
  readonly goneMs: number
}

/** Of mailboxes that are in the fleet. */
export interface FleetSums {
  readonly tenants: number
  readonly mailboxes: number
  readonly paused: number
  /** Not paused, and held by no worker that is there. */
  readonly free: number
  /** Not paused, and their own trouble, or that of their account, keeps mail from coming. */
  readonly failing: number
  readonly waiting: number
}

/** When mail came, and when mailboxes were looked at. */
export interface FleetTimes {
  readonly importedSince: number
  readonly lastImportAtMs: number | undefined
  /** Of those that are not paused, the one that was not looked at for the longest. */
  readonly oldest: { readonly key: string; readonly lastGoodPullAtMs: number | undefined } | undefined
}

export interface MemberTrouble {
  readonly scope: TroubleScope
  readonly code: FaultCode
  readonly facts: FaultFacts
  readonly sinceMs: number
}

/** All troubles of one kind with one code, shown by the one that began first. */
export interface TroubleGroup extends MemberTrouble {
  /** Things in trouble: messages, mailboxes, accounts. */
  readonly count: number
  /** Mailboxes or accounts that they are of. */
  readonly names: number
  /** The first few of these. */
  readonly first: readonly string[]
}

export interface FleetLook {
  workers(): Promise<readonly WorkerView[]>
  sums(tenant: string | undefined): Promise<FleetSums>
  /** @param sinceMs from when on imports are counted */
  times(tenant: string | undefined, sinceMs: number): Promise<FleetTimes>
  /** The gravest first. Without what rests with paused mailboxes, and what is of none in the fleet. */
  troubles(tenant: string | undefined): Promise<readonly TroubleGroup[]>
  /** Of each of these what keeps its mail from coming first. */
  troublesOf(
    mailboxes: readonly Pick<MailboxEntry, 'key' | 'tenant' | 'account'>[],
  ): Promise<ReadonlyMap<string, readonly MemberTrouble[]>>
  /** Mailboxes in trouble, in the order of their keys. */
  troubledKeys(
    tenant: string | undefined,
    page: { readonly after?: string | undefined; readonly most: number },
  ): Promise<{ readonly keys: readonly string[]; readonly next: string | undefined }>
}

/** So many are named of a group. */
const mostNamed = 3
const scopes: readonly TroubleScope[] = ['machine', 'account', 'mailbox', 'folder', 'wish', 'message']

const isOpen = 'trouble.closed_at_ms IS NULL'
/** Of a trouble and the member that it is of: nobody tries what is paused, so nothing of it is known to be so still. */
const isResting = `member.paused AND (trouble.scope = 'folder' OR trouble.scope = 'mailbox' AND trouble.subject <> 'books')`
const accountKey = `member.tenant || '/' || member.account`
/** Members that a tenant has, or all of them. */
const isOf = (place: string): string => `(${place}::text IS NULL OR member.tenant = ${place})`

export function makeFleetLook(sql: Statements): FleetLook {
  const number = (value: unknown): number => Number(value ?? 0)
  const known = (value: unknown): number | undefined => (value == null ? undefined : Number(value))
  const readTrouble = (row: SqlRow): MemberTrouble => ({
    scope: row.scope as TroubleScope,
    code: row.code as FaultCode,
    facts: JSON.parse(String(row.facts)) as FaultFacts,
    sinceMs: number(row.since_ms),
  })

  const lastImport = (tenant: string | undefined): Promise<SqlRow | undefined> =>
    tenant === undefined
      ? sql.get(
          'SELECT imported_at_ms AS ms FROM message WHERE imported_at_ms IS NOT NULL ORDER BY imported_at_ms DESC LIMIT 1',
        )
      : sql.get(
          `SELECT max(ms) AS ms FROM member, LATERAL (
             (SELECT imported_at_ms AS ms FROM message WHERE mailbox = member.key AND imported_at_ms IS NOT NULL
                AND generation > 1 ORDER BY imported_at_ms DESC LIMIT 1)
             UNION ALL
             (SELECT imported_at_ms FROM message WHERE mailbox = member.key AND imported_at_ms IS NOT NULL
                AND generation <= 1 ORDER BY imported_at_ms DESC LIMIT 1)) AS latest
           WHERE member.tenant = ?`,
          tenant,
        )

  return {
    async workers() {
      const rows = await sql.all(
        `SELECT name, capacity, ${isThere('worker')} AS there,
           greatest(0, floor(extract(epoch FROM clock_timestamp() - there_until) * 1000) + ${holdMs}) AS gone_ms,
           (SELECT count(*) FROM hold WHERE hold.worker = worker.name AND NOT ${isFree}) AS held
         FROM worker ORDER BY name`,
      )
      return rows.map(({ name, capacity, there, gone_ms: goneMs, held }) => ({
        name: String(name),
        capacity: number(capacity),
        held: number(held),
        isThere: Boolean(there),
        goneMs: there ? 0 : number(goneMs),
      }))
    },
    async sums(tenant) {
      const of = tenant ?? null
      const members = sql.get(
        `SELECT count(*) AS mailboxes, count(DISTINCT member.tenant) AS tenants,
           count(*) FILTER (WHERE paused) AS paused,
           count(*) FILTER (WHERE NOT paused AND (hold.mailbox IS NULL OR ${isFree})) AS free,
           count(*) FILTER (WHERE NOT paused AND (
             member.key IN (SELECT name FROM trouble WHERE ${isOpen} AND scope = 'mailbox' AND subject = '')
             OR ${accountKey} IN (SELECT name FROM trouble WHERE ${isOpen} AND scope = 'account'))) AS failing
         FROM member LEFT JOIN hold ON hold.mailbox = member.key WHERE ${isOf('?1')}`,
        of,
      )
      const waiting = sql.get(
        `SELECT sum(count) AS waiting FROM tally JOIN member ON member.key = tally.mailbox
         WHERE stage IN ('listed', 'deferred', 'importing') AND ${isOf('?1')}`,
        of,
      )
      const [a, b] = await Promise.all([members, waiting])
      return {
        tenants: number(a?.tenants),
        mailboxes: number(a?.mailboxes),
        paused: number(a?.paused),
        free: number(a?.free),
        failing: number(a?.failing),
        waiting: number(b?.waiting),
      }
    },
    async times(tenant, sinceMs) {
      const of = tenant ?? null
      const imported = sql.get(
        `SELECT count(*) AS imported FROM message JOIN member ON member.key = message.mailbox
         WHERE imported_at_ms >= ?2 AND ${isOf('?1')}`,
        of,
        sinceMs,
      )
      const oldest = sql.get(
        `SELECT member.key, mailbox.last_good_pull_at_ms AS ms FROM member LEFT JOIN mailbox ON mailbox.name = member.key
         WHERE NOT paused AND ${isOf('?1')} ORDER BY mailbox.last_good_pull_at_ms NULLS FIRST, member.key LIMIT 1`,
        of,
      )
      const [a, b, c] = await Promise.all([imported, oldest, lastImport(tenant)])
      return {
        importedSince: number(a?.imported),
        lastImportAtMs: known(c?.ms),
        oldest: b && { key: String(b.key), lastGoodPullAtMs: known(b.ms) },
      }
    },
    async troubles(tenant) {
      const rows = await sql.all(
        `SELECT grouped.*, example.facts FROM (
           SELECT trouble.scope, trouble.code, count(*) AS count, count(DISTINCT trouble.name) AS names,
             min(trouble.since_ms) AS since_ms, (array_agg(trouble.id ORDER BY trouble.since_ms, trouble.id))[1] AS first_id,
             to_json((array_agg(DISTINCT trouble.name))[1:${mostNamed}])::text AS first
           FROM trouble LEFT JOIN member ON trouble.scope <> 'account' AND member.key = trouble.name
           WHERE ${isOpen} AND CASE trouble.scope
             WHEN 'machine' THEN ?1::text IS NULL
             WHEN 'account' THEN trouble.name IN (SELECT tenant || '/' || name FROM fleet_account
               WHERE ?1::text IS NULL OR tenant = ?1)
             ELSE member.key IS NOT NULL AND ${isOf('?1')} AND NOT (${isResting}) END
           GROUP BY trouble.scope, trouble.code) AS grouped
         JOIN trouble AS example ON example.id = grouped.first_id`,
        tenant ?? null,
      )
      return rows
        .map(row => ({
          ...readTrouble(row),
          count: number(row.count),
          names: row.scope === 'machine' ? 0 : number(row.names),
          first: row.scope === 'machine' ? [] : (JSON.parse(String(row.first)) as string[]),
        }))
        .sort((a, b) => scopes.indexOf(a.scope) - scopes.indexOf(b.scope) || b.names - a.names)
    },
    async troublesOf(mailboxes) {
      const rows = await sql.all(
        `SELECT DISTINCT ON (member.key, trouble.scope, trouble.code) member.key, trouble.scope, trouble.code, trouble.facts,
           trouble.since_ms
         FROM member JOIN trouble ON ${isOpen}
           AND CASE trouble.scope WHEN 'account' THEN trouble.name = ${accountKey} ELSE trouble.name = member.key END
         WHERE member.key IN (${sql.words.textsIn('?1')}) AND NOT (${isResting})
         ORDER BY member.key, trouble.scope, trouble.code, trouble.since_ms`,
        JSON.stringify(mailboxes.map(({ key }) => key)),
      )
      const byScope = rows.toSorted(
        (a, b) => scopes.indexOf(a.scope as TroubleScope) - scopes.indexOf(b.scope as TroubleScope),
      )
      const troubles = new Map<string, MemberTrouble[]>()
      for (const row of byScope) {
        const key = String(row.key)
        troubles.set(key, [...(troubles.get(key) ?? []), readTrouble(row)])
      }
      return troubles
    },
    async troubledKeys(tenant, { after, most }) {
      const rows = await sql.all(
        `SELECT member.key FROM member WHERE ${isOf('?1')} AND member.key > ?2 AND (
           ${accountKey} IN (SELECT name FROM trouble WHERE ${isOpen} AND scope = 'account')
           OR EXISTS (SELECT 1 FROM trouble WHERE ${isOpen} AND scope <> 'account' AND trouble.name = member.key
             AND NOT (${isResting})))
         ORDER BY member.key LIMIT ?3`,
        tenant ?? null,
        after ?? '',
        most + 1,
      )
      const keys = rows.slice(0, most).map(({ key }) => String(key))
      return { keys, next: rows.length > most ? keys.at(-1) : undefined }
    },
  }
}
