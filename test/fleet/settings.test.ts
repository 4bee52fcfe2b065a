/** The settings of a fleet: variables alone, NAME or NAME_FILE, and what is refused of them. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { ConfigFault } from '../../src/base/problem.ts'
import { loadProgram } from '../../src/config/load-program.ts'
import { readFleetSettings } from '../../src/fleet/settings.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { stateDirFor } from '../journal/journal-helpers.ts'

const read = async (t: TestContext, given: Record<string, string>) => {
  const stateDir = await stateDirFor(t)
  const env = { HOME: stateDir, STATE_DIR: join(stateDir, 'state'), ...given }
  return { stateDir, ...(await readFleetSettings(await loadProgram({ env, cwd: stateDir }), 'test')) }
}
const url = 'postgresql://hikyaku:p%40ss@db1.example:5433,db2.example/fleet?sslmode=verify-full'

test('the password stands apart from the address of the database', async t => {
  const { database, capacity, keyFile, worker, stateDir } = await read(t, { FLEET_DATABASE: url })
  assert.equal(database.url, 'postgresql://hikyaku@db1.example:5433,db2.example/fleet?sslmode=verify-full')
  assert.equal(await database.password?.(), 'p@ss')
  assert.equal(database.name, 'hikyaku test')
  assert.equal(capacity, 1000)
  assert.equal(keyFile, join(stateDir, 'state', 'fleet.key'))
  assert.match(worker, /^[A-Za-z0-9][A-Za-z0-9._-]*-[0-9a-f]{6}$/)
  // The same at the next start, and another one beside it.
  const other = await read(t, { FLEET_DATABASE: url })
  assert.notEqual(other.worker, worker)
})

test('the address comes from a file or from .env too, and the key from a systemd credential', async t => {
  const folder = await stateDirFor(t)
  const file = join(folder, 'url')
  await writeFile(file, `${url}\n`, { mode: 0o600 })
  const credentials = join(folder, 'credentials')
  await mkdir(credentials)
  const given = {
    FLEET_DATABASE_FILE: file,
    CREDENTIALS_DIRECTORY: credentials,
    WORKER_NAME: 'worker-7',
    WORKER_CAPACITY: '12',
  }
  const settings = await read(t, given)
  assert.equal(await settings.database.password?.(), 'p@ss')
  assert.equal(settings.keyFile, join(credentials, 'fleet-key'))
  assert.deepEqual([settings.worker, settings.capacity], ['worker-7', 12])
  assert.equal((await read(t, { ...given, FLEET_KEY_FILE: '/k' })).keyFile, '/k')
  await writeFile(join(folder, '.env'), `FLEET_DATABASE=${url}\n`, { mode: 0o600 })
  const loaded = await loadProgram({ env: { HOME: folder, STATE_DIR: folder }, cwd: folder })
  assert.equal(await (await readFleetSettings(loaded, 'test')).database.password?.(), 'p@ss')
})

test('what is wrong is told with its variable, and nothing of the address', async t => {
  const problems = async (given: Record<string, string>): Promise<string> => {
    const thrown: unknown = await read(t, given).catch((error: unknown) => error)
    assert.ok(thrown instanceof Fault, JSON.stringify(given))
    const places = thrown instanceof ConfigFault ? thrown.problems.map(({ at, kind }) => `${at} ${kind}`) : []
    const shown = [thrown.code, ...places, JSON.stringify(thrown.facts)].join(' ')
    assert.ok(!shown.includes('hidden'), shown)
    return shown
  }
  assert.match(await problems({}), /FLEET_DATABASE missing/)
  for (const wrong of [
    'mysql://a:hidden@b/c',
    'hidden',
    'postgresql://a:hidden@b:port/c',
    'postgresql://a:hid%den@b/c',
    'postgresql://a:x?hidden@b/c',
    'postgresql://a:x?hidden=y@b/c',
    'postgresql://a:x#hidden@b/c',
    'postgresql://a:x/hidden@b/c',
  ])
    assert.match(await problems({ FLEET_DATABASE: wrong }), /journal\.address/)
  const option = await problems({ FLEET_DATABASE: `${url}&passfile=/x` })
  assert.match(option, /unknown-option.*passfile/)
  const fault = new Fault('journal.address', { facts: { reason: 'unknown-option', option: 'passfile' } })
  assert.match(describeFault(fault, 'en').what, /\(an option behind the \? is not understood\): passfile\.$/)
  assert.match(describeFault(fault, 'ja').what, /使えない項目があります）: passfile。$/)
  assert.match(
    await problems({ FLEET_DATABASE: url, FLEET_DATABASE_FILE: '/x' }),
    /secret\.unreadable.*both-given/,
  )
  assert.match(await problems({ FLEET_DATABASE: url, WORKER_CAPACITY: '0' }), /WORKER_CAPACITY number/)
  for (const name of ['a b', '-a', 'a'.repeat(129), 'a/b', '\u202ea'])
    assert.match(await problems({ FLEET_DATABASE: url, WORKER_NAME: name }), /WORKER_NAME expected/)
})
