/** The figures of the latency part as a picture: how long a mail takes from the server's notice, by the wire. */
import type { Measure } from './measure.ts'

const sides = [
  { name: 'hikyaku', colour: '#1a7f5a' },
  { name: 'fetchmail', colour: '#8a8f98' },
  { name: 'getmail6', colour: '#b9bec7' },
] as const

const barHeight = 18
const groupGap = 22
const left = 170
const width = 720
const top = 58
/** Room for the figure behind the longest bar. */
const right = 80

interface Bar {
  readonly roundTripMs: number
  readonly side: (typeof sides)[number]
  readonly ms: number
}

/** @returns an SVG document, or undefined where the measures hold no latency of hikyaku and a peer */
export function latencyPicture(measures: readonly Measure[], caption: string): string | undefined {
  const bars = measures.flatMap((measure): Bar[] => {
    const [, roundTrip, name] = /^latency\.(\d+)ms\.row\.([a-z0-9]+)\.p50$/.exec(measure.name) ?? []
    const side = sides.find(side => side.name === name)
    if (side === undefined || !Number.isFinite(measure.value)) return []
    return [{ roundTripMs: Number(roundTrip), side, ms: measure.value }]
  })
  if (new Set(bars.map(({ side }) => side.name)).size < 2) return undefined
  const scale = (width - left - right) / Math.max(...bars.map(({ ms }) => ms))
  const parts: string[] = []
  let y = top
  for (const roundTripMs of [...new Set(bars.map(bar => bar.roundTripMs))]) {
    const group = bars.filter(bar => bar.roundTripMs === roundTripMs)
    parts.push(text(12, y + 13, `${roundTripMs} ms away`, 'font-weight="bold"'))
    for (const { side, ms } of group) {
      const length = Math.max(1, ms * scale)
      parts.push(
        text(left - 8, y + 13, side.name, 'text-anchor="end"'),
        `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${barHeight - 3}" fill="${side.colour}"/>`,
        text(left + length + 6, y + 13, `${Math.round(ms)} ms`),
      )
      y += barHeight
    }
    y += groupGap
  }
  const height = y + 12
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#24292f">
<title>From the mail server's notice to Gmail, median</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${text(12, 24, 'From the mail server’s notice (IMAP IDLE) until Gmail has the mail, median', 'font-size="15" font-weight="bold"')}
${text(12, 43, caption, 'fill="#57606a"')}
${parts.join('\n')}
</svg>
`
}

function text(x: number, y: number, words: string, ...attributes: readonly string[]): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text ${[`x="${x.toFixed(1)}" y="${y}"`, ...attributes].join(' ')}>${escaped}</text>`
}
