/** What a directory shows to who looks: lists, and the audit. No secret is read for it. */
import type { SqlValue } from '../journal/columns.ts'
import type { Statements } from '../journal/sql.ts'
import type { AuditRow, Directory, MailboxEntry, MemberSettings } from './directory.ts'
import { checkName } from './names.ts'

const mostEntries = 1000

const secretKeys = (kind: string, table: string): string =>
  `(SELECT coalesce(json_agg(key ORDER BY key), '[]')::text FROM fleet_secret AS secret
    WHERE secret.tenant = ${table}.tenant AND secret.kind = '${kind}' AND secret.owner = ${table}.name) AS secrets`

const readList = (json: unknown): readonly string[] => JSON.parse(String(json)) as string[]
const readSettings = (json: unknown): MemberSettings => JSON.parse(String(json)) as MemberSettings

export function makeDirectoryLooks(
  sql: Statements,
): Pick<Directory, 'tenants' | 'accounts' | 'list' | 'audit'> {
  return {
    async tenants() {
      const rows = await sql.all(
        `SELECT name, (SELECT count(*) FROM member WHERE tenant = tenant.name) AS mailboxes,
           (SELECT count(*) FROM member WHERE tenant = tenant.name AND paused) AS paused,
           (SELECT count(*) FROM fleet_account WHERE tenant = tenant.name) AS accounts
         FROM tenant ORDER BY name`,
      )
      return rows.map(row => ({
        name: String(row.name),
        mailboxes: Number(row.mailboxes),
        paused: Number(row.paused),
        accounts: Number(row.accounts),
      }))
    },
    async accounts(tenant) {
      if (tenant !== undefined) checkName('tenant', tenant)
      const rows = await sql.all(
        `SELECT tenant, name, settings::text AS settings, ${secretKeys('account', 'fleet_account')},
           (SELECT count(*) FROM member WHERE member.tenant = fleet_account.tenant AND member.account = fleet_account.name) AS mailboxes
         FROM fleet_account WHERE ?1::text IS NULL OR tenant = ?1 ORDER BY tenant, name`,
        tenant ?? null,
      )
      return rows.map(row => ({
        tenant: String(row.tenant),
        name: String(row.name),
        settings: readSettings(row.settings),
        secrets: readList(row.secrets),
        mailboxes: Number(row.mailboxes),
      }))
    },
    async list(filter, { after, most }) {
      if (filter.tenant !== undefined) checkName('tenant', filter.tenant)
      const limit = Math.max(1, Math.min(most, mostEntries))
      const values: SqlValue[] = []
      const conditions: string[] = []
      const ask = (value: SqlValue | undefined, condition: (place: string) => string): void => {
        if (value === undefined) return
        values.push(value)
        conditions.push(condition(`?${values.length}`))
      }
      ask(after, place => `member.key > ${place}`)
      ask(filter.tenant, place => `member.tenant = ${place}`)
      ask(filter.keys && JSON.stringify(filter.keys), place => `member.key IN (${sql.words.textsIn(place)})`)
      ask(filter.account, place => `member.account = ${place}`)
      ask(filter.worker, place => `hold.worker = ${place} AND hold.held_until > clock_timestamp()`)
      ask(
        filter.isPaused === undefined ? undefined : String(filter.isPaused),
        place => `paused = ${place}::boolean`,
      )
      ask(
        filter.text?.toLowerCase(),
        place =>
          `strpos(lower(concat_ws(' ', member.key, member.settings ->> 'user', member.settings ->> 'host')), ${place}) > 0`,
      )
      values.push(limit + 1)
      const rows = await sql.all(
        `SELECT member.key, tenant, name, account, settings::text AS settings, paused,
           floor(extract(epoch FROM changed_at) * 1000) AS changed_at_ms, ${secretKeys('mailbox', 'member')},
           CASE WHEN hold.held_until > clock_timestamp() THEN hold.worker END AS worker
         FROM member LEFT JOIN hold ON hold.mailbox = member.key
         ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
         ORDER BY member.key LIMIT ?${values.length}`,
        ...values,
      )
      const mailboxes = rows.slice(0, limit).map(toMailboxEntry)
      return { mailboxes, next: rows.length > limit ? mailboxes.at(-1)?.key : undefined }
    },
    async audit({ tenant }, { before, most }) {
      if (tenant !== undefined) checkName('tenant', tenant)
      const rows = await sql.all(
        `SELECT id, floor(extract(epoch FROM at) * 1000) AS at_ms, role, by, tenant, kind, name, act, keys::text AS keys
         FROM fleet_audit WHERE (?1::text IS NULL OR tenant = ?1) AND (?2::bigint IS NULL OR id < ?2)
         ORDER BY id DESC LIMIT ?3`,
        ...[tenant ?? null, before ?? null, Math.max(1, Math.min(most, mostEntries + 1))],
      )
      return rows.map(toAuditRow)
    },
  }
}

function toMailboxEntry(row: Record<string, unknown>): MailboxEntry {
  return {
    key: String(row.key),
    tenant: String(row.tenant),
    name: String(row.name),
    account: String(row.account),
    settings: readSettings(row.settings),
    secrets: readList(row.secrets),
    isPaused: row.paused === true,
    changedAtMs: Number(row.changed_at_ms),
    worker: row.worker === null ? undefined : String(row.worker),
  }
}

function toAuditRow(row: Record<string, unknown>): AuditRow {
  return {
    id: Number(row.id),
    atMs: Number(row.at_ms),
    role: String(row.role),
    by: row.by === null ? undefined : String(row.by),
    tenant: String(row.tenant),
    kind: row.kind as AuditRow['kind'],
    name: String(row.name),
    act: row.act as AuditRow['act'],
    keys: readList(row.keys),
  }
}
