/** The memory of good logins follows a password that the owner changes while we run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MailboxConfig } from '../src/config/config.ts'
import { rememberLogin, workedBefore } from '../src/login-memory.ts'
import { Secret } from '../src/vault/vault.ts'
import { play, portsOf } from './faults/harness.ts'

test('a password that is changed while we run is remembered once it worked', () =>
  play({}, async ({ app }) => {
    const { journal, mailbox } = portsOf(app)
    let password = 'first'
    const changing: MailboxConfig = { ...mailbox, password: new Secret(async () => password) }
    await rememberLogin(journal, changing)
    assert.equal(await workedBefore(journal, changing), true)
    password = 'second'
    assert.equal(await workedBefore(journal, changing), false)
    await rememberLogin(journal, changing)
    assert.equal(await workedBefore(journal, changing), true)
  }))
