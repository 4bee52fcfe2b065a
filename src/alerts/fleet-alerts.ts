/**
 * The operator of a fleet is told by its web hook what needs a person, as the owner of one machine is (alerts.ts), and once
 * for all workers: one of them has the turn to tell, for as long as it says so in the database, and what was told is
 * remembered in the list of troubles itself. A worker that is killed in the middle of it is followed by another one, which
 * tells what is not remembered: nothing is lost, and only what was on its way then comes twice.
 *
 * Beside that the ping, each minute: where no worker works any more, nobody else could tell.
 */
import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import { printable, printableLines } from '../base/untrusted.ts'
import type { AlertConfig } from '../config/config.ts'
import type { AccountState } from '../journal/journal.ts'
import type { Words } from '../locale/locale.ts'
import type { Log } from '../log/log.ts'
import { digestsDue, type Gathering, joinNotices } from './fleet-rules.ts'
import { type Hooks, makeHooks } from './hooks.ts'
import { type AccountTold, consentDaysMs, consentNotice, type Notice, putOffMs, silentEnds } from './rules.ts'

/** What the fleet's database knows of it. Rejects where it does not answer. */
export interface FleetNoticeBooks {
  /** Whether this worker has the turn to tell for so long from now on. */
  takeTurn(forMs: number): Promise<boolean>
  /** Another one may take it at once. */
  leaveTurn(): Promise<void>
  nowMs(): Promise<number>
  /** Without what rests with paused mailboxes, and what is of none in the fleet; undefined: nothing is to be told. */
  read(putOffBeforeMs: number): Promise<FleetTroubles | undefined>
  noticed(ids: readonly number[], atMs: number): Promise<void>
  cleared(ids: readonly number[], atMs: number): Promise<void>
  /** Accounts whose consent ends before then, with what was told of each. */
  consents(endBeforeMs: number): Promise<readonly FleetConsent[]>
  noteConsent(account: string, told: AccountTold): Promise<void>
}

export interface FleetConsent {
  readonly account: AccountState
  readonly told: AccountTold
}

export interface FleetTroubles {
  /** Ends that are nobody's to hear of: the mailbox or account is no more. */
  readonly gone: readonly number[]
  readonly open: readonly TroubleEntry[]
  readonly untold: readonly TroubleEntry[]
  readonly uncleared: readonly TroubleEntry[]
  readonly lastNoticeMs: (entry: TroubleEntry) => number | undefined
}

export interface FleetAlertOptions {
  readonly alerts: Pick<AlertConfig, 'afterMinutes' | 'webhook' | 'ping'>
  readonly words: Words
  readonly clock: Clock
  readonly log: Log
  readonly books: FleetNoticeBooks
  readonly timing?: FleetAlertTiming
}

export interface FleetAlertTiming extends Gathering {
  /** How often it is looked. */
  readonly lookMs: number
  /** How long a turn lasts; longer than a notice takes. */
  readonly turnMs: number
  /** How long a worker whose notice got through nowhere leaves the turn to others. */
  readonly againMs: number
}

const usualTiming: FleetAlertTiming = {
  ...{ quietMs: 30_000, mostMs: 5 * 60_000 },
  ...{ lookMs: 15_000, turnMs: 60_000, againMs: 5 * 60_000 },
}
const pingEveryMs = 60_000

/** Looks and tells until `stopping` aborts and what is on its way is told, or `cut` aborts. Rejects never. */
export async function keepTelling(
  options: FleetAlertOptions,
  stopping: AbortSignal,
  cut: AbortSignal,
): Promise<void> {
  const { alerts, books, clock, timing = usualTiming } = options
  if (alerts.webhook === undefined && alerts.ping === undefined) return
  const hooks = makeHooks(options, cut)
  const over = AbortSignal.any([stopping, cut])
  let notBeforeMs = Number.NEGATIVE_INFINITY
  let pingedAtMs = Number.NEGATIVE_INFINITY
  while (!over.aborted) {
    try {
      if (clock.monotonicMs() >= notBeforeMs && (await books.takeTurn(timing.turnMs))) {
        if (alerts.ping !== undefined && clock.monotonicMs() - pingedAtMs >= pingEveryMs) {
          pingedAtMs = clock.monotonicMs()
          await hooks.ping(alerts.ping, true)
        }
        const isTold = alerts.webhook === undefined || (await tellDue(options, alerts.webhook, hooks, timing))
        if (!isTold) {
          notBeforeMs = clock.monotonicMs() + timing.againMs
          await books.leaveTurn()
        }
      }
    } catch {
      // The database's trouble is told by the holds.
    }
    await clock.sleep(timing.lookMs, over).catch(() => {})
  }
  await books.leaveTurn().catch(() => {})
}

/** @returns false where something could not be told */
async function tellDue(
  { alerts: { afterMinutes }, books, words, log }: FleetAlertOptions,
  webhook: Secret,
  hooks: Hooks,
  timing: FleetAlertTiming,
): Promise<boolean> {
  const nowMs = await books.nowMs()
  /** @returns whether it was told, or is another one's to tell by now */
  const tell = async (notice: Notice, remember: (atMs: number) => Promise<void>): Promise<boolean> => {
    if (!(await books.takeTurn(timing.turnMs))) return true
    const { kind, urgent, ids } = notice
    // Names and words from outside are shown by phones and mail programs.
    const title = printable(notice.subject)
    if (!(await hooks.post(webhook, { title, text: printableLines(notice.text), urgent }))) return false
    log.say('info', 'noticeSent', title, { kind, count: ids.length })
    await remember(await books.nowMs())
    return true
  }
  const view = { afterMinutes, nowMs, words }
  const troubles = await books.read(nowMs - putOffMs)
  if (troubles !== undefined) {
    const silent = [...silentEnds(troubles.uncleared), ...troubles.gone]
    if (silent.length > 0) await books.cleared(silent, nowMs)
    for (const notice of digestsDue({ ...troubles, ...view }, timing)) {
      const remember = notice.kind === 'allClear' ? books.cleared : books.noticed
      if (!(await tell(notice, atMs => remember(notice.ids, atMs)))) return false
    }
  }
  const ending = (await books.consents(nowMs + consentDaysMs)).flatMap(({ account, told }) => {
    const due = consentNotice(account, account.consentEndsAtMs, told, view)
    return due === undefined ? [] : [{ ...due, account }]
  })
  const [consents] = joinNotices(
    ending.map(({ notice }) => notice),
    words,
  )
  if (consents === undefined) return true
  return tell(consents, async () => {
    for (const { account, told } of ending) await books.noteConsent(account.name, told)
  })
}
