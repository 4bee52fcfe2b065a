/** The parts of the Config from what was checked: accounts, mailboxes, and their secrets by reference. */

import { bareAppPassword } from '../base/app-password.ts'
import type { Problem } from '../base/problem.ts'
import { Secret } from '../base/secret.ts'
import { checkRuleAccounts, findIdleRules } from './check-rules.ts'
import type { AccountConfig, AlertConfig, MailboxConfig, MailCredential, ServerConfig } from './config.ts'
import { makeGmailImapDestination, makeGoogleDestination, makeMailboxDestination } from './destinations.ts'
import { type Context, makeSecretOf } from './load-context.ts'
import { buildOAuth, withoutOAuth } from './load-oauth.ts'
import { checkCertificateFile, checkKeyFile, checkMailboxRules, nameWrittenFile } from './load-rules.ts'
import type { Part } from './load-written.ts'
import { readPart } from './read-part.ts'
import type { Values } from './settings/setting.ts'
import { accountSettings, mailboxSettings, secretKeys } from './settings.ts'
import { vaultNames } from './vault-names.ts'

/** The name of a mailbox that was given none: its address, or user and server. */
export function makeMailboxName(user: string, host: string): string {
  return user.includes('@') ? user : `${user}@${host}`
}

/** A web address that is a secret: checked at the door where it stands in the environment, never shown. */
function readWebAddress(part: Part, key: string, context: Context): Secret {
  const secret = makeSecretOf(part, key, `alert/${key}`, undefined, context)
  const { value, at } = part.secret(key, '')
  const good = value === undefined || (URL.canParse(value.trim()) && /^https?:/i.test(value.trim()))
  if (!good) context.problems.push({ at, kind: 'expected', what: 'web-url' })
  return secret
}

/** Where somebody is told, as far as that is secret. */
export function readAlerts(part: Part, context: Context): Pick<AlertConfig, 'webhook' | 'ping'> {
  const secretOf = (key: 'alertWebhook' | 'alertPing'): Secret | undefined =>
    part.has(key) ? readWebAddress(part, key, context) : undefined
  return { webhook: secretOf('alertWebhook'), ping: secretOf('alertPing') }
}

export async function buildAccount(
  part: Part,
  kind: 'environment' | 'yaml',
  context: Context,
): Promise<AccountConfig | undefined> {
  const { problems } = context
  const { sound, values } = readPart(accountSettings, part, problems)
  const name = sound?.name ?? sound?.address ?? 'me'
  if (kind === 'yaml') {
    refuseSecretsInYaml(part, key => (isSecretOfAccount(key) ? vaultNames[key](name) : undefined), problems)
  }
  if (values.way === 'append') return buildAppendAccount(part, sound, name, context)
  const { serviceAccountFile: keyFile, serviceAccount } = values
  if (serviceAccount !== undefined) return buildSealedAccount(part, sound, name, serviceAccount, context)
  if (keyFile !== undefined) {
    const at = part.place('serviceAccountFile')
    if (part.values.clientId != null) problems.push({ at: part.place('clientId'), kind: 'both', other: at })
    const problem = await checkKeyFile(at, keyFile, context.env)
    if (problem !== undefined) problems.push(hideFilePath(problem, part.values.serviceAccountFile))
  } else if (part.values.clientId == null) {
    const { example = '' } = accountSettings.clientId
    problems.push({ at: part.place('clientId'), kind: 'missing', example })
  }
  const google = makeGoogleDestination(context.endpoints)
  const secretFor = (key: 'clientSecret' | 'refreshToken'): Secret =>
    makeSecretOf(part, key, vaultNames[key](name), google, context)
  const secrets =
    keyFile === undefined
      ? { clientSecret: secretFor('clientSecret'), refreshToken: secretFor('refreshToken') }
      : undefined
  if (sound === undefined) return undefined
  const {
    name: _name,
    way,
    appPassword,
    clientId,
    clientSecret,
    refreshToken,
    serviceAccountFile,
    serviceAccount: _serviceAccount,
    ...plain
  } = sound
  const { address } = plain
  context.settled.push({ part: 'account', name, source: part, values: { ...sound, name } })
  if (keyFile !== undefined) {
    if (address === 'me') problems.push({ at: part.place('address'), kind: 'subject-needed' })
    return { ...plain, name, credential: { kind: 'service-account', keyFile, subject: address } }
  }
  if (clientId === undefined || secrets === undefined) return undefined
  const identity = part.has('refreshToken')
    ? undefined
    : async () => context.vault?.(vaultNames.identity(name), google)
  return { ...plain, name, credential: { kind: 'user', clientId, ...secrets, identity } }
}

/** A service account whose key is in no file, but in whatever gives this part its secrets. */
function buildSealedAccount(
  part: Part,
  sound: Values<typeof accountSettings> | undefined,
  name: string,
  serviceAccount: string,
  context: Context,
): AccountConfig | undefined {
  const [at, key] = [part.place('serviceAccount'), 'serviceAccountKey']
  if (!part.has(key)) context.problems.push({ at, kind: 'needs', other: key })
  for (const other of ['serviceAccountFile', 'clientId'])
    if (part.values[other] != null) context.problems.push({ at: part.place(other), kind: 'both', other: at })
  if (sound?.address === 'me') context.problems.push({ at: part.place('address'), kind: 'subject-needed' })
  const google = makeGoogleDestination(context.endpoints)
  const secret = makeSecretOf(part, key, vaultNames.serviceAccountKey(name), google, context)
  if (sound === undefined) return undefined
  const { address: subject, unitsPerMinute, importsInFlight } = sound
  context.settled.push({ part: 'account', name, source: part, values: { ...sound, name } })
  const credential = { kind: 'service-account', keyFile: serviceAccount, key: secret, subject } as const
  return { name, address: subject, unitsPerMinute, importsInFlight, credential }
}

const isSecretOfAccount = (key: string): key is 'clientSecret' | 'refreshToken' | 'appPassword' =>
  ['clientSecret', 'refreshToken', 'appPassword'].includes(key)

/** What stands there for the other way is left alone: the owner may go back to it. */
function buildAppendAccount(
  part: Part,
  sound: Values<typeof accountSettings> | undefined,
  name: string,
  context: Context,
): AccountConfig | undefined {
  const destination = makeGmailImapDestination(context.endpoints)
  const typed = makeSecretOf(part, 'appPassword', vaultNames.appPassword(name), destination, context)
  const password = new Secret(async () => {
    const bare = bareAppPassword(await typed.reveal())
    context.onReveal?.(bare)
    return bare
  }, typed.givenBy)
  if (sound === undefined) return undefined
  const { address, unitsPerMinute, importsInFlight } = sound
  if (address === 'me') context.problems.push({ at: part.place('address'), kind: 'address-needed' })
  context.settled.push({ part: 'account', name, source: part, values: { ...sound, name } })
  return { name, address, unitsPerMinute, importsInFlight, credential: { kind: 'app-password', password } }
}

export async function buildMailbox(
  part: Part,
  kind: 'environment' | 'yaml',
  accounts: readonly string[],
  context: Context,
): Promise<MailboxConfig | undefined> {
  const { problems } = context
  const { sound, values } = readPart(mailboxSettings, part, problems)
  problems.push(...checkMailboxRules(values, part))
  if (values.caFile !== undefined) {
    const problem = await checkCertificateFile(part.place('caFile'), values.caFile)
    if (problem !== undefined) problems.push(hideFilePath(problem, part.values.caFile))
  }
  const name =
    sound === undefined
      ? ([part.values.name, part.values.user].find(text => typeof text === 'string') ?? '<name>')
      : (sound.name ?? makeMailboxName(sound.user, sound.host))
  if (kind === 'yaml') refuseSecretsInYaml(part, key => vaultNameOf(key, name), problems)
  const server = sound && pickServer(sound)
  const credential =
    values.auth === 'oauth'
      ? await buildOAuth(part, name, values, server, context)
      : makePassword(part, name, server, context)
  if (accounts.length > 0) problems.push(...checkRuleAccounts(values.rules ?? [], accounts, part))
  if (sound === undefined || server === undefined || credential === undefined) return undefined
  for (const problem of findIdleRules(sound, part)) context.note(problem)
  const account = sound.account ?? (accounts.length === 1 ? accounts[0] : undefined)
  // With a broken account the mailbox's own reference cannot be judged.
  if (account === undefined || !accounts.includes(account)) {
    if (accounts.length > 0) {
      problems.push({ at: part.place('account'), kind: 'no-such-account', accounts, given: sound.account })
    }
    return undefined
  }
  context.settled.push({ part: 'mailbox', name, source: part, values: { ...sound, name, account } })
  const { host, port, security, caFile, certSha256, password: _, ...others } = sound
  const built = { ...withoutOAuth(others), name, account, server, credential }
  if (built.protocol === 'imap') return built
  const folders = built.folders.map(folder => ({ ...folder, name: '' }))
  const rules = built.rules.map(rule => ({
    ...rule,
    folder: rule.folder?.map(folder => (folder === 'INBOX' ? '' : folder)),
  }))
  return { ...built, folders, rules }
}

function makePassword(
  part: Part,
  name: string,
  server: ServerConfig | undefined,
  context: Context,
): MailCredential {
  const destination = server && makeMailboxDestination(server)
  const password = makeSecretOf(part, 'password', vaultNames.password(name), destination, context)
  return { kind: 'password', password }
}

function vaultNameOf(key: string, mailbox: string): string {
  if (key === 'oauthClientSecret') return vaultNames.mailClientSecret(mailbox)
  return key === 'oauthRefreshToken' ? vaultNames.mailRefreshToken(mailbox) : vaultNames.password(mailbox)
}

function pickServer(sound: Values<typeof mailboxSettings>): ServerConfig {
  const { host, port, security, caFile, certSha256: pinnedSha256 } = sound
  return { host, port, security, caFile, pinnedSha256 }
}

export function refuseSecretsInYaml(
  part: Part,
  vaultName: (key: string) => string | undefined,
  problems: Problem[],
): void {
  for (const key of secretKeys) {
    if (part.values[key] == null) continue
    problems.push({
      at: part.place(key),
      kind: 'secret-in-yaml',
      instead: `${key}File`,
      vaultName: vaultName(key),
    })
  }
}

function hideFilePath(problem: Problem, written: unknown): Problem {
  return 'file' in problem
    ? { ...problem, file: nameWrittenFile(String(written).trim(), problem.file) }
    : problem
}
