/** Gmail as a source: what would come back to where it is pulled from is refused before anything is pulled. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import type { RuleConfig } from '../../src/config/config.ts'
import { findMailLoops } from '../../src/config/mail-loops.ts'
import { describeProblem } from '../../src/locale/problems.ts'
import { kinds, least, load, problemsOf } from './load-helpers.ts'

const gmail = {
  ...least,
  MAIL_HOST: 'imap.gmail.com',
  MAIL_USER: 'old@gmail.com',
  GMAIL_ACCOUNT: 'new@gmail.com',
}

test('another account of Gmail is a source as any other', async () => {
  assert.equal((await load(gmail)).mailboxes[0]?.user, 'old@gmail.com')
  await load({ ...gmail, MAIL_USER: 'shop@example.jp', GMAIL_ACCOUNT: 'taro@example.jp' })
})

for (const [user, account] of [
  ['new@gmail.com', 'new@gmail.com'],
  ['New@Gmail.com', 'n.e.w@googlemail.com'],
  ['new', 'new@gmail.com'],
  ['recent:new@gmail.com', 'new@gmail.com'],
  ['new+shop@gmail.com', 'new@gmail.com'],
  ['Shop@Example.jp', 'shop@example.jp'],
] as const)
  for (const host of ['imap.gmail.com', 'pop.gmail.com', 'imap.googlemail.com', 'IMAP.GMAIL.COM.'])
    test(`${user} at ${host} is not pulled into ${account}: it is the same mailbox`, async () => {
      const problems = await problemsOf({
        ...gmail,
        MAIL_HOST: host,
        MAIL_USER: user,
        GMAIL_ACCOUNT: account,
      })
      assert.deepEqual(kinds(problems), ['MAIL_USER mail-loop'])
    })

test('an account that is not named may be the same one', async () => {
  const { GMAIL_ACCOUNT: _, ...unnamed } = gmail
  const problems = await problemsOf(unnamed)
  assert.deepEqual(kinds(problems), ['MAIL_USER mail-loop-unknown'])
  for (const language of ['en', 'ja'] as const)
    assert.match(describeProblem(problems[0] ?? assert.fail(), language), /GMAIL_ACCOUNT/)
})

test('a mailbox elsewhere may have the very name of the account', async () => {
  await load({
    ...least,
    MAIL_HOST: 'mail.example.jp',
    MAIL_USER: 'new@gmail.com',
    GMAIL_ACCOUNT: 'new@gmail.com',
  })
  await load({ ...least, MAIL_HOST: 'mail.notgoogle.com', MAIL_USER: 'new', GMAIL_ACCOUNT: 'new@gmail.com' })
})

const way = (user: string, account: string, byRule?: string) => ({
  mailbox: {
    server: {
      host: 'imap.gmail.com',
      port: 993,
      security: 'tls',
      caFile: undefined,
      pinnedSha256: undefined,
    },
    user,
    credential: { kind: 'password', password: Secret.of('') },
    account,
    rules: byRule === undefined ? [] : [{ account: byRule } as RuleConfig],
  } as const,
  part: { place: (key: string) => `${user}.${key}` },
})
const accounts = ['a@gmail.com', 'b@gmail.com', 'c@gmail.com'].map(address => ({ name: address, address }))
const loops = (...ways: ReturnType<typeof way>[]): string[] => kinds(findMailLoops(ways, accounts))

test('mail that comes back by a detour is refused wherever it begins', () => {
  const [a, b, c] = ['a@gmail.com', 'b@gmail.com', 'c@gmail.com'] as const
  assert.deepEqual(loops(way(a, b), way(b, a)), [`${a}.user mail-loop`, `${b}.user mail-loop`])
  assert.equal(loops(way(a, b), way(b, c), way(c, a)).length, 3)
  assert.deepEqual(loops(way(a, b), way(c, b)), [])
  assert.deepEqual(loops(way(a, b), way(b, c)), [])
  assert.deepEqual(loops(way(a, b, c)), [])
  assert.deepEqual(loops(way(a, b, a)), [`${a}.user mail-loop`], 'by a rule')
  assert.equal(loops(way(a, b, c), way(c, b, a)).length, 2)
  // Only what is on the round, not what leads to it.
  assert.deepEqual(loops(way(c, a), way(a, b), way(b, a)), [`${a}.user mail-loop`, `${b}.user mail-loop`])
})
