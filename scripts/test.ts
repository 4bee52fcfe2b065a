/**
 * npm test: test/**\/*.test.ts by node's own runner, two files at a time.
 *
 *   npm test                      the quick part (test-parts.ts)
 *   npm run test:slow             the slow part: this with --slow
 *   npm test -- pop3 journal      of both parts, the files whose path contains one of the words
 *   npm test -- --test-name-pattern=UIDL pop3
 *
 * HIKYAKU_FUZZ_RUNS: how many cases each property test tries (here 100, in .ci/run 1,000, at night 10,000).
 * HIKYAKU_REQUIRE_SERVERS=1: a missing real server fails its suite instead of skipping it.
 * HIKYAKU_KILL_EVERY=1: every step of kill.test.ts is a place to be killed at (`npm run test:kills`).
 * At the end of a part the files that took longest are named.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { partOf } from './test-parts.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const given = process.argv.slice(2)
const part = given.includes('--slow') ? 'slow' : 'quick'
const options = given.filter(word => word.startsWith('-') && word !== '--slow')
const words = given.filter(word => !word.startsWith('-')).map(word => word.replace(/^\.\//, ''))

const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.test.ts'))
  .map(name => `test/${name.replaceAll('\\', '/')}`)
  .filter(name => (words.length === 0 ? partOf(name) === part : words.some(word => name.includes(word))))
  .sort()

if (files.length === 0) {
  console.error(`No test file's path contains ${words.join(' or ')}.`)
  process.exit(1)
}

/**
 * For one test and, because node counts a file as a test, for one file. A file that leaks a socket or a server
 * does not end by itself and so fails here; slow files and long property runs need longer, and all kill points longer
 * still.
 */
function timeoutMs(): number {
  if (process.env.HIKYAKU_KILL_EVERY !== undefined) return 1_200_000
  const isLong =
    files.some(name => partOf(name) === 'slow') || Number(process.env.HIKYAKU_FUZZ_RUNS ?? 100) > 100
  return isLong ? 480_000 : 120_000
}

// A temporary folder of this run's own shows what a test leaves behind. Servers under test read in it as another
// account, hence the mode of /tmp itself.
const temporary = mkdtempSync(join(tmpdir(), 'hk-'))
chmodSync(temporary, 0o1777)
mkdirSync(join(temporary, 'compiled'))
const skipList = join(temporary, 'skipped')
const timesFile = join(temporary, 'times')

const runner = spawn(
  process.execPath,
  [
    ...['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2'],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${join(root, 'scripts/file-times.ts')}`, `--test-reporter-destination=${timesFile}`],
    ...[`--test-timeout=${timeoutMs()}`, ...options, ...files],
  ],
  {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      HIKYAKU_FUZZ_RUNS: '100',
      // What node made of the sources, for each process of this run: a start costs a third of its CPU then.
      NODE_COMPILE_CACHE: join(temporary, 'compiled'),
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
      ...process.env,
      TMPDIR: temporary,
      HIKYAKU_SKIPPED_SUITES: skipList,
    },
  },
)
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => runner.kill(signal))

/** What the summary alone would not tell: printed just before it, so that the summary stays the end. */
function remarks(): string[] {
  const skipped = existsSync(skipList) ? readFileSync(skipList, 'utf8').split('\n').filter(Boolean) : []
  const left = readdirSync(temporary).filter(name => name.startsWith('hikyaku'))
  return [
    ...skipped.map(line => `Skipped for want of a real server: ${line.replace(`${root}`, '')}`),
    ...left.map(name => `Left behind in the temporary folder: ${name}`),
  ]
}

const endOfTests = /^(\x1b\[\d+m)*ℹ tests \d+/
let toldRemarks = false
for await (const line of createInterface({ input: runner.stdout })) {
  if (!toldRemarks && endOfTests.test(line)) {
    toldRemarks = true
    for (const remark of remarks()) console.log(remark)
  }
  console.log(line)
}
/** How many files are named at the end of a part, of those that took longest. */
const mostNamed = 15
const code = await new Promise<number>(resolve => {
  if (runner.exitCode !== null) resolve(runner.exitCode)
  else runner.once('exit', exit => resolve(exit ?? 1))
})
const times = existsSync(timesFile) ? readFileSync(timesFile, 'utf8').split('\n').filter(Boolean) : []
if (words.length === 0 && times.length > 0) {
  const sum = times.reduce((total, line) => total + Number.parseFloat(line), 0)
  console.log(`\nThe longest of ${times.length} files, of ${Math.round(sum)} s together:`)
  for (const line of times.slice(0, mostNamed)) {
    const [seconds = '', path = ''] = line.split(' ')
    console.log(`${seconds.padStart(6)} s  ${path}`)
  }
}
rmSync(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
process.exitCode = code
