/**
 * The labels that the owner wishes for on the mail of one mailbox, during one pull.
 *
 * Invariants: no label costs delivery: what cannot be had is left off. That it concerns the label and not the account is
 * shown by an import that went in without it; only then its trouble is opened. It is closed by an import that had it, or
 * by having it where getting it was the trouble. Between two tries of a label the waits grow, over restarts too.
 */
import { backoffMs } from '../base/backoff.ts'
import { Fault } from '../base/fault.ts'
import { labelSubject } from '../base/label-subject.ts'
import type { Trouble, TroubleKey } from '../base/trouble.ts'
import type { MailboxConfig } from '../config/config.ts'
import type { ImportRequest, MissedLabel } from '../gmail/gmail.ts'
import { asRecord, type PullContext } from './context.ts'
import { accountsOf, otherAccountsOf } from './destination.ts'
import { contextOf } from './elsewhere.ts'

const firstWaitMs = 60_000
const mostWaitMs = 3600_000

/** Where a message goes, and whether it is read: never left off. */
const ofPlace = ['INBOX', 'SPAM', 'UNREAD']

/** Every label that the configuration names for a mailbox. */
const labelsOf = ({ labels, folders, rules }: MailboxConfig): readonly string[] => [
  ...new Set([...labels, ...folders.flatMap(folder => folder.labels), ...rules.flatMap(rule => rule.labels)]),
]

/** What the list of what is not well calls them, in the mailbox's own account and in others that its rules name. */
export const labelSubjectsOf = (mailbox: MailboxConfig): readonly string[] =>
  [undefined, ...otherAccountsOf(mailbox)].flatMap(other =>
    labelsOf(mailbox).map(label => subjectOf(label, other)),
  )

const subjectOf = (label: string, other: string | undefined): string =>
  labelSubject(other === undefined ? label : `${label} (${other})`)

type Ports = Pick<PullContext, 'journal' | 'mailbox' | 'gmail' | 'clock' | 'log' | 'signal'>
type Needs = Ports & Pick<PullContext, 'others'>

/** The wishes in each account into which mail of the mailbox goes, made when they are asked for. */
export class WishesByAccount {
  readonly #context: Needs
  readonly #wishes = new Map<string, LabelWishes>()

  constructor(context: Needs) {
    this.#context = context
    for (const account of accountsOf(context.mailbox)) this.of(account)
  }

  /** Undefined where the account is in the configuration no more. */
  of(account: string): LabelWishes | undefined {
    const before = this.#wishes.get(account)
    if (before !== undefined) return before
    const context = contextOf(this.#context, account)
    if (context === undefined) return undefined
    const wishes = new LabelWishes(context, context.isElsewhere ? account : undefined)
    this.#wishes.set(account, wishes)
    return wishes
  }

  get all(): readonly LabelWishes[] {
    return [...this.#wishes.values()]
  }
}

export class LabelWishes {
  readonly #ports: Ports
  /** Label -> why it could not be had in this pull. */
  readonly #refusals = new Map<string, Fault>()
  /** Labels of which the refusal is in the journal. */
  readonly #recorded = new Set<string>()
  /** Id -> label, of what was had in this pull. */
  readonly #labels = new Map<string, string>()
  /** One look-up after the other, so that a refused label is asked for once. */
  #last: Promise<unknown> = Promise.resolve()
  readonly #other: string | undefined

  /** @param other the account, where it is not the mailbox's own */
  constructor(ports: Ports, other?: string) {
    this.#ports = ports
    this.#other = other
  }

  /** What the journal was told of in this pull. */
  get faults(): readonly Fault[] {
    return [...this.#refusals].filter(([label]) => this.#recorded.has(label)).map(([, fault]) => fault)
  }

  /**
   * Ids of those labels that can be had.
   * @throws Fault what concerns more than labels
   */
  async idsFor(labels: readonly string[]): Promise<readonly string[]> {
    if (labels.length === 0) return []
    const work = this.#last.then(async () => {
      const ids: string[] = []
      for (const label of labels) {
        const open = await this.#find(label)
        if (this.#refusals.has(label) || (open !== undefined && this.#waits(open))) continue
        const id = await this.#idOf(label)
        if (id !== undefined) ids.push(id)
      }
      return ids
    })
    this.#last = work.catch(() => {})
    return work
  }

  async #idOf(label: string): Promise<string | undefined> {
    const { gmail, signal } = this.#ports
    try {
      const [id] = await gmail.labelIds([label], signal)
      if (id !== undefined) this.#labels.set(id, label)
      return id
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code !== 'gmail.label-refused') throw thrown
      this.#refusals.set(label, thrown)
      return undefined
    }
  }

  /**
   * The same request without the labels that an upload was refused for, or undefined where it has none.
   * @param all without any that the owner wished for; else without those that Gmail's words name, if they name some
   */
  takeOff(request: ImportRequest, { facts }: Fault, all: boolean): ImportRequest | undefined {
    const wished = request.labelIds.filter(id => this.#labels.has(id) && !ofPlace.includes(id))
    const words = String(facts.words ?? '').split(/[^\w-]+/)
    const named = wished.filter(id => words.includes(id))
    const off = all || named.length === 0 ? wished : named
    if (off.length === 0) return undefined
    for (const id of off) {
      const label = this.#labels.get(id) ?? id
      const refusal = new Fault('gmail.label-refused', {
        facts: { ...facts, labels: label, phase: 'upload' },
      })
      if (!this.#refusals.has(label)) this.#refusals.set(label, refusal)
    }
    return { ...request, labelIds: request.labelIds.filter(id => !off.includes(id)) }
  }

  /** An import went in: the account works, and these labels do, but for those that it lacks. */
  async imported({ labelIds }: ImportRequest, missed: readonly MissedLabel[] = []): Promise<void> {
    for (const { id, words } of missed) {
      const label = this.#labels.get(id)
      if (label === undefined || this.#refusals.has(label)) continue
      this.#refusals.set(
        label,
        new Fault('gmail.label-refused', { facts: { labels: label, words, phase: 'upload' } }),
      )
    }
    for (const id of labelIds) {
      if (missed.some(lacking => lacking.id === id)) continue
      const label = this.#labels.get(id)
      if (label !== undefined) await this.#close(label)
    }
    for (const label of this.#refusals.keys()) await this.#open(label)
  }

  /**
   * Asks again for what could not be had before, where no mail did: so that the owner hears when it is over. What else
   * is met here is left to be told by a pull that has mail.
   */
  async tryAgain(): Promise<void> {
    const { mailbox, journal, clock, signal } = this.#ports
    for (const label of labelsOf(mailbox)) {
      const open = await this.#find(label)
      if (open === undefined || open.facts.phase === 'upload') continue
      if (this.#waits(open) || this.#refusals.has(label)) continue
      try {
        if ((await this.#idOf(label)) === undefined) await this.#open(label)
        else await this.#close(label)
      } catch (thrown) {
        if (signal.aborted || !(thrown instanceof Fault) || thrown.scope === 'everything') throw thrown
        // It was tried, and is waited for.
        await journal.troubles.opened(this.#keyOf(mailbox, label), { ...open, atMs: clock.nowMs() })
      }
    }
  }

  async #find(label: string): Promise<Trouble | undefined> {
    return await this.#ports.journal.troubles.find(this.#keyOf(this.#ports.mailbox, label))
  }

  /** A clock that was set back holds nothing up. */
  #waits({ times, lastSeenMs }: Trouble): boolean {
    const sinceMs = this.#ports.clock.nowMs() - lastSeenMs
    return sinceMs >= 0 && sinceMs < backoffMs(times, firstWaitMs, mostWaitMs, 1)
  }

  async #open(label: string): Promise<void> {
    const { journal, mailbox, clock, log } = this.#ports
    const fault = this.#refusals.get(label)
    if (fault === undefined || this.#recorded.has(label)) return
    this.#recorded.add(label)
    const opened = await journal.troubles.opened(this.#keyOf(mailbox, label), asRecord(fault, clock.nowMs()))
    if (opened) log.fault(fault, { mailbox: mailbox.name })
  }

  async #close(label: string): Promise<void> {
    const { journal, mailbox, clock } = this.#ports
    if ((await this.#find(label)) !== undefined)
      await journal.troubles.closed(this.#keyOf(mailbox, label), 'success', clock.nowMs())
  }

  #keyOf({ name }: MailboxConfig, label: string): TroubleKey {
    return { scope: 'wish', name, subject: subjectOf(label, this.#other) }
  }
}
