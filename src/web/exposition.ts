/**
 * Metrics as text, in both forms that Prometheus and its kin read: its own (text/plain; version=0.0.4) and OpenMetrics
 * 1.0. https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export type Labels = Readonly<Record<string, string>>

export interface Family {
  /** Without `_total`, which counters get. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

export interface Sample {
  /** Behind the family's name: `_bucket`, `_sum`, `_count` of a histogram. */
  readonly suffix?: string
  readonly labels?: Labels
  readonly value: number
}

const familyOf =
  (type: Family['type']) =>
  (name: string, help: string, samples: readonly Sample[]): Family => ({ name, type, help, samples })
export const gauge = familyOf('gauge')
export const counter = familyOf('counter')
export const histogram = familyOf('histogram')

/** The one sample of a family without labels. */
export const single = (value: number): readonly Sample[] => [{ value }]

/** Samples of the same labels become one, their sum. @param most no more are kept */
export function addUp(
  samples: readonly { readonly labels: Labels; readonly value: number }[],
  most: number,
): Sample[] {
  const sums = new Map<string, { labels: Labels; value: number }>()
  for (const { labels, value } of samples) {
    const key = JSON.stringify(labels)
    sums.set(key, { labels, value: (sums.get(key)?.value ?? 0) + value })
  }
  return [...sums.values()].slice(0, most)
}

const mostOfLabel = 128

export const isOpenMetrics = (accept: string): boolean => accept.includes('application/openmetrics-text')

export function contentType(openMetrics: boolean): string {
  return openMetrics
    ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
    : 'text/plain; version=0.0.4; charset=utf-8'
}

export function writeFamilies(families: readonly Family[], openMetrics: boolean): string {
  const lines = families.flatMap(({ name, type, help, samples }) => {
    const total = type === 'counter' ? `${name}_total` : name
    const called = openMetrics ? name : total
    return [
      `# HELP ${called} ${help}`,
      `# TYPE ${called} ${type}`,
      ...samples.map(
        ({ suffix = '', labels = {}, value }) => `${total}${suffix}${writeLabels(labels)} ${value}`,
      ),
    ]
  })
  return `${[...lines, ...(openMetrics ? ['# EOF'] : [])].join('\n')}\n`
}

function writeLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escapeLabel = (value: string): string =>
  [...value].slice(0, mostOfLabel).join('').toWellFormed().replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')

/** Counts what took how long. */
export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  /** @param bounds upper ends, rising */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    const found = this.#bounds.findIndex(bound => value <= bound)
    const at = found < 0 ? this.#bounds.length : found
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#sum += value
  }

  samples(labels: Labels): readonly Sample[] {
    let count = 0
    const buckets = this.#counts.map((more, at) => {
      count += more
      const bound = this.#bounds[at]
      return {
        suffix: '_bucket',
        labels: { ...labels, le: bound === undefined ? '+Inf' : String(bound) },
        value: count,
      }
    })
    return [
      ...buckets,
      { suffix: '_sum', labels, value: this.#sum },
      { suffix: '_count', labels, value: count },
    ]
  }
}
