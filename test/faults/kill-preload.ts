/**
 * Preloaded into a real hikyaku process (node --import): numbers every journal write, protocol send and protocol
 * receive, and ends the process by SIGKILL at number HIKYAKU_KILL_AT. Without that it only counts, and writes the
 * total to HIKYAKU_KILL_COUNT when the process ends. Nothing in src/ knows of it.
 */
import { writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { DatabaseSync, StatementSync } from 'node:sqlite'

const at = Number(process.env.HIKYAKU_KILL_AT ?? 0)
const countFile = process.env.HIKYAKU_KILL_COUNT
let reached = 0

function point(): void {
  reached += 1
  if (reached === at) process.kill(process.pid, 'SIGKILL')
}

/** Points before and after a write to the journal, since "written and not yet known" is a state of its own. */
function around<This, Args extends unknown[], Result>(
  method: (this: This, ...args: Args) => Result,
): (this: This, ...args: Args) => Result {
  return function (this: This, ...args: Args): Result {
    point()
    const result = method.apply(this, args)
    point()
    return result
  }
}

StatementSync.prototype.run = around(
  StatementSync.prototype.run as () => never,
) as typeof StatementSync.prototype.run
DatabaseSync.prototype.exec = around(DatabaseSync.prototype.exec)
// What follows a send is the next point: a receive, or a write to the journal.
const write = Socket.prototype.write as (this: Socket, ...args: unknown[]) => boolean
Socket.prototype.write = function (this: Socket, ...args: unknown[]): boolean {
  point()
  return write.apply(this, args)
} as typeof Socket.prototype.write
const push = Socket.prototype.push
Socket.prototype.push = function (this: Socket, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk !== null) point()
  return push.call(this, chunk, encoding)
}

process.on('exit', () => {
  if (countFile !== undefined) writeFileSync(countFile, String(reached))
})
