/**
 * `hikyaku inspect ID|Message-ID|FILE|-`: one message's authentication: what the receiving server stamped, what we
 * verify now, what forwarding would have done, and the proof of identical octets. On a file or standard input it
 * works alone, without any configuration.
 */
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Authentication } from '../authentication/authentication.ts'
import { hostOf, parseAuthentication, unknownHost } from '../authentication/authentication.ts'
import { describeAuthentication, type Proof } from '../authentication/describe.ts'
import { systemClock } from '../base/clock.ts'
import { exitCodes, Fault } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import { makeAccount, makeAuthenticationLooker, openJournal } from '../bridge.ts'
import type { Config } from '../config/config.ts'
import type { MessageRow } from '../journal/journal.ts'
import { octetLimit, type RawMessage } from '../message/message.ts'
import { sameBelowTop } from '../message/read-back.ts'
import { makeSpooler } from '../message/spool.ts'
import { withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'
import { refuseFile } from './usage.ts'

export interface InspectOptions {
  /** IP address or name that the rental server's forwarding would send from. */
  readonly forwardingAddress?: string
  /** Names under which the receiving server stamps its results. */
  readonly authservIds?: readonly string[]
  /** DNS servers to ask instead of the system's, `address` or `address:port`. */
  readonly dnsServers?: readonly string[]
  /** Ask no DNS: read what is stamped, verify nothing. */
  readonly offline?: boolean
  /** For tests and the sandbox. */
  readonly lookup?: Exclude<Parameters<typeof makeAuthenticationLooker>[1], readonly string[]>
}

/** Gmail's own limit is 150 MB; what is larger is no mail. */
const octetsLimit = octetLimit(200 * 1024 * 1024)

/** @param target a journal id (`#12` or `12`), a Message-ID, a file, or `-` for standard input */
export async function inspectCommand(
  invocation: Invocation,
  target: string,
  options: InspectOptions = {},
): Promise<number> {
  const isRow = /^#?\d{1,15}$/.test(target) || /^<.*>$/.test(target)
  if (target === '-' || (!isRow && (await isFile(target)))) return inspectFile(invocation, target, options)
  if (isRow || target.includes('@')) return inspectRow(invocation, target)
  throw new Fault('usage.invalid', {
    facts: { what: invocation.words.usage.noSuchTarget(printable(target, 200)) },
  })
}

const isFile = async (path: string): Promise<boolean> =>
  stat(path).then(
    stats => !stats.isDirectory(),
    () => false,
  )

async function inspectFile(invocation: Invocation, target: string, options: InspectOptions): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'hikyaku-inspect-'))
  try {
    const spool = makeSpooler(directory).take(octetsLimit)
    const input = target === '-' ? invocation.stdin : createReadStream(target)
    try {
      for await (const chunk of input) await spool.write(Buffer.from(chunk))
    } catch (error) {
      if (error instanceof Fault) throw error
      throw refuseFile(target, 'inspect', error)
    }
    const raw = await spool.seal()
    try {
      return await inspectRaw(invocation, target === '-' ? 'stdin' : target, raw, options)
    } finally {
      await raw.discard()
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function inspectRaw(
  invocation: Invocation,
  name: string,
  raw: RawMessage,
  options: InspectOptions,
): Promise<number> {
  const { forwardingAddress, authservIds = [], offline = false } = options
  const looker = await makeAuthenticationLooker(systemClock, options.lookup ?? options.dnsServers)
  const host = { ...unknownHost, confirmedIds: authservIds }
  try {
    const authentication = await looker.look(raw, { host, verify: !offline, forwardingAddress })
    answer(invocation, name, authentication ?? nothingKept, { sha256: raw.sha256, octets: raw.octets })
  } finally {
    await looker.close()
  }
  return exitCodes.ok
}

function answer(
  invocation: Invocation,
  name: string,
  authentication: Authentication,
  proof: Proof,
  more: object = {},
): void {
  if (invocation.json) {
    writeJson(invocation, { ok: true, exitCode: 0, name, ...more, proof, authentication })
    return
  }
  const { language, stdout } = invocation
  const columns = stdout.columns === undefined ? {} : { columns: stdout.columns }
  for (const line of describeAuthentication(authentication, proof, { language, name, ...columns })) {
    writeLine(invocation, line)
  }
}

async function inspectRow(invocation: Invocation, target: string): Promise<number> {
  const look = async (config: Config): Promise<number> => {
    const journal = await openJournal(config.stateDir)
    try {
      const id = /^#?(\d+)$/.exec(target)?.[1]
      const rows =
        id === undefined
          ? ((await journal?.byMessageId(bracketed(target))) ?? [])
          : [await journal?.row(Number(id))].filter(row => row !== undefined)
      const row = rows[0]
      if (row === undefined) {
        throw new Fault('usage.invalid', {
          facts: { what: invocation.words.usage.noSuchTarget(printable(target, 200)) },
        })
      }
      const mailbox = config.mailboxes.find(({ name }) => name === row.mailbox)
      const readBack = await readBackOf(config, row)
      const authentication = parseAuthentication(row.authentication) ?? notLearned(row)
      answer(invocation, row.messageId ?? `#${row.id}`, authentication, proofOf(row, readBack), {
        id: row.id,
        mailbox: row.mailbox,
        stage: row.stage,
        gmailId: row.gmailId ?? null,
        host: mailbox === undefined ? null : hostOf(mailbox),
      })
      return exitCodes.ok
    } finally {
      await journal?.close()
    }
  }
  // Without secrets too: only the read-back needs one, and it may fail.
  return withConfig(invocation, look, false)
}

const bracketed = (messageId: string): string => (messageId.startsWith('<') ? messageId : `<${messageId}>`)

const nothingKept: Authentication = {
  version: 2,
  senderDomain: '',
  stamped: { host: '', fields: [], leftOut: 0 },
  verified: { state: 'not-done' },
}

/** Where the verification was begun and left no result, the process ended amid it; it is not begun again. */
const notLearned = (row: MessageRow): Authentication =>
  row.verificationTriedAtMs === undefined
    ? nothingKept
    : { ...nothingKept, verified: { state: 'broken-off' } }

/** The upload was refused by ourselves if its digest had differed, so an imported row vouches for it. */
function proofOf(row: MessageRow, readBack: boolean | undefined): Proof {
  const sha256 = row.sha256 ?? ''
  return {
    sha256,
    octets: row.octets ?? 0,
    retrievedSha256: sha256,
    ...(row.gmailId === undefined ? {} : { uploadedSha256: sha256 }),
    ...(readBack === undefined ? {} : { readBackSame: readBack }),
  }
}

/** With `gmail.readonly`: whether Gmail holds these octets below the lines that it put on top. */
async function readBackOf(config: Config, row: MessageRow): Promise<boolean | undefined> {
  if (
    row.account === undefined ||
    config.accounts.every(({ name }) => name !== row.account) ||
    row.gmailId === undefined ||
    row.sha256 === undefined ||
    row.octets === undefined
  )
    return undefined
  const gmail = await makeAccount(config, row.account, systemClock)
  const signal = AbortSignal.timeout(30_000)
  try {
    if (!(await gmail.canRead(signal))) return undefined
    const stored = await gmail.read(row.gmailId, signal)
    return stored === undefined ? undefined : sameBelowTop(stored.raw, row.sha256, row.octets)
  } catch {
    // The proof is extra: where Gmail cannot be asked, the rest is shown.
    return undefined
  } finally {
    await gmail.close()
  }
}
