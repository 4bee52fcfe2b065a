/** Mailboxes, or accounts, of one tenant, one or many at once: what each needs to be judged is read in few questions, and what is right goes in together. */
import { isDeepStrictEqual } from 'node:util'
import { asFault, Fault } from '../base/fault.ts'
import type { AccountConfig } from '../config/config.ts'
import type { Database, Statements } from '../journal/sql.ts'
import type { Member, MemberSettings, Put, PutOptions } from './directory.ts'
import type { DirectorySecrets, SealedSecret, Sealer } from './directory-secrets.ts'
import { type CheckedMember, listNamedAccounts, type MemberKind, type Members } from './members.ts'
import { checkName } from './names.ts'

/** What is kept of one. */
interface Kept {
  /** '' of an account. */
  readonly account: string
  readonly settings: MemberSettings
  readonly secrets: readonly SealedSecret[]
}

/** One that is right, and not as it is kept. */
interface Change {
  readonly name: string
  readonly settings: MemberSettings
  readonly checked: CheckedMember
  readonly sealed: readonly SealedSecret[]
  /** Keys of secrets that it needs no more. */
  readonly dropped: readonly string[]
}

export function makePutMany(
  database: Database,
  change: <T>(work: (sql: Statements) => Promise<T>) => Promise<T>,
  secrets: DirectorySecrets,
  members: Members,
  kind: MemberKind,
) {
  const readKept = async (tenant: string, names: string): Promise<ReadonlyMap<string, Kept>> => {
    const these = `IN (${database.words.textsIn('?2')})`
    const [rows, sealed] = await Promise.all([
      database.all(
        kind === 'mailbox'
          ? `SELECT name, account, settings::text AS settings FROM member WHERE tenant = ?1 AND name ${these}`
          : `SELECT name, '' AS account, settings::text AS settings FROM fleet_account WHERE tenant = ?1 AND name ${these}`,
        tenant,
        names,
      ),
      database.all(
        `SELECT owner, key, destination, sealed FROM fleet_secret WHERE tenant = ?1 AND kind = '${kind}' AND owner ${these}`,
        tenant,
        names,
      ),
    ])
    const ofOwner = Map.groupBy(
      sealed.map(row => ({
        ...{ tenant, kind, owner: String(row.owner), key: String(row.key) },
        ...{ destination: String(row.destination), sealed: String(row.sealed) },
      })),
      ({ owner }) => owner,
    )
    return new Map(
      rows.map(row => {
        const name = String(row.name)
        const settings = JSON.parse(String(row.settings)) as MemberSettings
        return [name, { account: String(row.account), settings, secrets: ofOwner.get(name) ?? [] }]
      }),
    )
  }

  /** The accounts that a mailbox names, or may name, of all that the list does; each is built once. */
  const loadAccountsOf = async (
    tenant: string,
    list: readonly Member[],
    further: readonly Member[],
  ): Promise<(settings: MemberSettings) => Promise<readonly AccountConfig[]>> => {
    const also = further.map(({ secrets: given, ...account }) => ({
      ...account,
      secrets: Object.keys(given),
    }))
    const named = [...new Set(list.flatMap(({ settings }) => listNamedAccounts(settings)))]
    const built = named.length === 0 ? [] : await members.loadAccounts(tenant, named, also)
    const byName = new Map(built.map(account => [account.name.slice(tenant.length + 1), account]))
    let some: Promise<readonly AccountConfig[]> | undefined
    return async settings => {
      const names = listNamedAccounts(settings)
      const mine = names.flatMap(name => byName.get(name) ?? [])
      if (names.length > 0 && mine.length === names.length) return mine
      some ??= members.loadAccounts(tenant, [], also)
      return [...new Map([...mine, ...(await some)].map(account => [account.name, account])).values()]
    }
  }

  return async (
    tenant: string,
    list: readonly Member[],
    { isRehearsal = false, accounts: further = [] }: PutOptions = {},
  ): Promise<readonly (Put | Fault)[]> => {
    checkName('tenant', tenant)
    const isThere = (await database.get('SELECT 1 FROM tenant WHERE name = ?', tenant)) !== undefined
    if (!isThere && !isRehearsal)
      throw new Fault('fleet.unknown', { facts: { what: 'tenant', name: tenant } })
    const kept = await readKept(tenant, JSON.stringify(list.map(({ name }) => name)))
    const accountsOf = kind === 'mailbox' ? await loadAccountsOf(tenant, list, further) : async () => []
    let opened: Promise<Sealer> | undefined
    /** Where something is to be sealed, or compared with what is. */
    const openSealer = (): Promise<Sealer> => {
      opened ??= secrets.sealerOf(tenant)
      return opened
    }
    const changes: Change[] = []

    const judge = async ({ name, settings: written, secrets: given }: Member): Promise<Put> => {
      checkName(kind, name)
      const whole = JSON.parse(JSON.stringify(written)) as MemberSettings
      // The name stands beside what is kept; where it stands among it, too, it is checked to be the same.
      const { name: _, ...settings } = whole
      const before = kept.get(name)
      const keys = before?.secrets.map(({ key }) => key) ?? []
      const member = { kind, tenant, name, settings: whole }
      const known = { secrets: keys, accounts: await accountsOf(settings) }
      const checked = await members.check(member, given, member, known)
      const fresh = checked.secrets.filter(({ key }) => Object.hasOwn(given, key))
      const sealer = isThere && fresh.length > 0 ? await openSealer() : undefined
      const sealed = fresh.flatMap(({ key, value, destination }) => {
        const own = before?.secrets.find(secret => secret.key === key)
        if (own !== undefined && sealer?.isKept(own, value, destination) === true) return []
        const place = { tenant, kind, owner: name, key }
        return [sealer?.seal(value, place, destination) ?? { ...place, destination: '', sealed: '' }]
      })
      const used = checked.secrets.map(({ key }) => key)
      const dropped = keys.filter(key => !used.includes(key))
      const isSame =
        before !== undefined &&
        before.account === checked.account &&
        isDeepStrictEqual(before.settings, settings) &&
        sealed.length + dropped.length === 0
      if (isSame) return 'unchanged'
      changes.push({ name, settings, checked, sealed, dropped })
      return before === undefined ? 'added' : 'changed'
    }

    const results: (Put | Fault)[] = []
    for (const member of list) results.push(await judge(member).catch(refuseOne))
    if (!isRehearsal && changes.length > 0) await change(sql => writeAll(sql, tenant, kind, changes))
    return results
  }
}

/** What is wrong with one is its own; what is wrong with all (the database, the key) is thrown. */
function refuseOne(thrown: unknown): Fault {
  const fault = asFault(thrown)
  if (/^(journal|state|bug)/.test(fault.code) || /^fleet\.(no|other)-key$/.test(fault.code)) throw fault
  return fault
}

async function writeMailboxes(sql: Statements, tenant: string, changes: readonly Change[]): Promise<void> {
  const rows = changes.map(({ name, settings, checked }) => ({ name, settings, account: checked.account }))
  await sql.run(
    `INSERT INTO member AS kept (tenant, name, account, settings)
       SELECT ?1, given.name, given.account, given.settings
       FROM jsonb_to_recordset(?2::jsonb) AS given (name text, account text, settings jsonb) ORDER BY given.name
     ON CONFLICT (tenant, name) DO UPDATE
       SET settings = excluded.settings, account = excluded.account
     WHERE kept.settings <> excluded.settings OR kept.account <> excluded.account`,
    tenant,
    JSON.stringify(rows),
  )
  await sql.run(
    `DELETE FROM member_account WHERE tenant = ?1 AND member IN (${sql.words.textsIn('?2')})`,
    tenant,
    JSON.stringify(changes.map(({ name }) => name)),
  )
  const further = changes.flatMap(({ name, checked }) =>
    checked.further.map(account => ({ member: name, account })),
  )
  if (further.length === 0) return
  await sql.run(
    `INSERT INTO member_account (tenant, member, account)
       SELECT ?1, given.member, given.account FROM jsonb_to_recordset(?2::jsonb) AS given (member text, account text)`,
    tenant,
    JSON.stringify(further),
  )
}

async function writeAccounts(sql: Statements, tenant: string, changes: readonly Change[]): Promise<void> {
  await sql.run(
    `INSERT INTO fleet_account AS kept (tenant, name, settings)
       SELECT ?1, given.name, given.settings
       FROM jsonb_to_recordset(?2::jsonb) AS given (name text, settings jsonb) ORDER BY given.name
     ON CONFLICT (tenant, name) DO UPDATE SET settings = excluded.settings, changed_at = clock_timestamp()
     WHERE kept.settings <> excluded.settings`,
    tenant,
    JSON.stringify(changes.map(({ name, settings }) => ({ name, settings }))),
  )
}

async function writeAll(
  sql: Statements,
  tenant: string,
  kind: MemberKind,
  changes: readonly Change[],
): Promise<void> {
  if (kind === 'mailbox') await writeMailboxes(sql, tenant, changes)
  else await writeAccounts(sql, tenant, changes)
  const sealed = changes.flatMap(change => change.sealed)
  const dropped = changes.flatMap(({ name, dropped: keys }) => keys.map(key => ({ owner: name, key })))
  const forget = (table: string, of: readonly object[]): Promise<number> =>
    sql.run(
      `DELETE FROM ${table} USING jsonb_to_recordset(?2::jsonb) AS given (owner text, key text)
       WHERE ${table}.tenant = ?1 AND ${table}.kind = '${kind}' AND ${table}.owner = given.owner AND ${table}.key = given.key`,
      tenant,
      JSON.stringify(of),
    )
  if (sealed.length > 0) {
    // What a provider gave in the place of an earlier one is nothing beside this one.
    await forget('fleet_renewed', sealed)
    await sql.run(
      `INSERT INTO fleet_secret (tenant, kind, owner, key, destination, sealed)
         SELECT ?1, '${kind}', given.owner, given.key, given.destination, given.sealed
         FROM jsonb_to_recordset(?2::jsonb) AS given (owner text, key text, destination text, sealed text)
         ORDER BY given.owner, given.key
       ON CONFLICT (tenant, kind, owner, key) DO UPDATE SET destination = excluded.destination, sealed = excluded.sealed`,
      tenant,
      JSON.stringify(sealed),
    )
  }
  if (dropped.length > 0) await forget('fleet_secret', dropped)
}
