/**
 * Which login was last accepted, so that a refusal can be judged: the very login that worked before is probably
 * met by a rate limit, a changed one is probably mistyped. Kept as an scrypt digest with a salt of its own
 * (RFC 7914), never as the password.
 */
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { MailboxConfig } from './config/config.ts'
import type { Journal } from './journal/journal.ts'

const noteOf = (mailbox: MailboxConfig): string => `login/${mailbox.name}`
/** SHA-256 of the password that this process has already written down; scrypt costs tens of milliseconds. */
const written = new WeakMap<MailboxConfig, string>()

/** About ten milliseconds: a one-shot pull every minute pays it each time; the file is the owner's alone (0700). */
const cost = 4096

function digest(salt: Buffer, mailbox: MailboxConfig, password: string): Promise<Buffer> {
  const { user, server } = mailbox
  return new Promise((resolve, reject) => {
    scrypt(JSON.stringify([server.host, user, password]), salt, 32, { N: cost }, (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}

/** Remembers the present login as one that the server accepted. */
export async function rememberLogin(journal: Journal, mailbox: MailboxConfig): Promise<void> {
  // The owner may change it while we run.
  const present = createHash('sha256')
    .update(await mailbox.password.reveal())
    .digest('hex')
  if (written.get(mailbox) === present) return
  if (!(await workedBefore(journal, mailbox))) {
    const salt = randomBytes(16)
    const key = await digest(salt, mailbox, await mailbox.password.reveal())
    journal.setNote(noteOf(mailbox), `${salt.toString('hex')} ${key.toString('hex')}`)
  }
  written.set(mailbox, present)
}

/** Whether the server accepted exactly the present login at some time. */
export async function workedBefore(journal: Journal, mailbox: MailboxConfig): Promise<boolean> {
  const [salt, key] = (journal.note(noteOf(mailbox)) ?? '').split(' ').map(hex => Buffer.from(hex, 'hex'))
  if (salt === undefined || key?.length !== 32) return false
  return timingSafeEqual(key, await digest(salt, mailbox, await mailbox.password.reveal()))
}
