/** The figures for people: a line each, its goal behind it, and at the end whether it was met. */
import type { Measure } from './measure.ts'

export function tableOf(measures: readonly Measure[]): string {
  const width = (cells: readonly string[]): number => Math.max(0, ...cells.map(cell => cell.length))
  const names = width(measures.map(({ name }) => name))
  const figures = width(measures.map(({ value }) => String(value)))
  const units = width(measures.map(({ unit }) => unit))
  const lines = measures.map(({ name, value, unit, goal, met, note }) => {
    const start = `${name.padEnd(names)}  ${String(value).padStart(figures)} ${unit.padEnd(units)}`
    const judged = goal === undefined ? '' : `  (${goal}) ${met ? 'met' : 'missed'}`
    return `${start}${note === undefined ? '' : `  [${note}]`}${judged}`.trimEnd()
  })
  const missed = measures.filter(({ met }) => met === false).length
  const met = measures.filter(measure => measure.met === true).length
  return [...lines, '', `${met} met, ${missed} missed`].join('\n')
}
