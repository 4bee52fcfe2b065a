/**
 * npm run bench: what hikyaku costs, beside its peers on the same servers in the same run. Read the ratios; the
 * absolute figures are this machine's, at this moment.
 *
 *   npm run bench                       everything (a few minutes)
 *   npm run bench -- start retrieval    only these
 *   npm run bench -- --quick --json     few rounds; one JSON object on standard output
 *
 * Exit code 1 where a promised bound does not hold.
 */
import { arch, cpus, platform } from 'node:os'
import { parseArgs } from 'node:util'
import { benchLatency, benchMemory } from './bench/daemon.ts'
import type { BenchOptions, Measure } from './bench/measure.ts'
import { benchRetrieval } from './bench/retrieval.ts'
import { benchStart } from './bench/start.ts'
import { benchUpload } from './bench/upload.ts'
import { benchAuthentication } from './bench-authentication.ts'

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<readonly Measure[]>>> = {
  start: benchStart,
  retrieval: benchRetrieval,
  upload: benchUpload,
  latency: benchLatency,
  memory: benchMemory,
  authentication: ({ quick, tell }) => {
    tell('verification')
    return benchAuthentication(quick ? 20 : 300)
  },
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const unknown = positionals.filter(name => benches[name] === undefined)
if (unknown.length > 0) {
  console.error(`No bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`)
  process.exit(2)
}

const options: BenchOptions = { quick: values.quick, tell: line => console.error(line) }
const measures: Measure[] = []
for (const [name, bench] of Object.entries(benches))
  if (positionals.length === 0 || positionals.includes(name)) measures.push(...(await bench(options)))

const failed = measures.filter(({ ok }) => ok === false)
if (values.json) {
  const machine = { node: process.version, platform: platform(), arch: arch(), cpus: cpus().length }
  console.log(JSON.stringify({ ok: failed.length === 0, machine, measures }))
} else {
  const width = Math.max(...measures.map(({ name }) => name.length))
  for (const { name, value, unit, target, ok } of measures) {
    const promise = target === undefined ? '' : `  (bound ${target}: ${ok ? 'holds' : 'BROKEN'})`
    console.log(`${name.padEnd(width)}  ${String(value).padStart(8)} ${unit}${promise}`)
  }
}
process.exit(failed.length > 0 ? 1 : 0)
