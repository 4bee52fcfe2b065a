/**
 * npm run mutants: can the tests fail? Makes each change of scripts/mutants/ on its own in a copy of the tree and runs
 * the tests of which one is to fail on it. By hand or at night, no part of CI; that each place is there is a quick test
 * (test/mutants.test.ts).
 *
 *   npm run mutants
 *   npm run mutants -- pop3 settle     those of an area, or whose file or loss contains one of the words
 *   npm run mutants -- --changed       those whose file or tests differ from main (or --changed=COMMIT)
 *   npm run mutants -- --list          only looks for the places
 *   --jobs=1                           one at a time (two otherwise, and never more)
 *   --verbose                          names the tests that failed
 *
 * Before the changes the tests run once unchanged: one that fails anyway kills nothing.
 * Exit code 1 where less than 95 of 100 changes are killed, where one survives without a reason, where tests fail
 * unchanged, and where a place is not there exactly once.
 */
import { execFileSync } from 'node:child_process'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Mutant } from './mutants/mutant.ts'
import { findPlace, readSources } from './mutants/place.ts'
import { type Run, Tree } from './mutants/tree.ts'
import { areas } from './mutants-list.ts'

const leastShare = 0.95
const root = fileURLToPath(new URL('..', import.meta.url))
const given = process.argv.slice(2)
const words = given.filter(word => !word.startsWith('-')).map(word => word.toLowerCase())
const option = (name: string): string | undefined =>
  given.find(word => word === `--${name}` || word.startsWith(`--${name}=`))
const valueGiven = (name: string, otherwise: string): string => option(name)?.split('=')[1] ?? otherwise

const sources = readSources(root)
const changedFiles = option('changed') && changedSince(valueGiven('changed', 'main'))

function changedSince(commit: string): ReadonlySet<string> {
  const git = (...args: string[]): string[] =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n')
  return new Set([...git('diff', '--name-only', commit), ...git('ls-files', '-o', '--exclude-standard')])
}

interface Chosen {
  readonly area: string
  readonly mutant: Mutant
}

const isArea = (word: string): boolean => areas.some(({ name }) => name === word)

function isChosen({ area, mutant }: Chosen): boolean {
  const place = findPlace(sources, mutant)
  const file = typeof place === 'string' ? (mutant.file ?? '') : place.file
  if (changedFiles && ![file, ...mutant.tests].some(name => changedFiles.has(name))) return false
  const about = `${file} ${mutant.loses}`.toLowerCase()
  return words.length === 0 || words.some(word => word === area || (!isArea(word) && about.includes(word)))
}

interface Result {
  readonly kind: 'killed' | 'explained' | 'survived' | 'unusable'
  readonly why: string
}

const all = areas.flatMap(({ name, mutants }) => mutants.map(mutant => ({ area: name, mutant })))
const chosen = all.filter(isChosen)
const results = new Map<Chosen, Result>()
const unchanged = new Map<string, Promise<Run>>()

/** What cannot be read would be failed by any test. */
function isReadable(text: string): boolean {
  try {
    return stripTypeScriptTypes(text) !== ''
  } catch {
    return false
  }
}

async function judge(tree: Tree | undefined, { mutant }: Chosen): Promise<Result> {
  const place = findPlace(sources, mutant)
  if (typeof place === 'string') return { kind: 'unusable', why: place }
  if (!isReadable(place.changed)) return { kind: 'unusable', why: 'what stands there then is no TypeScript' }
  if (mutant.survives !== undefined) return { kind: 'explained', why: mutant.survives }
  if (tree === undefined) return { kind: 'killed', why: 'its place is there' }
  const key = JSON.stringify([mutant.tests, mutant.title])
  const before = unchanged.get(key) ?? tree.run(mutant)
  unchanged.set(key, before)
  const { verdict } = await before
  if (verdict !== 'passed') return { kind: 'unusable', why: `unchanged: ${verdict}` }
  tree.write(place.file, place.changed)
  try {
    const run = await tree.run(mutant)
    // A hang is what the owner would see, too, and the test says so by its time-out.
    const isKilled = run.verdict === 'failed' || run.verdict === 'hung'
    const seconds = `${(run.ms / 1000).toFixed(1)} s`
    const names = option('verbose') ? run.failed.map(name => `\n           ${name}`).join('') : ''
    return { kind: isKilled ? 'killed' : 'survived', why: `${run.verdict} in ${seconds}${names}` }
  } finally {
    tree.write(place.file, place.text)
  }
}

function tell(one: Chosen, { kind, why }: Result): void {
  const { mutant, area } = one
  const place = findPlace(sources, mutant)
  const file = typeof place === 'string' ? (mutant.file ?? '?') : place.file
  const shown = kind === 'killed' ? 'killed  ' : kind.toUpperCase()
  if (kind === 'killed' && option('list')) return
  const from = kind === 'unusable' ? ` [${mutant.from.slice(0, 80)}]` : ''
  const tests =
    mutant.title === undefined ? mutant.tests.join(' ') : `${mutant.tests.join(' ')}: ${mutant.title}`
  console.log(`${shown} ${area} ${file}: ${mutant.loses}${from} (${why}; ${tests})`)
}

const waiting = [...chosen]
const jobs = option('list') ? 1 : Math.min(2, Number(valueGiven('jobs', '2')) || 1)
const trees: Tree[] = []
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    for (const tree of trees) tree.remove()
    process.exit(1)
  })
try {
  const work = async (): Promise<void> => {
    const tree = option('list') ? undefined : new Tree(root)
    if (tree !== undefined) trees.push(tree)
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const result = await judge(tree, one)
      results.set(one, result)
      tell(one, result)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
} finally {
  for (const tree of trees) tree.remove()
}

const countOf = (kind: Result['kind'], area?: string): number =>
  [...results].filter(([one, result]) => result.kind === kind && (area === undefined || one.area === area))
    .length
for (const { name } of areas) {
  const ofArea = chosen.filter(({ area }) => area === name).length
  if (ofArea > 0) console.log(`${name.padEnd(10)} ${countOf('killed', name)} / ${ofArea}`)
}
const killed = countOf('killed')
const share = chosen.length === 0 ? 0 : killed / chosen.length
console.log(
  `${killed} of ${chosen.length} ${option('list') ? 'found' : 'killed'} (${(100 * share).toFixed(1)} %), ` +
    `${countOf('explained')} survive for a reason, ${countOf('survived')} without, ${countOf('unusable')} unusable`,
)
const isGood = share >= leastShare && countOf('survived') + countOf('unusable') === 0
process.exitCode = isGood ? 0 : 1
