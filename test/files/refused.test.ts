/**
 * What the system does not let this user do (EACCES). Root may do everything, so there the work is a process of another
 * user; else it is one of this user.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { nobody } from './neighbour.ts'

const child = fileURLToPath(new URL('refused-child.ts', import.meta.url))
const isRoot = process.geteuid?.() === 0
const other = isRoot ? { uid: nobody, gid: nobody } : {}
let folder = ''

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'hikyaku-refused-'))
  chmodSync(folder, 0o755)
  const locked = join(folder, 'locked')
  mkdirSync(locked)
  writeFileSync(join(locked, 'secret'), 'x')
  chmodSync(join(locked, 'secret'), 0o000)
  chmodSync(locked, 0o500)
  if (isRoot) for (const path of [join(locked, 'secret'), locked]) chownSync(path, nobody, nobody)
})
after(() => {
  chmodSync(join(folder, 'locked'), 0o700)
  rmSync(folder, { recursive: true, force: true })
})

for (const [what, code, scope, reason] of [
  ['spool', 'state.read-only', 'everything', 'EACCES'],
  ['read', 'secret.unreadable', 'mailbox', 'EACCES'],
  ['write', 'secret.not-kept', undefined, 'EACCES'],
  ['vault', 'state.read-only', 'everything', 'EACCES'],
] as const) {
  test(`E2: ${what} where the system says EACCES is ${code}, and leaves nothing behind`, () => {
    const locked = join(folder, 'locked')
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', child, what, locked],
      { ...other, cwd: '/', env: { PATH: process.env.PATH }, encoding: 'utf8', timeout: 60_000 },
    )
    assert.equal(stderr, '')
    const told = JSON.parse(stdout) as { code: string; scope: string; reason: string }
    assert.deepEqual([told.code, told.reason], [code, reason])
    if (scope !== undefined) assert.equal(told.scope, scope)
    assert.deepEqual(readdirSync(locked), ['secret'])
  })
}
