/**
 * What the owner's rules make of the messages of one mailbox, and where it is written down: with the intent, before
 * anything leaves, so that whatever follows an end in between follows the same wish.
 *
 * Invariants: what may be in Gmail already keeps the wish and the account that it was begun with, whatever the rules say
 * by now; only what never reached Gmail is left at the source by a rule, and nothing is done to it there.
 */
import { Fault } from '../base/fault.ts'
import { smallOctets } from '../base/in-flight.ts'
import { endSlice } from '../base/in-slices.ts'
import type { MailboxConfig } from '../config/config.ts'
import type { MessageRow, Move, NoteKey, RowPatch } from '../journal/journal.ts'
import { readHeader } from '../message/header.ts'
import type { ListedFacts } from '../rules/rule.ts'
import { type Decision, RuleBook } from '../rules/rule-book.ts'
import type { Listed } from '../source/source.ts'
import { eventOf, type PullContext, type RowPlaces } from './context.ts'

type Needs = Pick<PullContext, 'journal' | 'mailbox' | 'count' | 'log'>

const books = new WeakMap<object, RuleBook>()

/** The rules of a mailbox, made ready once. */
export function bookOf({ rules, user }: Pick<MailboxConfig, 'rules' | 'user'>): RuleBook {
  const before = books.get(rules)
  if (before !== undefined) return before
  const book = new RuleBook(rules, user)
  books.set(rules, book)
  return book
}

/** An upload of it may have reached Gmail: nothing is decided anew. */
export const isUnderWay = ({ stage, outcomeUnknown }: MessageRow): boolean =>
  stage === 'importing' || outcomeUnknown

const factsOf = ({ folder, seen, flags }: MessageRow, octets: number | undefined): ListedFacts => ({
  folder,
  octets,
  seen,
  flags,
})

/** @param section the header section, as it came */
export function decideWish(
  { mailbox }: Pick<PullContext, 'mailbox'>,
  row: MessageRow,
  section: Buffer,
  octets: number | undefined,
): Pick<Decision, 'wish' | 'isLeft'> {
  const book = bookOf(mailbox)
  if (isUnderWay(row) || book.isEmpty) return { wish: isUnderWay(row) ? row.wish : undefined, isLeft: false }
  return book.decide(factsOf(row, octets), section, row.wish?.byOwner)
}

/** Rows that one transaction moves. */
const rowsAtOnce = 500

/**
 * Leaves at the source what rules leave by folder, flags or size alone: of that nothing has to be retrieved.
 * @returns the ids of what is left
 */
export async function leaveEarly(context: Needs, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const { journal, mailbox } = context
  const book = bookOf(mailbox)
  const left = new Set<number>()
  if (!book.canLeaveEarly) return left
  for (let from = 0; from < ids.length; from += rowsAtOnce) {
    const rows: MessageRow[] = []
    const moves: Move[] = []
    for (const id of ids.slice(from, from + rowsAtOnce)) {
      const row = await journal.row(id)
      if (row === undefined || isUnderWay(row) || row.wish?.byOwner) continue
      const decision = book.decideEarly(factsOf(row, row.octets ?? row.octetsListed))
      if (decision?.isLeft !== true) continue
      rows.push(row)
      moves.push({ id, from: row.stage, to: 'ignored', patch: leaving(decision) })
    }
    const moved = new Set(await journal.moveAll(moves))
    for (const row of rows) if (moved.has(row.id)) noteLeft(context, row, left)
    await endSlice()
  }
  return left
}

/** It stays at the source, by a rule. @param facts what is known of it by now */
export async function leaveByRule(
  context: Needs,
  row: MessageRow,
  decision: Pick<Decision, 'wish'>,
  facts: RowPatch,
): Promise<void> {
  await context.journal.move(row.id, 'ignored', { ...facts, ...leaving(decision) })
  noteLeft(context, row)
}

const leaving = ({ wish }: Pick<Decision, 'wish'>): RowPatch => ({
  ...(wish === undefined ? {} : { wish }),
  ...{ attempts: 0, firstFailedAtMs: null, notBeforeMs: null, fault: null },
})

function noteLeft({ count, log }: Needs, row: MessageRow, left?: Set<number>): void {
  left?.add(row.id)
  count.ignored += 1
  count.leftByRule += 1
  log.leftByRule(eventOf(row))
}

/**
 * A large message that a rule may leave is asked for its header first, where the source gives that for little: IMAP.
 * @returns whether it is left
 */
export async function leaveByHeader(
  context: Needs & Pick<PullContext, 'session' | 'signal'>,
  row: MessageRow,
  entry: Listed,
): Promise<boolean> {
  const { mailbox, session, signal } = context
  const book = bookOf(mailbox)
  const octets = entry.octets ?? row.octetsListed
  const facts = factsOf(row, octets)
  if (session.abilities.protocol !== 'imap' || isUnderWay(row) || row.wish?.byOwner) return false
  // Small ones come many at a time, and cost less than a question by itself.
  if (octets === undefined || octets <= smallOctets || !book.canLeave || !book.mayLeave(facts)) return false
  let section: Buffer | undefined
  try {
    section = await session.peekHeader(entry, signal)
  } catch (thrown) {
    // What is wrong with the message is found where it is retrieved.
    if (!(thrown instanceof Fault) || thrown.scope !== 'message' || !session.usable) throw thrown
  }
  if (section === undefined) return false
  const decision = book.decide(facts, section)
  if (!decision.isLeft) return false
  const { sha256: headerSha256, messageId } = readHeader(section)
  await leaveByRule(context, row, decision, {
    headerSha256,
    ...(messageId === undefined ? {} : { messageId }),
  })
  return true
}

const rulesNote = (mailbox: string, folder: string): NoteKey => `rules ${JSON.stringify([mailbox, folder])}`

/**
 * What rules left that no rule of today would leave for the same reason goes the usual way again, and is judged anew. Looked
 * for when the rules changed, folder by folder as each is listed.
 */
export async function takeBackRuled(
  { journal, mailbox, count, log }: Needs,
  folder: string,
  at: RowPlaces,
): Promise<void> {
  const book = bookOf(mailbox)
  const note = rulesNote(mailbox.name, folder)
  if (((await journal.note(note)) ?? noRules) === book.print) return
  let total = 0
  for (let after = 0; ; await endSlice()) {
    const rows = await journal.leftByRule(mailbox.name, rowsAtOnce, after)
    const back = rows.filter(
      ({ id, wish }) => at.has(id) && (wish?.left === undefined || !book.leaves(wish.left)),
    )
    const moves = back.map(({ id }): Move => ({ id, from: 'ignored', to: 'listed', patch: { wish: null } }))
    total += (await journal.moveAll(moves)).length
    if (rows.length < rowsAtOnce) break
    after = rows.at(-1)?.id ?? 0
  }
  count.fresh += total
  if (total > 0) log.rulesChanged({ mailbox: mailbox.name, folder, total })
  await journal.setNote(note, book.print)
}

const noRules = new RuleBook([], '').print
