/** What forwarding would have done to the mail that reached Gmail, added up for all who show it. */
import { parseAuthentication } from '../authentication/authentication.ts'
import { beginSummary, readCost, type Summary } from '../authentication/summary.ts'
import type { Journal } from '../journal/journal.ts'

export type { Summary, SummaryRow } from '../authentication/summary.ts'
export { addUp } from '../authentication/summary.ts'

/**
 * @param fromMs when it was imported at the earliest, ms since 1970
 * @param beforeMs and before when
 * @param nameMailbox under which name a mailbox's mail is added up; undefined: not at all
 */
export async function sumUpForwarding(
  journal: Pick<Journal, 'sumForwarding'>,
  fromMs: number,
  beforeMs: number,
  nameMailbox: (mailbox: string) => string | undefined = mailbox => mailbox,
): Promise<Summary> {
  const summing = beginSummary()
  await journal.sumForwarding(fromMs, beforeMs, ({ mailbox, senderDomain, cost, judgedBefore, messages }) => {
    const name = nameMailbox(mailbox)
    if (name === undefined) return
    const known = judgedBefore === undefined ? cost : parseAuthentication(judgedBefore)?.forecast?.cost
    summing.add({ mailbox: name, senderDomain, cost: readCost(known), messages })
  })
  return summing.end()
}
