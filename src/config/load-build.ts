/** The parts of the Config from what was checked: accounts, mailboxes, and their secrets by reference. */

import { isGivenTwice } from '../base/given-secret.ts'
import type { Problem } from '../base/problem.ts'
import type { Destination, Secret } from '../base/secret.ts'
import type { AccountConfig, FolderConfig, GoogleEndpoints, MailboxConfig, ServerConfig } from './config.ts'
import { googleDestination, mailboxDestination } from './destinations.ts'
import { certificateProblem, keyFileProblem, mailboxRules, shownFile } from './load-rules.ts'
import { givenTwice, makeSecret, type SecretPlace, type SecretSources } from './load-secrets.ts'
import type { Part } from './load-written.ts'
import { accountShape, checkPart, mailboxShape, secretKeys } from './schema.ts'

/** Names of secrets in the vault. */
export const vaultNames = {
  password: (mailbox: string): string => `mailbox/${mailbox}/password`,
  refreshToken: (account: string): string => `google/${account}/refresh-token`,
  clientSecret: (account: string): string => `google/${account}/client-secret`,
  /** Whose permission the refresh token is. */
  identity: (account: string): string => `google/${account}/identity`,
} as const

/** The name of a mailbox that was given none: its address, or user and server. */
export function mailboxName(user: string, host: string): string {
  return user.includes('@') ? user : `${user}@${host}`
}

const ports = {
  imap: { tls: 993, starttls: 143, none: 143 },
  pop3: { tls: 995, starttls: 110, none: 110 },
} as const
const schedules = { imap: '*/5 * * * *', pop3: '* * * * *' } as const

export interface Context extends SecretSources {
  readonly problems: Problem[]
  readonly endpoints: GoogleEndpoints
  /** Secrets that must be there. */
  readonly places: { readonly place: SecretPlace; readonly secret: Secret }[]
}

/** A secret that must be there when it is used. */
function secretOf(
  part: Part,
  key: string,
  vaultName: string,
  destination: Destination | undefined,
  context: Context,
): Secret {
  const place = part.secret(key, vaultName)
  if (isGivenTwice(place)) context.problems.push(givenTwice(place))
  const secret = makeSecret(place, destination, context)
  context.places.push({ place, secret })
  return secret
}

/** A web address that is a secret: checked at the door where it stands in the environment, never shown. */
export function webAddress(part: Part, key: string, context: Context): Secret {
  const secret = secretOf(part, key, `alert/${key}`, undefined, context)
  const { value, at } = part.secret(key, '')
  const good = value === undefined || (URL.canParse(value.trim()) && /^https?:/i.test(value.trim()))
  if (!good) context.problems.push({ at, kind: 'expected', what: 'web-url' })
  return secret
}

export async function buildAccount(
  part: Part,
  kind: 'environment' | 'yaml',
  context: Context,
): Promise<AccountConfig | undefined> {
  const { problems } = context
  const usable = kind === 'yaml' ? withoutSecrets(part.values) : part.values
  const checked = checkPart(accountShape, usable, part.place, problems)
  const keyFileWritten = part.values.serviceAccountFile
  const name = checked?.name ?? checked?.address ?? 'me'
  if (kind === 'yaml') {
    refuseSecretsInYaml(
      part,
      key => (key === 'clientSecret' ? vaultNames.clientSecret(name) : vaultNames.refreshToken(name)),
      problems,
    )
  }
  if (typeof keyFileWritten === 'string' && keyFileWritten.trim() !== '') {
    const at = part.place('serviceAccountFile')
    if (part.values.clientId != null) problems.push({ at: part.place('clientId'), kind: 'both', other: at })
    const keyFile = part.path('serviceAccountFile', keyFileWritten.trim())
    const problem = await keyFileProblem(at, keyFile, context.env)
    if (problem !== undefined) problems.push(hideFile(problem, keyFileWritten))
    if (checked === undefined) return undefined
    if (checked.address === 'me') problems.push({ at: part.place('address'), kind: 'subject-needed' })
    const credential = { kind: 'service-account', keyFile, subject: checked.address } as const
    return { name, address: checked.address, credential, ...paceOf(checked) }
  }
  if (part.values.clientId == null) {
    const example = '1234567890-abc.apps.googleusercontent.com'
    problems.push({ at: part.place('clientId'), kind: 'missing', example })
  }
  const google = googleDestination(context.endpoints)
  const clientSecret = secretOf(part, 'clientSecret', vaultNames.clientSecret(name), google, context)
  const refreshToken = secretOf(part, 'refreshToken', vaultNames.refreshToken(name), google, context)
  if (checked?.clientId === undefined) return undefined
  const { value, file } = part.secret('refreshToken', vaultNames.refreshToken(name))
  const ofVault = value === undefined && file === undefined
  const identity = ofVault ? async () => context.vault?.(vaultNames.identity(name), google) : undefined
  const { clientId } = checked
  const credential = { kind: 'user', clientId, clientSecret, refreshToken, identity } as const
  return { name, address: checked.address, credential, ...paceOf(checked) }
}

function paceOf(checked: { unitsPerMinute: number; importsInFlight: number }) {
  return { unitsPerMinute: checked.unitsPerMinute, importsInFlight: checked.importsInFlight }
}

export async function buildMailbox(
  part: Part,
  kind: 'environment' | 'yaml',
  accounts: readonly string[],
  context: Context,
): Promise<MailboxConfig | undefined> {
  const { problems } = context
  const usable = kind === 'yaml' ? withoutSecrets(part.values) : part.values
  const checked = checkPart(mailboxShape, usable, part.place, problems)
  problems.push(...mailboxRules(part.values, part.place))
  const caWritten = part.values.caFile
  const caFile =
    typeof caWritten === 'string' && caWritten.trim() !== ''
      ? part.path('caFile', caWritten.trim())
      : undefined
  if (caFile !== undefined) {
    const problem = await certificateProblem(part.place('caFile'), caFile)
    if (problem !== undefined) problems.push(hideFile(problem, String(caWritten)))
  }
  const name =
    checked === undefined
      ? ([part.values.name, part.values.user].find(one => typeof one === 'string') ?? '<name>')
      : (checked.name ?? mailboxName(checked.user, checked.host))
  if (kind === 'yaml') refuseSecretsInYaml(part, () => vaultNames.password(name), problems)
  const server: ServerConfig | undefined = checked && {
    host: checked.host,
    port: checked.port ?? ports[checked.protocol][checked.security],
    security: checked.security,
    caFile,
    pinnedSha256: checked.certSha256,
  }
  const destination = server && mailboxDestination(server)
  const password = secretOf(part, 'password', vaultNames.password(name), destination, context)
  if (checked === undefined || server === undefined) return undefined
  const account = checked.account ?? (accounts.length === 1 ? accounts[0] : undefined)
  // With a broken account the mailbox's own reference cannot be judged.
  if (account === undefined || !accounts.includes(account)) {
    if (accounts.length > 0) {
      problems.push({ at: part.place('account'), kind: 'no-such-account', accounts, given: checked.account })
    }
    return undefined
  }
  const { protocol, labels, archive, neverMarkSpam, processForCalendar, internalDateSource } = checked
  const folders: readonly FolderConfig[] = checked.folders ?? [{ name: 'INBOX', to: 'inbox', labels: [] }]
  return {
    name,
    protocol,
    server,
    user: checked.user,
    password,
    folders: protocol === 'imap' ? folders : folders.map(folder => ({ ...folder, name: '' })),
    account,
    labels,
    archive,
    neverMarkSpam,
    processForCalendar,
    internalDateSource,
    afterImport: checked.afterImport,
    startFrom: checked.startFrom,
    schedule: checked.schedule ?? schedules[protocol],
    whenOutcomeUnknown: checked.whenOutcomeUnknown,
    whenRefused: checked.whenRefused,
    verify: checked.verify,
    forwardingAddress: checked.forwardingAddress,
    authservIds: checked.authservIds,
  }
}

export function withoutSecrets(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !secretKeys.includes(key)))
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

function hideFile(problem: Problem, written: string): Problem {
  return 'file' in problem ? { ...problem, file: shownFile(written, problem.file) } : problem
}
