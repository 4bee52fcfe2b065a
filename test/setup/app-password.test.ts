/** The set-up by an app password: few answers to the first mail, odd passwords told, and from one way to the other. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type Discovery, namesOf } from '../../src/discovery/discover.ts'
import { type DovecotServer, dovecotMissing } from '../servers/dovecot.ts'
import { type GmailImapServer, startGmailImap } from '../servers/gmail-imap/gmail-imap-server.ts'
import { hikyaku } from '../servers/hikyaku.ts'
import { requireServer } from '../servers/required.ts'
import { answerOf } from '../servers/world.ts'
import { leave, person, setUpWith } from './person.ts'
import { address, owner, password, type SetupWorld, startMailServer, startSetupWorld } from './world.ts'

/** The server that the address's domain names, as a set-up finds it. */
const discovery = (port: number): Discovery => ({
  ...{ preset: undefined, evidence: undefined, unanswered: [], names: namesOf('example.test') },
  candidates: [
    {
      ...{ protocol: 'imap', host: '127.0.0.1', port, security: 'tls', userForm: 'address', origin: 'srv' },
      ...{ unusable: undefined, preset: undefined, evidence: undefined, confirm: undefined },
    },
  ],
})

const appPassword = 'abcd efgh ijkl mnop'

/** From the address to what is wished of its mail. */
const ofMailbox = [
  ['address', address],
  ['server', ''],
  ['password-file', password],
  ['came-by', ''],
  ['start-from', ''],
  ['after-import', 'keep'],
  ['labels', ''],
  ['archive', ''],
] as const

let dovecot: DovecotServer
let world: SetupWorld
let imap: GmailImapServer

describe('the set-up by an app password', { skip: requireServer('dovecot', dovecotMissing()) }, () => {
  before(async () => {
    dovecot = await startMailServer()
  })
  after(() => dovecot.stop())
  beforeEach(async () => {
    world = await startSetupWorld('good', dovecot)
    world.gmail.oauth.rules.testing = false
    imap = await startGmailImap({ user: owner, ordinaryPassword: 'ordinarypassword' })
  })
  afterEach(async () => {
    assert.deepEqual([...imap.bugs, ...world.gmail.bugs], [])
    await imap.stop()
    await world.stop()
  })

  const env = () => ({ ...world.env, GMAIL_IMAP_URL: imap.url })
  const run = (args: readonly string[], more: Record<string, string> = {}) =>
    hikyaku(args, { env: { ...env(), ...more }, cwd: world.home })
  const mailboxArgs = (): string[] => [
    ...['--address', address, '--host', '127.0.0.1', '--port', String(dovecot.ports.imaps)],
    ...['--user', address, '--password-file', 'password', '--gmail-account', owner],
  ]
  const google = ['--client-file', 'client.json', '--refresh-token-file', 'token']
  const trust = () => ({ answers: { 'ca-file': dovecot.caFile } })
  const found = () => ({ discover: async () => discovery(dovecot.ports.imaps) })
  const mailOf = (): string[] => imap.mail.messages.map(({ octets }) => octets.toString())

  it('leads from nothing to the first mail in less than twelve answers', async () => {
    await world.deliver('', 'first')
    const asker = person([
      ...ofMailbox,
      ['gmail-account', owner],
      ['gmail-way', 'append'],
      ['app-password-file', appPassword],
      ['pull', 'yes'],
      ['service', 'later'],
    ])
    const done = await setUpWith(asker, { env: env(), cwd: world.home }, trust(), found())
    assert.equal(done.exitCode, 0, done.stderr)
    // Then comes Enter at "now?".
    const answers = asker.asked.findIndex(question => question.startsWith('pull:'))
    console.log(`answers before the first mail: ${answers}`)
    assert.ok(answers > 0 && answers < 12, asker.asked.join('\n'))
    assert.ok(mailOf().some(octets => octets.includes('Subject: first')))
    const yaml = await readFile(world.configFile, 'utf8')
    assert.match(yaml, /way: append/)
    assert.doesNotMatch(yaml, /abcd ?efgh|clientId/)
    assert.ok(asker.told.some(({ text }) => text.includes('https://myaccount.google.com/apppasswords')))
  })

  it('tells the ordinary password from an app password, before and after the login', async () => {
    const asker = person([
      ...ofMailbox,
      ['gmail-account', owner],
      ['gmail-way', 'append'],
      ['app-password-file', 'My-Password-1'],
      ['app-password-file', 'ordinarypassword'],
      ['retry-app-password', ''],
      ['app-password-file', 'wrong'.padEnd(16, 'x')],
      ['retry-app-password', ''],
      ['app-password-file', leave],
    ])
    const done = await setUpWith(asker, { env: env(), cwd: world.home }, trust(), found())
    assert.equal(done.exitCode, 75)
    const bad = asker.told.flatMap(({ tone, text }) => (tone === 'bad' ? [text] : []))
    assert.match(bad[0] ?? '', /16 letters/)
    assert.match(bad[1] ?? '', /ordinary password/)
    assert.match(bad[2] ?? '', /does not take/)
    // What cannot be an app password costs no login.
    assert.equal(imap.ledger.refusedLogins.length, 2)
    for (const { text } of asker.told) assert.doesNotMatch(text, /ordinarypassword|wrongxxx/)
  })

  it('goes from one way to the other and back, and no mail comes twice', async () => {
    await writeFile(join(world.home, 'app-password'), `${appPassword}\n`, { mode: 0o600 })
    await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
    for (const subject of ['one', 'two', 'three']) await world.deliver('', subject)
    const byPassword = ['--gmail-way', 'append', '--app-password-file', 'app-password']
    const first = await run([
      'setup',
      '--yes',
      '--json',
      ...mailboxArgs(),
      ...byPassword,
      '--ca-file',
      dovecot.caFile,
    ])
    assert.equal(first.code, 0, first.stderr)
    const before = mailOf().length
    assert.ok(before >= 3)
    assert.equal((answerOf(first).pull as { imported: number }).imported, before)

    const moved = await run(['setup', 'google', '--yes', '--json', ...google])
    assert.equal(moved.code, 0, moved.stderr)
    const yaml = await readFile(world.configFile, 'utf8')
    assert.doesNotMatch(yaml, /append/)
    assert.match(yaml, /clientId/)
    await world.deliver('', 'four')
    const second = await run(['pull', '--json'])
    assert.equal(second.code, 0, second.stderr)
    assert.equal(answerOf(second).imported, 1)
    assert.equal(world.gmail.messages(owner).length, 1)

    const back = await run(['setup', 'google', '--yes', '--json', ...byPassword])
    assert.equal(back.code, 0, back.stderr)
    await world.deliver('', 'five')
    const third = await run(['pull', '--json'])
    assert.equal(answerOf(third).imported, 1, third.stderr)
    assert.equal(mailOf().length, before + 1)
    assert.equal(world.gmail.messages(owner).length, 1)
    const status = await run(['status', '--json'])
    assert.equal(status.code, 0, status.stdout)
  })

  it('keeps the password for Gmail’s server alone, and forgets it when asked to', async () => {
    await writeFile(join(world.home, 'app-password'), appPassword, { mode: 0o600 })
    const args = [
      'setup',
      '--yes',
      '--json',
      ...mailboxArgs(),
      '--app-password-file',
      'app-password',
      '--pull',
      'no',
    ]
    const done = await run([...args, '--ca-file', dovecot.caFile])
    assert.equal(done.code, 0, done.stderr)
    const other = await startGmailImap({ user: owner })
    try {
      await world.deliver('', 'elsewhere')
      const pulled = await run(['pull', '--json'], { GMAIL_IMAP_URL: other.url })
      assert.equal(pulled.code, 77, pulled.stdout)
      assert.equal(other.ledger.logins.length + other.ledger.refusedLogins.length, 0)
    } finally {
      await other.stop()
    }
    const revoked = await run(['revoke', '--yes', '--json'])
    assert.deepEqual(answerOf(revoked).accounts, [
      { account: owner, outcome: 'app-password', inVariable: false },
    ])
    const pulled = await run(['pull', '--json'])
    assert.equal(pulled.code, 77, pulled.stdout)
  })

  it('offers a label for each of several addresses, and the rule is in force with the first pull', async () => {
    const to = async (recipient: string, name: string): Promise<unknown> => {
      const lines = [
        `X-Original-To: ${recipient}`,
        'From: a@example.net',
        `Message-ID: <${name}@example.net>`,
      ]
      return dovecot.deliver('', Buffer.from([...lines, `Subject: ${name}`, '', 'text', ''].join('\r\n')))
    }
    for (const name of ['one', 'two']) {
      await to('info@example.test', `info-${name}`)
      await to('orders@example.test', `orders-${name}`)
    }
    const asker = person([
      ...ofMailbox,
      ['label-recipients', JSON.stringify(['orders@example.test'])],
      ['gmail-account', owner],
      ['gmail-way', 'append'],
      ['app-password-file', appPassword],
      ['pull', 'yes'],
      ['service', 'later'],
    ])
    const done = await setUpWith(asker, { env: env(), cwd: world.home }, trust(), found())
    assert.equal(done.exitCode, 0, done.stderr)
    const yaml = await readFile(world.configFile, 'utf8')
    assert.match(yaml, /rules:\n +- recipient: orders@example\.test\n +labels: orders@example\.test/)
    const file = join(world.home, 'tested.eml')
    await writeFile(file, 'To: orders@example.test\r\n\r\n')
    const tested = answerOf(await run(['rules', 'test', file, '--json']))
    const [first] = tested.mailboxes as { follows: { labels: string[] } }[]
    assert.deepEqual(first?.follows.labels, ['orders@example.test'])
  })
})
