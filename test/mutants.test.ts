/** The list of `npm run mutants` is looked at here, and run by hand or at night: a change without a place proves nothing. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findPlace, readSources } from '../scripts/mutants/place.ts'
import { areas } from '../scripts/mutants-list.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const mutants = areas.flatMap(area => area.mutants)

test('each change of scripts/mutants/ finds its place, once, and its tests', () => {
  const sources = readSources(root)
  const complaints: string[] = []
  for (const mutant of mutants) {
    const { from, to, tests, survives } = mutant
    const complain = (what: string): void => void complaints.push(`${from}: ${what}`)
    const place = findPlace(sources, mutant)
    if (typeof place === 'string') complain(place)
    else if (place.changed === place.text) complain('nothing is changed')
    else
      try {
        stripTypeScriptTypes(place.changed)
      } catch {
        complain(`no TypeScript with ${to}`)
      }
    if (tests.length === 0 && survives === undefined) complain('no test is named')
    for (const file of tests) if (!existsSync(join(root, file))) complain(`${file} is not there`)
  }
  assert.deepEqual(complaints, [], 'where the code is written anew, its place in scripts/mutants/ is too')
})

test('a place is found wherever it stands, however it is wrapped, and awaited or not; twice is not found', () => {
  const mutant = { from: 'if (a) go(b, c)', to: 'stop()', loses: '', tests: [] }
  const there = new Map([['src/x.ts', 'one()\nif (a)\n  await go(b,\n    c)\ntwo()\n']])
  const place = findPlace(there, mutant)
  assert.deepEqual(place, {
    file: 'src/x.ts',
    text: there.get('src/x.ts'),
    changed: 'one()\nstop()\ntwo()\n',
  })
  const twice = new Map([...there, ['src/y.ts', 'if (a) go(b, c)']])
  assert.equal(findPlace(twice, mutant), 'the place is in 2 files: src/x.ts, src/y.ts')
  assert.equal(typeof findPlace(twice, { ...mutant, file: 'src/y.ts' }), 'object')
  assert.equal(findPlace(new Map([['src/x.ts', 'if (a) go(c, b)']]), mutant), 'the place is not there')
})
