/** The memory of good logins follows a password that the owner changes while we run, and betrays none. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { openSqlite } from '../../src/base/sqlite-file.ts'
import type { MailboxConfig } from '../../src/config/config.ts'
import { migrate } from '../../src/journal/file.ts'
import { migrations } from '../../src/journal/schema.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { rememberLogin, workedBefore } from '../../src/pull/login-memory.ts'
import { loginKeyOf } from '../../src/vault/login-key.ts'
import { sealedFileVault } from '../../src/vault/sealed-file.ts'
import { play, portsOf } from '../faults/harness.ts'

test('a password that is changed while we run is remembered once it worked', () =>
  play({}, async ({ app }) => {
    const { journal, mailbox, loginKey } = portsOf(app)
    let password = 'first'
    const changing: MailboxConfig = {
      ...mailbox,
      credential: { kind: 'password', password: new Secret(async () => password) },
    }
    await rememberLogin(journal, changing, loginKey)
    assert.equal(await workedBefore(journal, changing, loginKey), true)
    password = 'second'
    assert.equal(await workedBefore(journal, changing, loginKey), false)
    await rememberLogin(journal, changing, loginKey)
    assert.equal(await workedBefore(journal, changing, loginKey), true)
    // With another key, or none that can be had, nothing is known, and nothing fails.
    assert.equal(await workedBefore(journal, changing, Secret.of(Buffer.alloc(32).toString('base64'))), false)
    const none = new Secret(() => Promise.reject(new Error('no vault')))
    assert.equal(await workedBefore(journal, changing, none), false)
    await rememberLogin(journal, { ...changing }, none)
    assert.equal(await workedBefore(journal, changing, loginKey), true)
    // What stands in the journal is the digest under that key, and nothing else.
    const note = (await journal.note(`accepted-login/${mailbox.name}`)) ?? ''
    const key = Buffer.from(await loginKey.reveal(), 'base64')
    const login = JSON.stringify([mailbox.server.host, mailbox.user, 'second'])
    assert.equal(note, createHmac('sha256', key).update(login).digest('hex'))
  }))

const inFolder = async (work: (stateDir: string) => Promise<void>): Promise<void> => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hikyaku-login-'))
  try {
    await work(stateDir)
  } finally {
    rmSync(stateDir, { recursive: true, force: true })
  }
}

test('the key is kept in the vault where one is in use, else in a file of its owner alone', () =>
  inFolder(async stateDir => {
    assert.equal(await loginKeyOf(stateDir, {}, false).reveal(), '')
    assert.deepEqual(readdirSync(stateDir), [])
    const inFile = await loginKeyOf(stateDir, {}, true).reveal()
    assert.deepEqual(readdirSync(stateDir), ['login.key'])
    assert.equal(statSync(join(stateDir, 'login.key')).mode & 0o777, 0o600)
    assert.equal(await loginKeyOf(stateDir, {}, false).reveal(), inFile)
    await sealedFileVault(stateDir, {}).set('mail-password', 'pw')
    const inVault = await loginKeyOf(stateDir, {}, true).reveal()
    assert.notEqual(inVault, inFile)
    assert.equal(await sealedFileVault(stateDir, {}).get('login-memory-key'), inVault)
    assert.equal(await loginKeyOf(stateDir, {}, false).reveal(), inVault)
  }))

test('an upgrade forgets the digests of earlier versions, down to the octets of the file', () =>
  inFolder(async stateDir => {
    const old = 'c0ffee'.repeat(12)
    const file = join(stateDir, 'journal.sqlite')
    openSqlite(file, { timeout: 0 }, database => {
      const before = migrations.findIndex(step => step.includes("'login/%'"))
      assert.ok(before > 0)
      migrate(database, migrations.slice(0, before))
      database.prepare('INSERT INTO note (key, value) VALUES (?, ?)').run('login/shop', old)
      database.close()
    })
    assert.ok(readFileSync(file, 'latin1').includes(old))
    const journal = await openJournal(stateDir, 'run', () => {})
    await journal.close()
    openSqlite(file, { timeout: 0 }, database => {
      assert.equal(database.prepare("SELECT 1 FROM note WHERE key LIKE 'login/%'").get(), undefined)
      database.close()
    })
    assert.ok(!readFileSync(file, 'latin1').includes(old))
  }))
