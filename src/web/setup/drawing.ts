/** Draws a page of somebody else's, as simple as can be: what it is called, what stands on it, and where to press. */
import { html } from 'hono/html'
import type { Markup } from '../layout.ts'

/** One thing on the page, from top to bottom. `press`: its place in the order of what is pressed. */
export type Row =
  | { readonly title: string }
  | { readonly text: string }
  | { readonly field: string; readonly value: string }
  | { readonly box: string; readonly kind: 'radio' | 'check'; readonly press?: number }
  | { readonly button: string; readonly press?: number }
  | { readonly link: string; readonly press: number }
  | { readonly chip: string }

export interface Picture {
  /** As it stands in the address bar, without the scheme. */
  readonly address: string
  readonly rows: readonly Row[]
}

const width = 340
const margin = 16
const top = 40
const heights = { title: 30, text: 24, field: 50, box: 30, button: 42, link: 32, chip: 34 } as const

const kindOf = (row: Row): keyof typeof heights =>
  (Object.keys(heights) as (keyof typeof heights)[]).find(key => key in row) ?? 'text'

/** Cells of a text: what is not Latin is twice as wide. */
const widthOf = (text: string): number =>
  [...text].reduce((sum, letter) => sum + (/[\u1100-\uffef]/.test(letter) ? 14 : 7.6), 0)

/** A number in a circle, at the right of what is to be pressed. */
const marker = (press: number | undefined, x: number, y: number): Markup | '' =>
  press === undefined
    ? ''
    : html`<circle class="mark" cx="${x}" cy="${y}" r="11"/><text class="mark-number" x="${x}" y="${y + 4.5}" text-anchor="middle">${press}</text>`

function rowMarkup(row: Row, y: number): Markup {
  const x = margin
  if ('title' in row) return html`<text class="strong" x="${x}" y="${y + 20}">${row.title}</text>`
  if ('text' in row) return html`<text class="soft" x="${x}" y="${y + 16}">${row.text}</text>`
  if ('field' in row)
    return html`<text class="soft small" x="${x + 2}" y="${y + 10}">${row.field}</text><rect class="field" x="${x}" y="${y + 15}" width="${width - 2 * margin}" height="28" rx="4"/><text x="${x + 10}" y="${y + 34}">${row.value}</text>`
  if ('box' in row) {
    const end = x + 34 + widthOf(row.box)
    const shape =
      row.kind === 'radio'
        ? html`<circle class="ring" cx="${x + 9}" cy="${y + 13}" r="8"/><circle class="dot" cx="${x + 9}" cy="${y + 13}" r="4.5"/>`
        : html`<rect class="ring" x="${x + 1}" y="${y + 5}" width="16" height="16" rx="3"/><path class="tick" d="M${x + 4.5} ${y + 13.5} l3.5 3.5 l6.5 -7.5"/>`
    return html`${shape}<text x="${x + 26}" y="${y + 18}">${row.box}</text>${marker(row.press, Math.min(end + 6, width - margin - 10), y + 13)}`
  }
  if ('chip' in row) {
    const wide = widthOf(row.chip) + 40
    return html`<rect class="field" x="${x}" y="${y}" width="${wide}" height="26" rx="13"/><text x="${x + 14}" y="${y + 18}">${row.chip}</text><path class="tick" d="M${x + wide - 20} ${y + 11} l4 4 l4 -4"/>`
  }
  const isButton = 'button' in row
  const label = isButton ? row.button : row.link
  // A button's label is bold.
  const wide = widthOf(label) * (isButton ? 1.12 : 1) + (isButton ? 28 : 12)
  const body = isButton
    ? html`<rect class="press" x="${x}" y="${y + 2}" width="${wide}" height="30" rx="15"/><text class="press-text" x="${x + wide / 2}" y="${y + 22}" text-anchor="middle">${label}</text>`
    : html`<text class="link" x="${x + 2}" y="${y + 19}">${label}</text>`
  return html`${body}${marker(row.press, x + wide + 16, y + (isButton ? 17 : 14))}`
}

/** @param label what a screen reader says in place of the picture */
export function drawPage({ address, rows }: Picture, label: string): Markup {
  let y = top + 12
  const parts = rows.map(row => {
    const part = rowMarkup(row, y)
    y += heights[kindOf(row)]
    return part
  })
  const height = y + 8
  return html`<svg class="picture" role="img" aria-label="${label}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect class="sheet" x="1" y="1" width="${width - 2}" height="${height - 2}" rx="8"/>
<path class="edge" d="M1 ${top - 8} H${width - 1}"/>
<circle class="light" cx="14" cy="16" r="3.5"/><circle class="light" cx="26" cy="16" r="3.5"/><circle class="light" cx="38" cy="16" r="3.5"/>
<rect class="field" x="48" y="6" width="${width - 54}" height="20" rx="10"/><text class="small soft" x="57" y="20">${address}</text>
${parts}
</svg>`
}
