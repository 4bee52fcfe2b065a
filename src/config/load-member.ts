/**
 * One mailbox, or one account, of a fleet's directory: the same mapping as an entry of the YAML file, read by the same code
 * and refused in the same words. Its secrets are none of the mapping: neither they nor files with them, since the files of
 * a worker's computer are not the tenant's.
 */
import { chooseLanguage } from '../base/language.ts'
import { ConfigFault, type Problem } from '../base/problem.ts'
import type { Secret } from '../base/secret.ts'
import type { AccountConfig, MailboxConfig } from './config.ts'
import type { GoogleEndpoints } from './endpoints.ts'
import { buildAccount, buildMailbox } from './load-build.ts'
import type { Context } from './load-context.ts'
import { resolveWrittenPath } from './load-paths.ts'
import type { AskVault, KeepInVault, SecretPlace } from './load-secrets.ts'
import type { Part } from './load-written.ts'
import { findMailLoops } from './mail-loops.ts'
import { deepFreeze } from './program-config.ts'
import { makeYamlKey, secretKeys } from './settings.ts'
import { vaultNames } from './vault-names.ts'

export interface MemberSources {
  readonly endpoints: GoogleEndpoints
  readonly microsoftLoginRoot: string
  readonly env: NodeJS.ProcessEnv
  /** Where its secrets are, by their names in a vault (memberSecretNames). */
  readonly vault: AskVault
  readonly keep: KeepInVault | undefined
  readonly onReveal: ((value: string) => void) | undefined
}

export interface WrittenMember {
  /** TENANT/NAME */
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
  /** The keys of the secrets that are there. */
  readonly secrets: readonly string[]
}

/** The secrets that must be there when they are used. */
export interface LoadedMember<T> {
  readonly built: T
  readonly places: readonly { readonly place: SecretPlace; readonly secret: Secret }[]
}

/** The name in a vault of each secret of an account or a mailbox, by the key of its setting. */
export const memberSecretNames = {
  account: {
    clientSecret: vaultNames.clientSecret,
    refreshToken: vaultNames.refreshToken,
    appPassword: vaultNames.appPassword,
    serviceAccountKey: vaultNames.serviceAccountKey,
  },
  mailbox: {
    password: vaultNames.password,
    oauthClientSecret: vaultNames.mailClientSecret,
    oauthRefreshToken: vaultNames.mailRefreshToken,
  },
} as const satisfies Record<string, Readonly<Record<string, (name: string) => string>>>

/** @throws ConfigFault */
export async function loadMemberAccount(
  member: WrittenMember,
  sources: MemberSources,
): Promise<LoadedMember<AccountConfig>> {
  const context = makeContext(sources)
  const part = makePart('accounts', member, context.problems)
  const built = await buildAccount(part, 'yaml', context)
  return finish(member, built, context)
}

/**
 * @param accounts those of its tenant
 * @throws ConfigFault
 */
export async function loadMemberMailbox(
  member: WrittenMember,
  accounts: readonly AccountConfig[],
  sources: MemberSources,
): Promise<LoadedMember<MailboxConfig>> {
  const context = makeContext(sources)
  const part = makePart('mailboxes', member, context.problems)
  // Within a tenant its accounts are called by their own names.
  const tenant = member.name.slice(0, member.name.indexOf('/') + 1)
  const names = accounts.map(({ name }) => name.slice(tenant.length))
  if (names.length === 0)
    context.problems.push({
      at: part.place('account'),
      kind: 'tenant-without-account',
      tenant: tenant.slice(0, -1),
    })
  const plain = await buildMailbox(part, 'yaml', names, context)
  const built = plain && {
    ...plain,
    account: `${tenant}${plain.account}`,
    rules: plain.rules.map(rule =>
      rule.account === undefined ? rule : { ...rule, account: `${tenant}${rule.account}` },
    ),
  }
  if (built !== undefined) context.problems.push(...findMailLoops([{ mailbox: built, part }], accounts))
  return finish(member, built, context)
}

function finish<T extends object>(
  { name }: WrittenMember,
  built: T | undefined,
  { problems, places, env }: Context,
): LoadedMember<T> {
  const told = problems.map(problem =>
    problem.kind === 'secret-in-yaml' ? ({ at: problem.at, kind: 'secret-apart' } as const) : problem,
  )
  if (told.length > 0 || built === undefined)
    throw new ConfigFault(told, chooseLanguage({ env }), undefined, name)
  return { built: deepFreeze(built), places }
}

function makeContext(sources: MemberSources): Context {
  return { ...sources, problems: [], note: () => {}, places: [], settled: [] }
}

function makePart(
  list: 'accounts' | 'mailboxes',
  { name, settings, secrets }: WrittenMember,
  problems: Problem[],
): Part {
  const prefix = `${list}[${name}].`
  for (const key of secretKeys) {
    const file = makeYamlKey(key, { secret: true })
    if (settings[file] != null) problems.push({ at: `${prefix}${file}`, kind: 'secret-apart' })
  }
  const { name: own, ...others } = settings
  const plain = name.slice(name.indexOf('/') + 1)
  if (own != null && own !== plain)
    problems.push({ at: `${prefix}name`, kind: 'one-of', values: [plain], given: String(own) })
  return {
    values: { ...others, name },
    place: key => `${prefix}${key}`,
    has: key => secrets.includes(key),
    secret: (key, vaultName) => ({
      at: `${prefix}${key}`,
      variable: `${prefix}${key}`,
      value: undefined,
      file: undefined,
      vaultName,
    }),
    path: (_key, written) => resolveWrittenPath(written, '/', undefined),
    originOf: () => undefined,
  }
}
