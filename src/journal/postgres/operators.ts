/**
 * Operators: logins that see one tenant of a fleet, and pause and resume its mailboxes (roles.ts). A login that was made here
 * is marked, and goes with its last tenant; any other is made, and ended, by who manages PostgreSQL.
 *
 * A password comes here as what SCRAM keeps of it, since the server may write statements into its own log.
 */
import { Fault } from '../../base/fault.ts'
import type { Database, Statements } from '../sql.ts'
import { areRolesThere, fleetRoles, mayMakeRoles } from './roles.ts'

export interface OperatorRow {
  readonly name: string
  readonly tenant: string
  readonly canLogIn: boolean
  /** Connections of this login to the fleet's database now. */
  readonly sessions: number
}

/** 'made': with its login; 'let-in': one that was there; 'changed': its password alone; 'unchanged': all was so already. */
export type OperatorAdded = 'made' | 'let-in' | 'changed' | 'unchanged'

export interface OperatorRemoved {
  /** Those that it could see. */
  readonly tenants: readonly string[]
  /** Connections that were ended. */
  readonly sessions: number
  readonly loginRemoved: boolean
}

const mark = 'made by hikyaku fleet operator'
/** How long a connection may take to end, ms. */
const endMs = 5000

interface Login {
  readonly id: number
  /** As SQL takes it. */
  readonly quoted: string
  readonly isOurs: boolean
  /** It may do more than an operator, or is no login. */
  readonly isOther: boolean
}

async function findLogin(sql: Statements, name: string): Promise<Login | undefined> {
  const row = await sql.get(
    `SELECT oid::bigint AS id, quote_ident(rolname) AS quoted, coalesce(shobj_description(oid, 'pg_authid') = ?2, false) AS ours,
       NOT rolcanlogin AND NOT coalesce(shobj_description(oid, 'pg_authid') = ?2, false)
         OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR rolname = current_user
         OR EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid AND roleid <> '${fleetRoles.operator}'::regrole) AS other
     FROM pg_roles WHERE rolname = ?1`,
    name,
    mark,
  )
  return (
    row && {
      id: Number(row.id),
      quoted: String(row.quoted),
      isOurs: row.ours === true,
      isOther: row.other === true,
    }
  )
}

/** @throws Fault fleet.may-not where this login may make no operators, or there are no roles */
async function refuseUnlessAdmin(sql: Statements): Promise<{ readonly mayMake: boolean }> {
  const row = await sql.get(`SELECT has_table_privilege('tenant_operator', 'INSERT, DELETE') AS may`)
  if (row?.may !== true || !(await areRolesThere(sql))) throw await mayNot(sql)
  return { mayMake: await mayMakeRoles(sql) }
}

async function mayNot(sql: Statements): Promise<Fault> {
  const row = await sql.get('SELECT current_user AS login')
  return new Fault('fleet.may-not', { facts: { name: String(row?.login) } })
}

/** What PostgreSQL refuses by right (a login of version 16 that may make roles, but not give this one) is told as that. */
async function orMayNot<T>(database: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'journal.closed') throw thrown
    throw await mayNot(database)
  }
}

/**
 * @param tenant of this one alone
 * @throws Fault fleet.may-not for a login that sees no operators
 */
export async function listOperators(database: Database, tenant?: string): Promise<readonly OperatorRow[]> {
  const rows = await orMayNot(database, () =>
    database.all(
      `SELECT role, tenant, coalesce(rolcanlogin, false) AS can_log_in,
         (SELECT count(*) FROM pg_stat_activity WHERE usesysid = pg_roles.oid AND datname = current_database()) AS sessions
       FROM tenant_operator LEFT JOIN pg_roles ON rolname = role
       WHERE ?1::text IS NULL OR tenant = ?1 ORDER BY role, tenant`,
      tenant ?? null,
    ),
  )
  return rows.map(row => ({
    name: String(row.role),
    tenant: String(row.tenant),
    canLogIn: row.can_log_in === true,
    sessions: Number(row.sessions),
  }))
}

/** Whether there is a login by this name, an operator's or not. */
export const isLogin = async (database: Database, name: string): Promise<boolean> =>
  (await database.get('SELECT 1 FROM pg_roles WHERE rolname = ?', name)) !== undefined

/**
 * Lets a login see one tenant, and choose none but those that it was let see; the last one is chosen for it.
 * @param verifier of its password (scram.ts); undefined: it keeps the one that it has
 * @param by who does it, for the audit (FLEET_AS)
 * @throws Fault fleet.may-not; fleet.unknown where there is no such tenant, or neither a login nor a password for one;
 *   fleet.in-use where the login may do more in the database, or its password is another's to change
 */
export async function addOperator(
  database: Database,
  {
    name,
    tenant,
    verifier,
    by,
  }: { name: string; tenant: string; verifier?: string | undefined; by?: string | undefined },
): Promise<OperatorAdded> {
  return orMayNot(database, () =>
    database.transaction(async sql => {
      const { mayMake } = await refuseUnlessAdmin(sql)
      if (!mayMake) throw await mayNot(sql)
      if ((await sql.get('SELECT 1 FROM tenant WHERE name = ?', tenant)) === undefined)
        throw new Fault('fleet.unknown', { facts: { what: 'tenant', name: tenant } })
      await nameChanger(sql, by)
      const before = await findLogin(sql, name)
      if (before === undefined && verifier === undefined)
        throw new Fault('fleet.unknown', { facts: { what: 'login', name } })
      if (before !== undefined && (before.isOther || (verifier !== undefined && !before.isOurs)))
        throw new Fault('fleet.in-use', { facts: { what: 'login', name } })
      const quoted = await quoteName(sql, name)
      if (before === undefined) {
        await sql.run(`CREATE ROLE ${quoted} LOGIN`)
        await sql.run(`COMMENT ON ROLE ${quoted} IS '${mark}'`)
      } else if (before.isOurs) await sql.run(`ALTER ROLE ${quoted} LOGIN`)
      if (verifier !== undefined)
        await sql.run(`ALTER ROLE ${quoted} PASSWORD ${await quoteText(sql, verifier)}`)
      await sql.run(`GRANT ${fleetRoles.operator} TO ${quoted}`)
      // What a login has in another database of the cluster keeps it from being removed (isElsewhere).
      await sql.run(`GRANT SELECT ON hikyaku_version TO ${quoted}`)
      const added = await sql.run(
        `INSERT INTO tenant_operator AS kept (role, tenant) VALUES (?1, ?2)
         ON CONFLICT (role, tenant) DO UPDATE SET chosen_at = clock_timestamp()
         WHERE kept.chosen_at < (SELECT max(chosen_at) FROM tenant_operator WHERE role = ?1)`,
        ...[name, tenant],
      )
      if (before === undefined) return 'made'
      if (verifier !== undefined)
        await sql.run(
          `INSERT INTO fleet_audit (tenant, kind, name, act, keys) VALUES (?, 'operator', ?, 'changed', '["password"]')`,
          ...[tenant, name],
        )
      return added > 0 ? 'let-in' : verifier === undefined ? 'unchanged' : 'changed'
    }),
  )
}

/**
 * From now on it sees the tenant no more, and its connections end. With its last tenant it is no operator any more, and a
 * login that was made here goes.
 * @param tenant undefined: all of them
 * @throws Fault fleet.may-not; fleet.unknown where it is no operator there
 */
export async function removeOperator(
  database: Database,
  { name, tenant, by }: { name: string; tenant?: string | undefined; by?: string | undefined },
): Promise<OperatorRemoved> {
  return orMayNot(database, async () => {
    const { tenants, login, isLast, isSuper } = await database.transaction(async sql => {
      const { mayMake } = await refuseUnlessAdmin(sql)
      await nameChanger(sql, by)
      const rows = await sql.all('SELECT tenant FROM tenant_operator WHERE role = ? ORDER BY tenant', name)
      const all = rows.map(row => String(row.tenant))
      const gone = all.filter(each => tenant === undefined || each === tenant)
      const found = mayMake ? await findLogin(sql, name) : undefined
      // One whose removal was broken off is no operator by its rows, and is found by its mark.
      if (gone.length === 0 && (found?.isOurs !== true || tenant !== undefined))
        throw new Fault('fleet.unknown', { facts: { what: 'operator', name } })
      for (const each of gone)
        await sql.run('DELETE FROM tenant_operator WHERE role = ? AND tenant = ?', name, each)
      const isLast = gone.length === all.length
      const isSuper = await isSuperuser(sql)
      if (found !== undefined) {
        // Who may make roles ends the connections of those that it is a member of.
        if (!found.isOther && !isSuper) await sql.run(`GRANT ${found.quoted} TO CURRENT_USER`)
        if (isLast) await sql.run(`REVOKE SELECT ON hikyaku_version FROM ${found.quoted}`)
        if (isLast && !(await isElsewhere(sql, found.id))) {
          await sql.run(`REVOKE ${fleetRoles.operator} FROM ${found.quoted}`)
          if (found.isOurs) await sql.run(`ALTER ROLE ${found.quoted} NOLOGIN`)
        }
      }
      return { tenants: gone, login: found, isLast, isSuper }
    })
    if (login === undefined || (login.isOther && !isSuper))
      return { tenants, sessions: 0, loginRemoved: false }
    const sessions = await endSessions(database, login.id)
    const loginRemoved = await database.transaction(async sql => {
      const goes = isLast && login.isOurs && !login.isOther && !(await isElsewhere(sql, login.id))
      if (goes) await sql.run(`DROP ROLE IF EXISTS ${login.quoted}`)
      else if (!isSuper) await sql.run(`REVOKE ${login.quoted} FROM CURRENT_USER`)
      return goes
    })
    return { tenants, sessions, loginRemoved }
  })
}

/** Who makes the changes of this transaction, for the audit (fleet-schema.ts: `by`). */
export async function nameChanger(sql: Statements, by: string | undefined): Promise<void> {
  if (by !== undefined) await sql.get(`SELECT set_config('hikyaku.as', ?, true)`, by)
}

const quoteName = async (sql: Statements, name: string): Promise<string> =>
  String((await sql.get('SELECT quote_ident(?::text) AS quoted', name))?.quoted)
const quoteText = async (sql: Statements, text: string): Promise<string> =>
  String((await sql.get('SELECT quote_literal(?::text) AS quoted', text))?.quoted)

/** Whether it has something in another database of the cluster, where it may be an operator of another fleet. */
async function isElsewhere(sql: Statements, id: number): Promise<boolean> {
  const row = await sql.get(
    `SELECT 1 FROM pg_shdepend JOIN pg_database ON pg_database.oid = dbid
     WHERE refclassid = 'pg_authid'::regclass AND refobjid = ?::bigint::oid AND datname <> current_database() LIMIT 1`,
    id,
  )
  return row !== undefined
}

async function isSuperuser(sql: Statements): Promise<boolean> {
  const row = await sql.get('SELECT rolsuper FROM pg_roles WHERE rolname = current_user')
  return row?.rolsuper === true
}

/** @returns how many there were. One that was being made meanwhile is found by the next look */
async function endSessions(database: Database, id: number): Promise<number> {
  let ended = 0
  for (;;) {
    const row = await database.get(
      `SELECT count(*) AS count, bool_and(pg_terminate_backend(pid, ${endMs})) AS done FROM pg_stat_activity
       WHERE usesysid = ?::bigint::oid AND datname = current_database() AND pid <> pg_backend_pid()`,
      id,
    )
    const count = Number(row?.count)
    if (count === 0) return ended
    ended += count
    if (row?.done !== true) return ended
  }
}
