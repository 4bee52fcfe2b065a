/**
 * Every variable, in the order of .env.example, and the reading of the process environment over `.env`.
 * What is said twice is taken from the process environment.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { Problem } from './describe.ts'

export interface Variable {
  readonly name: string
  /** The part of the configuration that it belongs to, and its key there (as in YAML). */
  readonly part: 'mailbox' | 'account' | 'top' | 'start'
  readonly key: string
  /** May come as NAME_FILE too, and is never shown. */
  readonly secret?: true
}

const mailbox = (name: string, key: string): Variable => ({ name, part: 'mailbox', key })
const account = (name: string, key: string): Variable => ({ name, part: 'account', key })
const top = (name: string, key: string): Variable => ({ name, part: 'top', key })
const secret = (variable: Variable): Variable => ({ ...variable, secret: true })

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
  top('GMAIL_API_ROOT', 'gmailApiRoot'),
  top('GOOGLE_AUTH_URL', 'googleAuthUrl'),
  top('GOOGLE_TOKEN_URL', 'googleTokenUrl'),
  top('GOOGLE_REVOKE_URL', 'googleRevokeUrl'),
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

export interface Environment {
  /** The value, trimmed; undefined where unset or empty. */
  get(name: string): string | undefined
  /** The value to the letter, for secrets. */
  raw(name: string): string | undefined
  /** Everything, the process environment over `.env`. */
  readonly all: Readonly<Record<string, string | undefined>>
}

export interface ReadEnvironment {
  readonly environment: Environment
  readonly problems: readonly Problem[]
  /** Not wrong, but worth saying: a variable of the process environment that looks misspelt. */
  readonly notes: readonly Problem[]
}

type Env = Readonly<Record<string, string | undefined>>

/** @param cwd where `.env` may be */
export async function readEnvironment(env: Env, cwd: string): Promise<ReadEnvironment> {
  const problems: Problem[] = []
  const file = await readDotEnv(join(cwd, '.env'), problems)
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
  return {
    problems,
    notes,
    environment: {
      all,
      get: name => all[name]?.trim() || undefined,
      raw: name => all[name] || undefined,
    },
  }
}

/** Names that others may put into the same `.env` are left alone. */
function looksOurs(name: string): boolean {
  if (/^(MAILBOX|GOOGLE)_.*_(PASSWORD|REFRESH_TOKEN|CLIENT_SECRET)(_FILE)?$/.test(name)) return false
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

async function readDotEnv(path: string, problems: Problem[]): Promise<Record<string, string | undefined>> {
  let octets: Buffer
  try {
    octets = await readFile(path)
  } catch (thrown) {
    const reason = (thrown as NodeJS.ErrnoException).code ?? 'EIO'
    // A folder named .env is what Docker makes of a missing file that is mounted.
    if (reason !== 'ENOENT') problems.push({ at: '.env', kind: 'file', file: path, reason })
    return {}
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch {
    problems.push({ at: '.env', kind: 'file', file: path, reason: 'not-utf-8' })
    return {}
  }
  // Node takes everything after a `#` for a comment, also in the middle of an unquoted word. A password that
  // is cut there would be refused by the server, and nobody would see why.
  for (const [, name, value] of text.matchAll(
    /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*([^\r\n]*)/gm,
  )) {
    if (name === undefined || value === undefined || !allNames.includes(name)) continue
    if (!/^['"`]/.test(value) && /[^\s#]#/.test(value.split(/\s#/)[0] ?? '')) {
      problems.push({ at: name, kind: 'hash' })
    }
  }
  const values: Record<string, string | undefined> = parseEnv(text)
  const secrets = new Set(variables.filter(v => v.secret).map(v => v.name))
  for (const name of allNames) {
    // An unclosed quotation mark swallows the lines below, and what is swallowed may be a secret: the value is
    // neither used nor shown. A secret itself may look like anything on one line.
    const swallowed = secrets.has(name) ? /[\r\n][A-Z_]{4,}\s*=/ : /[\r\n]|\b[A-Z][A-Z_]{3,}\s*=/
    if (!swallowed.test(values[name] ?? '')) continue
    problems.push({ at: name, kind: 'unclosed' })
    values[name] = undefined
  }
  return values
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
