import { noLonger } from './deadline.ts'

/** Something that happens now and again, for those who wait for the next time. */
export interface Occasion {
  happened(): void
  /** Aborts at the next one. */
  next(): AbortSignal
}

export function makeOccasion(): Occasion {
  let waiting = new AbortController()
  return {
    happened: () => waiting.abort(noLonger),
    next() {
      waiting = new AbortController()
      return waiting.signal
    },
  }
}

/** Resolves when one of them aborts. */
export function abortOf(...signals: readonly AbortSignal[]): Promise<void> {
  const either = AbortSignal.any([...signals])
  return new Promise(resolve => {
    if (either.aborted) resolve()
    else either.addEventListener('abort', () => resolve(), { once: true })
  })
}
