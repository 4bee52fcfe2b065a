/**
 * The owner is told: after each attempt the rules look at the one list of what is not well, and what is due goes out
 * by mail into Gmail, or by the web hook where Gmail is the trouble (or the mail did not get through). Beside that a ping after
 * each attempt, for a watcher that notices when pings stop coming.
 *
 * Nothing here stops mail: it runs beside the pulls, one after the other, with deadlines of its own, and failure is
 * one line in the log.
 */
import type { Clock } from '../base/clock.ts'
import { abortAfter, waitAtMost } from '../base/deadline.ts'
import { asFault, type Fault } from '../base/fault.ts'
import type { Secret } from '../base/secret.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import { printable, printableLines } from '../base/untrusted.ts'
import type { Config } from '../config/config.ts'
import type { Journal, NoteKey } from '../journal/journal.ts'
import { chooseWords, describeFault } from '../locale/locale.ts'
import { troubleWords } from '../locale/trouble-words.ts'
import type { Log } from '../log/log.ts'
import type { Attempt } from '../pull/attempt.ts'
import type { PullPorts } from '../pull/context.ts'
import { accountsOf } from '../pull/destination.ts'
import { noteReminded, readPauses } from '../pull/paused.ts'
import { makeHooks } from './hooks.ts'
import { mailNotice } from './notice-mail.ts'
import {
  type AccountTold,
  consentNotice,
  type Notice,
  noticesDue,
  paragraphs,
  pauseNotice,
  putOffMs,
  silentEnds,
} from './rules.ts'
import { troublesOf, withoutPaused } from './trouble-list.ts'

export interface Alerts {
  /** Looks at what the attempt left behind. Never throws, never waits. */
  afterAttempt(ports: PullPorts, attempt: Attempt): void
  /**
   * The program ends by this fault: one last notice, by the web hook and, where a mailbox's Gmail still works, by mail.
   * @param ports of any mailbox; undefined where the bridge could not be opened
   */
  ending(fault: Fault, ports: PullPorts | undefined): Promise<boolean>
  /** Resolves when everything that was found so far was told or could not be told. */
  idle(): Promise<void>
  /** Waits so many ms for what is under way, then cuts it off. Before the bridge is closed. */
  close(graceMs: number): Promise<void>
}

export interface AlertOptions {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  /** Whether notices may go by mail here, where the configuration allows it. */
  readonly mail: boolean
}

const mailDeadlineMs = 120_000
/** After a notice that got through nowhere. */
const againMs = 5 * 60_000
const pingEveryMs = 60_000

export function makeAlerts({ config, clock, log, mail }: AlertOptions): Alerts {
  const { alerts, language } = config
  const words = chooseWords(language)
  const stop = new AbortController()
  /** Keys of notices that got through and could not be written down yet. */
  const sentHere = new Set<string>()
  const hooks = makeHooks({ words, clock, log }, stop.signal)
  const notBeforeMs = new Map<string, number>()
  const good = new Map<string, boolean>()
  /** Mailboxes that are to be looked at. */
  const waiting = new Map<string, PullPorts>()
  let journal: Journal | undefined
  /** The journal's own trouble is no sign of being well. */
  const listIsEmpty = async (): Promise<boolean> => {
    try {
      if (journal === undefined) return false
      const list = withoutPaused(await journal.troubles.list(), await readPauses(journal))
      return list.every(entry => !isConfigured(config, entry))
    } catch {
      return false
    }
  }
  let looks: Promise<void> = Promise.resolve()
  const pauses = new AbortController()
  let pingWaits = false
  let pingedAtMs = Number.NEGATIVE_INFINITY
  let pings: Promise<void> = Promise.resolve()

  const byMail = async (ports: PullPorts, notice: Notice): Promise<boolean> => {
    const { subject, text, key } = notice
    const letter = { address: addressOf(config, ports), subject, text, key, atMs: clock.nowMs() }
    const reason = await abortAfter(mailDeadlineMs, clock, stop.signal, signal =>
      mailNotice(ports, letter, signal).then(
        () => undefined,
        thrown => (signal.aborted ? 'stopped' : asFault(thrown).code),
      ),
    )
    return hooks.outcome('mail', reason)
  }

  const byHook = (hook: Secret, { subject: title, text, urgent }: Notice): Promise<boolean> =>
    hooks.post(hook, { title, text, urgent })

  const send = async (ports: PullPorts, composed: Notice): Promise<boolean> => {
    const { subject, text } = composed
    // Names and words from outside are shown by phones and mail programs.
    const notice = { ...composed, subject: printable(subject), text: printableLines(text) }
    if (clock.monotonicMs() < (notBeforeMs.get(notice.key) ?? 0)) return false
    const sent =
      (mail && alerts.mail && !notice.notByMail && (await byMail(ports, notice))) ||
      (alerts.webhook !== undefined && (await byHook(alerts.webhook, notice)))
    if (sent) notBeforeMs.delete(notice.key)
    else notBeforeMs.set(notice.key, clock.monotonicMs() + againMs)
    if (sent)
      log.say('info', 'noticeSent', notice.subject, { mailbox: ports.mailbox.name, kind: notice.kind })
    return sent
  }

  const tellOf = async (ports: PullPorts, notice: Notice, remember: () => Promise<void>): Promise<void> => {
    // A full disk must not make us tell it again and again: what was sent here is only to be written down.
    if (!sentHere.has(notice.key) && !(await send(ports, notice))) return
    sentHere.add(notice.key)
    await remember()
    sentHere.delete(notice.key)
  }

  const look = async (ports: PullPorts): Promise<void> => {
    const { mailbox, journal, gmail } = ports
    const { troubles } = journal
    const pauses = await readPauses(journal)
    const own = <T extends Parameters<typeof troublesOf>[0]>(entries: T): ReturnType<typeof troublesOf> =>
      withoutPaused(troublesOf(entries, mailbox.name, accountsOf(mailbox)), pauses)
    const uncleared = own(await troubles.uncleared())
    const nowMs = clock.nowMs()
    const silent = silentEnds(uncleared)
    if (silent.length > 0) await troubles.cleared(silent, nowMs)
    const untold = own(await troubles.untold(nowMs - putOffMs))
    const lastNotices = new Map<TroubleEntry, number | undefined>()
    for (const entry of untold) lastNotices.set(entry, await troubles.lastNoticeMs(entry))
    const view = {
      open: own(await troubles.list()),
      untold,
      uncleared,
      lastNoticeMs: (entry: TroubleEntry) => lastNotices.get(entry),
      afterMinutes: alerts.afterMinutes,
      nowMs,
      words,
    }
    for (const notice of noticesDue(view)) {
      if (stop.signal.aborted) return
      await tellOf(ports, notice, async () =>
        notice.kind === 'allClear'
          ? await troubles.cleared(notice.ids, clock.nowMs())
          : await troubles.noticed(notice.ids, clock.nowMs()),
      )
    }
    const reminder = pauseNotice(mailbox.name, pauses.get(mailbox.name), view)
    if (reminder !== undefined && !stop.signal.aborted)
      await tellOf(ports, reminder, () => noteReminded(journal, mailbox.name, clock.nowMs()))
    const account = await journal.accountState(mailbox.account)
    const place: NoteKey = `told/account/${mailbox.account}`
    const toldBefore = await readTold(journal, place)
    const consent = consentNotice(account, gmail.consentEndsAtMs ?? account.consentEndsAtMs, toldBefore, view)
    if (consent !== undefined && !stop.signal.aborted)
      await tellOf(ports, consent.notice, () => journal.setNote(place, JSON.stringify(consent.told)))
  }

  const sendPing = async (hook: Secret): Promise<void> => {
    const pauseMs = pingEveryMs - (clock.monotonicMs() - pingedAtMs)
    if (pauseMs > 0) await clock.sleep(pauseMs, pauses.signal)
    // From here on a change of state is worth another ping.
    pingWaits = false
    pingedAtMs = clock.monotonicMs()
    const well = [...good.values()].every(Boolean) && (await listIsEmpty())
    await hooks.ping(hook, well)
  }

  return {
    afterAttempt(ports, attempt) {
      const { name } = ports.mailbox
      if (attempt.kind === 'stopped') return
      if (attempt.kind !== 'waiting') {
        good.set(name, isGood(attempt))
        journal = ports.journal
        const { ping: hook } = alerts
        if (hook !== undefined && !pingWaits) {
          pingWaits = true
          pings = pings.then(() => sendPing(hook)).catch(() => {})
        }
      }
      // A notice that takes its time must not make a queue of looks.
      const queued = waiting.has(name)
      waiting.set(name, ports)
      if (queued) return
      looks = looks.then(async () => {
        const latest = waiting.get(name)
        waiting.delete(name)
        // The journal's own trouble is told by the pulls.
        if (latest !== undefined) await look(latest).catch(() => {})
      })
    },
    async ending(fault, ports) {
      const own = troubleWords[language]
      const { what, mail: meaning, next } = describeFault(fault, language)
      const { what: happened, mail: yours, next: todo } = words.fault
      const notice: Notice = {
        kind: 'ended',
        key: `ended ${fault.code} ${Math.floor(clock.nowMs() / 86_400_000)}`,
        subject: own.endedSubject,
        text: paragraphs(words, [
          own.ended,
          `${happened}: ${what}`,
          `${yours}: ${meaning}`,
          `${todo}: ${next}`,
        ]),
        urgent: true,
        notByMail: false,
        ids: [],
      }
      const [hooked, mailed] = await Promise.all([
        alerts.webhook !== undefined && byHook(alerts.webhook, notice),
        ports !== undefined && mail && alerts.mail && byMail(ports, notice),
      ])
      return hooked || mailed
    },
    async idle() {
      await looks
      await pings
    },
    async close(graceMs) {
      pauses.abort()
      const done = Promise.all([looks, pings])
      await waitAtMost(done, graceMs, clock)
      stop.abort()
      await done
    },
  }
}

/** A pause is the owner's wish: whoever waits for pings is not to think that something has failed. */
const isGood = (attempt: Attempt): boolean =>
  attempt.kind === 'paused' ||
  (attempt.kind === 'pulled' && attempt.result.good && attempt.result.faults.length === 0)

function isConfigured({ mailboxes, accounts }: Config, { scope, name }: TroubleEntry): boolean {
  if (scope === 'machine') return true
  return (scope === 'account' ? accounts : mailboxes).some(configured => configured.name === name)
}

async function readTold(journal: Journal, key: NoteKey): Promise<AccountTold> {
  try {
    const value: unknown = JSON.parse((await journal.note(key)) ?? '{}')
    return typeof value === 'object' && value !== null ? (value as AccountTold) : {}
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return {}
  }
}

function addressOf(config: Config, ports: PullPorts): string | undefined {
  const account = config.accounts.find(candidate => candidate.name === ports.mailbox.account)
  if (account === undefined) return undefined
  if (account.address !== 'me') return account.address
  return account.credential.kind === 'service-account' ? account.credential.subject : undefined
}
