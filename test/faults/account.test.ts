/** Row G15 of the fault matrix: whose Gmail it is. The stand-in's books are the judges. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { vaultNames } from '../../src/config/load.ts'
import { openVault } from '../../src/vault/open-vault.ts'
import type { GmailServer } from '../servers/gmail/gmail-server.ts'
import { subjectOf } from '../servers/gmail/id-token.ts'
import { least, reading } from '../servers/gmail/oauth.ts'
import { answerOf, startWorld, type World } from '../servers/world.ts'
import { codeOf, hour, mail, play } from './harness.ts'

const owner = 'owner@example.test'
const stranger = 'stranger@example.test'
const named = [...least, 'openid', 'email']
const accounts = { accounts: [owner, stranger] }

/** Whom the paths below users/ named, of all requests with a token. */
const usersIn = ({ ledger }: GmailServer): Set<string> =>
  new Set(
    ledger.entries
      .filter(({ headers }) => headers.authorization !== undefined)
      .flatMap(({ path }) => /\/users\/([^/]+)\//.exec(path)?.[1] ?? []),
  )

for (const [how, scopes] of [
  ['that says whose it is', named],
  ['that does not say whose it is', least],
  ['that may read', reading],
] as const)
  test(`G15: a variable with another account's token ${how} imports nothing, and the right one brings all`, async () => {
    await play({ gmail: accounts, more: { AFTER_IMPORT: 'delete', GMAIL_LABELS: 'shop' } }, async self => {
      const { gmail } = self.world
      await self.deliver(mail('one'), mail('two'))
      await self.restart({ GOOGLE_REFRESH_TOKEN: gmail.grant(stranger, scopes) })
      for (let i = 0; i < 3; i++) {
        assert.equal(codeOf(await self.app.pull()), 'gmail.account-mismatch')
        self.clock.pass(hour)
      }
      assert.equal(gmail.accepted.length, 0)
      assert.deepEqual([gmail.messages(owner).length, gmail.messages(stranger).length], [0, 0])
      assert.equal(self.world.source.pop3?.messages.length, 2)
      assert.ok(!usersIn(gmail).has('me'))

      await self.restart({ GOOGLE_REFRESH_TOKEN: gmail.grant(owner, named) })
      self.clock.pass(hour)
      assert.equal(codeOf(await self.app.pull()), 'none')
      assert.equal(gmail.messages(owner).length, 2)
      assert.equal(gmail.messages(stranger).length, 0)
      assert.deepEqual(usersIn(gmail), new Set([owner]), 'every path names the account')
      await self.judge()
    })
  })

test('G15: an ID token that proves nothing imports nothing until a good one comes', async () => {
  await play({ gmail: accounts, scopes: named, more: { AFTER_IMPORT: 'delete' } }, async self => {
    const { gmail } = self.world
    const { idToken } = gmail.oauth.rules
    await self.deliver(mail('one'))
    for (const spoil of [
      ({ but }) => but({ aud: 'another-client' }),
      ({ but }) => but({ iss: 'https://evil.example' }),
      () => 'garbage',
      ({ but }) => but({ pad: 'x'.repeat(1_000_000) }),
    ] satisfies (typeof idToken)[]) {
      gmail.oauth.rules.idToken = spoil
      assert.match(codeOf(await self.app.pull()), /^gmail\.(account-unproved|unknown-answer)$/)
      self.clock.pass(hour)
    }
    assert.equal(gmail.accepted.length, 0)
    gmail.oauth.rules.idToken = idToken
    assert.equal(codeOf(await self.app.pull()), 'none')
    assert.equal(gmail.messages(owner).length, 1)
    await self.judge()
  })
})

test('G15: the next token of a running process is held against the account as well', async () => {
  await play({ gmail: accounts, scopes: named }, async self => {
    const { gmail } = self.world
    await self.deliver(mail('one'))
    assert.equal(codeOf(await self.app.pull()), 'none')
    gmail.oauth.rules.idToken = ({ but }) => but({ sub: subjectOf(stranger), email: stranger })
    await self.deliver(mail('two'))
    self.clock.pass(2 * hour)
    assert.equal(codeOf(await self.app.pull()), 'gmail.account-mismatch')
    assert.equal(gmail.messages(owner).length, 1)
  })
})

/** A world whose permission is in the vault, as the set-up leaves it; GMAIL_ACCOUNT is its default. */
async function startVaultWorld(): Promise<{ world: World; env: Record<string, string> }> {
  const world = await startWorld({ protocol: 'pop3', gmail: accounts })
  const env = { GOOGLE_REFRESH_TOKEN: '', GMAIL_ACCOUNT: '', HIKYAKU_VAULT: 'sealed-file' }
  return { world, env }
}
/** As the set-up keeps them: with the addresses that they are for. */
async function keepInVault(world: World, secrets: Readonly<Record<string, string>>): Promise<void> {
  const { tokenUrl, revokeUrl, url: apiRoot } = world.gmail
  const env = { HIKYAKU_VAULT: 'sealed-file', HOME: world.folder }
  const vault = await openVault({ stateDir: world.stateDir, env })
  for (const [name, secret] of Object.entries(secrets))
    await vault.setFor(name, secret, { kind: 'google', tokenUrl, apiRoot, revokeUrl })
}

for (const [how, scopes, code] of [
  ['and says so', named, 'gmail.account-mismatch'],
  ['and says nothing', least, 'gmail.account-mismatch'],
] as const)
  test(`G15: a permission that was exchanged in the vault ${how} imports nothing, exit 77, in both languages`, async () => {
    const { world, env } = await startVaultWorld()
    try {
      const keep = (account: string, with_: readonly string[]): Promise<void> =>
        keepInVault(world, { [vaultNames.refreshToken('me')]: world.gmail.grant(account, with_) })
      await keepInVault(world, {
        [vaultNames.identity('me')]: JSON.stringify({ sub: subjectOf(owner), email: owner }),
      })
      await keep(owner, named)
      await world.source.deliver(mail('one'))
      const first = await world.run(['pull', '--yes', '--json'], { env })
      assert.equal(first.code, 0, first.stderr)
      assert.equal(world.gmail.messages(owner).length, 1)

      await keep(stranger, scopes)
      await world.source.deliver(mail('two'))
      for (const language of ['en', 'ja']) {
        const pulled = await world.run(['pull'], { env: { ...env, HIKYAKU_LANG: language } })
        assert.equal(pulled.code, 77, pulled.stderr)
        assert.match(
          pulled.stderr + pulled.stdout,
          language === 'en' ? /another Gmail account/ : /異なります/,
        )
        const looked = await world.run(['doctor', '--json'], { env: { ...env, HIKYAKU_LANG: language } })
        assert.equal(answerOf(looked).cause, code)
        assert.equal(looked.code, 77)
      }
      assert.equal(world.gmail.accepted.length, 1)
      assert.equal(world.gmail.messages(stranger).length, 0)
      assert.deepEqual(usersIn(world.gmail), new Set([owner]))
    } finally {
      await world.stop()
    }
  })

test('G15: doctor says that an owner could not be proved, and mail goes on', async () => {
  const { world, env } = await startVaultWorld()
  try {
    await keepInVault(world, { [vaultNames.refreshToken('me')]: world.gmail.grant(owner, least) })
    await world.source.deliver(mail('one'))
    assert.equal((await world.run(['pull', '--yes'], { env })).code, 0)
    assert.equal(world.gmail.messages(owner).length, 1)
    const looked = answerOf(await world.run(['doctor', '--json'], { env }))
    const checks = looked.checks as { code: string; verdict: string; what: string; next: string }[]
    const line = checks.find(({ code }) => code === 'account.unproved')
    assert.equal(line?.verdict, 'warning')
    assert.match(line?.next ?? '', /setup google/)
    const withAddress = await world.run(['doctor', '--json'], { env: { ...env, HIKYAKU_LANG: 'ja' } })
    assert.match(withAddress.stdout, /持ち主を確かめられませんでした/)
  } finally {
    await world.stop()
  }
})
