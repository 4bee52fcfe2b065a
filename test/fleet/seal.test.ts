/** The two layers of a fleet's secrets, and the file of its key. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { makeFleetKey, openFleetKey } from '../../src/fleet/fleet-key.ts'
import { makeDataKey, openSecret, type SecretPlace, sealSecret } from '../../src/fleet/seal.ts'
import { stateDirFor } from '../journal/journal-helpers.ts'

const place: SecretPlace = {
  tenant: 'main',
  kind: 'mailbox',
  owner: 'shop',
  key: 'password',
  destination: '{"kind":"mailbox","host":"mail.example.jp"}',
}
const withCode =
  (code: string, reason?: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof Fault &&
    thrown.code === code &&
    (reason === undefined || thrown.facts.reason === reason)

test('a sealed secret opens at its own place only, and as it was sealed only', () => {
  const key = makeDataKey()
  const sealed = sealSecret('pässword', key, place)
  assert.equal(openSecret(sealed, key, place), 'pässword')
  assert.notEqual(sealSecret('pässword', key, place), sealed)
  for (const [part, value] of [
    ['tenant', 'other'],
    ['kind', 'account'],
    ['owner', 'thief'],
    ['key', 'oauthRefreshToken'],
    ['destination', '{"kind":"mailbox","host":"thief.example"}'],
  ])
    assert.throws(
      () => openSecret(sealed, key, { ...place, [String(part)]: value }),
      withCode('fleet.secret-unfit'),
      part,
    )
  // What is moved from one name to the next is not the same either.
  assert.throws(() => openSecret(sealed, key, { ...place, tenant: 'mainm', kind: 'ailbox' as 'mailbox' }))
  assert.throws(() => openSecret(sealed, makeDataKey(), place), withCode('fleet.secret-unfit'))
  const parts = sealed.split('.')
  for (const at of [1, 2, 3]) {
    const octets = Buffer.from(parts[at] ?? '', 'base64url')
    for (let octet = 0; octet < octets.length; octet += 1) {
      const changed = Buffer.from(octets)
      changed[octet] = (changed[octet] ?? 0) ^ 1
      assert.throws(() => openSecret(parts.with(at, changed.toString('base64url')).join('.'), key, place))
    }
    // A shorter tag would be easier to guess.
    assert.throws(() =>
      openSecret(parts.with(at, octets.subarray(0, 4).toString('base64url')).join('.'), key, place),
    )
  }
  for (const text of ['', '2.a.b.c', `${sealed}.x`, 'null', '1...'])
    assert.throws(() => openSecret(text, key, place), withCode('fleet.secret-unfit'))
})

test('a fault of what cannot be opened holds nothing of it', () => {
  const key = makeDataKey()
  const sealed = sealSecret('the password', key, place)
  try {
    openSecret(sealed, key, { ...place, owner: 'thief' })
    assert.fail()
  } catch (thrown) {
    assert.ok(thrown instanceof Fault)
    const shown = JSON.stringify([thrown.facts, thrown.message, String(thrown.cause), thrown.stack])
    assert.ok(!shown.includes('the password') && !shown.includes(key.toString('base64')))
  }
})

test('a key that is there needs nothing writable beside it; one that cannot be kept is told by name', async t => {
  const folder = await stateDirFor(t)
  // Where nobody may write, root may: a folder in the place of the lock stops both.
  const mounted = join(folder, 'mounted.key')
  await writeFile(mounted, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
  await mkdir(`${mounted}.lock`)
  assert.equal(await makeFleetKey(mounted), false)
  assert.deepEqual((await readdir(folder)).sort(), ['mounted.key', 'mounted.key.lock'])
  const refused = join(folder, 'refused.key')
  await mkdir(`${refused}.lock`)
  await assert.rejects(makeFleetKey(refused), withCode('secret.not-kept'))
  await writeFile(join(folder, 'file'), '')
  await assert.rejects(makeFleetKey(join(folder, 'file/fleet.key')), withCode('secret.not-kept'))
  assert.equal(await makeFleetKey(join(folder, 'not/yet/there/fleet.key')), true)
})

test('the key is made once, for its owner alone, and read where it is one', async t => {
  const file = join(await stateDirFor(t), 'fleet.key')
  await assert.rejects(openFleetKey(file, {}), withCode('fleet.no-key'))
  assert.deepEqual((await Promise.all([makeFleetKey(file), makeFleetKey(file)])).sort(), [false, true])
  const text = await readFile(file, 'utf8')
  assert.match(text, /^[A-Za-z0-9+/]{43}=\n$/)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal(await makeFleetKey(file), false)
  assert.equal(await readFile(file, 'utf8'), text)
  const wrapper = await openFleetKey(file, {})
  const dataKey = makeDataKey()
  const wrapped = await wrapper.wrap(dataKey, 'tenant main')
  assert.deepEqual(await wrapper.unwrap(wrapped, 'tenant main', wrapper.id), dataKey)
  await assert.rejects(wrapper.unwrap(wrapped, 'tenant other', wrapper.id), withCode('fleet.secret-unfit'))
  if (process.platform !== 'win32') {
    await chmod(file, 0o644)
    await assert.rejects(openFleetKey(file, {}), withCode('secret.unreadable', 'permissions'))
  }
  for (const wrong of ['', 'a passphrase\n', `${text}short\n`, text.repeat(9), 'x'.repeat(100_000)]) {
    await writeFile(file, wrong, { mode: 0o600 })
    await chmod(file, 0o600)
    await assert.rejects(
      openFleetKey(file, {}),
      withCode('secret.unreadable'),
      JSON.stringify(wrong).slice(0, 40),
    )
  }
})

test('of several keys in the file the first wraps, and the others open what was wrapped before', async t => {
  const file = join(await stateDirFor(t), 'fleet.key')
  const [older, newer] = [randomBytes(32).toString('base64'), randomBytes(32).toString('hex')]
  const open = async (...lines: readonly string[]) => {
    await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
    return openFleetKey(file, {})
  }
  const before = await open(older)
  const dataKey = makeDataKey()
  const wrapped = await before.wrap(dataKey, 'x')
  const both = await open(newer, older)
  assert.notEqual(both.id, before.id)
  assert.deepEqual(await both.unwrap(wrapped, 'x', before.id), dataKey)
  const again = await both.wrap(dataKey, 'x')
  const after = await open(newer)
  assert.deepEqual(await after.unwrap(again, 'x', both.id), dataKey)
  await assert.rejects(after.unwrap(wrapped, 'x', before.id), (thrown: unknown) => {
    assert.ok(thrown instanceof Fault && thrown.code === 'fleet.other-key')
    assert.deepEqual([thrown.facts.key, thrown.facts.wanted], [after.id, before.id])
    return true
  })
})
