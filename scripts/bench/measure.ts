/** One figure of the bench, and the arithmetic that all of them share. */
import { createHash } from 'node:crypto'

export interface Measure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the project set itself, where it did: 'at most 30' or 'at least 0.8'. */
  readonly goal?: string
  readonly met?: boolean
  /** What belongs to the figure: how it was taken, or why it is not there. */
  readonly note?: string
}

export interface BenchOptions {
  /** Fewer messages and rounds: shows that everything runs, its figures are worth little. */
  readonly quick: boolean
  readonly tell: (line: string) => void
}

/** A part of the bench; a part that cannot be measured here says so and returns what it has. */
export type Bench = (options: BenchOptions) => Promise<readonly Measure[]>

export const digestOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

/** The value below which `share` (0 to 1) of all lie; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** Three significant digits: more would be noise. */
export const round = (value: number): number => Number(value.toPrecision(3))

const measure = (name: string, value: number, unit: string, note?: string): Measure => ({
  name,
  value: round(value),
  unit,
  ...(note === undefined ? {} : { note }),
})

/** A figure without a goal: a peer's, or one that explains another. */
export const figure = measure

/** NaN, a figure that could not be taken, is missed. */
export const atMost = (name: string, value: number, unit: string, most: number, note?: string): Measure => ({
  ...measure(name, value, unit, note),
  goal: `at most ${round(most)}`,
  met: value <= most,
})

export const atLeast = (
  name: string,
  value: number,
  unit: string,
  least: number,
  note?: string,
): Measure => ({
  ...measure(name, value, unit, note),
  goal: `at least ${round(least)}`,
  met: value >= least,
})
