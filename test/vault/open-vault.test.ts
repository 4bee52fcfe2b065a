import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { openVault } from '../../src/vault/open-vault.ts'
import { requireServer } from '../servers/required.ts'
import { installed, startSessionBus } from './session-bus.ts'

let stateDir: string
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'hikyaku-vault-'))
})
afterEach(() => rm(stateDir, { recursive: true, force: true }))

const linux = process.platform === 'linux'
const noBus: NodeJS.ProcessEnv = { PATH: process.env.PATH }

const skip = linux
  ? requireServer('gnome-keyring', await installed('dbus-daemon', 'gnome-keyring-daemon'))
  : 'Linux only'

describe('choosing the vault', () => {
  it('takes the sealed file where there is no keychain, says why, and stays with it', {
    skip: linux ? false : 'other systems always have a keychain',
  }, async () => {
    const vault = await openVault({ stateDir, env: noBus })
    assert.deepEqual([vault.kind, vault.because], ['sealed file', 'no-bus'])
    assert.deepEqual(await readdir(stateDir), [], 'looking writes nothing')
    await vault.set('mail-password', 'x')
    const again = await openVault({ stateDir, env: noBus })
    assert.deepEqual([again.kind, again.because], ['sealed file', 'kept'])
    assert.equal(await again.get('mail-password'), 'x')
  })

  it('takes the sealed file where the owner provides a key', async () => {
    const env = { ...noBus, HIKYAKU_KEY: 'f'.repeat(64) }
    const vault = await openVault({ stateDir, env })
    assert.deepEqual([vault.kind, vault.because], ['sealed file', 'key-given'])
  })

  it('follows a choice that another process made meanwhile, so that a running daemon needs no restart', {
    skip: linux ? false : 'other systems always have a keychain',
  }, async () => {
    const daemon = await openVault({ stateDir, env: noBus })
    assert.equal(daemon.choice, 'sealed-file')
    await writeFile(join(stateDir, 'vault'), 'keychain\n', { mode: 0o600 })
    await assert.rejects(
      daemon.get('mail-password'),
      (thrown: unknown) => thrown instanceof Fault && thrown.facts.reason === 'no-bus',
    )
    assert.deepEqual([daemon.kind, daemon.because], ['keychain', 'kept'])
  })

  it('prefers what the environment gives, and says that it comes from there', async () => {
    const env = { ...noBus, HIKYAKU_KEY: 'f'.repeat(64), MAIL_PASSWORD: 'from the environment' }
    const vault = await openVault({ stateDir, env })
    await vault.set('mail-password', 'from the file')
    assert.equal(await vault.get('mail-password'), 'from the environment')
  })

  it('obeys the option and HIKYAKU_VAULT, and refuses a word it does not know', async () => {
    assert.equal((await openVault({ stateDir, env: noBus, choice: 'environment' })).kind, 'environment')
    assert.equal((await openVault({ stateDir, env: { HIKYAKU_VAULT: 'sealed-file' } })).choice, 'sealed-file')
    await assert.rejects(
      openVault({ stateDir, env: { HIKYAKU_VAULT: 'shoebox' } }),
      (thrown: unknown) => thrown instanceof Fault && thrown.code === 'config.invalid',
    )
  })

  it('does not guess past a damaged record of the choice', async () => {
    await writeFile(join(stateDir, 'vault'), 'key\0chain', { mode: 0o600 })
    await assert.rejects(
      openVault({ stateDir, env: noBus }),
      (thrown: unknown) => thrown instanceof Fault && thrown.facts.reason === 'damaged',
    )
  })

  it('takes a working keychain; later without a bus it says so instead of "no secret"', {
    skip,
  }, async () => {
    const bus = await startSessionBus()
    try {
      await bus.startKeyring('pw')
      let vault = await openVault({ stateDir, env: bus.env })
      for (let tries = 0; vault.choice !== 'keychain' && tries < 100; tries += 1)
        vault = await openVault({ stateDir, env: bus.env })
      assert.deepEqual([vault.kind, vault.because], ['keychain', 'works'])
      await vault.set('mail-password', 'x')
      assert.equal(await readFile(join(stateDir, 'vault'), 'utf8'), 'keychain\n')
      assert.equal(await (await openVault({ stateDir, env: bus.env })).get('mail-password'), 'x')
      const later = await openVault({ stateDir, env: noBus })
      assert.equal(later.because, 'kept')
      await assert.rejects(
        later.get('mail-password'),
        (thrown: unknown) => thrown instanceof Fault && thrown.facts.reason === 'no-bus',
      )
    } finally {
      await bus.stop()
    }
  })
})
