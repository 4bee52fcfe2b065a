/**
 * The owner is told: after each attempt the rules look at the journal, and what they find goes out by mail into
 * Gmail, or by the web hook where Gmail is the trouble (or the mail did not get through). Beside that a ping after
 * each attempt, for a watcher that notices when pings stop coming.
 *
 * Nothing here stops mail: it runs beside the pulls, one after the other, with deadlines of its own, and failure is
 * one line in the log.
 */
import { type AccountTold, type MailboxTold, type Notice, rules, type View } from './alert-rules.ts'
import type { Attempt } from './attempt.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config/config.ts'
import { asFault } from './fault.ts'
import type { Journal } from './journal/journal.ts'
import { wordsFor } from './locale/locale.ts'
import type { Log } from './log.ts'
import { mailNotice } from './notice-mail.ts'
import type { PullPorts } from './pull-context.ts'
import { printable, printableLines } from './untrusted.ts'
import type { Secret } from './vault/vault.ts'
import { ping, postText } from './webhook.ts'

export interface Alerts {
  /** Looks at what the attempt left behind. Never throws, never waits. */
  afterAttempt(ports: PullPorts, made: Attempt): void
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

type Channel = 'mail' | 'webhook' | 'ping'

export function makeAlerts({ config, clock, log, mail }: AlertOptions): Alerts {
  const { alerts, language } = config
  const words = wordsFor(language)
  const stop = new AbortController()
  const memory = makeMemory()
  const failedBefore = new Set<Channel>()
  const notBeforeMs = new Map<string, number>()
  const good = new Map<string, boolean>()
  /** Mailboxes that are to be looked at, with their latest attempt. */
  const waiting = new Map<string, Attempt>()
  let looks: Promise<void> = Promise.resolve()
  const pauses = new AbortController()
  let pingWaits = false
  let pingedAtMs = Number.NEGATIVE_INFINITY
  let pings: Promise<void> = Promise.resolve()

  /** One line when a way stops working, not one for each notice. */
  const outcome = (channel: Channel, reason: string | undefined): boolean => {
    if (reason === undefined) failedBefore.delete(channel)
    else if (!failedBefore.has(channel) && !stop.signal.aborted) {
      failedBefore.add(channel)
      log.say('warn', 'noticeNotSent', words.notice.notSent(channel, reason), { channel, reason })
    }
    return reason === undefined
  }

  const byMail = async (ports: PullPorts, notice: Notice): Promise<boolean> => {
    const over = new AbortController()
    const end = clock.sleep(mailDeadlineMs, over.signal).catch(() => {})
    const cut = new AbortController()
    void end.then(() => cut.abort())
    const { subject, text, key } = notice
    const letter = { address: addressOf(config, ports), subject, text, key, atMs: clock.nowMs() }
    try {
      await mailNotice(ports, letter, AbortSignal.any([stop.signal, cut.signal]))
      return outcome('mail', undefined)
    } catch (thrown) {
      return outcome('mail', stop.signal.aborted || cut.signal.aborted ? 'stopped' : asFault(thrown).code)
    } finally {
      over.abort()
    }
  }

  const byHook = async (hook: Secret, { subject: title, text, urgent }: Notice): Promise<boolean> => {
    const url = await hook.reveal().catch(() => undefined)
    if (url === undefined) return outcome('webhook', 'secret.missing')
    return outcome('webhook', await postText(url, { title, text, urgent }, clock, stop.signal))
  }

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

  const look = async (ports: PullPorts, made: Attempt | undefined): Promise<void> => {
    const { mailbox, journal, gmail } = ports
    const counts = made?.kind === 'pulled' ? made.result.conservation : undefined
    const refusals = (counts?.refused ?? 0) > 0 ? journal.inStages(mailbox.name, ['refused']) : []
    const places = { mailbox: `told/mailbox/${mailbox.name}`, account: `told/account/${mailbox.account}` }
    for (const rule of rules) {
      if (stop.signal.aborted) return
      const view: View = {
        mailbox: journal.mailbox(mailbox.name),
        account: journal.accountState(mailbox.account),
        booksBroken:
          journal.troubles.find({ scope: 'mailbox', name: mailbox.name, subject: 'books' }) !== undefined,
        consentEndsAtMs: gmail.consentEndsAtMs,
        counts,
        refusal: refusals[0]?.fault,
        told: memory.read<MailboxTold>(journal, places.mailbox),
        accountTold: memory.read<AccountTold>(journal, places.account),
        afterMinutes: alerts.afterMinutes,
        nowMs: clock.nowMs(),
        words,
      }
      const decision = rule(view)
      if (decision === undefined) continue
      if (decision.notice !== undefined && !(await send(ports, decision.notice))) continue
      if (decision.told !== view.told) memory.write(journal, places.mailbox, decision.told)
      if (decision.accountTold !== view.accountTold)
        memory.write(journal, places.account, decision.accountTold)
    }
  }

  const sendPing = async (hook: Secret): Promise<void> => {
    const pauseMs = pingEveryMs - (clock.monotonicMs() - pingedAtMs)
    if (pauseMs > 0) await clock.sleep(pauseMs, pauses.signal)
    // From here on a change of state is worth another ping.
    pingWaits = false
    pingedAtMs = clock.monotonicMs()
    const well = [...good.values()].every(Boolean)
    const url = await hook.reveal().catch(() => undefined)
    outcome('ping', url === undefined ? 'secret.missing' : await ping(url, well, clock, stop.signal))
  }

  return {
    afterAttempt(ports, made) {
      const { name } = ports.mailbox
      if (made.kind === 'stopped') return
      if (made.kind !== 'waiting') {
        good.set(name, made.kind === 'pulled' && made.result.faults.length === 0 && made.result.conserved)
        const { ping: hook } = alerts
        if (hook !== undefined && !pingWaits) {
          pingWaits = true
          pings = pings.then(() => sendPing(hook)).catch(() => {})
        }
      }
      // A notice that takes its time must not make a queue of looks.
      const queued = waiting.has(name)
      waiting.set(name, made)
      if (queued) return
      looks = looks.then(async () => {
        const latest = waiting.get(name)
        waiting.delete(name)
        // The journal's own trouble is told by the pulls.
        await look(ports, latest).catch(() => {})
      })
    },
    async idle() {
      await looks
      await pings
    },
    async close(graceMs) {
      pauses.abort()
      const enough = new AbortController()
      const done = Promise.all([looks, pings])
      await Promise.race([done, clock.sleep(graceMs, enough.signal).catch(() => {})])
      enough.abort()
      stop.abort()
      await done
    },
  }
}

/** What was told stands in the journal; a full disk must not make us tell it again and again. */
function makeMemory() {
  const written = new Map<string, object>()
  return {
    read<T extends object>(journal: Journal, key: string): T {
      const known = written.get(key)
      if (known !== undefined) return known as T
      let value: unknown
      try {
        value = JSON.parse(journal.note(key) ?? '{}')
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
      }
      const told = (typeof value === 'object' && value !== null ? value : {}) as T
      written.set(key, told)
      return told
    },
    write(journal: Journal, key: string, value: object): void {
      written.set(key, value)
      journal.setNote(key, JSON.stringify(value))
    },
  }
}

function addressOf(config: Config, ports: PullPorts): string | undefined {
  const account = config.accounts.find(one => one.name === ports.mailbox.account)
  if (account === undefined) return undefined
  if (account.address !== 'me') return account.address
  return account.credential.kind === 'service-account' ? account.credential.subject : undefined
}
