/**
 * A listener that is opened now, or as soon as it can be: what holds its address may be the run before this one, or
 * another program for good. Whatever becomes of it, mail is carried.
 */
import type { Listening } from './listen.ts'

/** Between two tries, ms: soon at first, for a restart that overlaps, then once a minute. */
const againMs = { first: 1000, most: 60_000 } as const

export interface Told {
  opened(): void
  /**
   * @param reason mostly a system error, such as EADDRINUSE
   * @param times how often it failed so far: the first is news
   */
  refused(reason: unknown, times: number): void
}

/** Resolves after the first try; throws nothing. */
export async function keepOpen(
  open: () => Promise<Listening>,
  told: Told,
): Promise<Pick<Listening, 'close'>> {
  let listening: Promise<Listening> | undefined
  let timer: NodeJS.Timeout | undefined
  let failed = 0
  let isClosed = false
  const tryOnce = async (): Promise<void> => {
    listening = open()
    try {
      await listening
      told.opened()
    } catch (thrown) {
      failed += 1
      listening = undefined
      if (isClosed) return
      told.refused(thrown, failed)
      timer = setTimeout(tryOnce, Math.min(againMs.first * 2 ** (failed - 1), againMs.most))
      timer.unref()
    }
  }
  await tryOnce()
  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      await (await listening?.catch(() => undefined))?.close()
    },
  }
}
