/**
 * Who may do what in a fleet's database. Roles are the whole cluster's, what they may do is each database's own.
 *
 * - hikyaku_admin owns all of it, and changes the directory and the tables.
 * - hikyaku_worker pulls: it writes the journal and takes holds; of the directory it reads all and writes what a provider
 *   renewed. It cannot change the audit, a mailbox, a secret or a table.
 * - hikyaku_look reads, and no secret, sealed or not.
 * - hikyaku_operator reads what is one tenant's, without secrets, and pauses and resumes its mailboxes.
 *
 * Nobody logs in by these names: a login of one's own is made a member of one of them (operators: operators.ts).
 */
import type { Database, Statements } from '../sql.ts'

export const fleetRoles = {
  admin: 'hikyaku_admin',
  worker: 'hikyaku_worker',
  look: 'hikyaku_look',
  operator: 'hikyaku_operator',
} as const

interface Rights {
  readonly worker: string
  /** For hikyaku_look. */
  readonly look: string
  /** Which rows are a tenant's; undefined: none, and no operator sees any. */
  readonly tenant?: string
  /** What an operator may do with those beside what `look` says. */
  readonly operator?: string
}

const all = 'SELECT, INSERT, UPDATE, DELETE'
const read = 'SELECT'
const mine = '(SELECT my_tenant())'
/** Keys of one tenant lie beside one another ("C": `/` comes before `0`), so that an index finds them. */
const within = (column: string): string => `${column} >= ${mine} || '/' AND ${column} < ${mine} || '0'`

/** Every table that there is: what is missing here is nobody's but the owner's. */
export const tableRights: Readonly<Record<string, Rights>> = {
  hikyaku_version: { worker: read, look: read, tenant: 'true' },
  message: { worker: all, look: read, tenant: within('mailbox') },
  mailbox: { worker: all, look: read, tenant: within('name') },
  account: { worker: all, look: read, tenant: within('name') },
  // `NAME mailbox`, `NAME/mailbox`, `NAME ["mailbox",...]`, `told/account/account` (journal/notes.ts).
  note: {
    worker: all,
    look: read,
    tenant: String.raw`starts_with(regexp_replace(key, '^[a-z-]+[ /](account/)?(\[")?', ''), ${mine} || '/')`,
  },
  trouble: { worker: all, look: read, tenant: within('name') },
  tally: { worker: all, look: read, tenant: within('mailbox') },
  hold: { worker: 'SELECT, UPDATE', look: read, tenant: within('mailbox') },
  // Whether anybody works, without which nobody could say how it stands with a tenant's mail.
  worker: { worker: all, look: read, tenant: 'true' },
  adoption: { worker: read, look: read, tenant: `tenant = ${mine}` },
  departed: { worker: read, look: read, tenant: within('mailbox') },
  budget: { worker: all, look: read },
  budget_holder: { worker: all, look: read },
  budget_slice: { worker: all, look: read },
  tenant: { worker: read, look: 'SELECT (name, key_id, made_at)', tenant: `name = ${mine}` },
  tenant_operator: { worker: '', look: read },
  fleet_account: { worker: read, look: read, tenant: `tenant = ${mine}` },
  member: { worker: read, look: read, tenant: `tenant = ${mine}`, operator: 'UPDATE (paused)' },
  member_account: { worker: read, look: read, tenant: `tenant = ${mine}` },
  fleet_secret: {
    worker: read,
    look: 'SELECT (tenant, kind, owner, key, destination)',
    tenant: `tenant = ${mine}`,
  },
  fleet_renewed: { worker: all, look: '' },
  fleet_audit: { worker: read, look: read, tenant: `tenant = ${mine}` },
}

const ownFunctions = [
  'said_of_authentication(text, bigint[], text[])',
  'judged_before(text)',
  'tally_rows()',
  'refuse_departed()',
  'refuse_change()',
  'tenant_changed()',
  'fleet_account_changed()',
  'member_changed()',
  'member_touched()',
  'fleet_secret_changed()',
  'tenant_operator_changed()',
  'tell_users_of(text, text)',
  'my_tenant()',
  'budget_now()',
  'budget_counts(budget_slice, timestamptz, timestamptz)',
  'budget_ask(text, text, bigint, bigint, jsonb)',
] as const

/** Whether who is logged in can make roles. */
export async function mayMakeRoles(sql: Statements): Promise<boolean> {
  const row = await sql.get(
    'SELECT rolsuper OR rolcreaterole AS may FROM pg_roles WHERE rolname = current_user',
  )
  return row?.may === true
}

export async function areRolesThere(sql: Statements): Promise<boolean> {
  const row = await sql.get(
    `SELECT count(*) AS count FROM pg_roles WHERE rolname IN (${Object.values(fleetRoles)
      .map(role => `'${role}'`)
      .join(', ')})`,
  )
  return Number(row?.count) === Object.keys(fleetRoles).length
}

/**
 * Makes the roles where they are missing, gives all to hikyaku_admin and says who may do what. It may be done again, and is
 * after each change of the tables (`bringUpToDate`).
 * @returns false where who is logged in may make none: then all goes on as the owner of the tables
 */
export async function makeRoles(database: Database): Promise<boolean> {
  if (!(await areRolesThere(database))) {
    if (!(await mayMakeRoles(database))) return false
    // Whoever makes a fleet in another database of the cluster at this moment makes the same.
    for (const role of Object.values(fleetRoles))
      await database.run(
        `DO $$ BEGIN CREATE ROLE ${role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
      )
  }
  await database.transaction(grantRights)
  return true
}

/** Says anew who may do what, where there are the roles: to whoever owns the tables. */
export async function renewRights(sql: Statements): Promise<void> {
  if (await areRolesThere(sql)) {
    const row = await sql.get(`SELECT pg_has_role(current_user, '${fleetRoles.admin}', 'USAGE') AS may`)
    if (row?.may === true) await grantRights(sql)
  }
}

async function grantRights(sql: Statements): Promise<void> {
  const { admin } = fleetRoles
  const others = [fleetRoles.worker, fleetRoles.look, fleetRoles.operator]
  const row = await sql.get(
    `SELECT quote_ident(current_schema()) AS schema, pg_has_role(current_user, '${admin}', 'USAGE') AS is_admin`,
  )
  const schema = String(row?.schema)
  const statements = [
    ...(row?.is_admin === true ? [] : [`GRANT ${admin} TO CURRENT_USER`]),
    `GRANT USAGE, CREATE ON SCHEMA ${schema} TO ${admin}`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${others.join(', ')}`,
    ...ownFunctions.map(called => `ALTER FUNCTION ${called} OWNER TO ${admin}`),
    // A database that lost its last commits gives no number of a row again (history.ts).
    `GRANT USAGE, UPDATE ON SEQUENCE message_id_seq, trouble_id_seq TO ${fleetRoles.worker}`,
    ...Object.entries(tableRights).flatMap(([table, rights]) => grantTable(table, rights)),
  ]
  await sql.run(statements.join(';\n'))
}

function grantTable(table: string, { worker, look, tenant, operator = '' }: Rights): readonly string[] {
  const { admin } = fleetRoles
  const grant = (rights: string, role: string): readonly string[] =>
    rights === '' ? [] : [`GRANT ${rights} ON ${table} TO ${role}`]
  const policy = (role: string, command: string, rows: string): readonly string[] => [
    `DROP POLICY IF EXISTS ${role}_${command.toLowerCase()} ON ${table}`,
    `CREATE POLICY ${role}_${command.toLowerCase()} ON ${table} FOR ${command} TO ${role} USING (${rows})`,
  ]
  return [
    `ALTER TABLE ${table} OWNER TO ${admin}`,
    `REVOKE ALL ON ${table} FROM PUBLIC, ${fleetRoles.worker}, ${fleetRoles.look}, ${fleetRoles.operator}`,
    `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`,
    ...grant(worker, fleetRoles.worker),
    ...grant(look, fleetRoles.look),
    ...policy(fleetRoles.worker, 'ALL', 'true'),
    ...policy(fleetRoles.look, 'SELECT', 'true'),
    ...(tenant === undefined
      ? []
      : [
          ...grant(look, fleetRoles.operator),
          ...policy(fleetRoles.operator, 'SELECT', tenant),
          ...(operator === ''
            ? []
            : [...grant(operator, fleetRoles.operator), ...policy(fleetRoles.operator, 'UPDATE', tenant)]),
        ]),
  ]
}
