/** A password that was changed at the host: proved at a real server, kept in the vault, and nothing else is touched. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { openJournal } from '../../src/journal/sqlite.ts'
import { setupWords } from '../../src/setup/words.ts'
import { type DovecotServer, dovecotMissing, startDovecot } from '../servers/dovecot.ts'
import { type Ended, hikyaku, type Running, startHikyaku } from '../servers/hikyaku.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { answerOf } from '../servers/world.ts'
import { person, setUpWith } from './person.ts'
import { address, owner, password, type SetupWorld, startSetupWorld } from './world.ts'

const skip = requireServer('dovecot', dovecotMissing())
const second = 'info@example.test'
const changed = 'another battery staple'

let dovecot: DovecotServer
let world: SetupWorld
let running: Running | undefined
let configuration: string
beforeEach(async () => {
  if (skip !== false) return
  dovecot = await startDovecot({ users: { [address]: password, [second]: password } })
  world = await startSetupWorld('good', dovecot)
  world.gmail.oauth.rules.testing = false
  await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
  await setUp(address)
  configuration = await readFile(world.configFile, 'utf8')
})
afterEach(async () => {
  running?.kill('SIGKILL')
  await running?.ended
  running = undefined
  await world.stop()
  await dovecot.stop()
})

const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  hikyaku(args, { env: { ...world.env, ...env }, cwd: world.home })

async function setUp(user: string): Promise<void> {
  const server = ['--host', '127.0.0.1', '--port', String(dovecot.ports.imaps), '--protocol', 'imap']
  const google = ['--gmail-account', owner, '--client-file', 'client.json', '--refresh-token-file', 'token']
  const login = ['--address', user, '--user', user, '--password-file', 'password']
  const ended = await run(['setup', 'mailbox', '--yes', '--json', ...server, ...login, ...google])
  assert.equal(ended.code, 0, ended.stderr)
}

const changePassword = (word: string, ...args: string[]): Promise<Ended> =>
  run(['setup', 'password', '--json', ...args], { MAIL_PASSWORD: word })
const codeOf = (ended: Ended): string => (answerOf(ended).fault as { code: string }).code
const refusedLogins = async (): Promise<number> => {
  const journal = await openJournal(world.stateDir, 'look')
  const { failedLoginsAtMs = [] } = (await journal?.mailbox(address)) ?? {}
  await journal?.close()
  return failedLoginsAtMs.length
}
const assertConfigurationUntouched = async (): Promise<void> =>
  assert.equal(await readFile(world.configFile, 'utf8'), configuration)

describe('hikyaku setup password', { skip }, () => {
  it('keeps the old password until the new one is proved, counts what was refused, and ends the pause', async () => {
    await dovecot.changePassword(address, changed)
    await world.deliver('', 'after the change')
    const refused = await run(['pull', '--yes'])
    assert.equal(refused.code, 77)
    assert.match(refused.stderr, /hikyaku setup password/)
    assert.equal(await refusedLogins(), 1)

    const wrong = await changePassword('a slip of the pen')
    assert.equal(wrong.code, 77)
    assert.equal(codeOf(wrong), 'source.login-refused')
    assert.ok(wrong.stderr.includes(setupWords.en.password.unchanged))
    assert.equal(await refusedLogins(), 2)
    assert.equal((await run(['pull', '--yes'])).code, 77, 'the pause goes on')
    assert.equal(await refusedLogins(), 2)
    // The old one is still what is kept.
    await dovecot.changePassword(address, password)
    assert.equal((await run(['doctor', '--json'])).stdout.includes('source.login-refused'), false)
    await dovecot.changePassword(address, changed)

    const right = await changePassword(changed)
    assert.equal(right.code, 0, right.stderr)
    const { mailbox, running: told, vault } = answerOf(right)
    assert.deepEqual([mailbox, told, vault], [address, false, 'sealed-file'])
    assert.match(right.stderr, /new password of shop@example\.test works/)
    assert.ok(!`${right.stdout}${right.stderr}`.includes(changed))
    await assertConfigurationUntouched()
    const status = answerOf(await run(['status', '--json'])) as { mailboxes: { fault: unknown }[] }
    assert.equal(status.mailboxes[0]?.fault, null)
    const pulled = await run(['pull', '--yes'])
    assert.equal(pulled.code, 0, pulled.stderr)
    assert.equal(world.gmail.messages(owner).length, 1)
    assert.equal(await refusedLogins(), 2, 'the cap forgives nothing')
  })

  it('makes the running daemon try at once', async () => {
    await dovecot.changePassword(address, changed)
    running = startHikyaku(['run'], { env: world.env, cwd: world.home })
    await until(async () => (await refusedLogins()) > 0, 'the refusal', 30_000)
    await world.deliver('', 'while it waits')
    const ended = await changePassword(changed)
    assert.equal(ended.code, 0, ended.stderr)
    assert.equal(answerOf(ended).running, true)
    await until(() => world.gmail.messages(owner).length === 1, 'the mail that waited', 30_000)
    assert.equal(running.child.exitCode, null)
  })

  it('does not try a password, nor ask for one, while refused logins forbid it', async () => {
    assert.equal((await run(['pull', '--yes'])).code, 0)
    for (let n = 0; n < 5; n++)
      assert.equal(codeOf(await changePassword(`wrong ${n}`)), 'source.login-refused')
    const capped = await changePassword(password)
    assert.equal(codeOf(capped), 'source.login-capped')
    assert.equal(await refusedLogins(), 5)
    const asker = person([])
    const done = await setUpWith(asker, { env: world.env, cwd: world.home }, { part: 'password' })
    assert.equal(done.exitCode, capped.code)
    assert.deepEqual(asker.asked, [])
  })

  it('chooses one of several mailboxes only where it is named, and leaves the others alone', async () => {
    await setUp(second)
    configuration = await readFile(world.configFile, 'utf8')
    await dovecot.changePassword(second, changed)
    const unnamed = await changePassword(changed, '--yes')
    assert.equal(unnamed.code, 2)
    assert.match(unnamed.stdout, /--mailbox .*shop@example\.test, info@example\.test/)
    for (const bad of [['nobody@example.test'], ['--mailbox', 'nobody@example.test']])
      assert.equal((await changePassword(changed, ...bad)).code, 2)
    assert.equal((await changePassword(changed, second, '--mailbox', address)).code, 2)
    assert.equal((await run(['setup', 'google', second])).code, 2)
    // For the other mailbox it is a wrong one.
    assert.equal(codeOf(await changePassword(changed, address)), 'source.login-refused')
    const ended = await changePassword(changed, second)
    assert.equal(ended.code, 0, ended.stderr)
    assert.equal(answerOf(ended).mailbox, second)
    await assertConfigurationUntouched()
    assert.equal((await run(['pull', '--yes', '--now'])).code, 0, 'both log in')
  })

  it('asks a person which mailbox, and again after a refusal; in Japanese too', async () => {
    await setUp(second)
    configuration = await readFile(world.configFile, 'utf8')
    await dovecot.changePassword(second, changed)
    const asker = person([
      ['mailbox', second],
      ['password-file', 'wrong'],
      ['password-file', changed],
    ])
    const where = { env: { ...world.env }, cwd: world.home }
    // This process trusts no authority of the tests by itself.
    const yaml = configuration.replaceAll(/( *)user: /g, `$1caFile: ${dovecot.caFile}\n$&`)
    await writeFile(world.configFile, yaml)
    const done = await setUpWith(asker, where, { part: 'password' }, {}, 'ja')
    assert.equal(done.exitCode, 0, JSON.stringify(asker.told))
    assert.ok(asker.told.some(({ tone }) => tone === 'bad'))
    assert.ok(asker.told.some(({ text }) => text.includes('新しいパスワードでログインできました')))
    assert.equal(await readFile(world.configFile, 'utf8'), yaml)
    assert.ok(!JSON.stringify(asker.told).includes(changed))
  })

  it('names the variable or the file where the password comes from there, and tries nothing', async () => {
    const yaml = configuration.replace(/( *)user: /, `$1passwordFile: ${join(world.home, 'password')}\n$&`)
    await writeFile(world.configFile, yaml)
    await dovecot.changePassword(address, changed)
    const byFile = await changePassword(changed)
    assert.equal(codeOf(byFile), 'secret.not-kept')
    assert.equal(byFile.code, 78)
    const { what } = answerOf(byFile).fault as { what: string }
    assert.ok(what.includes(join(world.home, 'password')), what)
    assert.equal(await readFile(world.configFile, 'utf8'), yaml)

    const env = {
      ...{ MAIL_PROTOCOL: 'imap', MAIL_HOST: '127.0.0.1', MAIL_USER: address, GMAIL_ACCOUNT: owner },
      ...{ MAIL_PORT: String(dovecot.ports.imaps), GOOGLE_CLIENT_ID: world.gmail.client.id },
    }
    for (const [variable, value] of [
      ['MAIL_PASSWORD', changed],
      ['MAIL_PASSWORD_FILE', join(world.home, 'password')],
    ] as const) {
      const byVariable = await run(['setup', 'password', '--lang', 'ja'], { ...env, [variable]: value })
      assert.equal(byVariable.code, 78, byVariable.stderr)
      const from = variable === 'MAIL_PASSWORD' ? variable : value
      assert.ok(byVariable.stderr.includes(`${from} から`), byVariable.stderr)
    }
    const vaultVariable = 'MAILBOX_SHOP_EXAMPLE_TEST_PASSWORD'
    await writeFile(world.configFile, configuration)
    const ended = await run(['setup', 'password'], { MAIL_PASSWORD: changed, [vaultVariable]: 'old' })
    assert.equal(ended.code, 78)
    assert.match(ended.stderr, new RegExp(vaultVariable))
    // Of a mailbox of variables whose password is in the vault it is replaced there.
    await writeFile(join(world.home, 'new'), `${changed}\n`, { mode: 0o600 })
    const kept = await run(['setup', 'password', '--password-file', 'new'], env)
    assert.equal(kept.code, 0, kept.stderr)
  })
})
