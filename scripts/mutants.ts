/**
 * npm run mutants: can the tests fail? Applies each change of mutants-list.ts on its own to a copy of the tree and
 * runs the test that is to fail on it. By hand or at night, no part of CI.
 *
 *   npm run mutants
 *   npm run mutants -- settle resolve     those whose file or loss contains one of the words
 *
 * Before the changes each named test runs once unchanged: a test that fails anyway kills nothing.
 * Exit code 1 where a change survives, a test fails unchanged, or a place is not there exactly once.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Mutant, mutants } from './mutants-list.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const words = process.argv.slice(2)
const chosen = mutants.filter(
  ({ file, loses }) => words.length === 0 || words.some(word => `${file} ${loses}`.includes(word)),
)
const timeoutMs = 300_000

const tree = mkdtempSync(join(tmpdir(), 'hikyaku-mutants-'))
const notCopied = /^(node_modules|\.git|dist)(\/|$)/
cpSync(root, tree, { recursive: true, filter: source => !notCopied.test(relative(root, source)) })
symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))

type Verdict = 'passed' | 'failed' | 'ran nothing' | 'hung'

function runTest({ test, title }: Mutant): Verdict {
  const pattern = title.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  const run = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      ...['--test', '--test-reporter=tap', '--test-timeout=120000', `--test-name-pattern=${pattern}`, test],
    ],
    { cwd: tree, encoding: 'utf8', timeout: timeoutMs, killSignal: 'SIGKILL' },
  )
  const count = (what: string): number =>
    Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(run.stdout)?.[1] ?? 0)
  if (count('fail') > 0) return 'failed'
  if (run.status === null) return 'hung'
  return count('pass') === 0 ? 'ran nothing' : 'passed'
}

let survived = 0
let killed = 0
const unchanged = new Map<string, Verdict>()
try {
  for (const mutant of chosen) {
    const { file, from, to, loses, test, title } = mutant
    const path = join(tree, file)
    const text = readFileSync(path, 'utf8')
    const places = text.split(from).length - 1
    const key = `${test}: ${title}`
    if (!unchanged.has(key)) unchanged.set(key, runTest(mutant))
    let verdict: string = unchanged.get(key) ?? 'ran nothing'
    if (places !== 1) verdict = `the place is there ${places} times`
    else if (verdict !== 'passed') verdict = `unchanged: ${verdict}`
    else {
      const changed = text.replace(from, () => to)
      // What cannot be read would be failed by any test.
      stripTypeScriptTypes(changed)
      writeFileSync(path, changed)
      verdict = runTest(mutant)
      writeFileSync(path, text)
    }
    // A hang is what the owner would see, too, and the test says so by its time-out.
    const isKilled = verdict === 'failed' || verdict === 'hung'
    if (isKilled) killed += 1
    else survived += 1
    console.log(`${isKilled ? 'killed  ' : 'SURVIVED'} ${file}: ${loses} (${verdict}; ${key})`)
  }
} finally {
  rmSync(tree, { recursive: true, force: true })
}
console.log(`${killed} of ${chosen.length} killed`)
process.exitCode = survived > 0 || chosen.length === 0 ? 1 : 0
