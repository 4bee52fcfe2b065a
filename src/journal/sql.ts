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

/** Within a transaction: what is asked follows in this order, also where nobody waits for it. */
export interface Transaction extends Statements {
  /** `run` whose answer nobody waits for. Where it fails, nothing of the transaction is done, and that is what it is told. */
  send(text: string, ...values: SqlValue[]): void
  /**
   * From here to the end nobody else is past a lock of this name: what is asked afterwards knows what others did behind it.
   * For decisions over rows of several mailboxes, or over a row that may not be there yet.
   */
  lock(name: string): void
}

export interface Database extends Statements {
  /**
   * All of `work` or nothing of it, in one commit. Within `work` only the statements that it is given are used: the
   * database's own wait for the end of the transaction. Where two such works would disturb each other, one waits, or is
   * begun anew: `work` does nothing but ask and write.
   * @param lasting 'later': the disk is not waited for, and whatever is committed otherwise afterwards takes this one
   *   along; 'beside': nor is it, but it is at work from then on, and `lasts` tells when it has it
   */
  transaction<T>(work: (sql: Transaction) => Promise<T>, lasting?: Lasting): Promise<T>
  /**
   * The same, where there is something to do: most often there is nothing, and that costs one look.
   * @param isNeeded is asked beforehand, outside of it, and only reads; nothing that was asked for comes in between
   * @returns undefined where it is not needed
   */
  changeIf<T>(
    isNeeded: (sql: Statements) => Promise<boolean>,
    work: (sql: Transaction) => Promise<T>,
  ): Promise<T | undefined>
  /** Resolves when the disk has all that was committed 'now' or 'beside' until now. */
  lasts(): Promise<void>
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
  /** At the end of a SELECT by which the same transaction writes its row: nobody else changes that in between. */
  readonly toChange: string
  /** What an INSERT says between its columns and its values where it gives the ids itself. */
  readonly withOwnIds: string
}
