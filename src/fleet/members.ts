/** What a directory keeps, as accounts and mailboxes: read by the readers of the YAML file, with secrets by reference. */

import { Fault } from '../base/fault.ts'
import { ConfigFault, type Problem } from '../base/problem.ts'
import type { Destination } from '../base/secret.ts'
import type { AccountConfig, GoogleEndpoints } from '../config/config.ts'
import {
  type LoadedMember,
  loadMemberAccount,
  loadMemberMailbox,
  type MemberSources,
  memberSecretNames,
} from '../config/load-member.ts'
import type { SqlRow } from '../journal/columns.ts'
import type { Statements } from '../journal/sql.ts'
import type { MemberSecrets, MemberSettings, OpenedMember } from './directory.ts'
import type { DirectorySecrets, SecretName } from './directory-secrets.ts'
import { makeKey } from './names.ts'

/** What holds for all members, and where Google and Microsoft are. */
export interface MemberContext {
  readonly endpoints: GoogleEndpoints
  readonly microsoftLoginRoot: string
  readonly env: NodeJS.ProcessEnv
  /** Told each secret that is read, so that the log can hide it. */
  readonly onReveal?: ((value: string) => void) | undefined
}

export type MemberKind = 'account' | 'mailbox'

export interface Member {
  readonly kind: MemberKind
  readonly tenant: string
  readonly name: string
  readonly settings: MemberSettings
}

/** A member that is sound, with each of its secrets and where that may go. */
export interface CheckedMember {
  readonly secrets: readonly {
    readonly key: string
    readonly value: string
    readonly destination: Destination
  }[]
  /** Of a mailbox: the account that its mail goes to, and further ones that its rules name; within its tenant. */
  readonly account: string
  readonly further: readonly string[]
}

/** The names of the accounts that settings mention, whether there are such or not. */
export function listNamedAccounts({ account, rules }: MemberSettings): readonly string[] {
  const ofRules = Array.isArray(rules) ? rules.map((rule: { account?: unknown } | null) => rule?.account) : []
  return [...new Set([account, ...ofRules].flatMap(name => (typeof name === 'string' ? [name.trim()] : [])))]
}

/** What is kept of a mailbox, and of the accounts that it may name. */
export interface KnownMember {
  /** The keys of its secrets. */
  readonly secrets: readonly string[]
  readonly accounts: readonly AccountConfig[]
}

interface WrittenAccount {
  readonly name: string
  readonly settings: MemberSettings
  /** The keys of its secrets. */
  readonly secrets: readonly string[]
}

const readAccount = (row: SqlRow): WrittenAccount => ({
  name: String(row.name),
  settings: JSON.parse(String(row.settings)) as MemberSettings,
  secrets: JSON.parse(String(row.secrets)) as string[],
})

export type Members = ReturnType<typeof makeMembers>

/** How many of a tenant's accounts are listed where one is named that is not there. */
const mostListed = 20

export function makeMembers(sql: Statements, secrets: DirectorySecrets, context: MemberContext) {
  const keptKeys = async ({ tenant, kind, name }: Omit<Member, 'settings'>): Promise<readonly string[]> => {
    const rows = await sql.all(
      'SELECT key FROM fleet_secret WHERE tenant = ? AND kind = ? AND owner = ?',
      ...[tenant, kind, name],
    )
    return rows.map(({ key }) => String(key))
  }

  const sourcesOf = (vault: MemberSources['vault'], keep: MemberSources['keep']): MemberSources => ({
    endpoints: context.endpoints,
    microsoftLoginRoot: context.microsoftLoginRoot,
    env: context.env,
    onReveal: context.onReveal,
    vault,
    keep,
  })
  /** Those of the database, whenever they are asked for. */
  const kept = sourcesOf(
    async (vaultName, destination) => {
      const name = readVaultName(vaultName)
      return name && secrets.get(name, destination)
    },
    async (vaultName, value, destination) => {
      const name = readVaultName(vaultName)
      if (name !== undefined) await secrets.renew(value, name, destination)
    },
  )

  const build = async (
    tenant: string,
    { name, settings, secrets: keys }: WrittenAccount,
  ): Promise<AccountConfig> =>
    (await loadMemberAccount({ name: makeKey(tenant, name), settings, secrets: keys }, kept)).built

  /**
   * The accounts that are named; where none is, the tenant's only one; where one is missing, some that are there.
   * @param further accounts as if they were there
   */
  const loadAccounts = async (
    tenant: string,
    named: readonly string[],
    further: readonly WrittenAccount[] = [],
  ): Promise<readonly AccountConfig[]> => {
    const ask = (condition: string, ...values: readonly string[]) =>
      sql.all(
        `SELECT name, settings::text AS settings, (SELECT coalesce(json_agg(key), '[]')::text FROM fleet_secret
           WHERE tenant = ?1 AND kind = 'account' AND owner = name) AS secrets
         FROM fleet_account WHERE tenant = ?1 ${condition}`,
        tenant,
        ...values,
      )
    const rows =
      named.length === 0
        ? await ask(`ORDER BY name LIMIT ${mostListed}`)
        : await ask(`AND name IN (${sql.words.textsIn('?2')})`, JSON.stringify(named))
    const written = rows.map(readAccount)
    const wanted = further.filter(({ name }) => named.length === 0 || named.includes(name))
    const all = [...written, ...wanted.slice(0, Math.max(mostListed, named.length))]
    const isWhole = new Set(all.map(({ name }) => name)).size >= named.length
    if (!isWhole) all.push(...(await ask(`ORDER BY name LIMIT ${mostListed}`)).map(readAccount))
    return Promise.all(
      [...new Map(all.map(account => [account.name, account])).values()].map(account =>
        build(tenant, account),
      ),
    )
  }

  const load = async (
    { kind, tenant, name, settings }: Member,
    keys: readonly string[],
    sources: MemberSources,
    accounts?: readonly AccountConfig[],
  ): Promise<
    LoadedMember<{ readonly account: string; readonly rules: readonly { account?: string | undefined }[] }>
  > => {
    const written = { name: makeKey(tenant, name), settings, secrets: keys }
    if (kind === 'mailbox')
      return loadMemberMailbox(
        written,
        accounts ?? (await loadAccounts(tenant, listNamedAccounts(settings))),
        sources,
      )
    const { places } = await loadMemberAccount(written, sources)
    return { built: { account: '', rules: [] }, places }
  }

  return {
    loadAccounts,
    /**
     * @param given secrets in the place of those that are kept
     * @param before where those are kept now, where the member is to become another one
     * @param known what else would be asked for
     * @throws ConfigFault, Fault secret.other-destination, fleet.*
     */
    async check(
      member: Member,
      given: MemberSecrets,
      before: Omit<Member, 'settings'> = member,
      known?: KnownMember,
    ): Promise<CheckedMember> {
      const { kind, tenant, name } = member
      const found: CheckedMember['secrets'][number][] = []
      const missing = new Set<string>()
      const vault: MemberSources['vault'] = async (vaultName, destination) => {
        const secret = readVaultName(vaultName)
        if (secret === undefined || destination === undefined) return undefined
        const { key } = secret
        const own = Object.hasOwn(given, key) ? given[key] : undefined
        const value =
          own ?? (await secrets.get({ ...secret, tenant: before.tenant, owner: before.name }, destination))
        if (value === undefined || value === '') missing.add(key)
        else found.push({ key, value, destination })
        return value
      }
      const keys = [...new Set([...Object.keys(given), ...(known?.secrets ?? (await keptKeys(before)))])]
      const { built, places } = await load(member, keys, sourcesOf(vault, undefined), known?.accounts)
      const problems: Problem[] = []
      for (const { place, secret } of places)
        await secret.reveal().catch((thrown: unknown) => {
          if (!(thrown instanceof Fault) || thrown.code !== 'secret.missing') throw thrown
          problems.push({ at: place.at, kind: 'secret-not-given' })
        })
      const list = kind === 'account' ? 'accounts' : 'mailboxes'
      for (const key of Object.keys(given))
        if (!found.some(secret => secret.key === key) && !missing.has(key))
          problems.push({
            at: `${list}[${makeKey(tenant, name)}].${key}`,
            kind: 'unknown',
            suggestion: undefined,
          })
      if (problems.length > 0) throw new ConfigFault(problems, undefined, undefined, makeKey(tenant, name))
      const bare = (account: string): string => account.slice(tenant.length + 1)
      const account = bare(built.account)
      const ofRules = built.rules.flatMap(rule => (rule.account === undefined ? [] : [bare(rule.account)]))
      return { secrets: found, account, further: [...new Set(ofRules)].filter(other => other !== account) }
    },

    /** @throws ConfigFault */
    async open(tenant: string, name: string, settings: MemberSettings): Promise<OpenedMember> {
      const accounts = await loadAccounts(tenant, listNamedAccounts(settings))
      const written = {
        name: makeKey(tenant, name),
        settings,
        secrets: await keptKeys({ kind: 'mailbox', tenant, name }),
      }
      const { built: mailbox } = await loadMemberMailbox(written, accounts, kept)
      return { mailbox, accounts }
    },
  }
}

/** The secret that a vault would have by this name: `mailbox/TENANT/NAME/password`. */
function readVaultName(vaultName: string): SecretName | undefined {
  const [head, tenant = '', owner = '', ...more] = vaultName.split('/')
  if (more.length !== 1) return undefined
  const kind = head === 'google' ? 'account' : 'mailbox'
  const names: Readonly<Record<string, (name: string) => string>> = memberSecretNames[kind]
  const key = Object.keys(names).find(candidate => names[candidate]?.(makeKey(tenant, owner)) === vaultName)
  return key === undefined ? undefined : { tenant, kind, owner, key }
}
