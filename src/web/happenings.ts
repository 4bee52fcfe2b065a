/** What happens in this process, counted as the log is told of it: nothing is read for it, and nothing is kept but sums. */
import { asFault, type FaultCode } from '../base/fault.ts'
import type { Log } from '../log/log.ts'
import { Histogram } from './exposition.ts'

/** Seconds from the arrival at the source to Gmail's answer. */
const latencyBounds = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600, 21_600, 86_400]

export interface Happenings {
  /** Takes the log's place, and hands everything on. */
  readonly log: Log
  readonly faults: ReadonlyMap<FaultCode, number>
}

export const makeLatencies = (): Histogram => new Histogram(latencyBounds)

/** @param latenciesOf a mailbox; undefined where they are not counted */
export function countHappenings(
  log: Log,
  latenciesOf: (mailbox: string) => Histogram | undefined,
): Happenings {
  const faults = new Map<FaultCode, number>()
  const met = ({ code }: { readonly code: FaultCode }): void =>
    void faults.set(code, (faults.get(code) ?? 0) + 1)
  const counting: Log = Object.create(log, {
    imported: {
      value: (e: Parameters<Log['imported']>[0]) => {
        if (e.ms !== undefined) latenciesOf(e.mailbox)?.observe(Math.max(0, e.ms) / 1000)
        log.imported(e)
      },
    },
    refused: {
      value: (e: Parameters<Log['refused']>[0]) => {
        met(e.fault)
        log.refused(e)
      },
    },
    deferred: {
      value: (e: Parameters<Log['deferred']>[0]) => {
        met(e.fault)
        log.deferred(e)
      },
    },
    fault: {
      value: (...[thrown, context]: Parameters<Log['fault']>) => {
        met(asFault(thrown))
        log.fault(thrown, context)
      },
    },
  })
  return { log: counting, faults }
}
