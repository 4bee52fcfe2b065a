/**
 * POP3 that hears of new mail by IMAP: IDLE on the host's IMAP server says that mail has come, and POP3 brings it, so that
 * names, deletion and everything else are POP3's. Where IMAP is not to be had the schedule goes on as without it.
 */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { Source } from './source.ts'

/** Each ring costs a login: two are at least so far apart, ms. */
const betweenMs = 10_000
/** Listening is left alone for so long at first, and at most, ms, where it may be what keeps the maildrop locked. */
const firstRestMs = 3600_000
const longestRestMs = 24 * 3600_000

/** @param listener an IMAP source of the same mailbox; nothing but its watch is used */
export function listenByImap(
  pop3: Source,
  listener: Pick<Source, 'watch'>,
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>,
): Source {
  const { watch } = listener
  if (watch === undefined) return pop3
  let listening: AbortController | undefined
  let restMs = firstRestMs
  let restsUntilMs = Number.NEGATIVE_INFINITY
  let lockedFault: Fault | undefined

  /** RFC 1939 section 3 has the maildrop locked; some servers lock it against their own IMAP, too. */
  function giveWay(fault: Fault): void {
    if (listening === undefined) return
    restsUntilMs = clock.monotonicMs() + restMs
    restMs = Math.min(longestRestMs, 2 * restMs)
    lockedFault = fault
    listening.abort(fault)
  }

  return {
    ...pop3,
    async open(signal) {
      try {
        const session = await pop3.open(signal)
        if (listening !== undefined) restMs = firstRestMs
        return session
      } catch (error) {
        if (error instanceof Fault && error.code === 'source.busy') giveWay(error)
        throw error
      }
    },
    async watch(onNews, onAlive, signal) {
      if (lockedFault !== undefined && clock.monotonicMs() < restsUntilMs) throw lockedFault
      const own = new AbortController()
      const both = AbortSignal.any([signal, own.signal])
      listening = own
      try {
        return await watch(ringSeldom(onNews, clock, both), onAlive, both)
      } finally {
        listening = undefined
        own.abort()
      }
    },
  }
}

/** Rings at once, and what comes soon behind that once more when its time has come. */
function ringSeldom(
  ring: () => void,
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>,
  signal: AbortSignal,
): () => void {
  let rungMs = Number.NEGATIVE_INFINITY
  let isWaiting = false
  const now = (): void => {
    isWaiting = false
    rungMs = clock.monotonicMs()
    ring()
  }
  return () => {
    if (isWaiting) return
    const leftMs = rungMs + betweenMs - clock.monotonicMs()
    if (leftMs <= 0) return now()
    isWaiting = true
    clock.sleep(leftMs, signal).then(now, () => {})
  }
}
