/** What `hikyaku status` knows of one mailbox. */
import { troublesOf } from '../alerts/trouble-list.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import type { Config } from '../config/config.ts'
import type { AccountState, Conservation, Journal, MailboxState, Stage } from '../journal/journal.ts'
import { accountsOf } from '../pull/destination.ts'
import { describeHostLimit, type HostLimitView } from '../pull/host-logins.ts'
import { readWatch, type WatchView } from './watch-view.ts'

const latencyRows = 1000
const recentRows = 50

/** So long before a consent ends it is said. */
export const warnConsentMs = 6 * 24 * 3600_000

export interface MailboxStatus {
  readonly mailbox: string
  readonly account: string
  /** How its mail goes into Gmail (GMAIL_WAY). */
  readonly way: 'import' | 'append'
  readonly state: MailboxState
  readonly accountState: AccountState
  readonly counts: Readonly<Record<Stage, number>>
  readonly conservation: Conservation
  /** Of `conservation.ignored`, those that rules of the owner's leave at the source. */
  readonly leftByRule: number
  readonly repeated: number
  /** When a message of it reached Gmail last. */
  readonly lastImportAtMs: number | undefined
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly messages: number } | undefined
  /** Of the mails that came last, the newest first; none of what stood there before the first pull. */
  readonly recentLatenciesMs: readonly number[]
  /** undefined: nothing runs, or nobody listens there. */
  readonly watch: WatchView | undefined
  /** Since when the owner has paused it; undefined: it is not. */
  readonly pausedSinceMs: number | undefined
  /** Its own, its account's and the machine's; what keeps its mail from coming only where it is not paused. */
  readonly troubles: readonly TroubleEntry[]
  /** The one that keeps its mail from coming now, its own or its account's. */
  readonly outage: TroubleEntry | undefined
  /** What its host takes of logins, where that is known. */
  readonly hostLimit: HostLimitView | undefined
}

/** What is known before the mailbox is looked at. */
interface Known extends Pick<MailboxStatus, 'way' | 'pausedSinceMs'> {
  readonly list: readonly TroubleEntry[]
  readonly running: boolean
}

export async function readStatus(
  journal: Journal,
  mailbox: Config['mailboxes'][number],
  { list, running, way, pausedSinceMs }: Known,
): Promise<MailboxStatus> {
  const { name, account } = mailbox
  const troubles = troublesOf(list, name, accountsOf(mailbox))
  const latenciesMs = await journal.latenciesMs(name, latencyRows)
  return {
    mailbox: name,
    account,
    way,
    hostLimit: await describeHostLimit(journal, mailbox, Date.now()),
    state: await journal.mailbox(name),
    accountState: await journal.accountState(account),
    counts: await journal.counts(name),
    conservation: await journal.conservation(name),
    leftByRule: await journal.countLeftByRule(name),
    repeated: await journal.repeatedCount(name),
    lastImportAtMs: (await journal.latestImports(name, 1))[0]?.importedAtMs,
    latencyMs: computePercentiles(latenciesMs),
    recentLatenciesMs: latenciesMs.slice(0, recentRows),
    watch: running && pausedSinceMs === undefined ? await readWatch(journal, mailbox) : undefined,
    pausedSinceMs,
    troubles,
    outage: troubles.find(
      ({ scope, name: whose, subject }) =>
        scope === 'machine' ||
        (scope === 'account' && whose === account) ||
        (scope === 'mailbox' && subject === ''),
    ),
  }
}

/** Nearest-rank percentiles; undefined without samples. */
export function computePercentiles(samples: readonly number[]): MailboxStatus['latencyMs'] {
  if (samples.length === 0) return undefined
  const sorted = [...samples].sort((a, b) => a - b)
  const rank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  return { p50: rank(0.5), p95: rank(0.95), messages: sorted.length }
}

export const isBroken = ({ troubles }: MailboxStatus): boolean =>
  troubles.some(({ code }) => code === 'books.broken')
