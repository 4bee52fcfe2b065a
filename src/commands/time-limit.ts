/**
 * `--time-limit 50s`: for machines that kill what takes longer. All is over by then, counted from the start of the
 * process, as who kills counts it.
 */
import type { StopSignals } from './stop-signals.ts'

export interface LimitedSignals extends StopSignals {
  /** ms in which something new may still be begun; endless without a limit. */
  leftMs(): number
  /** ms in which all has to be over. */
  restMs(): number
  /** Whether the limit, and no signal, ended it. */
  isUp(): boolean
}

const second = 1000
const unitMs: Readonly<Record<string, number>> = { s: second, m: 60 * second, h: 3600 * second }
const leastMs = 5 * second
const mostMs = 24 * 3600 * second

/** So long before the limit nothing new is begun: what a graceful end takes at most (stop-signals.ts), and a little. */
const endMs = 10 * second
const graceMs = 3 * second
/** What was to be said is on its way when the process ends. */
const flushMs = 200

/** Milliseconds; undefined where the text is no span from 5 seconds to 24 hours. */
export function parseTimeLimit(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,6})\s*([smh])$/i.exec(text.trim()) ?? []
  const ms = Number(digits) * (unitMs[unit.toLowerCase()] ?? Number.NaN)
  return ms >= leastMs && ms <= mostMs ? ms : undefined
}

/**
 * @param limitMs undefined: no limit
 * @param onUp called where the process is still there at the very end, which it must not outlive
 * @param spentMs since the start of the process
 */
export function limitTime(
  signals: StopSignals,
  limitMs: number | undefined,
  onUp: () => void,
  spentMs: () => number = () => performance.now(),
): LimitedSignals {
  const endless = (): number => Number.POSITIVE_INFINITY
  if (limitMs === undefined) return { ...signals, leftMs: endless, restMs: endless, isUp: () => false }
  const stopAtMs = limitMs - Math.min(endMs, limitMs / 2)
  const cutAtMs = stopAtMs + Math.min(graceMs, (limitMs - stopAtMs) / 3)
  const stop = new AbortController()
  const cut = new AbortController()
  const at = (ms: number, work: () => void): NodeJS.Timeout =>
    setTimeout(work, Math.max(0, ms - spentMs())).unref()
  const over = (): DOMException => new DOMException('the time limit is reached', 'AbortError')
  const timers = [
    at(stopAtMs, () => stop.abort(over())),
    at(cutAtMs, () => cut.abort(over())),
    at(limitMs - flushMs, onUp),
  ]
  return {
    stopping: AbortSignal.any([signals.stopping, stop.signal]),
    signal: AbortSignal.any([signals.signal, cut.signal]),
    leftMs: () => Math.max(0, stopAtMs - spentMs()),
    restMs: () => Math.max(0, limitMs - flushMs - spentMs()),
    isUp: () => stop.signal.aborted && !signals.stopping.aborted,
    dispose() {
      for (const timer of timers) clearTimeout(timer)
      signals.dispose()
    },
  }
}
