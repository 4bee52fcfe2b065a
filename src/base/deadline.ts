/**
 * The one race of some work with its caller's abort and with a deadline, in monotonic time. What is given as a promise
 * goes on by itself when it is no longer waited for: whoever gave it frees its resources.
 */
import type { Clock } from './clock.ts'

/** Why nobody waits any longer. One for all: each DOMException finds out where it was made, which takes longer than most waits. */
export const noLonger = new DOMException('nobody waits any longer', 'AbortError')

/** @returns the outcome of `work`, or the signal's reason thrown where that comes first */
export function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** @returns the outcome of `work`, or `late()` thrown after `ms`, or the signal's reason where it is aborted before */
export function within<T>(
  work: Promise<T>,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  late: () => unknown,
): Promise<T> {
  const begin = (fail: (reason: unknown) => void): (() => void) => clock.after(ms, () => fail(late()))
  return unlessBefore(work, signal, begin)
}

/**
 * @param begin begins to watch `work`, which `fail` gives up; it returns what ends that
 * @returns the outcome of `work`, or what it was given up with, or the signal's reason where it is aborted before
 */
export function unlessBefore<T>(
  work: Promise<T>,
  signal: AbortSignal,
  begin: (fail: (reason: unknown) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => fail(signal.reason)
    const leave = (): void => {
      signal.removeEventListener('abort', onAbort)
      end()
    }
    const fail = (reason: unknown): void => {
      leave()
      reject(reason)
    }
    const end = begin(fail)
    work.then(outcome => {
      leave()
      resolve(outcome)
    }, fail)
    // What is over by now has its outcome all the same.
    if (signal.aborted) Promise.resolve().then(onAbort)
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

/** Waits until `work` has ended, but no longer than `ms` or until an abort. @returns whether it has ended, and well */
export async function waitAtMost(
  work: Promise<unknown>,
  ms: number,
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<boolean> {
  const ended = work.then(() => true)
  return within(ended, ms, clock, signal, () => undefined).catch(() => false)
}

/**
 * Runs work that can be aborted: its signal is aborted with `late()` after `ms`, with the reason of `signal` before,
 * and at last when it is over, so that nothing which it began goes on behind it.
 */
export async function abortAfter<T>(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  late: () => unknown = () => new DOMException('time is up', 'TimeoutError'),
): Promise<T> {
  const { over, leave } = followAbort(signal)
  const end = clock.after(ms, () => over.abort(late()))
  try {
    return await work(over.signal)
  } finally {
    end()
    leave()
    over.abort(noLonger)
  }
}

/**
 * A controller that aborts when `signal` does, until it is left. AbortSignal.any would leave weak references at a signal
 * that lives as long as the process, several for each message.
 */
export function followAbort(signal: AbortSignal): {
  readonly over: AbortController
  readonly leave: () => void
} {
  const over = new AbortController()
  const onAbort = (): void => over.abort(signal.reason)
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return { over, leave: () => signal.removeEventListener('abort', onAbort) }
}
