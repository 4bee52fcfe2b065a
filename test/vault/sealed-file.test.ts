import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { seal, sealedFileVault, unseal } from '../../src/vault/sealed-file.ts'

let stateDir: string
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'hikyaku-sealed-'))
})
afterEach(() => rm(stateDir, { recursive: true, force: true }))

const fault = (code: string, reason: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof Fault, String(thrown))
  assert.deepEqual([thrown.code, thrown.facts.reason], [code, reason])
  return true
}
const base64Key = (): string => randomBytes(32).toString('base64')

describe('the sealed file', () => {
  it('keeps secrets for the next process, in files of mode 0600 without a word of them in clear', async () => {
    const secret = 'ひみつ "pass\\word" \n'
    await sealedFileVault(stateDir, {}).set('mail-password', secret)
    await sealedFileVault(stateDir, {}).set('refresh-token', '1//abc')
    const again = sealedFileVault(stateDir, {})
    assert.equal(await again.get('mail-password'), secret)
    assert.equal(await again.get('refresh-token'), '1//abc')
    assert.equal(await again.get('toString'), undefined)
    assert.deepEqual((await readdir(stateDir)).sort(), ['secrets.key', 'secrets.lock', 'secrets.sealed'])
    for (const name of await readdir(stateDir))
      assert.equal((await stat(join(stateDir, name))).mode & 0o777, 0o600)
    assert.ok(!(await readFile(join(stateDir, 'secrets.sealed'), 'utf8')).includes('refresh-token'))
  })

  it('deletes, and has nothing to say about what was never there', async () => {
    const vault = sealedFileVault(stateDir, {})
    await vault.delete('nothing')
    assert.deepEqual(await readdir(stateDir), [])
    await vault.set('a', '1')
    await vault.set('__proto__', '2')
    await vault.delete('a')
    assert.equal(await vault.get('a'), undefined)
    assert.equal(await vault.get('__proto__'), '2')
  })

  it('loses nothing when many secrets are set at once, by two vaults on the same file', async () => {
    const one = sealedFileVault(stateDir, { HIKYAKU_KEY: base64Key() })
    const env = { HIKYAKU_KEY: base64Key() }
    const vaults = [sealedFileVault(stateDir, env), sealedFileVault(stateDir, env)]
    const names = Array.from({ length: 20 }, (_, index) => `secret-${index}`)
    await Promise.all(names.map((name, index) => vaults[index % 2]?.set(name, name)))
    for (const name of names) assert.equal(await vaults[0]?.get(name), name)
    await assert.rejects(one.get('secret-0'), fault('secret.unreadable', 'wrong-key'))
  })

  it('refuses a wrong key, a lost key and a passphrase by name, and leaves the file as it was', async () => {
    await sealedFileVault(stateDir, { HIKYAKU_KEY: base64Key() }).set('a', '1')
    const before = await readFile(join(stateDir, 'secrets.sealed'))
    const wrong = sealedFileVault(stateDir, { HIKYAKU_KEY: base64Key() })
    await assert.rejects(wrong.get('a'), fault('secret.unreadable', 'wrong-key'))
    await assert.rejects(wrong.set('a', '2'), fault('secret.unreadable', 'wrong-key'))
    await assert.rejects(sealedFileVault(stateDir, {}).set('a', '2'), fault('secret.unreadable', 'no-key'))
    const phrase = sealedFileVault(stateDir, { HIKYAKU_KEY: 'correct horse battery staple' })
    await assert.rejects(phrase.get('a'), thrown => {
      fault('secret.unreadable', 'key-format')(thrown)
      assert.ok(!JSON.stringify((thrown as Fault).facts).includes('horse'))
      return true
    })
    assert.deepEqual(await readFile(join(stateDir, 'secrets.sealed')), before)
    assert.deepEqual((await readdir(stateDir)).sort(), ['secrets.lock', 'secrets.sealed'])
  })

  it('notices every single changed octet', () => {
    const key = randomBytes(32)
    const sealed = seal({ a: 'secret' }, key)
    for (let at = 0; at < sealed.length; at += 1) {
      const damaged = Buffer.from(sealed)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      try {
        assert.deepEqual(unseal(damaged, key, 'f'), { a: 'secret' }, `octet ${at}`)
        // Only the JSON's own white space and spare base64 bits may change without changing what is sealed.
      } catch (thrown) {
        assert.ok(thrown instanceof Fault, `octet ${at}: ${thrown}`)
      }
    }
    assert.throws(() => unseal(sealed.subarray(0, 100), key, 'f'), fault('secret.unreadable', 'damaged'))
  })

  it('refuses a shortened authentication tag', () => {
    const key = randomBytes(32)
    const sealed = JSON.parse(seal({ a: '1' }, key).toString()) as { tag: string }
    sealed.tag = Buffer.from(sealed.tag, 'base64').subarray(0, 4).toString('base64')
    assert.throws(
      () => unseal(Buffer.from(JSON.stringify(sealed)), key, 'f'),
      fault('secret.unreadable', 'damaged'),
    )
  })

  it('takes away the lock file of an earlier version, whoever it names', async () => {
    const vault = sealedFileVault(stateDir, {})
    for (const pid of [process.pid, 1]) {
      await writeFile(join(stateDir, 'secrets.sealed.lock'), `${pid} 0123456789abcdef\n`)
      await vault.set('a', String(pid))
      assert.equal(await vault.get('a'), String(pid))
      assert.deepEqual((await readdir(stateDir)).sort(), ['secrets.key', 'secrets.lock', 'secrets.sealed'])
    }
  })

  it('refuses a file of a later version instead of overwriting it', async () => {
    const env = { HIKYAKU_KEY: base64Key() }
    await writeFile(join(stateDir, 'secrets.sealed'), '{"hikyaku":"secrets","version":2}', { mode: 0o600 })
    await assert.rejects(sealedFileVault(stateDir, env).set('a', '1'), fault('secret.unreadable', 'newer'))
  })

  it('refuses files that others may read, with the command that mends it', {
    skip: process.platform === 'win32' ? 'no modes there' : false,
  }, async () => {
    const vault = sealedFileVault(stateDir, {})
    await vault.set('a', '1')
    for (const name of ['secrets.key', 'secrets.sealed']) {
      const file = join(stateDir, name)
      await chmod(file, 0o640)
      await assert.rejects(vault.get('a'), thrown => {
        fault('secret.unreadable', 'permissions')(thrown)
        assert.equal((thrown as Fault).facts.command, `chmod 600 ${file}`)
        assert.equal((thrown as Fault).facts.mode, '640')
        return true
      })
      await chmod(file, 0o600)
    }
    assert.equal(await vault.get('a'), '1')
  })

  it('takes the key from a systemd credential before the variable, whatever mode systemd shows', async () => {
    const credentials = join(stateDir, 'credentials')
    await mkdir(credentials)
    const key = randomBytes(32)
    await writeFile(join(credentials, 'hikyaku-key'), key)
    await chmod(join(credentials, 'hikyaku-key'), 0o440)
    const env = { CREDENTIALS_DIRECTORY: credentials, HIKYAKU_KEY: base64Key() }
    await sealedFileVault(stateDir, env).set('a', '1')
    assert.equal(await sealedFileVault(stateDir, { HIKYAKU_KEY: key.toString('hex') }).get('a'), '1')
  })

  it('leaves to the service what root writes into its folder', {
    skip: process.geteuid?.() === 0 ? false : 'needs root',
  }, async () => {
    await chown(stateDir, 61_234, 61_234)
    await sealedFileVault(stateDir, {}).set('a', '1')
    for (const name of await readdir(stateDir))
      assert.equal((await stat(join(stateDir, name))).uid, 61_234, name)
  })

  it('writes nothing half: a folder that cannot be written leaves no temporary file and says so', async () => {
    await writeFile(join(stateDir, 'in-the-way'), '')
    const vault = sealedFileVault(join(stateDir, 'in-the-way'), { HIKYAKU_KEY: base64Key() })
    await assert.rejects(vault.set('a', '1'), (thrown: unknown) => thrown instanceof Fault)
    assert.deepEqual(await readdir(stateDir), ['in-the-way'])
  })
})
