/**
 * One token that ends and is asked for again: one request in flight, whoever waits for it may give up alone. Once there
 * is one it is renewed before it ends without anybody waiting for it, so that no mail pays for it; what meets an old one
 * all the same (the machine slept, the token server was away) waits for a new one.
 */
import type { Clock } from './clock.ts'
import { orAbort } from './deadline.ts'
import { Fault } from './fault.ts'

/** Renewed this long before the end (or a quarter of a short life), so that no token ends while it is used. */
const usualMarginMs = 300_000
/** Renewed beside by a fifth of that earlier, so that a mail finds it done. */
const aheadShare = 1.2
/** While an old token is still good, a token server that fails is not asked again before this. */
const patienceMs = 30_000

export interface Asked<T> {
  readonly token: T
  /** Its life from now on, ms. */
  readonly livesForMs: number
}

export interface RenewedToken<T> {
  /**
   * A token that is good for some minutes more.
   * @throws what asking threw; the signal's reason
   */
  get(signal: AbortSignal): Promise<T>
  /** It is not taken any more: the next `get` asks for another. A token that was replaced already changes nothing. */
  drop(isIt: (token: T) => boolean): void
  /** Resolves when nothing is asked for. */
  idle(): Promise<void>
  close(): void
}

export interface RenewedTokenOptions<T> {
  /** Asks for a token; not bound to the signal of whoever waits for it. */
  readonly ask: () => Promise<Asked<T>>
  readonly clock: Clock
  /** From 0 to 1: renewals of many tokens are spread by up to so many fifths of the margin. Default: none. */
  readonly spread?: () => number
}

interface Held<T> {
  readonly token: T
  /** Ends at, on both clocks: the monotonic one may stand still while the machine sleeps, the other may jump. */
  readonly endsAtMs: number
  readonly endsAtMonotonicMs: number
  readonly marginMs: number
}

export function makeRenewedToken<T>({ ask, clock, spread }: RenewedTokenOptions<T>): RenewedToken<T> {
  const closing = new AbortController()
  let held: Held<T> | undefined
  let renewing: Promise<Held<T>> | undefined
  let notAgainBeforeMs = Number.NEGATIVE_INFINITY
  let waitingAhead = new AbortController()

  const leftMs = ({ endsAtMs, endsAtMonotonicMs }: Held<T>): number =>
    Math.min(endsAtMs - clock.nowMs(), endsAtMonotonicMs - clock.monotonicMs())

  const renew = async (): Promise<Held<T>> => {
    const { token, livesForMs } = await ask()
    return {
      token,
      endsAtMs: clock.nowMs() + livesForMs,
      endsAtMonotonicMs: clock.monotonicMs() + livesForMs,
      marginMs: Math.min(usualMarginMs, livesForMs / 4),
    }
  }
  const share = (): Promise<Held<T>> => {
    renewing ??= renew()
      .then(renewed => {
        held = renewed
        void renewAhead(renewed)
        return renewed
      })
      .finally(() => {
        renewing = undefined
      })
    return renewing
  }

  /** Waits until the token is about to be due, and asks for the next one. It ends with the token. */
  const renewAhead = async (present: Held<T>): Promise<void> => {
    waitingAhead.abort()
    waitingAhead = new AbortController()
    const { signal } = waitingAhead
    const aheadMs = present.marginMs * (aheadShare + (spread?.() ?? 0) * 0.2)
    // One that lives for less than two minutes would be asked for all the time.
    if (present.marginMs < patienceMs) return
    while (held === present && leftMs(present) > 0 && !closing.signal.aborted) {
      const waitMs = Math.max(leftMs(present) - aheadMs, notAgainBeforeMs - clock.monotonicMs(), 0)
      try {
        if (waitMs > 0) await clock.sleep(waitMs, signal, 'beside')
        else await share()
      } catch (thrown) {
        // What the owner has to mend is told with the next mail.
        if (!(thrown instanceof Fault) || thrown.retry !== 'later') return
        notAgainBeforeMs = clock.monotonicMs() + patienceMs
      }
    }
  }

  return {
    async get(signal) {
      signal.throwIfAborted()
      const present = held
      const left = present === undefined ? 0 : leftMs(present)
      const due = present === undefined || left <= present.marginMs
      if (present !== undefined && (!due || (left > 0 && clock.monotonicMs() < notAgainBeforeMs)))
        return present.token
      try {
        return (await orAbort(share(), signal)).token
      } catch (thrown) {
        signal.throwIfAborted()
        const passing = thrown instanceof Fault && thrown.retry === 'later'
        if (held === undefined || leftMs(held) <= 0 || !passing) throw thrown
        // The token server is away for a moment, and the old token is still good.
        notAgainBeforeMs = clock.monotonicMs() + patienceMs
        return held.token
      }
    },
    drop(isIt) {
      if (held !== undefined && isIt(held.token)) held = undefined
    },
    async idle() {
      await renewing?.catch(() => {})
    },
    close() {
      closing.abort()
      waitingAhead.abort()
    },
  }
}
