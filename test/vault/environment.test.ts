import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { environmentVault, variableOf } from '../../src/vault/environment.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hikyaku env '))
})
after(() => rm(folder, { recursive: true }))

const reasonOf = (reason: string) => (thrown: unknown) =>
  thrown instanceof Fault && thrown.code === 'secret.unreadable' && thrown.facts.reason === reason

describe('secrets from the environment', () => {
  it('names variables in capitals with single underscores', () => {
    assert.equal(variableOf('MAIL_PASSWORD'), 'MAIL_PASSWORD')
    assert.equal(variableOf('shop/mail-password'), 'SHOP_MAIL_PASSWORD')
  })

  it('reads a variable, or a file without its one last line ending', async () => {
    const file = join(folder, 'password')
    await writeFile(file, ' spaces stay \n', { mode: 0o600 })
    const vault = environmentVault({ A: 'direct', B_FILE: file, C: '' })
    assert.equal(await vault.get('a'), 'direct')
    assert.equal(await vault.get('b'), ' spaces stay ')
    assert.equal(await vault.get('c'), undefined)
  })

  it('takes one line only: another program’s settings, a private key or /proc/self/environ is no secret', async () => {
    for (const [name, text] of Object.entries({
      key: 'KEY\nmore\n',
      environ: 'A=1\0B=2',
      long: 'x'.repeat(4097),
    })) {
      const file = join(folder, name)
      await writeFile(file, text, { mode: 0o600 })
      await assert.rejects(environmentVault({ A_FILE: file }).get('a'), reasonOf('not-one-line'), name)
    }
  })

  it('says what is wrong with a named file instead of going on without it', async () => {
    const empty = join(folder, 'empty')
    await writeFile(empty, '\n', { mode: 0o600 })
    const file = join(folder, "it's open")
    await writeFile(file, 'x')
    await chmod(file, 0o644)
    const vault = environmentVault({
      A_FILE: join(folder, 'absent'),
      B_FILE: empty,
      C_FILE: file,
      D: 'x',
      D_FILE: empty,
      E_FILE: folder,
    })
    await assert.rejects(vault.get('a'), reasonOf('ENOENT'))
    await assert.rejects(vault.get('b'), reasonOf('empty'))
    await assert.rejects(vault.get('d'), reasonOf('both-given'))
    await assert.rejects(vault.get('e'), reasonOf(process.platform === 'win32' ? 'EISDIR' : 'not-a-file'))
    if (process.platform === 'win32') return
    await assert.rejects(vault.get('c'), (thrown: unknown) => {
      assert.ok(reasonOf('permissions')(thrown))
      assert.equal((thrown as Fault).facts.command, `chmod 600 '${folder}/it'\\''s open'`)
      return true
    })
  })

  it('cannot keep anything', async () => {
    const vault = environmentVault({})
    const notKept = (thrown: unknown) => thrown instanceof Fault && thrown.code === 'secret.not-kept'
    await assert.rejects(vault.set('a', '1'), notKept)
    await assert.rejects(vault.delete('a'), notKept)
  })
})
