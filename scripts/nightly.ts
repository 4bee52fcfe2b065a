/**
 * npm run nightly: what takes longer than `.ci/run` may, one part after another. The next one runs where one failed, and
 * at the end each one's time is told and how it ended.
 *
 *   npm run nightly                      all
 *   npm run nightly -- kills soak        only these
 *   npm run nightly -- --without=mutants all but these (names with commas between)
 *   npm run nightly -- --list            what there is
 *
 * What the parts need is what `.ci/install-servers --packages` installs; a missing server fails its tests. Exit code 1
 * where a part failed, 2 for a name that is none.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { envWithoutNpm } from './npm-env.ts'

interface Part {
  /** Of `npm run`, with its arguments. */
  readonly run: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly about: string
}

/** The shortest first, so that a morning that comes too early finds most of it done. */
const parts: Readonly<Record<string, Part>> = {
  'fleet:demo': { run: ['fleet:demo'], about: '200 mailboxes, one worker killed' },
  'soak:idle': { run: ['soak:idle'], about: 'a week of IDLE' },
  unclean: { run: ['unclean'], about: 'a message at which the process dies, among innocents' },
  kills: { run: ['test:kills'], about: 'SIGKILL at every step' },
  fuzz: { run: ['test'], env: { HIKYAKU_FUZZ_RUNS: '10000' }, about: '10,000 cases of each property' },
  'fleet:proof': { run: ['fleet:proof'], about: '1,000 mailboxes under blows' },
  database: { run: ['test:database'], about: 'what befalls the database of a fleet' },
  bench: { run: ['bench'], about: 'figures beside the peers' },
  package: { run: ['package'], about: 'every package' },
  'package:test': { run: ['package:test'], about: 'the packages, used as their users do' },
  soak: { run: ['soak'], about: '30 days of mail through storms' },
  mutants: { run: ['mutants'], about: 'changes that lose mail, and the tests that kill them' },
}

const { values, positionals } = parseArgs({
  options: { list: { type: 'boolean', default: false }, without: { type: 'string', default: '' } },
  allowPositionals: true,
})
const left = values.without.split(',').filter(Boolean)
const unknown = [...positionals, ...left].filter(name => parts[name] === undefined)
if (unknown.length > 0) {
  console.error(`No part of the night: ${unknown.join(', ')}. There are: ${Object.keys(parts).join(', ')}.`)
  process.exit(2)
}
const chosen = Object.entries(parts).filter(
  ([name]) => (positionals.length === 0 || positionals.includes(name)) && !left.includes(name),
)

const summary: string[] = []
let isEnding = false

for (const [name, { run, env, about }] of chosen) {
  if (values.list) {
    console.log(`${name.padEnd(14)} ${about}`)
    continue
  }
  if (isEnding) break
  console.log(`\n== ${name}: ${about}`)
  const start = performance.now()
  const child = spawn('npm', ['run', '--silent', ...run], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...envWithoutNpm(), HIKYAKU_REQUIRE_SERVERS: '1', ...env },
  })
  const end = (signal: NodeJS.Signals): void => {
    isEnding = true
    child.kill(signal)
  }
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, end)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.off(signal, end)
  const seconds = Math.round((performance.now() - start) / 1000)
  const how = code === 0 ? 'passed' : `FAILED (${code ?? signal})`
  summary.push(`${name.padEnd(14)} ${String(seconds).padStart(6)} s  ${how}`)
  if (code !== 0) process.exitCode = 1
}
if (summary.length > 0) console.log(`\n${summary.join('\n')}`)
