/**
 * A database as the journal's own code sees it, whichever it is: statements that are answered later, and transactions.
 * Places in a text are plain (`?`) or numbered (`?1`), never both in one. What two databases spell differently stands in
 * `SqlWords`; everything else is written so that each understands it.
 */
import type { SqlRow, SqlValue } from './columns.ts'
import type { Lasting } from './row.ts'

/** Each rejects with Fault journal.* or state.* and nothing else. */
export interface Statements {
  readonly words: SqlWords
  /** @returns how many rows it changed */
  run(text: string, ...values: SqlValue[]): Promise<number>
  get(text: string, ...values: SqlValue[]): Promise<SqlRow | undefined>
  all(text: string, ...values: SqlValue[]): Promise<SqlRow[]>
}

export interface Database extends Statements {
  /**
   * All of `work` or nothing of it, in one commit. Within `work` only the statements that it is given are used: the
   * database's own wait for the end of the transaction. Where two such works would disturb each other, one waits, or is
   * begun anew: `work` does nothing but ask and write.
   * @param lasting 'later': the disk is not waited for, and whatever is committed 'now' afterwards takes this one along
   */
  transaction<T>(work: (sql: Statements) => Promise<T>, lasting?: Lasting): Promise<T>
}

/** Where the dialects part. */
export interface SqlWords {
  /** The members of a JSON list of whole numbers that stands in a place: a query of one column. */
  numbersIn(place: string): string
  /** The same of texts. */
  textsIn(place: string): string
  /** What makes a JSON list of a group's numbers. */
  listNumbers(column: string): string
  /**
   * What a row's `authentication` says (docs/authentication.md), NULL where it says nothing or is no record; word for word
   * as the index `message_search` has them. The sender's domain; what forwarding would have cost by today's rules;
   * 1 where it was judged by rules of before, so that the cost has to be found out anew.
   */
  readonly senderDomain: string
  readonly forwardingCost: string
  readonly isJudgedBefore: string
  /** What an INSERT says between its columns and its values where it gives the ids itself. */
  readonly withOwnIds: string
}
