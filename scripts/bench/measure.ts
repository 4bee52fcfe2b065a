/** One figure of the bench, and the arithmetic that all of them share. */
import { createHash } from 'node:crypto'

export interface Measure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the project promises, where it promises something. */
  readonly target?: number
  readonly ok?: boolean
}

export interface BenchOptions {
  /** Fewer messages and rounds: shows that everything runs, its figures are worth little. */
  readonly quick: boolean
  readonly tell: (line: string) => void
}

export const digestOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Three significant digits: more would be noise. */
export const round = (value: number): number => Number(value.toPrecision(3))

/** A figure that is promised to stay below a bound. */
export const below = (name: string, value: number, unit: string, target: number): Measure => ({
  name,
  value: round(value),
  unit,
  target,
  ok: value < target,
})

export const figure = (name: string, value: number, unit: string): Measure => ({
  name,
  value: round(value),
  unit,
})
