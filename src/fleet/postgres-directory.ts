/** The directory on PostgreSQL. What follows from a change (holds, audit, NOTIFY) follows by trigger: journal/postgres/fleet-schema.ts. */
import { Fault } from '../base/fault.ts'
import { waitForHandBack } from '../journal/postgres/hand-back.ts'
import { nameChanger } from '../journal/postgres/operators.ts'
import type { FleetJournal } from '../journal/postgres/postgres.ts'
import { isMailboxKnown, renameMailbox } from '../journal/postgres/rename-mailbox.ts'
import type { Statements } from '../journal/sql.ts'
import type { Directory, MemberSettings, Put, Rewrapped } from './directory.ts'
import { makeDirectoryLooks } from './directory-looks.ts'
import { makeDirectorySecrets, readMark, valuesOf } from './directory-secrets.ts'
import { type CheckedMember, type Member, type MemberContext, makeMembers } from './members.ts'
import { checkName, makeKey, splitKey } from './names.ts'
import { makePutMany } from './put-many.ts'
import type { KeyWrapper } from './seal.ts'
import { watchDirectory } from './watch-directory.ts'

export interface DirectoryOptions extends MemberContext {
  readonly key: () => Promise<KeyWrapper>
  /** Who makes the changes, as the operator says (`--as`); the audit has PostgreSQL's own name of the role besides. */
  readonly by?: string | undefined
}

export interface PostgresDirectory extends Directory {
  /** All data keys wrapped with the first key of the key file: as of DirectorySecrets. */
  rewrap(): Promise<Rewrapped>
  /** Before mailboxes are held: as of DirectorySecrets. */
  checkKey(): Promise<void>
}

/** A move is tried so often where the secrets are renewed meanwhile. */
const mostTries = 5

const unknown = (what: string, name: string): Fault => new Fault('fleet.unknown', { facts: { what, name } })

export function makePostgresDirectory(
  { database, listen }: Pick<FleetJournal, 'database' | 'listen'>,
  options: DirectoryOptions,
): PostgresDirectory {
  const secrets = makeDirectorySecrets(database, options.key)
  const members = makeMembers(database, secrets, options)

  /** All of it or nothing, and the audit knows by whom. */
  const change = <T>(work: (sql: Statements) => Promise<T>): Promise<T> =>
    database.transaction(async sql => {
      await nameChanger(sql, options.by)
      return work(sql)
    })

  const putAccounts = makePutMany(database, change, secrets, members, 'account')
  const putMailboxes = makePutMany(database, change, secrets, members, 'mailbox')
  const putOne = async (
    putMany: Directory['putMailboxes'],
    tenant: string,
    member: Parameters<Directory['putMailboxes']>[1][number],
  ): Promise<Put> => {
    const [put] = await putMany(tenant, [member])
    if (put === undefined || put instanceof Fault) throw put
    return put
  }

  /** @throws Fault fleet.unknown for the first that is none */
  const findAll = async (sql: Statements, keys: readonly string[]): Promise<void> => {
    const rows = await sql.all(
      `SELECT key FROM member WHERE key IN (${sql.words.textsIn('?1')}) FOR UPDATE`,
      JSON.stringify(keys),
    )
    const known = new Set(rows.map(({ key }) => key))
    const missing = keys.find(key => !known.has(key))
    if (missing !== undefined) throw unknown('mailbox', missing)
  }
  const setPaused = (keys: readonly string[], isPaused: boolean): Promise<readonly string[]> => {
    for (const key of keys) splitKey(key)
    return change(async sql => {
      await findAll(sql, keys)
      const rows = await sql.all(
        `UPDATE member SET paused = ${isPaused}
         WHERE key IN (${sql.words.textsIn('?1')}) AND paused <> ${isPaused} RETURNING key`,
        JSON.stringify(keys),
      )
      return rows.map(({ key }) => String(key)).sort()
    })
  }
  const readMember = async (sql: Statements, key: string) => {
    const row = await sql.get(
      'SELECT tenant, name, settings::text AS settings FROM member WHERE key = ?',
      key,
    )
    if (row === undefined) throw unknown('mailbox', key)
    return {
      kind: 'mailbox' as const,
      tenant: String(row.tenant),
      name: String(row.name),
      settings: JSON.parse(String(row.settings)) as MemberSettings,
    }
  }

  return {
    ...makeDirectoryLooks(database),
    async addTenant(name) {
      checkName('tenant', name)
      if ((await database.get('SELECT 1 FROM tenant WHERE name = ?', name)) !== undefined) return false
      const { dataKey, keyId } = await secrets.makeWrappedKey(name)
      const added = await change(sql =>
        sql.run(
          'INSERT INTO tenant (name, data_key, key_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
          ...[name, dataKey, keyId],
        ),
      )
      return added === 1
    },
    putAccounts,
    putAccount: (tenant, name, settings, given) =>
      putOne(putAccounts, tenant, { name, settings, secrets: given }),
    putMailboxes,
    putMailbox: (tenant, name, settings, given) =>
      putOne(putMailboxes, tenant, { name, settings, secrets: given }),
    removeAccount: (tenant, name) =>
      change(async sql => {
        const user = await sql.get(
          `SELECT name FROM member WHERE tenant = ?1 AND account = ?2
           UNION ALL SELECT member FROM member_account WHERE tenant = ?1 AND account = ?2 LIMIT 1`,
          ...[tenant, name],
        )
        if (user !== undefined)
          throw new Fault('fleet.in-use', {
            facts: { what: 'account', name: makeKey(tenant, name), by: makeKey(tenant, String(user.name)) },
          })
        await sql.run(
          `DELETE FROM fleet_secret WHERE tenant = ? AND kind = 'account' AND owner = ?`,
          ...[tenant, name],
        )
        const removed = await sql.run('DELETE FROM fleet_account WHERE tenant = ? AND name = ?', tenant, name)
        if (removed === 0) throw unknown('account', makeKey(tenant, name))
      }),
    pause: keys => setPaused(keys, true),
    resume: keys => setPaused(keys, false),
    remove: keys => {
      for (const key of keys) splitKey(key)
      return change(async sql => {
        await findAll(sql, keys)
        const these = `(${sql.words.textsIn('?1')})`
        await sql.run(
          `DELETE FROM fleet_secret WHERE kind = 'mailbox' AND tenant || '/' || owner IN ${these}
             AND tenant IN (SELECT split_part(value, '/', 1) FROM jsonb_array_elements_text(?1::jsonb))`,
          JSON.stringify(keys),
        )
        await sql.run(`DELETE FROM member WHERE key IN ${these}`, JSON.stringify(keys))
      })
    },
    async move(key, to) {
      const { tenant, name } = splitKey(key)
      const goal = checkName('tenant', to.tenant ?? tenant)
      const before = await readMember(database, key)
      const settings =
        to.account === undefined ? before.settings : { ...before.settings, account: to.account }
      if (goal === tenant) {
        await putOne(putMailboxes, tenant, { name, settings, secrets: {} })
        return key
      }
      if ((await database.get('SELECT 1 FROM tenant WHERE name = ?', goal)) === undefined)
        throw unknown('tenant', goal)
      const after = { ...before, tenant: goal, settings }
      // What is wrong is told before anything is paused.
      await members.check(after, {}, before)
      const next = makeKey(goal, name)
      const isBeingChanged = (): Fault =>
        new Fault('fleet.in-use', { facts: { what: 'mailbox', name: key, reason: 'changing' } })
      /** @returns false where its secrets were renewed since they were read */
      const moveOnce = async (): Promise<boolean> => {
        const mark = await readMark(database, tenant, name)
        const checked = await members.check(after, {}, before)
        const sealed = await Promise.all(
          checked.secrets.map(({ key: secret, value, destination }) =>
            secrets.seal(value, { tenant: goal, kind: 'mailbox', owner: name, key: secret }, destination),
          ),
        )
        return change(async sql => {
          const { settings: now } = await readMember(sql, key)
          const isTaken =
            (await sql.get('SELECT 1 FROM member WHERE key = ?', next)) !== undefined ||
            (await isMailboxKnown(sql, next))
          if (isTaken) throw new Fault('fleet.in-use', { facts: { what: 'mailbox', name: next } })
          if (JSON.stringify(now) !== JSON.stringify(before.settings)) throw isBeingChanged()
          if ((await readMark(sql, tenant, name)) !== mark) return false
          await sql.run(
            `DELETE FROM fleet_secret WHERE tenant = ? AND kind = 'mailbox' AND owner = ?`,
            ...[tenant, name],
          )
          await sql.run('DELETE FROM member_account WHERE tenant = ? AND member = ?', tenant, name)
          await sql.run(
            `UPDATE member SET tenant = ?1, account = ?2, settings = ?3::jsonb, paused = ${isResting} WHERE key = ?4`,
            ...[goal, checked.account, JSON.stringify(settings), key],
          )
          await writeFurther(sql, after, checked)
          for (const { destination, sealed: text, ...secret } of sealed)
            await sql.run(
              'INSERT INTO fleet_secret (tenant, kind, owner, key, destination, sealed) VALUES (?, ?, ?, ?, ?, ?)',
              ...valuesOf(secret),
              destination,
              text,
            )
          await renameMailbox(sql, key, next)
          return true
        })
      }
      // What is in hand ends by its old name, and is known and kept, before it has another one.
      const isResting = (await setPaused([key], true)).length === 0
      try {
        if (!(await waitForHandBack(database, [key]))) throw isBeingChanged()
        for (let tries = 1; !(await moveOnce()); tries += 1) if (tries === mostTries) throw isBeingChanged()
        return next
      } catch (thrown) {
        if (!isResting) await setPaused([key], false)
        throw thrown
      }
    },
    async open(key) {
      splitKey(key)
      const { tenant, name, settings } = await readMember(database, key)
      return members.open(tenant, name, settings)
    },
    watch: (onChange, onFault) => watchDirectory(database, listen, onChange, onFault),
    rewrap: () => secrets.rewrap(),
    checkKey: () => secrets.checkKey(),
  }
}

async function writeFurther(
  sql: Statements,
  { tenant, name }: Member,
  { further }: CheckedMember,
): Promise<void> {
  await sql.run('DELETE FROM member_account WHERE tenant = ? AND member = ?', tenant, name)
  for (const account of further)
    await sql.run(
      'INSERT INTO member_account (tenant, member, account) VALUES (?, ?, ?)',
      ...[tenant, name, account],
    )
}
