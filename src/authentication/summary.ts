/** Many messages' forecasts added up: per mailbox and sender domain, what plain forwarding would cost. Pure. */
import type { Forecast } from './forecast.ts'

export interface SummaryInput {
  readonly mailbox: string
  readonly senderDomain: string
  /** undefined: not verified, so not known. */
  readonly cost: Forecast['cost'] | undefined
}

export interface SummaryRow {
  readonly mailbox: string
  readonly senderDomain: string
  /** Messages whose forecast is known. */
  readonly messages: number
  /** Refused by Gmail: never seen by the owner. */
  readonly lost: number
  /** Refused or in the spam folder: nobody outside Gmail knows which. */
  readonly possiblyLost: number
  readonly spam: number
  /** Delivered, but with SPF failed. */
  readonly softfail: number
  readonly notKnown: number
}

export interface Summary {
  /** Worst first: lost, then possibly lost, then spam, then softfail, then by name. */
  readonly rows: readonly SummaryRow[]
  readonly total: Omit<SummaryRow, 'mailbox' | 'senderDomain'>
}

type Counts = { -readonly [K in keyof Summary['total']]: number }

/** Of a group without mail. */
export const noMail: Summary['total'] = {
  messages: 0,
  lost: 0,
  possiblyLost: 0,
  spam: 0,
  softfail: 0,
  notKnown: 0,
}

const zero = (): Counts => ({ ...noMail })

export function summarize(inputs: Iterable<SummaryInput>): Summary {
  const groups = new Map<string, { mailbox: string; senderDomain: string; counts: Counts }>()
  const total = zero()
  for (const { mailbox, senderDomain, cost } of inputs) {
    const key = JSON.stringify([mailbox, senderDomain])
    let group = groups.get(key)
    if (group === undefined) {
      group = { mailbox, senderDomain, counts: zero() }
      groups.set(key, group)
    }
    for (const counts of [group.counts, total]) count(counts, cost)
  }
  const rows = [...groups.values()]
    .map(({ mailbox, senderDomain, counts }) => ({ mailbox, senderDomain, ...counts }))
    .sort(
      (a, b) =>
        b.lost - a.lost ||
        b.possiblyLost - a.possiblyLost ||
        b.spam - a.spam ||
        b.softfail - a.softfail ||
        b.messages - a.messages ||
        compare(a.mailbox, b.mailbox) ||
        compare(a.senderDomain, b.senderDomain),
    )
  return { rows, total }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function count(counts: Counts, cost: Forecast['cost'] | undefined): void {
  if (cost === undefined || cost === 'unknown') {
    counts.notKnown += 1
    return
  }
  counts.messages += 1
  if (cost !== 'none') counts[cost === 'possibly-lost' ? 'possiblyLost' : cost] += 1
}
