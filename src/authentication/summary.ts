/** Many messages' forecasts added up: per mailbox and sender domain, what plain forwarding would cost. Pure. */
import type { Forecast } from './forecast.ts'

export interface SummaryInput {
  readonly mailbox: string
  readonly senderDomain: string
  /** undefined: not verified, so not known. */
  readonly cost: Forecast['cost'] | undefined
  /** How many messages it stands for; 1 where it is left out. */
  readonly messages?: number
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
  /** Those of domains that came when there was a row for as many as are kept; a sender can write any. */
  readonly beyond?: Omit<SummaryRow, 'mailbox' | 'senderDomain'>
}

/** Rows that are kept at most. */
const mostRows = 20_000

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
  const summing = beginSummary()
  for (const input of inputs) summing.add(input)
  return summing.end()
}

export interface Summing {
  add(input: SummaryInput): void
  end(): Summary
}

export function beginSummary(): Summing {
  const groups = new Map<string, { mailbox: string; senderDomain: string; counts: Counts }>()
  const total = zero()
  let beyond: Counts | undefined
  const findCounts = (mailbox: string, senderDomain: string): Counts => {
    const key = JSON.stringify([mailbox, senderDomain])
    const group = groups.get(key)
    if (group !== undefined) return group.counts
    const counts = zero()
    if (groups.size < mostRows) groups.set(key, { mailbox, senderDomain, counts })
    else {
      beyond ??= counts
      return beyond
    }
    return counts
  }
  return {
    add({ mailbox, senderDomain, cost, messages = 1 }) {
      for (const counts of [findCounts(mailbox, senderDomain), total]) count(counts, cost, messages)
    },
    end() {
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
      return { rows, total, ...(beyond === undefined ? {} : { beyond }) }
    },
  }
}

/** Rows as one. */
export function addUp(all: Iterable<Summary['total']>): Summary['total'] {
  const sum = zero()
  for (const counts of all) for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name]
  return sum
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function count(counts: Counts, cost: Forecast['cost'] | undefined, messages: number): void {
  if (cost === undefined || cost === 'unknown') {
    counts.notKnown += messages
    return
  }
  counts.messages += messages
  if (cost !== 'none') counts[cost === 'possibly-lost' ? 'possiblyLost' : cost] += messages
}

const costs: readonly string[] = ['none', 'softfail', 'spam', 'possibly-lost', 'lost', 'unknown']

/** What a record says of the cost; undefined for what is none, which the journal may hold from another version. */
export const readCost = (text: string | undefined): Forecast['cost'] | undefined =>
  text !== undefined && costs.includes(text) ? (text as Forecast['cost']) : undefined
