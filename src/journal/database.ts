/** SQLite as the journal's own code sees it: prepared statements, one transaction at a time, its errors as faults. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { SqlValue } from './columns.ts'
import type { Lasting } from './row.ts'
import { forwardingCost, isJudgedBefore, senderDomain } from './schema.ts'
import type { Database, SqlWords, Transaction } from './sql.ts'
import { toSqliteFault } from './sqlite-fault.ts'
import { takeTurns } from './turns.ts'

/** Each commit waits for the disk (sqlite.org/pragma.html). */
export const eachCommitLasts = 'PRAGMA synchronous = FULL'

/** A statement whose values have numbers (`?1`), with plain ones in their places. */
interface Plain {
  readonly text: string
  /** Which of the given values stands in each place; undefined where the text had no numbers. */
  readonly order: readonly number[] | undefined
}

/**
 * An older node:sqlite (in 22.19 and 24.5, no more in 22.20 and 24.8) takes numbered values for named ones and refuses to
 * bind them in order ("column index out of range"), so their places are counted here.
 */
export function toPlainPlaces(text: string): Plain {
  const order: number[] = []
  const plain = text.replace(/\?(\d+)/g, (_, number) => {
    order.push(Number(number) - 1)
    return '?'
  })
  if (order.length === 0) return { text, order: undefined }
  if (/\?(?!\d)/.test(text)) throw new Error(`numbered and plain values mixed: ${text}`)
  return { text: plain, order }
}

interface Prepared {
  readonly statement: StatementSync
  readonly order: readonly number[] | undefined
}

const words: SqlWords = {
  numbersIn: place => `SELECT value FROM json_each(${place})`,
  textsIn: place => `SELECT value FROM json_each(${place})`,
  listNumbers: column => `json_group_array(${column})`,
  senderDomain,
  forwardingCost,
  isJudgedBefore,
  toChange: '',
  withOwnIds: '',
}

export interface SqliteDatabase extends Database {
  /** Does this when all that was asked for before is done. */
  afterAll(work: () => Promise<void>): Promise<void>
}

/** @param syncLog brings what was written into the write-ahead log to the disk, beside; without it each commit waits */
export function makeDatabase(
  connection: DatabaseSync,
  path: string,
  syncLog?: () => Promise<void>,
): SqliteDatabase {
  const statements = new Map<string, Prepared>()
  const prepare = (text: string): Prepared => {
    const known = statements.get(text)
    if (known !== undefined) return known
    const { text: plain, order } = toPlainPlaces(text)
    const prepared = { statement: connection.prepare(plain), order }
    statements.set(text, prepared)
    return prepared
  }
  const bind = (text: string, values: readonly SqlValue[]): [StatementSync, SqlValue[]] => {
    const { statement, order } = prepare(text)
    return [statement, order === undefined ? [...values] : order.map(place => values[place] ?? null)]
  }
  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw toSqliteFault(error, path)
    }
  }
  const run = (text: string, values: readonly SqlValue[]): number =>
    guard(() => {
      const [statement, bound] = bind(text, values)
      return Number(statement.run(...bound).changes)
    })
  let doesEachLast = true
  /** Said only where it changes: most commits of an idle daemon wait for nothing, one after the other. */
  const letEachLast = (each: boolean): void => {
    if (doesEachLast === each) return
    guard(() => connection.exec(each ? eachCommitLasts : 'PRAGMA synchronous = NORMAL'))
    doesEachLast = each
  }
  const atOnce: Transaction = {
    words,
    send: (text, ...values) => void run(text, values),
    // One transaction follows the other here.
    lock() {},
    run: async (text, ...values) => run(text, values),
    get: async (text, ...values) =>
      guard(() => {
        const [statement, bound] = bind(text, values)
        return statement.get(...bound)
      }),
    all: async (text, ...values) =>
      guard(() => {
        const [statement, bound] = bind(text, values)
        return statement.all(...bound)
      }),
  }
  const commit = async <T>(work: (sql: Transaction) => Promise<T>, lasts = true): Promise<T> => {
    letEachLast(lasts)
    run('BEGIN IMMEDIATE', [])
    try {
      const result = await work(atOnce)
      run('COMMIT', [])
      return result
    } catch (error) {
      try {
        connection.exec('ROLLBACK')
      } catch {
        // SQLite rolls back by itself on a full disk or an I/O error; the first error is the one to tell.
      }
      throw error
    }
  }
  let synced: Promise<void> = Promise.resolve()
  let toSync: NodeJS.Immediate | undefined
  let syncsUnderWay = 0
  const sync = async (): Promise<void> => {
    syncsUnderWay += 1
    try {
      await syncLog?.()
    } finally {
      syncsUnderWay -= 1
    }
  }
  /**
   * At once, so that less is left for the one that is waited for. What is recorded while the disk is at work shares the
   * next one, at the next turn of the event loop or when somebody waits for it.
   */
  const beginSync = (): void => {
    clearImmediate(toSync)
    toSync = undefined
    // One that failed may have lost what others recorded before: it is never taken for mended.
    synced = Promise.all([synced, sync()]).then(() => {})
    synced.catch(() => {})
  }
  const commitBeside = async <T>(work: (sql: Transaction) => Promise<T>): Promise<T> => {
    const result = await commit(work, false)
    if (syncsUnderWay === 0) beginSync()
    else toSync ??= setImmediate(beginSync)
    return result
  }
  const commitAs = <T>(lasting: Lasting, work: (sql: Transaction) => Promise<T>): Promise<T> => {
    if (lasting === 'later') return commit(work, false)
    return lasting === 'now' || syncLog === undefined ? commit(work) : commitBeside(work)
  }
  const inTurn = takeTurns()
  return {
    words,
    run: (...given) =>
      inTurn(async () => {
        letEachLast(true)
        return await atOnce.run(...given)
      }),
    get: (...given) => inTurn(() => atOnce.get(...given)),
    all: (...given) => inTurn(() => atOnce.all(...given)),
    transaction: (work, lasting = 'now') => inTurn(() => commitAs(lasting, work)),
    changeIf: (isNeeded, work) =>
      inTurn(async () => ((await isNeeded(atOnce)) ? await commit(work) : undefined)),
    lasts() {
      if (toSync !== undefined) beginSync()
      return synced
    },
    afterAll: work =>
      inTurn(async () => {
        letEachLast(true)
        await work()
      }),
  }
}
