/**
 * How it stands with everything: the one list of what is not well, each mailbox, and what follows for the question
 * whether mail comes. Commands, pages and the listener for machines read it here, so they say the same.
 */
import { findUnattended } from '../alerts/attendance.ts'
import { troublesOf, withoutPaused } from '../alerts/trouble-list.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import { type Config, isOfApi } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import { accountsOf } from '../pull/destination.ts'
import { type Pauses, readPauses } from '../pull/paused.ts'
import { type MailboxStatus, readStatus } from './mailbox-status.ts'

export interface Standing {
  /** Whether a process holds the data folder. */
  readonly running: boolean
  /** Empty where there is no journal yet. */
  readonly mailboxes: readonly MailboxStatus[]
  /** As far as the configuration goes, and the mailboxes that nobody looks after. */
  readonly list: readonly TroubleEntry[]
}

/**
 * @param journal undefined where there is none yet
 * @param running whether a process holds the data folder
 * @param sayInstant an instant as the owner is told it
 */
export async function readStanding(
  config: Pick<Config, 'mailboxes' | 'accounts'>,
  journal: Journal | undefined,
  running: boolean,
  nowMs: number,
  sayInstant: (ms: number) => string,
): Promise<Standing> {
  const byPassword = new Set(config.accounts.flatMap(account => (isOfApi(account) ? [] : account.name)))
  const pauses = await readPauses(journal)
  const list = await listTroubles(config, journal, pauses, running, nowMs, sayInstant)
  const mailboxes =
    journal === undefined
      ? []
      : await Promise.all(
          config.mailboxes.map(mailbox =>
            readStatus(journal, mailbox, {
              list,
              running,
              way: byPassword.has(mailbox.account) ? 'append' : 'import',
              pausedSinceMs: pauses.get(mailbox.name)?.sinceMs,
            }),
          ),
        )
  return { running, mailboxes, list }
}

/**
 * The list alone, which costs no look at messages. What keeps mail of a paused mailbox from coming is left out: nobody
 * tries it, and it comes back with the resumption. The other parameters are those of readStanding.
 * @param pauses as they are now
 */
export async function listTroubles(
  { mailboxes }: Pick<Config, 'mailboxes'>,
  journal: Journal | undefined,
  pauses: Pauses,
  running: boolean,
  nowMs: number,
  sayInstant: (ms: number) => string,
): Promise<readonly TroubleEntry[]> {
  const open = (await journal?.troubles.list()) ?? []
  const mine = new Set(mailboxes.flatMap(mailbox => troublesOf(open, mailbox.name, accountsOf(mailbox))))
  const names = mailboxes.map(({ name }) => name)
  const alone = await findUnattended(journal, names, running, nowMs, sayInstant)
  return withoutPaused([...open.filter(entry => mine.has(entry)), ...alone], pauses)
}

/** Does my mail come? Of what is paused it is not asked. Instants are of the wall clock, ms. */
export type Verdict = Course & {
  /** Mailboxes that the owner has paused. */
  readonly paused: readonly string[]
}

type Course =
  | { readonly kind: 'comes'; readonly lastMailAgoMs: number | undefined }
  /** It comes, and something is not well. */
  | { readonly kind: 'comes-but'; readonly lastMailAgoMs: number | undefined; readonly troubles: number }
  | { readonly kind: 'comes-in-part'; readonly failed: number; readonly mailboxes: number }
  | { readonly kind: 'comes-not'; readonly sinceMs: number; readonly agoMs: number }
  /** Nothing runs, and no pull comes again. */
  | { readonly kind: 'nobody'; readonly lastLookMs: number | undefined }
  /** The owner has paused every mailbox; since then none was left. */
  | { readonly kind: 'paused'; readonly sinceMs: number; readonly agoMs: number }

export function judgeStanding(standing: Standing, nowMs: number): Verdict {
  const paused = standing.mailboxes.flatMap(({ mailbox, pausedSinceMs }) =>
    pausedSinceMs === undefined ? [] : [mailbox],
  )
  return { ...judgeActive(standing, nowMs), paused }
}

/** The same with what follows for those that are not paused. */
function judgeActive({ mailboxes: all, list, running }: Standing, nowMs: number): Course {
  const mailboxes = all.filter(({ pausedSinceMs }) => pausedSinceMs === undefined)
  if (mailboxes.length === 0 && all.length > 0) {
    const sinceMs = Math.max(...all.map(({ pausedSinceMs = nowMs }) => pausedSinceMs))
    return { kind: 'paused', sinceMs, agoMs: Math.max(0, nowMs - sinceMs) }
  }
  const lastMs = latest(mailboxes.map(({ lastImportAtMs }) => lastImportAtMs))
  const lastMailAgoMs = lastMs === undefined ? undefined : Math.max(0, nowMs - lastMs)
  const failing = mailboxes.filter(({ outage }) => outage !== undefined)
  const alone = list.filter(({ code }) => code === 'mailbox.unattended')
  if (!running && alone.length > 0 && alone.length >= mailboxes.length)
    return { kind: 'nobody', lastLookMs: latest(mailboxes.map(({ state }) => state.lastPullAtMs)) }
  const failed = failing.length + alone.length
  if (failed > 0 && failed < mailboxes.length)
    return { kind: 'comes-in-part', failed, mailboxes: mailboxes.length }
  if (failed > 0) {
    const sinceMs = Math.max(
      ...[...failing.map(({ outage }) => outage?.sinceMs ?? nowMs), ...alone.map(({ sinceMs: ms }) => ms)],
    )
    return { kind: 'comes-not', sinceMs, agoMs: Math.max(0, nowMs - sinceMs) }
  }
  return list.length > 0
    ? { kind: 'comes-but', lastMailAgoMs, troubles: list.length }
    : { kind: 'comes', lastMailAgoMs }
}

const latest = (all: readonly (number | undefined)[]): number | undefined =>
  all.reduce((a, b) => (a === undefined ? b : Math.max(a, b ?? a)), undefined)
