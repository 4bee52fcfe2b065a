/** What the samples of the latency bench come to, against the goals. */
import type { SideName } from './latency-sides.ts'
import { atMost, figure, type Measure, median, percentile } from './measure.ts'

export interface Sample {
  readonly side: SideName
  readonly roundTripMs: number
  /** The first after quiet; else one of several in a row. */
  readonly quiet: boolean
  /** From the server's notice to Gmail's acceptance. */
  readonly ms: number
  /** From the server's notice to the first octet of the upload. */
  readonly untilUploadMs: number
}

/** Round trips of the source, and of Gmail, and what the machine may add. */
export const goalMs = (roundTripMs: number): number => 2.5 * roundTripMs + roundTripMs + 30

const phases = { first: true, row: false } as const

export function latencyMeasures(
  samples: readonly Sample[],
  sides: readonly SideName[],
  roundTripsMs: readonly number[],
): Measure[] {
  return roundTripsMs.flatMap(roundTripMs =>
    Object.entries(phases).flatMap(([phase, quiet]) => {
      const of = (side: SideName): Sample[] =>
        samples.filter(
          sample => sample.side === side && sample.roundTripMs === roundTripMs && sample.quiet === quiet,
        )
      const name = `latency.${roundTripMs}ms.${phase}`
      const lines = sides
        .filter(side => side === 'hikyaku' || of(side).length > 0)
        .flatMap(side => sideMeasures(`${name}.${side}`, side, roundTripMs, of(side)))
      const p50 = (side: SideName): number => median(of(side).map(({ ms }) => ms))
      const beside =
        of('fetchmail').length > 0
          ? [atMost(`${name}.ratio`, p50('hikyaku') / p50('fetchmail'), 'of fetchmail, p50', 0.5)]
          : []
      return [...lines, ...beside]
    }),
  )
}

function sideMeasures(
  name: string,
  side: SideName,
  roundTripMs: number,
  samples: readonly Sample[],
): Measure[] {
  const waits = samples.map(({ ms }) => ms)
  const goal = goalMs(roundTripMs)
  const p50 = median(waits)
  const p95 = percentile(waits, 0.95)
  const times =
    side === 'hikyaku'
      ? [atMost(`${name}.p50`, p50, 'ms', goal), atMost(`${name}.p95`, p95, 'ms', goal)]
      : [figure(`${name}.p50`, p50, 'ms'), figure(`${name}.p95`, p95, 'ms')]
  const tail = figure(`${name}.p99`, percentile(waits, 0.99), 'ms', `of ${waits.length}`)
  if (roundTripMs === 0) return [...times, tail]
  const trips = samples.map(({ untilUploadMs }) => untilUploadMs / roundTripMs)
  const unit = 'round trips of the source'
  // What the machine may add is in it: this is time divided, not packets counted.
  const most = 2.5 + 30 / roundTripMs
  const spent =
    side === 'hikyaku'
      ? [
          atMost(`${name}.trips.p50`, median(trips), unit, most),
          atMost(`${name}.trips.p95`, percentile(trips, 0.95), unit, most),
        ]
      : [
          figure(`${name}.trips.p50`, median(trips), unit),
          figure(`${name}.trips.p95`, percentile(trips, 0.95), unit),
        ]
  return [...times, tail, ...spent]
}
