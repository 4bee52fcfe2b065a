/** `npm run nightly`, with a stand-in for npm: the parts themselves take hours. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as yaml from 'yaml'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'hikyaku-test-nightly-'))
after(() => rmSync(folder, { recursive: true, force: true }))

writeFileSync(
  join(folder, 'npm'),
  '#!/bin/sh\necho "npm $* with $HIKYAKU_FUZZ_RUNS"\n[ "$3" != unclean ]\n',
  { mode: 0o755 },
)
const nightly = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['scripts/nightly.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: `${folder}${delimiter}${process.env.PATH ?? ''}` },
  })
const parts = nightly('--list')
  .stdout.split('\n')
  .filter(Boolean)
  .map(line => line.split(' ')[0])

describe('npm run nightly', () => {
  test('goes on after a part that failed, tells how each one ended, and fails', () => {
    const { status, stdout } = nightly('unclean', 'fuzz')
    assert.match(stdout, /npm run --silent unclean with \n.*npm run --silent test with 10000\n/s)
    assert.match(stdout, /\nunclean +\d+ s {2}FAILED \(1\)\nfuzz +\d+ s {2}passed\n$/)
    assert.equal(status, 1)
    assert.equal(nightly('fuzz').status, 0)
  })

  test('leaves out what is named, and takes no name that is none', () => {
    const { stdout } = nightly('--without=unclean,mutants')
    assert.equal(stdout.match(/ passed$/gm)?.length, parts.length - 2)
    assert.equal(nightly('unclaen').status, 2)
  })

  test('each of its parts is there, and is played in the night of a workflow', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    for (const [, script = ''] of nightly().stdout.matchAll(/^npm run --silent (\S+)/gm))
      assert.ok(scripts[script] !== undefined, script)
    const workflows = join(root, '.github/workflows')
    const played = readdirSync(workflows).flatMap(name => {
      const { on, jobs } = yaml.parse(readFileSync(join(workflows, name), 'utf8'))
      if (on.schedule === undefined) return []
      return Object.values(jobs as Record<string, Job>).flatMap(job => [
        ...(job.strategy?.matrix.part ?? []),
        ...job.steps.flatMap(({ run = '' }) =>
          [...run.matchAll(/npm run (package\S*)/g)].map(([, part]) => part),
        ),
      ])
    })
    assert.deepEqual([...new Set(played)].sort(), [...parts].sort())
  })
})

interface Job {
  readonly strategy?: { readonly matrix: { readonly part: readonly string[] } }
  readonly steps: readonly { readonly run?: string }[]
}
