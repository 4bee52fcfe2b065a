import { longestDelayMs } from './clock.ts'
import { noLonger } from './deadline.ts'

/** A bell with a memory: what rings while nobody waits is heard by the next who does. */
export interface Wake {
  ring(reason: string): void
  /** Aborts at the next ring, or at once where one waits to be heard. It is heard all the same. */
  rung(): AbortSignal
  /** The same at the next ring for this reason, whatever rings before. */
  rungBy(reason: string): AbortSignal
  /** Resolves with the reason of a ring, or with undefined after `ms`, or when aborted. */
  wait(ms: number, signal: AbortSignal): Promise<string | undefined>
}

export function makeWake(): Wake {
  let rung: string | undefined
  let ringing = new AbortController()
  const ringingBy = new Map<string, AbortController>()
  let hear: ((reason: string | undefined) => void) | undefined
  return {
    ring(reason) {
      ringing.abort(noLonger)
      ringingBy.get(reason)?.abort(noLonger)
      // The owner's word is not drowned by what rings after it, and news, which ask for the least, drown nothing.
      const isDrowned = rung === 'owner' || (reason === 'news' && rung !== undefined)
      if (hear === undefined) rung = isDrowned ? rung : reason
      else hear(reason)
    },
    rung() {
      if (rung === undefined) ringing = new AbortController()
      return ringing.signal
    },
    rungBy(reason) {
      const controller = new AbortController()
      if (rung === reason) controller.abort(noLonger)
      ringingBy.set(reason, controller)
      return controller.signal
    },
    wait: (ms, signal) =>
      new Promise(resolve => {
        const done = (reason: string | undefined): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', onAbort)
          hear = undefined
          rung = undefined
          resolve(reason)
        }
        const onAbort = (): void => done(undefined)
        const timer = setTimeout(done, Math.min(Math.max(0, ms), longestDelayMs), undefined)
        hear = done
        signal.addEventListener('abort', onAbort, { once: true })
        if (signal.aborted) done(undefined)
        else if (rung !== undefined) done(rung)
      }),
  }
}
