/**
 * The write-ahead log, brought to the disk beside: a commit that SQLite has only written (synchronous=NORMAL) lasts as one
 * of synchronous=FULL does once the log is synced behind it (sqlite.org/wal.html). The event loop goes on meanwhile, and
 * what several recorded is synced at once.
 */
import { closeSync, constants, fdatasync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { Fault } from '../base/fault.ts'

const { O_NOFOLLOW = 0, O_RDWR } = constants
const syncFile = promisify(fdatasync)
/** A further one would only wait for these. */
const mostAtOnce = 3

export interface LogSync {
  /** Resolves when the disk has all that was written before the call. Throws Fault state.io. */
  sync(): Promise<void>
  /** Resolves when none is under way any more. */
  close(): Promise<void>
}

/**
 * @param journal the file beside which the log is; it must be open, so that the log stays
 * @returns undefined where the log cannot be opened: then each commit is to wait for itself
 */
export function openLogSync(journal: string): LogSync | undefined {
  const file = `${journal}-wal`
  let handle: number
  try {
    handle = openSync(file, O_RDWR | O_NOFOLLOW)
  } catch {
    return undefined
  }
  const underWay = new Set<Promise<void>>()
  let next: Promise<void> | undefined
  const begin = (): Promise<void> => {
    const sync = syncFile(handle)
      .catch((cause: NodeJS.ErrnoException) => {
        // Whatever it says, the kernel may have dropped what it could not write (fsync(2)): nobody may go on as before.
        throw new Fault('state.io', { facts: { file, reason: cause.code ?? cause.message }, cause })
      })
      .finally(() => underWay.delete(sync))
    underWay.add(sync)
    return sync
  }
  const wait = async (): Promise<void> => {
    await Promise.race(underWay).catch(() => {})
    next = undefined
    return begin()
  }
  return {
    sync() {
      if (underWay.size < mostAtOnce && next === undefined) return begin()
      next ??= wait()
      return next
    },
    async close() {
      while (underWay.size > 0) await Promise.allSettled(underWay)
      closeSync(handle)
    },
  }
}
