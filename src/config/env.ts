/**
 * Every variable, in the order of .env.example, and the reading of the process environment over `.env`.
 * What is said twice is taken from the process environment.
 */
import { join } from 'node:path'
import { homeOf } from '../base/home.ts'
import type { Problem } from '../base/problem.ts'
import { isDotEnv, readDotEnv } from './dot-env.ts'
import { absolutePath, configFolder, isThere, type Machine } from './load-paths.ts'

export interface Variable {
  readonly name: string
  /** The part of the configuration that it belongs to, and its key there (as in YAML). */
  readonly part: 'mailbox' | 'account' | 'top' | 'start'
  readonly key: string
  /** May come as NAME_FILE too, and is never shown. */
  readonly secret?: true
  /** Only the environment of the process may say it: neither `.env` nor the YAML file. */
  readonly processOnly?: true
}

const mailbox = (name: string, key: string): Variable => ({ name, part: 'mailbox', key })
const account = (name: string, key: string): Variable => ({ name, part: 'account', key })
const top = (name: string, key: string): Variable => ({ name, part: 'top', key })
const secret = (variable: Variable): Variable => ({ ...variable, secret: true })
const processOnly = (variable: Variable): Variable => ({ ...variable, processOnly: true })

export const variables: readonly Variable[] = [
  // The source mailbox
  mailbox('MAIL_PROTOCOL', 'protocol'),
  mailbox('MAIL_HOST', 'host'),
  mailbox('MAIL_PORT', 'port'),
  mailbox('MAIL_SECURITY', 'security'),
  mailbox('MAIL_CA_FILE', 'caFile'),
  mailbox('MAIL_CERT_SHA256', 'certSha256'),
  mailbox('MAIL_USER', 'user'),
  secret(mailbox('MAIL_PASSWORD', 'password')),
  mailbox('MAIL_FOLDERS', 'folders'),
  // The Gmail account
  account('GMAIL_ACCOUNT', 'address'),
  account('GOOGLE_CLIENT_ID', 'clientId'),
  secret(account('GOOGLE_CLIENT_SECRET', 'clientSecret')),
  secret(account('GOOGLE_REFRESH_TOKEN', 'refreshToken')),
  account('GOOGLE_SERVICE_ACCOUNT_FILE', 'serviceAccountFile'),
  // How mail looks in Gmail
  mailbox('GMAIL_LABELS', 'labels'),
  mailbox('GMAIL_ARCHIVE', 'archive'),
  mailbox('GMAIL_NEVER_MARK_SPAM', 'neverMarkSpam'),
  mailbox('GMAIL_PROCESS_FOR_CALENDAR', 'processForCalendar'),
  mailbox('GMAIL_INTERNAL_DATE_SOURCE', 'internalDateSource'),
  account('GMAIL_UNITS_PER_MINUTE', 'unitsPerMinute'),
  account('GMAIL_IMPORTS_IN_FLIGHT', 'importsInFlight'),
  // What happens when
  mailbox('AFTER_IMPORT', 'afterImport'),
  mailbox('START_FROM', 'startFrom'),
  mailbox('SCHEDULE', 'schedule'),
  mailbox('WHEN_OUTCOME_UNKNOWN', 'whenOutcomeUnknown'),
  mailbox('WHEN_REFUSED', 'whenRefused'),
  // Authentication results
  mailbox('VERIFY', 'verify'),
  mailbox('FORWARDING_ADDRESS', 'forwardingAddress'),
  mailbox('AUTHSERV_IDS', 'authservIds'),
  top('DNS_SERVERS', 'dnsServers'),
  // Telling the owner
  top('ALERT_AFTER_MINUTES', 'alertAfterMinutes'),
  top('ALERT_MAIL', 'alertMail'),
  secret(top('ALERT_WEBHOOK', 'alertWebhook')),
  secret(top('ALERT_PING', 'alertPing')),
  // Google's endpoints
  processOnly(top('GMAIL_API_ROOT', 'gmailApiRoot')),
  processOnly(top('GOOGLE_AUTH_URL', 'googleAuthUrl')),
  processOnly(top('GOOGLE_TOKEN_URL', 'googleTokenUrl')),
  processOnly(top('GOOGLE_REVOKE_URL', 'googleRevokeUrl')),
  // This machine
  top('STATE_DIR', 'stateDir'),
  top('LOG_LEVEL', 'logLevel'),
  top('LOG_FORMAT', 'logFormat'),
  top('HIKYAKU_LANG', 'language'),
  // Read before or beside the configuration
  { name: 'HIKYAKU_CONFIG', part: 'start', key: 'config' },
  { name: 'HIKYAKU_VAULT', part: 'start', key: 'vault' },
  { name: 'HIKYAKU_KEY', part: 'start', key: 'key', secret: true },
]

const allNames: readonly string[] = variables.flatMap(v => (v.secret ? [v.name, `${v.name}_FILE`] : [v.name]))

const secretNames: ReadonlySet<string> = new Set(variables.filter(v => v.secret).map(v => v.name))

export interface Environment {
  /** The value, trimmed; undefined where unset or empty. */
  get(name: string): string | undefined
  /** Everything, the process environment over `.env`. */
  readonly all: Readonly<Record<string, string | undefined>>
}

/** The YAML file that the process itself, or its platform, says is in force. */
export interface ConfigFile {
  readonly path: string
  /** How its owner knows it: HIKYAKU_CONFIG, or the path. */
  readonly at: string
}

export interface ReadEnvironment {
  readonly environment: Environment
  /** Where there is one, `.env` was not read, and nothing else can name another file. */
  readonly configFile: ConfigFile | undefined
  /** `.env` must not be read, and nothing goes on without it: somebody else may have written it, for instance. */
  readonly refused: Problem | undefined
  readonly problems: readonly Problem[]
  /** Not wrong, but worth saying: a variable of the process environment that looks misspelt; an ignored `.env`. */
  readonly notes: readonly Problem[]
}

type Env = Readonly<Record<string, string | undefined>>

export interface EnvironmentOptions {
  /** The YAML file that a flag names; before HIKYAKU_CONFIG. */
  readonly file?: string | undefined
  readonly platform?: NodeJS.Platform
  readonly home?: string | undefined
}

/** The settings that say that the environment describes a mailbox. */
export const telling = ['MAIL_PROTOCOL', 'MAIL_HOST', 'MAIL_USER'] as const

/**
 * @param env the environment of the process
 * @param cwd where `.env` may be; it is read only where no YAML file is in force
 */
export async function readEnvironment(
  env: Env,
  cwd: string,
  options: EnvironmentOptions = {},
): Promise<ReadEnvironment> {
  const { platform = process.platform, home = homeOf(env) } = options
  const dotEnv = join(cwd, '.env')
  const configFile = await configFileInForce({ env, platform, home }, cwd, options.file)
  const { values, problems, refused } =
    configFile === undefined
      ? await readDotEnv(dotEnv, allNames, secretNames)
      : { values: {}, problems: [], refused: undefined }
  const file: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(values)) {
    const variable = variables.find(one => one.name === name)
    if (variable?.processOnly) problems.push({ at: name, kind: 'process-only' })
    // Nothing else: what steers node, its loader or the way to the keychain is not for a file to say.
    else if (allNames.includes(name) || looksOurs(name) || isNameInVault(name)) file[name] = value
  }
  const all: Record<string, string | undefined> = { ...file, ...env }
  for (const { name, secret } of variables) {
    // NAME and NAME_FILE are one setting: the process environment's form of it replaces the other one in .env.
    if (secret && env[name] !== undefined && env[`${name}_FILE`] === undefined) delete all[`${name}_FILE`]
    if (secret && env[`${name}_FILE`] !== undefined && env[name] === undefined) delete all[name]
  }
  const fromFile = Object.keys(file).filter(name => env[name] === undefined)
  problems.push(...unknownIn(fromFile, looksOurs))
  const notes = unknownIn(
    Object.keys(env),
    name => /^(MAIL|GMAIL|ALERT)_/.test(name) && nearest(name, allNames) !== undefined,
  )
  if (configFile !== undefined && (await isDotEnv(dotEnv)))
    notes.push({ at: dotEnv, kind: 'dot-env-ignored', file: configFile.path })
  return {
    configFile,
    refused,
    problems,
    notes,
    environment: {
      all,
      get: name => all[name]?.trim() || undefined,
    },
  }
}

/** The file of a flag; else of HIKYAKU_CONFIG; else, unless a variable describes a mailbox, the platform's own. */
async function configFileInForce(
  machine: Machine,
  cwd: string,
  file: string | undefined,
): Promise<ConfigFile | undefined> {
  const { env, home } = machine
  const asked = file ?? (env.HIKYAKU_CONFIG?.trim() || undefined)
  if (asked !== undefined) {
    const path = absolutePath(asked, cwd, home)
    return { path, at: file === undefined ? 'HIKYAKU_CONFIG' : path }
  }
  if (telling.some(name => env[name]?.trim())) return undefined
  const folder = configFolder(machine)
  if (folder === undefined) return undefined
  const usual = join(folder, 'config.yaml')
  return (await isThere(usual)) ? { path: usual, at: usual } : undefined
}

/** A secret's name in the vault, as a variable. */
const isNameInVault = (name: string): boolean =>
  /^(MAILBOX|GOOGLE)_.*_(PASSWORD|REFRESH_TOKEN|CLIENT_SECRET)(_FILE)?$/.test(name)

/** Names that others may put into the same `.env` are left alone. */
function looksOurs(name: string): boolean {
  if (isNameInVault(name)) return false
  if (/^HIKYAKU_(FUZZ_RUNS|REQUIRE_SERVERS|SKIPPED_SUITES)$/.test(name)) return false
  return (
    /^(MAIL|GMAIL|HIKYAKU|ALERT|GOOGLE_CLIENT|GOOGLE_REFRESH)_/.test(name) ||
    nearest(name, allNames) !== undefined
  )
}

function unknownIn(names: readonly string[], ours: (name: string) => boolean): Problem[] {
  return names
    .filter(name => !allNames.includes(name) && ours(name))
    .map(name => ({ at: name, kind: 'unknown', suggestion: nearest(name, allNames) }))
}

/** The known name that a misspelt one most likely means: at most two slips, fewer for short names. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase()
  let best: string | undefined
  let least = Math.min(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const away = distance(lower, candidate.toLowerCase(), least)
    if (away < least) {
      least = away
      best = candidate
    }
  }
  return best
}

/** Damerau's distance (insertion, deletion, substitution, swap of neighbours), or `limit` where it is no less. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      let value = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (before[j - 2] ?? 0) + 1)
      }
      row.push(value)
    }
    before = last
    last = row
  }
  return Math.min(limit, last[b.length] ?? limit)
}
