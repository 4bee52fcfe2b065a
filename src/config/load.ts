/** From environment, .env and YAML to the frozen Config, or to one fault that names every problem. */
import { homedir } from 'node:os'
import { chooseLanguage } from '../locale/locale.ts'
import { Secret } from '../vault/vault.ts'
import type { AccountConfig, Config, FolderConfig, MailboxConfig } from './config.ts'
import { ConfigFault, type Problem } from './describe.ts'
import { readEnvironment, variables } from './env.ts'
import { type Machine, stateFolder } from './load-paths.ts'
import { certificateProblem, keyFileProblem, mailboxRules, shownFile } from './load-rules.ts'
import { type AskVault, checkSecret, makeSecret, type SecretPlace } from './load-secrets.ts'
import { type Part, readWritten } from './load-written.ts'
import { accountShape, checkPart, mailboxShape, secretKeys, topShape } from './schema.ts'

export interface LoadOptions {
  /** The process environment; `.env` in `cwd` stands behind it. */
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** YAML file named by a flag; before HIKYAKU_CONFIG. */
  readonly file?: string | undefined
  readonly platform?: NodeJS.Platform
  readonly home?: string
  /**
   * The vault, asked for what neither NAME nor NAME_FILE gives. It is called with the state directory and the
   * merged environment, so that it can be opened at the first question.
   */
  readonly secrets?: (name: string, context: SecretContext) => Promise<string | undefined>
  /**
   * Whether a password or permission that is missing for the one mailbox of the environment is a problem of
   * the configuration. Default true; false where none is needed (set-up, status). With a YAML file a missing
   * one is `secret.missing` when it is used, so that the other mailboxes go on.
   */
  readonly needSecrets?: boolean
  /** Told what is not wrong but worth saying; `problemLine` makes it text. */
  readonly onNote?: (note: Problem) => void
}

export interface SecretContext {
  readonly stateDir: string
  readonly env: NodeJS.ProcessEnv
}

/** Names of secrets in the vault. */
export const vaultNames = {
  password: (mailbox: string): string => `mailbox/${mailbox}/password`,
  refreshToken: (account: string): string => `google/${account}/refresh-token`,
  clientSecret: (account: string): string => `google/${account}/client-secret`,
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

/**
 * @returns the frozen configuration
 * @throws ConfigFault (config.invalid) with every problem found
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { cwd, platform = process.platform, home = options.env.HOME || homedir() } = options
  const note = options.onNote ?? (() => {})
  const { environment, problems: found, notes } = await readEnvironment(options.env, cwd)
  const problems: Problem[] = [...found]
  for (const one of notes) note(one)
  const env = environment.all as NodeJS.ProcessEnv
  const machine: Machine = { platform, home, env }
  const written = await readWritten({ environment, machine, cwd, file: options.file }, problems, note)

  const yaml = written.kind === 'yaml'
  const topValues = yaml ? withoutSecrets(written.top.values) : written.top.values
  const top = checkPart(topShape, topValues, written.top.place, problems)
  const stateDir =
    top?.stateDir === undefined ? stateFolder(machine) : written.top.path('stateDir', top.stateDir)
  const language = top?.language ?? chooseLanguage({ env })
  const context: Context = {
    env,
    problems,
    places: [],
    vault:
      options.secrets && (name => options.secrets?.(name, { stateDir, env }) ?? Promise.resolve(undefined)),
  }
  if (yaml) refuseSecretsInYaml(written.top, () => undefined, problems)
  const alertSecret = (key: 'alertWebhook' | 'alertPing'): Secret | undefined =>
    written.top.has(key) ? webAddress(written.top, key, context) : undefined
  const alerts = { webhook: alertSecret('alertWebhook'), ping: alertSecret('alertPing') }

  const accounts: (AccountConfig | undefined)[] = []
  for (const part of written.accounts) accounts.push(await buildAccount(part, written.kind, context))
  const names = accounts.flatMap(account => account?.name ?? [])
  const mailboxes: (MailboxConfig | undefined)[] = []
  for (const part of written.mailboxes) mailboxes.push(await buildMailbox(part, written.kind, names, context))
  findTwice(names, 'accounts', problems)
  findTwice(
    mailboxes.flatMap(mailbox => mailbox?.name ?? []),
    'mailboxes',
    problems,
  )
  checkVault(environment.get('HIKYAKU_VAULT'), problems)
  if (written.kind === 'environment' && options.needSecrets !== false) {
    for (const { place, secret } of context.places) {
      const problem = await checkSecret(place, secret)
      if (problem !== undefined) problems.push(problem)
    }
  }
  if (problems.length > 0 || top === undefined) throw new ConfigFault(inOrder(problems), language)

  return deepFreeze<Config>({
    stateDir,
    log: { level: top.logLevel, format: top.logFormat },
    language,
    endpoints: {
      apiRoot: top.gmailApiRoot,
      authUrl: top.googleAuthUrl,
      tokenUrl: top.googleTokenUrl,
      revokeUrl: top.googleRevokeUrl,
    },
    alerts: { afterMinutes: top.alertAfterMinutes, mail: top.alertMail, ...alerts },
    accounts: accounts.filter(account => account !== undefined),
    mailboxes: mailboxes.filter(mailbox => mailbox !== undefined),
  })
}

interface Context {
  readonly env: NodeJS.ProcessEnv
  readonly problems: Problem[]
  /** Secrets that must be there. */
  readonly places: { readonly place: SecretPlace; readonly secret: Secret }[]
  readonly vault: AskVault | undefined
}

/** A secret that must be there when it is used. */
function secretOf(part: Part, key: string, vaultName: string, context: Context): Secret {
  const place = part.secret(key, vaultName)
  if (place.value !== undefined && place.file !== undefined) {
    context.problems.push({ at: place.variable, kind: 'both', other: `${place.variable}_FILE` })
  }
  const secret = makeSecret(place, context.vault, context.env)
  context.places.push({ place, secret })
  return secret
}

/** A web address that is a secret: checked at the door where it stands in the environment, never shown. */
function webAddress(part: Part, key: string, context: Context): Secret {
  const secret = secretOf(part, key, `alert/${key}`, context)
  const { value, at } = part.secret(key, '')
  const good = value === undefined || (URL.canParse(value.trim()) && /^https?:/i.test(value.trim()))
  if (!good) context.problems.push({ at, kind: 'expected', what: 'web-url' })
  return secret
}

async function buildAccount(
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
  const clientSecret = secretOf(part, 'clientSecret', vaultNames.clientSecret(name), context)
  const refreshToken = secretOf(part, 'refreshToken', vaultNames.refreshToken(name), context)
  if (checked?.clientId === undefined) return undefined
  const credential = { kind: 'user', clientId: checked.clientId, clientSecret, refreshToken } as const
  return { name, address: checked.address, credential, ...paceOf(checked) }
}

function paceOf(checked: { unitsPerMinute: number; importsInFlight: number }) {
  return { unitsPerMinute: checked.unitsPerMinute, importsInFlight: checked.importsInFlight }
}

async function buildMailbox(
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
    checked?.name ?? mailboxName(String(part.values.user ?? '<name>@'), String(part.values.host ?? ''))
  if (kind === 'yaml') refuseSecretsInYaml(part, () => vaultNames.password(name), problems)
  const password = secretOf(part, 'password', vaultNames.password(name), context)
  if (checked === undefined) return undefined
  const account = checked.account ?? (accounts.length === 1 ? accounts[0] : undefined)
  // With a broken account the mailbox's own reference cannot be judged.
  if (account === undefined || !accounts.includes(account)) {
    if (accounts.length > 0) {
      problems.push({ at: part.place('account'), kind: 'no-such-account', accounts, given: checked.account })
    }
    return undefined
  }
  const { protocol, security, host, labels, archive, neverMarkSpam, processForCalendar, internalDateSource } =
    checked
  const folders: readonly FolderConfig[] = checked.folders ?? [{ name: 'INBOX', to: 'inbox', labels: [] }]
  return {
    name,
    protocol,
    server: {
      host,
      port: checked.port ?? ports[protocol][security],
      security,
      caFile,
      pinnedSha256: checked.certSha256,
    },
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

function withoutSecrets(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !secretKeys.includes(key)))
}

function refuseSecretsInYaml(
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

function findTwice(names: readonly string[], at: string, problems: Problem[]): void {
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  for (const what of twice) problems.push({ at, kind: 'twice', what })
}

function checkVault(given: string | undefined, problems: Problem[]): void {
  const values = ['auto', 'keychain', 'sealed-file', 'environment']
  if (given !== undefined && !values.includes(given)) {
    problems.push({ at: 'HIKYAKU_VAULT', kind: 'one-of', values, given })
  }
}

/** Each problem once, those of variables in the order of .env.example. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const once = new Map(problems.map(problem => [JSON.stringify(problem), problem]))
  const rank = ({ at }: Problem): number => {
    const found = variables.findIndex(v => v.name === at || `${v.name}_FILE` === at)
    return found < 0 ? variables.length : found
  }
  return [...once.values()].sort((a, b) => rank(a) - rank(b))
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null && !(inner instanceof Secret)) deepFreeze(inner)
  }
  return Object.freeze(value)
}
