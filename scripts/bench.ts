/**
 * npm run bench: what hikyaku costs, beside its peers on the same servers, in turns, in the same run; the program is
 * the packed one. Read the ratios; the absolute figures are this machine's, at this moment. Only loopback.
 *
 *   npm run bench                       everything
 *   npm run bench -- latency start      only these
 *   npm run bench -- --quick            within 90 seconds: shows that all of it runs
 *   npm run bench -- --json             one JSON object on standard output
 *   npm run bench -- latency --picture docs/latency.svg
 *                                       the latency beside its peers' as a picture
 *
 * Each line with a goal ends met or missed. Exit code 1 where a part could not be carried out; a missed goal is a
 * figure like another.
 */
import { writeFileSync } from 'node:fs'
import { arch, cpus, loadavg, platform } from 'node:os'
import { parseArgs } from 'node:util'
import { benchEndToEnd } from './bench/end-to-end.ts'
import { benchGrowth } from './bench/growth.ts'
import { benchLatency } from './bench/latency.ts'
import { benchLibraries } from './bench/libraries.ts'
import type { Bench, Measure } from './bench/measure.ts'
import { benchMemory } from './bench/memory.ts'
import { latencyPicture } from './bench/picture.ts'
import { benchPolls } from './bench/polls.ts'
import { benchRetrieval } from './bench/retrieval.ts'
import { benchStanding } from './bench/standing.ts'
import { benchStart } from './bench/start.ts'
import { tableOf } from './bench/table.ts'
import { benchUpload } from './bench/upload.ts'
import { benchAuthentication } from './bench-authentication.ts'

const parts: Readonly<Record<string, Bench>> = {
  latency: benchLatency,
  standing: benchStanding,
  start: benchStart,
  libraries: benchLibraries,
  pop3: options => benchRetrieval('pop3', options),
  imap: options => benchRetrieval('imap', options),
  polls: benchPolls,
  import: benchUpload,
  'end-to-end': benchEndToEnd,
  growth: benchGrowth,
  memory: benchMemory,
  authentication: async ({ quick, tell }) => {
    tell('verification')
    const measures = await benchAuthentication(quick ? 20 : 300)
    return measures.map(({ name, value, unit, target, ok }) => ({
      ...{ name, value, unit },
      ...(target === undefined ? {} : { goal: `at most ${target}`, met: ok === true }),
    }))
  },
}

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    picture: { type: 'string' },
  },
  allowPositionals: true,
})
const unknown = positionals.filter(name => parts[name] === undefined)
if (unknown.length > 0) {
  console.error(`No part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.`)
  process.exit(2)
}

const startMs = performance.now()
const [loadBefore = 0] = loadavg()
const measures: Measure[] = []
const broken: { part: string; error: string }[] = []
const partSeconds: Record<string, number> = {}
for (const [part, bench] of Object.entries(parts)) {
  if (positionals.length > 0 && !positionals.includes(part)) continue
  const partMs = performance.now()
  try {
    measures.push(...(await bench({ quick: values.quick, tell: line => console.error(line) })))
  } catch (error) {
    broken.push({ part, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    console.error(`${part} could not be measured:`, error)
  }
  partSeconds[part] = Math.round((performance.now() - partMs) / 1000)
  console.error(`${part} took ${partSeconds[part]} s`)
}

const machine = {
  ...{ node: process.version, platform: platform(), arch: arch() },
  ...{ cpus: cpus().length, cpu: cpus()[0]?.model ?? '', loadBefore: Number(loadBefore.toFixed(2)) },
}
if (values.picture !== undefined) {
  const day = new Date().toISOString().slice(0, 10)
  const caption = `Dovecot, mails in a row, Node ${process.versions.node}, ${machine.cpus} cores, ${day}`
  const picture = latencyPicture(measures, caption)
  if (picture === undefined)
    console.error('No picture: the latency of hikyaku and of a peer was not measured.')
  else writeFileSync(values.picture, picture)
}
if (values.json) {
  const seconds = Math.round((performance.now() - startMs) / 1000)
  const of = (met: boolean): number => measures.filter(measure => measure.met === met).length
  const counts = { met: of(true), missed: of(false) }
  console.log(
    JSON.stringify({
      ok: broken.length === 0,
      quick: values.quick,
      seconds,
      partSeconds,
      ...counts,
      machine,
      measures,
      broken,
    }),
  )
} else {
  console.log(tableOf(measures))
}
process.exit(broken.length > 0 ? 1 : 0)
