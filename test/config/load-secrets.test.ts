import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Fault } from '../../src/base/fault.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { folder, kinds, least, load, passwordOf, problemsOf } from './load-helpers.ts'

test('a secret may stand in a file, is read when it is used, and loses one line ending', async () => {
  const cwd = await folder()
  const { MAIL_PASSWORD, ...rest } = least
  await writeFile(join(cwd, 'pw'), `${MAIL_PASSWORD} \r\n`, { mode: 0o600 })
  const config = await load({ ...rest, MAIL_PASSWORD_FILE: './pw' }, { cwd })
  assert.equal(await passwordOf(config)?.reveal(), 'open-sesame ')
  await writeFile(join(cwd, 'pw'), 'changed\n')
  assert.equal(await passwordOf(config)?.reveal(), 'changed')
})

test('whoever hides secrets from the log is told each value when it is read', async () => {
  const cwd = await folder()
  const { MAIL_PASSWORD: _, ...rest } = least
  await writeFile(join(cwd, 'pw'), 'first', { mode: 0o600 })
  const told: string[] = []
  const env = { ...rest, MAIL_PASSWORD_FILE: './pw' }
  const config = await load(env, { cwd, needSecrets: false, onReveal: value => told.push(value) })
  assert.deepEqual(told, [])
  await writeFile(join(cwd, 'pw'), 'second')
  await passwordOf(config)?.reveal()
  assert.deepEqual(told, ['second'])
})

test('a secret file that others can read is refused with the command that mends it', async t => {
  if (process.platform === 'win32') return t.skip('no modes on Windows')
  const cwd = await folder()
  const { MAIL_PASSWORD, ...rest } = least
  const file = join(cwd, 'pw')
  await writeFile(file, `${MAIL_PASSWORD}\n`)
  await chmod(file, 0o640)
  const env = { ...rest, MAIL_PASSWORD_FILE: './pw' }
  const [problem] = await problemsOf(env, { cwd })
  assert.deepEqual(problem, {
    at: 'MAIL_PASSWORD_FILE',
    kind: 'open-file',
    file,
    command: `chmod 600 ${file}`,
  })
  const config = await load(env, { cwd, needSecrets: false })
  const thrown = await passwordOf(config)
    ?.reveal()
    .catch(error => error)
  assert.ok(thrown instanceof Fault && thrown.code === 'secret.unreadable')
  assert.match(describeFault(thrown, 'ja').next, /chmod 600/)
})

test('a missing or empty secret file is a problem of the configuration', async () => {
  const cwd = await folder()
  const { MAIL_PASSWORD: _, ...rest } = least
  await writeFile(join(cwd, 'empty'), '\n', { mode: 0o600 })
  assert.deepEqual(kinds(await problemsOf({ ...rest, MAIL_PASSWORD_FILE: './empty' }, { cwd })), [
    'MAIL_PASSWORD_FILE empty-file',
  ])
  assert.deepEqual(kinds(await problemsOf({ ...rest, MAIL_PASSWORD_FILE: './none' }, { cwd })), [
    'MAIL_PASSWORD_FILE file',
  ])
})

test('a secret given twice is a problem, unless one of the two stands in .env behind the process', async () => {
  assert.deepEqual(kinds(await problemsOf({ ...least, MAIL_PASSWORD_FILE: './pw' })), ['MAIL_PASSWORD both'])
  const cwd = await folder('MAIL_PASSWORD_FILE=./none\n')
  const config = await load(least, { cwd })
  assert.equal(await passwordOf(config)?.reveal(), 'open-sesame')
})

test('what neither the variable nor a file gives is asked of the vault under its lasting name', async () => {
  const { MAIL_PASSWORD: _1, GOOGLE_CLIENT_SECRET: _2, GOOGLE_REFRESH_TOKEN: _3, ...rest } = least
  const asked: string[] = []
  const vault = async (name: string, context: { stateDir: string }): Promise<string> => {
    asked.push(name)
    assert.equal(context.stateDir, '/srv/state')
    return `from ${name}`
  }
  const env = { ...rest, GMAIL_ACCOUNT: 'me@gmail.com', STATE_DIR: '/srv/state' }
  const config = await load(env, { secrets: vault })
  assert.deepEqual(asked.sort(), [
    'google/me@gmail.com/client-secret',
    'google/me@gmail.com/refresh-token',
    'mailbox/shop@example.jp/password',
  ])
  assert.equal(await passwordOf(config)?.reveal(), 'from mailbox/shop@example.jp/password')
  assert.deepEqual(kinds(await problemsOf(env, { secrets: async () => undefined })), [
    'MAIL_PASSWORD missing-secret',
    'GOOGLE_CLIENT_SECRET missing-secret',
    'GOOGLE_REFRESH_TOKEN missing-secret',
  ])
})

test('a vault that cannot be asked just now does not make the configuration wrong', async () => {
  const { MAIL_PASSWORD: _, ...rest } = least
  const locked = async (): Promise<never> => {
    throw new Fault('secret.unreadable', { facts: { reason: 'locked' } })
  }
  const config = await load(rest, { secrets: locked })
  await assert.rejects(passwordOf(config)?.reveal() ?? Promise.resolve(), {
    code: 'secret.unreadable',
  })
})

test('a secret that is missing when it is used says which one', async () => {
  const { MAIL_PASSWORD: _, ...rest } = least
  const config = await load(rest, { needSecrets: false })
  const thrown = await passwordOf(config)
    ?.reveal()
    .catch(error => error)
  assert.equal(thrown.code, 'secret.missing')
  assert.deepEqual(thrown.facts, { name: 'mailbox/shop@example.jp/password', variable: 'MAIL_PASSWORD' })
  assert.equal(thrown.exitCode, 77)
})

test('a service account needs its key file, an address, and no client beside it', async () => {
  const cwd = await folder()
  const key = { type: 'service_account', private_key: 'PRIVATE', client_email: 'a@b.iam.gserviceaccount.com' }
  await writeFile(join(cwd, 'key.json'), JSON.stringify(key), { mode: 0o600 })
  await writeFile(join(cwd, 'client.json'), JSON.stringify({ installed: {} }), { mode: 0o600 })
  const { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET: _2, GOOGLE_REFRESH_TOKEN: _3, ...rest } = least
  const env = { ...rest, GOOGLE_SERVICE_ACCOUNT_FILE: './key.json', GMAIL_ACCOUNT: 'shop@example.jp' }
  const config = await load(env, { cwd })
  assert.deepEqual(config.accounts[0]?.credential, {
    kind: 'service-account',
    keyFile: join(cwd, 'key.json'),
    subject: 'shop@example.jp',
  })
  const wrong = { ...env, GMAIL_ACCOUNT: '', GOOGLE_CLIENT_ID, GOOGLE_SERVICE_ACCOUNT_FILE: './client.json' }
  assert.deepEqual(kinds(await problemsOf(wrong, { cwd })), [
    'GMAIL_ACCOUNT subject-needed',
    'GOOGLE_CLIENT_ID both',
    'GOOGLE_SERVICE_ACCOUNT_FILE not-a-key-file',
  ])
})

test('a service account by its address is for a fleet, which has its key: a file has none', async () => {
  const serviceAccount = 'bot@p.iam.gserviceaccount.com'
  const yaml = `accounts: [{ address: a@example.jp, serviceAccount: ${serviceAccount} }]
mailboxes: [{ protocol: imap, host: mail.example.jp, user: u }]
`
  const cwd = await folder()
  await writeFile(join(cwd, 'config.yaml'), yaml, { mode: 0o600 })
  const env = { HIKYAKU_CONFIG: join(cwd, 'config.yaml'), STATE_DIR: cwd }
  assert.deepEqual(kinds(await problemsOf(env, { cwd })), ['accounts[0].serviceAccount needs'])
})

test('the configuration cannot be changed, and printing it shows no secret', async () => {
  const config = await load({ ...least, ALERT_WEBHOOK: 'https://ntfy.sh/topic-sesame' })
  assert.throws(() => Object.assign(config.mailboxes[0]?.server ?? {}, { port: 1 }), TypeError)
  assert.throws(() => (config.accounts as unknown[]).push({}), TypeError)
  for (const text of [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true })])
    assert.doesNotMatch(text, /sesame/)
  assert.equal(await config.alerts.webhook?.reveal(), 'https://ntfy.sh/topic-sesame')
})
