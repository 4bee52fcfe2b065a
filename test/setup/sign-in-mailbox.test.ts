/** A mailbox as Microsoft's are, on a real Dovecot with oauth2: signed in by code, pulled, withdrawn, taken up again. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { openVault } from '../../src/vault/open-vault.ts'
import { type DovecotServer, dovecotMissing, startDovecot } from '../servers/dovecot.ts'
import { type Ended, hikyaku, type Running, startHikyaku } from '../servers/hikyaku.ts'
import { refusals } from '../servers/identity/answers.ts'
import { type IdentityServer, startIdentityServer } from '../servers/identity/identity-server.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { answerOf } from '../servers/world.ts'
import { address, owner, type SetupWorld, startSetupWorld } from './world.ts'

const skip = requireServer('dovecot', dovecotMissing())

let dovecot: DovecotServer
let identity: IdentityServer
let world: SetupWorld
let env: Record<string, string>
const running: Running[] = []
beforeEach(async () => {
  if (skip !== false) return
  identity = await startIdentityServer({ intervalSeconds: 1 })
  dovecot = await startDovecot({ users: { [address]: 'none' }, introspectionUrl: identity.introspectionUrl })
  world = await startSetupWorld('good', dovecot)
  world.gmail.oauth.rules.testing = false
  env = { ...world.env, MICROSOFT_LOGIN_ROOT: identity.root, HIKYAKU_VAULT: 'sealed-file' }
  await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
})
afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill('SIGKILL')
    await child.ended
  }
  await world?.stop()
  await dovecot?.stop()
  await identity?.close()
})

const run = (args: readonly string[], more: Record<string, string> = {}): Promise<Ended> =>
  hikyaku(args, { env: { ...env, ...more }, cwd: world.home })
function start(args: readonly string[]): Running {
  const child = startHikyaku(args, { env, cwd: world.home })
  running.push(child)
  return child
}
const tokenRequests = () => identity.ledger.filter(({ path }) => path.endsWith('/token'))

/** A command that shows a code, which somebody enters. */
async function withCode(args: readonly string[], act: (code: string) => void): Promise<Ended> {
  const child = start(args)
  let over = false
  const ended = child.ended.finally(() => {
    over = true
  })
  await until(() => over || identity.waiting().length === 1, 'a code')
  const [code = ''] = identity.waiting()
  if (!over) act(code)
  return ended
}
const approve = (code: string): void => identity.approve(code, address)

function setUpArgs(protocol: 'imap' | 'pop3'): string[] {
  const port = String(protocol === 'imap' ? dovecot.ports.imaps : dovecot.ports.pop3s)
  const server = ['--host', '127.0.0.1', '--port', port, '--protocol', protocol]
  const login = ['--address', address, '--user', address, '--auth', 'oauth', '--sign-in', 'code']
  const app = ['--oauth-client-id', identity.app.clientId, '--oauth-tenant', 'consumers']
  return ['setup', 'mailbox', '--yes', '--json', ...server, ...login, ...app]
}

async function setUp(protocol: 'imap' | 'pop3'): Promise<Ended> {
  const google = ['--gmail-account', owner, '--client-file', 'client.json', '--refresh-token-file', 'token']
  return withCode([...setUpArgs(protocol), ...google, '--pull', 'yes'], approve)
}

describe('a mailbox that takes no password', { skip }, () => {
  it('is set up by code, pulled, told when its sign-in is withdrawn, and taken up again', async () => {
    await world.deliver('', 'before')
    const ended = await setUp('imap')
    assert.equal(ended.code, 0, ended.stderr)
    assert.match(ended.stderr, /https:\/\/www\.microsoft\.com\/link/)
    assert.equal(world.gmail.accepted.length, 1)
    const text = await readFile(world.configFile, 'utf8')
    assert.match(
      text,
      /auth: oauth\n\s+oauthProvider: microsoft\n\s+oauthTenant: consumers\n\s+oauthClientId: /,
    )
    // Nothing that was given out stands anywhere but in the vault.
    const secrets = tokenRequests()
      .flatMap(({ form }) => [form.refresh_token, form.device_code])
      .filter(Boolean)
    assert.ok(secrets.length >= 2)
    for (const secret of secrets)
      for (const said of [ended.stdout, ended.stderr, text]) assert.ok(!said.includes(secret ?? '-'))

    // A new process goes on with what is kept, which is another one each time.
    await world.deliver('', 'second')
    assert.equal((await run(['pull', '--yes'])).code, 0)
    assert.equal(world.gmail.accepted.length, 2)
    const used = tokenRequests().flatMap(({ form }) => form.refresh_token ?? [])
    assert.equal(new Set(used).size, used.length, 'each was replaced before the next use')

    const seen = answerOf(await run(['doctor', '--json'])).checks as {
      check: string
      what: string
      verdict: string
    }[]
    const look = seen.find(({ check }) => check === 'sourceToken')
    assert.equal(look?.verdict, 'ok', look?.what)
    assert.match(look?.what ?? '', /IMAP\.AccessAsUser\.All/)

    identity.revoke(address, refusals.revoked)
    await world.deliver('', 'withheld')
    const withdrawn = await run(['pull', '--yes'])
    assert.equal(withdrawn.code, 77)
    assert.match(withdrawn.stderr, /AADSTS50173/)
    assert.match(withdrawn.stderr, /hikyaku setup password/)
    const told = answerOf(await run(['doctor', '--json'])).checks as { check: string; code: string }[]
    assert.equal(told.find(({ check }) => check === 'sourceToken')?.code, 'oauth.sign-in-ended')
    const status = await run(['status'])
    assert.match(status.stdout, /AADSTS50173|sign-in/)
    assert.equal(world.gmail.accepted.length, 2)

    const again = await withCode(['setup', 'password', '--json', '--yes', '--sign-in', 'code'], approve)
    assert.equal(again.code, 0, again.stderr)
    assert.equal((await run(['pull', '--yes'])).code, 0)
    assert.equal(world.gmail.accepted.length, 3)
    assert.equal(await readFile(world.configFile, 'utf8'), text, 'the configuration is not touched')
  })

  it('goes on over POP3 in a running daemon when the server spends its tokens, and after a kill amid a renewal', async () => {
    assert.equal((await setUp('pop3')).code, 0)
    const config = await readFile(world.configFile, 'utf8')
    await writeFile(
      world.configFile,
      config.replace('    auth: oauth', "    schedule: '* * * * * *'\n    auth: oauth"),
    )
    const daemon = start(['run'])
    await world.deliver('', 'first')
    await until(() => world.gmail.accepted.length === 1, 'the first')
    const before = tokenRequests().length
    identity.endAccessTokens()
    await world.deliver('', 'second')
    await until(() => world.gmail.accepted.length === 2, 'the second')
    assert.equal(tokenRequests().length, before + 1)

    // The request has left, and nobody will read its answer.
    let letGo = (): void => {}
    identity.hold = new Promise(resolve => {
      letGo = resolve
    })
    identity.endAccessTokens()
    await until(() => identity.held === 1, 'a renewal under way')
    daemon.kill('SIGKILL')
    await daemon.ended
    identity.hold = undefined
    letGo()
    await world.deliver('', 'third')
    assert.equal((await run(['pull', '--yes', '--now'])).code, 0)
    assert.equal(world.gmail.accepted.length, 3)
  })

  it('that nobody signs in to is not set up, and what was there stays', async () => {
    const args = setUpArgs('imap')
    const declined = await withCode(args, code => identity.decline(code))
    assert.equal(declined.code, 77)
    assert.equal((answerOf(declined).fault as { code: string }).code, 'oauth.sign-in-failed')
    await assert.rejects(readFile(world.configFile))
    // Somebody else signed in: the mail server does not let them in.
    const other = await withCode(args, code => identity.approve(code, 'somebody@example.test'))
    assert.equal(other.code, 77)
    assert.match(other.stderr, /Either another account signed in/)
    await assert.rejects(readFile(world.configFile))
  })

  it('is logged in to by the app itself where an administrator allowed it, and by variables alone', async () => {
    await identity.close()
    identity = await startIdentityServer({ app: { isPublic: false, secrets: [{ value: 'app~secret' }] } })
    await dovecot.stop()
    dovecot = await startDovecot({ users: { [address]: 'x' }, introspectionUrl: identity.introspectionUrl })
    const google = { clientId: world.gmail.client.id, secret: world.gmail.client.secret }
    const variables = {
      ...{ MAIL_PROTOCOL: 'imap', MAIL_HOST: '127.0.0.1', MAIL_PORT: String(dovecot.ports.imaps) },
      ...{ MAIL_CA_FILE: dovecot.caFile, MAIL_USER: address, MAIL_AUTH: 'oauth', MAIL_OAUTH_GRANT: 'app' },
      MAIL_OAUTH_CLIENT_ID: identity.app.clientId,
      MAIL_OAUTH_CLIENT_SECRET: 'app~secret',
      MAIL_OAUTH_TENANT: identity.tenant,
      MICROSOFT_LOGIN_ROOT: identity.root,
      ...{ GOOGLE_CLIENT_ID: google.clientId, GOOGLE_CLIENT_SECRET: google.secret },
      GOOGLE_REFRESH_TOKEN: world.gmail.grant(owner),
      ...{ GMAIL_ACCOUNT: owner, HIKYAKU_VAULT: 'environment' },
    }
    // The app's token is for every mailbox that it was given: this Dovecot knows one.
    identity.appUser = address
    await dovecot.deliver('INBOX', Buffer.from('From: a@example.org\r\nSubject: for the app\r\n\r\nx\r\n'))
    const pulled = await run(['pull', '--yes'], variables)
    assert.equal(pulled.code, 0, pulled.stderr)
    assert.equal(world.gmail.accepted.length, 1)
    const wrong = await run(['pull', '--yes'], { ...variables, MAIL_OAUTH_CLIENT_SECRET: 'other' })
    assert.equal(wrong.code, 78)
    assert.match(wrong.stderr, /AADSTS7000215/)
    assert.ok(!wrong.stderr.includes('app~secret'))
  })
})

it('the vault gives a refresh token to no other server and no other provider', { skip }, async () => {
  assert.equal((await setUp('imap')).code, 0)
  const vault = await openVault({ stateDir: world.stateDir, env: { ...env } })
  const name = `mailbox/${address}/refresh-token`
  const good = {
    kind: 'oauth' as const,
    tokenUrl: `${identity.root}/consumers/oauth2/v2.0/token`,
    host: '127.0.0.1',
    port: dovecot.ports.imaps,
    security: 'tls',
  }
  assert.ok(await vault.getFor(name, good, 'refuse'))
  for (const other of [
    { ...good, tokenUrl: 'https://login.example/token' },
    { ...good, host: 'mail.example' },
    { ...good, port: 1 },
    { ...good, kind: 'mailbox' } as const,
  ])
    await assert.rejects(vault.getFor(name, other, 'refuse'), { code: 'secret.other-destination' })
  const revoked = await run(['revoke', address, '--yes', '--json'])
  assert.deepEqual(answerOf(revoked).accounts, [
    { account: address, outcome: 'signed-out', inVariable: false },
  ])
  assert.equal(await vault.getFor(name, good, 'refuse'), undefined)
  const pulled = await run(['pull', '--yes'])
  assert.equal(pulled.code, 77)
  assert.match(pulled.stderr, /Nobody has signed in/)
})
