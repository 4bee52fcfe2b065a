/**
 * Preloaded into a real hikyaku process (node --import): numbers every journal write, protocol send and protocol
 * receive, and ends the process by SIGKILL at number HIKYAKU_KILL_AT. Without that it only counts, and writes the
 * total to HIKYAKU_KILL_COUNT when the process ends. Nothing in src/ knows of it.
 *
 * With HIKYAKU_KILL_STATES only those are numbered before which something has happened that outlives the process: a send, a
 * receive, and what the journal commits. Between two of them the disk and the servers hold the same, wherever it is killed.
 * An answer is one receive, however many pieces it comes in, which differs from run to run.
 */
import { writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { DatabaseSync, StatementSync } from 'node:sqlite'

const at = Number(process.env.HIKYAKU_KILL_AT ?? 0)
const countFile = process.env.HIKYAKU_KILL_COUNT
const statesOnly = process.env.HIKYAKU_KILL_STATES !== undefined
let reached = 0
/** Whose octets the last point was about. */
let receiving: Socket | undefined

function point(from?: Socket): void {
  if (statesOnly && from !== undefined && from === receiving) return
  receiving = from
  reached += 1
  if (reached === at) process.kill(process.pid, 'SIGKILL')
}

const databaseOf = new WeakMap<StatementSync, DatabaseSync>()
const prepare = DatabaseSync.prototype.prepare
DatabaseSync.prototype.prepare = function (...args): StatementSync {
  const statement = prepare.apply(this, args)
  databaseOf.set(statement, this)
  return statement
}

/** Whether nothing of it is there for the next process: it begins a transaction, or is within one. */
function isLost(sql: string, database: DatabaseSync | undefined): boolean {
  if (/\b(COMMIT|ROLLBACK)\b/.test(sql)) return false
  return database?.isTransaction === true || /^\s*(BEGIN|PRAGMA synchronous)\b/.test(sql)
}

/** Points before and after what is done to the journal, since "written and not yet known" is a state of its own. */
function around<Result>(sql: string, database: DatabaseSync | undefined, act: () => Result): Result {
  if (statesOnly && isLost(sql, database)) return act()
  point()
  const result = act()
  // What follows is the next point, which finds the same on the disk.
  if (!statesOnly) point()
  return result
}

const run = StatementSync.prototype.run as (this: StatementSync, ...args: unknown[]) => unknown
StatementSync.prototype.run = function (this: StatementSync, ...args: unknown[]) {
  return around(this.sourceSQL, databaseOf.get(this), () => run.apply(this, args))
} as typeof StatementSync.prototype.run
const exec = DatabaseSync.prototype.exec
DatabaseSync.prototype.exec = function (sql: string): void {
  around(sql, this, () => exec.call(this, sql))
}
// What follows a send is the next point: a receive, or a write to the journal.
const write = Socket.prototype.write as (this: Socket, ...args: unknown[]) => boolean
Socket.prototype.write = function (this: Socket, ...args: unknown[]): boolean {
  point()
  return write.apply(this, args)
} as typeof Socket.prototype.write
const push = Socket.prototype.push
Socket.prototype.push = function (this: Socket, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk !== null) point(this)
  return push.call(this, chunk, encoding)
}

process.on('exit', () => {
  if (countFile !== undefined) writeFileSync(countFile, String(reached))
})
