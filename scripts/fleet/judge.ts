/**
 * What became of the mail of a fleet, told from the books of the servers alone: what was put into the mailboxes, the
 * stand-in's ledger with its octets read back, Dovecot's Maildirs and log, and what stood on the wire before it.
 */

import { computePercentiles } from '../../src/status/mailbox-status.ts'
import type { GmailServer } from '../../test/servers/gmail/gmail-server.ts'
import type { Session } from './login-book.ts'
import type { MailBook } from './mail-book.ts'
import type { MailHost } from './mail-host.ts'
import type { Worker } from './workers.ts'

export interface Verdict {
  readonly put: number
  /** Messages that Gmail has in the right account. */
  readonly imported: number
  /** Of these, with exactly the octets that were put into the mailbox. */
  readonly identical: number
  /** Copies too many. */
  readonly twice: number
  /** Uploads that ended in a message that was there: Gmail tells them by their Message-ID. */
  readonly merged: number
  /** Neither in Gmail nor in the mailbox. */
  readonly lost: number
  /** How many messages that Gmail does not have stand in each user's mailbox; users that have none are left out. */
  readonly left: ReadonlyMap<string, number>
  /** Octets in Gmail that nobody sent, or in another's account. */
  readonly strange: number
  /** Messages that left a mailbox before Gmail had them. */
  readonly early: number
  readonly removed: number
  /** Times that two workers had a session of one mailbox at once, from the opening of the connection to its close. */
  readonly together: readonly string[]
  readonly logins: number
}

export interface Judged {
  readonly mail: MailBook
  readonly host: MailHost
  readonly gmail: GmailServer
  readonly workers: readonly Worker[]
}

export const accountOf = (user: string): string => `${user}@example.test`

export async function judge({ mail, host, gmail, workers }: Judged): Promise<Verdict> {
  await host.book.read()
  const copies = new Map<string, number>()
  let identical = 0
  let strange = 0
  for (const { user } of host.boxes)
    for (const message of gmail.messages(accountOf(user))) {
      const put = mail.ofDigest(message.sha256)
      if (put === undefined || put.box.user !== user) {
        strange += 1
        continue
      }
      const before = copies.get(put.sha256) ?? 0
      copies.set(put.sha256, before + 1)
      if (before === 0 && mail.octetsOf(put).equals(message.read())) identical += 1
    }
  const missing = mail.puts.filter(put => !copies.has(put.sha256))
  const left = new Set<string>()
  for (const user of new Set(missing.map(({ box }) => box.user)))
    for (const { sha256 } of await host.dovecot.maildrop('', user)) left.add(sha256)
  const leftOf = new Map<string, number>()
  for (const { sha256, box } of missing)
    if (left.has(sha256)) leftOf.set(box.user, (leftOf.get(box.user) ?? 0) + 1)
  const takenAtMs = new Map<string, number>()
  for (const { sha256, atMs } of gmail.accepted) if (!takenAtMs.has(sha256)) takenAtMs.set(sha256, atMs)
  // The stand-in writes whole milliseconds, Dovecot microseconds.
  const isEarly = (messageId: string, atMs: number): boolean =>
    (takenAtMs.get(mail.ofMessageId(messageId)?.sha256 ?? '') ?? Infinity) > atMs
  const { removals, sessions } = host.book
  return {
    put: mail.puts.length,
    imported: copies.size,
    identical,
    twice: [...copies.values()].reduce((sum, count) => sum + count - 1, 0),
    merged: gmail.accepted.filter(({ merged }) => merged).length,
    lost: missing.filter(put => !left.has(put.sha256)).length,
    left: leftOf,
    strange,
    early: removals.filter(({ messageId, atMs }) => isEarly(messageId, atMs)).length,
    removed: removals.length,
    together: host.boxes.flatMap(({ user }) => findTogether(host.book.of(user), workers)),
    logins: sessions.length,
  }
}

/** A stand-in's own ledger knows of logins only. */
export interface JudgedSession extends Omit<Session, 'openedMs'> {
  readonly openedMs?: number
}

/** A worker that the system had stopped cannot leave; its sessions are not counted from then until it has woken up. */
export function findTogether(sessions: readonly JudgedSession[], workers: readonly Worker[]): string[] {
  const ofWorkers = sessions.flatMap(session => {
    const worker = workers.find(({ from }) => from === session.from)
    return worker === undefined ? [] : [{ session, worker }]
  })
  const found: string[] = []
  for (const [at, { session, worker }] of ofWorkers.entries())
    for (const other of ofWorkers.slice(at + 1)) {
      const openedMs = other.session.openedMs ?? other.session.beganMs
      if (other.worker === worker || openedMs >= (session.endedMs ?? Infinity)) continue
      if (worker.isUnableAt(openedMs) || other.worker.isUnableAt(openedMs)) continue
      const forMs = Math.min(session.endedMs ?? Infinity, other.session.endedMs ?? Infinity) - openedMs
      found.push(
        `${session.user}: ${other.worker.name} came at ${new Date(openedMs).toISOString()} while ${worker.name} was there, for ${Math.round(forMs)} ms`,
      )
    }
  return found
}

export interface Takeovers {
  /** Mailboxes that were in the hands of the worker that was killed. */
  readonly mailboxes: number
  /** Of these, those that another worker has logged in to since. */
  readonly taken: number
  /** From the kill to that login, ms. */
  readonly percentiles: { readonly p50: number; readonly p95: number; readonly most: number } | undefined
}

/**
 * From the kill to the next worker's login, ms, of those that had one.
 * @param users whose mailboxes the worker held when it was killed
 */
export function listTakeoverMs(
  host: MailHost,
  killed: Worker,
  killedAtMs: number,
  users: readonly string[],
): number[] {
  return users.flatMap(user => {
    const login = host.book.of(user).find(({ from, beganMs }) => from !== killed.from && beganMs > killedAtMs)
    return login === undefined ? [] : [login.beganMs - killedAtMs]
  })
}

/** @param users whose mailboxes the worker held when it was killed */
export function findTakeovers(
  host: MailHost,
  killed: Worker,
  killedAtMs: number,
  users: readonly string[],
): Takeovers {
  const tookMs = listTakeoverMs(host, killed, killedAtMs, users)
  const percentiles = computePercentiles(tookMs)
  return {
    mailboxes: users.length,
    taken: tookMs.length,
    percentiles: percentiles && { ...percentiles, most: Math.max(...tookMs) },
  }
}
