/** What each library costs by being loaded: memory and time, in a process of its own, beside one that loads nothing. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type BenchOptions, figure, type Measure, median } from './measure.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** By import, as our own code takes them, but for imapflow. */
const imported = [
  'node:http',
  'node:tls',
  'node:sqlite',
  'imapflow',
  'google-auth-library',
  '@googleapis/gmail',
  'mailauth',
  'yaml',
  'commander',
  'node-cron',
  '@clack/prompts',
  '@napi-rs/keyring',
  'fast-string-width',
]
const loads: Readonly<Record<string, string>> = {
  nothing: '',
  ...Object.fromEntries(imported.map(name => [name, `await import('${name}')`])),
  'imapflow, required':
    "process.getBuiltinModule('node:module').createRequire(process.cwd() + '/x')('imapflow')",
  'node:http, got': "process.getBuiltinModule('node:http')",
  'a time by Intl': "new Intl.DateTimeFormat('en').format(0)",
}

interface Cost {
  readonly ms: number
  readonly mib: number
}

function measureLoad(work: string): Cost {
  const script = `const startMs = performance.now(); ${work}
    console.log(JSON.stringify({ ms: performance.now() - startMs, mib: process.memoryUsage.rss() / 2 ** 20 }))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

export async function benchLibraries({ quick, tell }: BenchOptions): Promise<readonly Measure[]> {
  tell('what each library costs by being loaded')
  const rounds = Array.from({ length: quick ? 1 : 3 })
  const costs = new Map<string, Cost[]>(Object.keys(loads).map(name => [name, []]))
  for (const _ of rounds)
    for (const [name, work] of Object.entries(loads)) costs.get(name)?.push(measureLoad(work))
  const memory = (name: string): number => median((costs.get(name) ?? []).map(({ mib }) => mib))
  return Object.keys(loads).flatMap(name => [
    figure(`libraries.${name}.rss`, memory(name) - (name === 'nothing' ? 0 : memory('nothing')), 'MiB'),
    figure(`libraries.${name}.ms`, median((costs.get(name) ?? []).map(({ ms }) => ms)), 'ms'),
  ])
}
