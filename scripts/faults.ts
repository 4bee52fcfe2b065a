/**
 * npm run test:faults: the fault matrix (test/faults/matrix.ts), row by row.
 *
 *   npm run test:faults                 runs every test of every row and counts the rows that are green
 *   npm run test:faults -- pop3 crash   only files whose path contains one of the words
 *   npm run test:faults -- --list       each row with its tests, or why it cannot be played here
 *
 * Exits with 1 when a test fails, or when a row has neither a test nor a reason.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { matrix, type RowId, rowsOf } from '../test/faults/matrix.ts'
import { notPlayed, unplayable } from '../test/faults/unplayable.ts'

const folders = ['faults', 'files'].map(name => fileURLToPath(new URL(`../test/${name}`, import.meta.url)))
const given = process.argv.slice(2)
const words = given.filter(word => !word.startsWith('-'))
const ids = Object.keys(matrix) as RowId[]
const files = folders.flatMap(folder =>
  readdirSync(folder)
    .filter(name => name.endsWith('.test.ts'))
    .map(name => join(folder, name))
    .sort(),
)

/** The titles as they stand in the source; what a loop fills in shows as an ellipsis. */
function titlesIn(file: string): string[] {
  const calls = /\b(?:test|it|describe)\(\s*(?:'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`|"((?:[^"\\]|\\.)*)")/g
  return [...readFileSync(file, 'utf8').matchAll(calls)].map(([, single, template, double]) =>
    (single ?? template ?? double ?? '').replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…').replace(/\\(.)/g, '$1'),
  )
}

const tests = new Map<RowId, string[]>(ids.map(id => [id, []]))
for (const file of files) {
  for (const title of titlesIn(file)) for (const id of rowsOf(title)) tests.get(id)?.push(title)
}
const forgotten = ids.filter(id => tests.get(id)?.length === 0 && unplayable[id] === undefined)

if (given.includes('--list')) list()
else await play()

function list(): void {
  for (const id of ids) {
    console.log(`${id.padEnd(4)} ${matrix[id]}`)
    for (const title of tests.get(id) ?? []) console.log(`       ${title}`)
    if (unplayable[id] !== undefined) console.log(`       cannot be played here: ${unplayable[id]}`)
    if (notPlayed[id] !== undefined) console.log(`       not played: ${notPlayed[id]}`)
  }
  const played = ids.filter(id => tests.get(id)?.length !== 0).length
  console.log(
    `\n${ids.length} rows: ${played} played, ${ids.length - played - forgotten.length} with a reason.`,
  )
  complain()
}

function complain(): void {
  if (forgotten.length === 0) return
  console.error(`Neither a test nor a reason: ${forgotten.join(', ')}`)
  process.exitCode = 1
}

async function play(): Promise<void> {
  const chosen = files.filter(file => words.length === 0 || words.some(word => file.includes(word)))
  const passed = new Set<RowId>()
  const failed = new Set<RowId>()
  const stream = run({
    files: chosen,
    concurrency: Math.max(2, Math.floor(availableParallelism() / 2)),
    execArgv: ['--disable-warning=ExperimentalWarning'],
    timeout: 480_000,
  })
  stream.on('test:pass', ({ name, skip }) => {
    if (skip === undefined) for (const id of rowsOf(name)) passed.add(id)
  })
  stream.on('test:fail', ({ name }) => {
    process.exitCode = 1
    for (const id of rowsOf(name)) failed.add(id)
  })
  const text = stream.compose(new spec())
  for await (const chunk of text) process.stdout.write(chunk)
  const green = ids.filter(id => passed.has(id) && !failed.has(id))
  const skipped = ids.filter(id => !passed.has(id) && !failed.has(id) && tests.get(id)?.length !== 0)
  console.log(`Rows of the fault matrix: ${ids.length}; green: ${green.length}`)
  if (failed.size > 0) console.log(`red: ${[...failed].join(', ')}`)
  if (skipped.length > 0) console.log(`not run: ${skipped.join(', ')}`)
  for (const id of ids) if (unplayable[id]) console.log(`not playable: ${id}: ${unplayable[id]}`)
  complain()
}
