/** What was withdrawn from its workers is given back when they have ended what they had begun: who goes on with it waits for that. */
import type { Statements } from '../sql.ts'
import { isThere } from './holds.ts'

const lookMs = 100
/** A worker hears of it within a second, and has three to end well (keep-holds.ts). */
const usualMostMs = 8000

/** @returns whether no worker that is there holds any of these any more; false: the time was over */
export async function waitForHandBack(
  sql: Pick<Statements, 'get' | 'words'>,
  mailboxes: readonly string[],
  mostMs = usualMostMs,
): Promise<boolean> {
  const endMs = performance.now() + mostMs
  for (;;) {
    const row = await sql.get(
      `SELECT count(*) AS held FROM hold WHERE mailbox IN (${sql.words.textsIn('?')}) AND EXISTS (
         SELECT FROM worker WHERE worker.name = hold.worker AND ${isThere('worker')})`,
      JSON.stringify(mailboxes),
    )
    if (Number(row?.held) === 0) return true
    if (performance.now() >= endMs) return false
    await new Promise(resolve => setTimeout(resolve, lookMs))
  }
}

/** Messages of which it is not known whether they reached Gmail: found out before they are imported again. */
export async function countUnknown(
  sql: Pick<Statements, 'get' | 'words'>,
  mailboxes: readonly string[],
): Promise<number> {
  const row = await sql.get(
    `SELECT count(*) AS unknown FROM message
     WHERE stage = 'importing' AND mailbox IN (${sql.words.textsIn('?')})`,
    JSON.stringify(mailboxes),
  )
  return Number(row?.unknown)
}
