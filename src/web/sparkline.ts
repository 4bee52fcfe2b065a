/** How long the last mails were on the way, as a small line: drawn here, an attribute of style nowhere. */
import { html } from 'hono/html'
import type { Markup, Reader } from './layout.ts'

/** Mails that a line shows at most. */
export const sparklineMails = 50

const width = 200
const height = 32
/** So that a line at the edge is not cut. */
const margin = 2
/** Spans differ by thousands: a step of the line is a step of their logarithm, and what is shorter counts as this. */
const shortestMs = 100
/** Mail that took about as long as any other is a level line. */
const leastRatio = 4

/**
 * @param latenciesMs of mails from their arrival at the source to Gmail, the newest first, as the journal gives them
 * @returns undefined where there are too few for a line
 */
export function drawSparkline({ own, words }: Reader, latenciesMs: readonly number[]): Markup | undefined {
  const spans = latenciesMs
    .slice(0, sparklineMails)
    .filter(ms => Number.isFinite(ms))
    .map(ms => Math.max(ms, 0))
    .reverse()
  const newest = spans.at(-1)
  if (newest === undefined || spans.length < 2) return undefined
  const [least, most] = [Math.min(...spans), Math.max(...spans)]
  const { span, number } = words.format
  const told = own.sparkline(number(spans.length), span(least), span(most), span(newest))
  const points = placePoints(spans)
  const [x, y] = points.at(-1) ?? [0, 0]
  return html`<svg class="spark" role="img" aria-label="${told}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><title>${told}</title><polyline points="${points.map(point => point.join(',')).join(' ')}"></polyline><circle cx="${x}" cy="${y}" r="${margin}"></circle></svg>`
}

/** The longest on top; the middle where all are alike. */
function placePoints(spans: readonly number[]): readonly (readonly [number, number])[] {
  const heights = spans.map(ms => Math.log(Math.max(ms, shortestMs)))
  const [low, high] = [Math.min(...heights), Math.max(...heights)]
  const range = Math.max(high - low, Math.log(leastRatio))
  const middle = (low + high) / 2
  return heights.map((value, at) => [
    round(margin + (at / (heights.length - 1)) * (width - 2 * margin)),
    round(height / 2 - ((value - middle) / range) * (height - 2 * margin)),
  ])
}

const round = (value: number): number => Math.round(value * 10) / 10
