/**
 * The shape of a configuration at the door, for environment and YAML alike: keys, readers and defaults, held
 * by zod. What depends on several keys stands in rules.ts.
 */
import { z } from 'zod'
import type { Problem } from '../base/problem.ts'
import { nearest, variables } from './env.ts'
import {
  Complaint,
  type Reader,
  readAccount,
  readAfterImport,
  readBoolean,
  readDnsServers,
  readEndpoint,
  readFolders,
  readForwarder,
  readHost,
  readLabels,
  readList,
  readNumber,
  readOneOf,
  readPort,
  readSchedule,
  readSha256,
  readStartFrom,
  readText,
} from './schema-values.ts'

/** A value that must be there; `example` is shown where it is not. */
const needed = <T>(read: Reader<T>, example: string) => value(read, example)
/** A value that may be absent. */
const maybe = <T>(read: Reader<T>) => value(read, '').optional()
const otherwise = <T>(read: Reader<T>, usual: T) => value(read, '').default(() => usual as never)

function value<T>(read: Reader<T>, example: string) {
  return z.unknown().transform((written, context): T => {
    // YAML's empty value is null: as good as not there.
    const found =
      written === undefined || written === null ? new Complaint({ kind: 'missing', example }) : read(written)
    if (!(found instanceof Complaint)) return found
    context.issues.push({ code: 'custom', input: written, params: { problem: found.problem } })
    return z.NEVER
  })
}

const path: Reader<string> = readText

export const mailboxShape = z.strictObject({
  name: maybe(readText),
  account: maybe(readText),
  protocol: needed(readOneOf(['imap', 'pop3']), 'imap'),
  host: needed(readHost, 'mail.example.jp'),
  port: maybe(readPort),
  security: otherwise(readOneOf(['tls', 'starttls', 'none']), 'tls'),
  caFile: maybe(path),
  certSha256: maybe(readSha256),
  user: needed(readText, 'shop@example.jp'),
  passwordFile: maybe(path),
  folders: maybe(readFolders),
  labels: otherwise(readLabels, []),
  archive: otherwise(readBoolean, false),
  neverMarkSpam: otherwise(readBoolean, false),
  processForCalendar: otherwise(readBoolean, false),
  internalDateSource: otherwise(readOneOf(['dateHeader', 'receivedTime']), 'dateHeader'),
  afterImport: otherwise(readAfterImport, { do: 'keep' }),
  startFrom: otherwise(readStartFrom, { from: 'all' }),
  schedule: maybe(readSchedule),
  whenOutcomeUnknown: otherwise(readOneOf(['repeat', 'ask']), 'repeat'),
  whenRefused: otherwise(readOneOf(['keep', 'insert']), 'keep'),
  verify: otherwise(readBoolean, true),
  forwardingAddress: maybe(readForwarder),
  authservIds: otherwise(readList, []),
})

export const accountShape = z.strictObject({
  name: maybe(readText),
  address: otherwise(readAccount, 'me'),
  clientId: maybe(readText),
  clientSecretFile: maybe(path),
  refreshTokenFile: maybe(path),
  serviceAccountFile: maybe(path),
  unitsPerMinute: otherwise(readNumber(25, 1_200_000), 6000),
  importsInFlight: otherwise(readNumber(1, 3), 2),
})

export const topShape = z.strictObject({
  dnsServers: otherwise(readDnsServers, []),
  alertAfterMinutes: otherwise(readNumber(1, 10_080), 30),
  alertMail: otherwise(readBoolean, true),
  alertWebhookFile: maybe(path),
  alertPingFile: maybe(path),
  gmailApiRoot: otherwise(readEndpoint, 'https://gmail.googleapis.com'),
  googleAuthUrl: otherwise(readEndpoint, 'https://accounts.google.com/o/oauth2/v2/auth'),
  googleTokenUrl: otherwise(readEndpoint, 'https://oauth2.googleapis.com/token'),
  googleRevokeUrl: otherwise(readEndpoint, 'https://oauth2.googleapis.com/revoke'),
  stateDir: maybe(path),
  logLevel: otherwise(readOneOf(['debug', 'info', 'warn', 'error', 'silent']), 'info'),
  logFormat: otherwise(readOneOf(['text', 'json']), 'text'),
  language: maybe(readOneOf(['en', 'ja'])),
})

export type RawMailbox = z.output<typeof mailboxShape>
export type RawAccount = z.output<typeof accountShape>
export type RawTop = z.output<typeof topShape>

/** Keys whose values are secrets: they never stand in YAML. */
export const secretKeys: readonly string[] = variables.filter(v => v.secret).map(v => v.key)

/**
 * Checks one part.
 * @param place name of a key for the owner: the variable, or the path in the YAML file
 * @returns the part, or undefined where it has problems (which are added to `problems`)
 */
export function checkPart<S extends typeof mailboxShape | typeof accountShape | typeof topShape>(
  shape: S,
  written: Readonly<Record<string, unknown>>,
  place: (key: string) => string,
  problems: Problem[],
): z.output<S> | undefined {
  const result = shape.safeParse(written)
  if (result.success) return result.data as z.output<S>
  for (const issue of result.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        problems.push({ at: place(key), kind: 'unknown', suggestion: suggest(key, Object.keys(shape.shape)) })
      }
      continue
    }
    const key = String(issue.path[0] ?? '')
    const problem =
      issue.code === 'custom' ? (issue.params?.problem as Problem) : { kind: 'expected', what: 'text' }
    problems.push({ ...(problem as Problem), at: place(key), given: show(written[key]) })
  }
  return undefined
}

/** A key's likely meaning; a variable's name is understood too. */
function suggest(key: string, keys: readonly string[]): string | undefined {
  const variable = variables.find(v => v.name === key || `${v.name}_FILE` === key)
  if (variable !== undefined && variable.part !== 'start') {
    return variable.secret ? `${variable.key}File` : variable.key
  }
  return nearest(key, keys)
}

function show(written: unknown): string | undefined {
  if (written === undefined || written === null || typeof written === 'object') return undefined
  return String(written)
}
