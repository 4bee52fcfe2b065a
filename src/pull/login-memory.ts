/**
 * Which login was last accepted, so that a refusal can be judged: the very login that worked before is probably
 * met by a rate limit, a changed one is probably mistyped. Kept as an HMAC (RFC 2104) under a key that is not in the
 * journal (vault/login-key.ts): without it no password can be tried on the journal.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import type { Secret } from '../base/secret.ts'
import type { MailboxConfig, MailCredential } from '../config/config.ts'
import type { Journal, NoteKey } from '../journal/journal.ts'

const noteOf = (mailbox: MailboxConfig): NoteKey => `accepted-login/${mailbox.name}`
/** SHA-256 of the proof that this process has already written down, so that the key is asked for once. */
const written = new WeakMap<MailboxConfig, string>()

/** What of a login is its own: tokens come and go, whose they are stays. */
async function readProof(credential: MailCredential): Promise<string> {
  if (credential.kind === 'password') return credential.password.reveal()
  const { endpoints, clientId, grant } = credential
  return JSON.stringify(['oauth', endpoints.tokenUrl, clientId, grant.kind])
}

/** Undefined without a key: it is no reason for a pull to fail. */
async function digest(key: Secret, { user, server, credential }: MailboxConfig): Promise<Buffer | undefined> {
  const octets = Buffer.from(await key.reveal().catch(() => ''), 'base64')
  if (octets.length !== 32) return undefined
  const login = JSON.stringify([server.host, user, await readProof(credential)])
  return createHmac('sha256', octets).update(login).digest()
}

const waitNote = (mailbox: string): NoteKey => `wait-of/${mailbox}`

/** Server, way in and login, as a digest under the key; undefined where it cannot be made. */
async function settingsDigest(key: Secret, mailbox: MailboxConfig): Promise<string | undefined> {
  const { protocol, server } = mailbox
  const login = await digest(key, mailbox).catch(() => undefined)
  if (login === undefined) return undefined
  const way = JSON.stringify([protocol, server.host, server.port, server.security])
  return createHash('sha256').update(login).update(way).digest('hex')
}

/** Remembers that the recorded wait of the mailbox is a wait for these settings. */
export async function rememberWait(journal: Journal, mailbox: MailboxConfig, key: Secret): Promise<void> {
  const present = (await settingsDigest(key, mailbox)) ?? ''
  if ((await journal.note(waitNote(mailbox.name))) !== present)
    await journal.setNote(waitNote(mailbox.name), present)
}

/** Whether the owner changed server or login since the wait was recorded: what is tried now is another thing. */
export async function isWaitOfOthers(
  journal: Journal,
  mailbox: MailboxConfig,
  key: Secret,
): Promise<boolean> {
  const kept = (await journal.note(waitNote(mailbox.name))) ?? ''
  const present = kept === '' ? undefined : await settingsDigest(key, mailbox)
  return present !== undefined && present !== kept
}

/** Remembers the present login as one that the server accepted. */
export async function rememberLogin(journal: Journal, mailbox: MailboxConfig, key: Secret): Promise<void> {
  // The owner may change it while we run.
  const present = createHash('sha256')
    .update(await readProof(mailbox.credential))
    .digest('hex')
  if (written.get(mailbox) === present) return
  const login = (await digest(key, mailbox))?.toString('hex')
  if (login === undefined) return
  if ((await journal.note(noteOf(mailbox))) !== login) await journal.setNote(noteOf(mailbox), login)
  written.set(mailbox, present)
}

/** Whether the login that the server accepted last is exactly the present one. */
export async function workedBefore(journal: Journal, mailbox: MailboxConfig, key: Secret): Promise<boolean> {
  const kept = Buffer.from((await journal.note(noteOf(mailbox))) ?? '', 'hex')
  if (kept.length !== 32) return false
  const login = await digest(key, mailbox)
  return login !== undefined && timingSafeEqual(kept, login)
}

/** So many refusals in a row, or over so long, are a changed password and no rate limit any more. */
const doubtfulRefusals = 8
const doubtfulMs = 4 * 3600_000

/**
 * The one policy for a refused login after a good one. Hosts answer "login incorrect" to those who log in too often, so
 * a refusal of the very login that worked before is doubtful: both causes are told, with what to do for each. One that
 * lasts, or of another login, is what it says. Any other fault is given back as it is.
 */
export async function judgeRefusal(
  journal: Journal,
  mailbox: MailboxConfig,
  key: Secret,
  fault: Fault,
  nowMs: number,
): Promise<Fault> {
  if (fault.code !== 'source.login-refused') return fault
  const { failedLoginsAtMs, lastLoginAtMs = 0 } = await journal.mailbox(mailbox.name)
  const inARow = failedLoginsAtMs.filter(at => at > lastLoginAtMs && at <= nowMs)
  const lasting = inARow.length >= doubtfulRefusals || nowMs - (inARow[0] ?? nowMs) >= doubtfulMs
  if (lasting || !(await workedBefore(journal, mailbox, key))) return fault
  return new Fault('source.login-doubtful', { facts: fault.facts, cause: fault, loginRefused: true })
}
