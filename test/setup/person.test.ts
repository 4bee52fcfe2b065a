/** What the set-up asks of whom: hosts that need to be asked about, certificates, headless sign-in, protocols. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import type { Discovery, Found } from '../../src/discovery/discover.ts'
import { presetById } from '../../src/discovery/presets.ts'
import { setupWords } from '../../src/setup/words.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { answers, type Fault, presets } from '../servers/gmail/gmail-server.ts'
import { requireServer } from '../servers/required.ts'
import { leave, person, setUpWith } from './person.ts'
import { address, owner, password, type SetupWorld, startSetupWorld } from './world.ts'

const skip = requireServer('dovecot', dovecotMissing())
const nothing: Discovery = { candidates: [], preset: undefined, exchangers: [], unanswered: [] }
const found = (more: Partial<Found> & Pick<Found, 'port'>): Found => ({
  protocol: 'imap',
  host: '127.0.0.1',
  security: 'tls',
  userForm: 'address',
  origin: 'autoconfig',
  unusable: undefined,
  ...more,
})

let world: SetupWorld
const where = () => ({ env: world.env, cwd: world.home })
const trust = () => ({ answers: { 'ca-file': world.dovecot.caFile } })

describe('what the set-up asks', { skip }, () => {
  before(async () => {
    world = await startSetupWorld()
  })
  after(() => world.stop())

  it('asks Xserver’s customers for the server number, and takes it in any form', async () => {
    const asker = person([
      ['address', address],
      ['protocol', ''],
      ['host', '123'],
      ['security', ''],
      ['port', ''],
      ['password-file', leave],
    ])
    const preset = presetById('xserver')
    const done = await setUpWith(asker, where(), {}, { discover: async () => ({ ...nothing, preset }) }, 'ja')
    assert.equal(done.exitCode, 75)
    assert.ok(asker.asked.some(question => question.includes('サーバー番号')))
    assert.ok(asker.told.some(({ text }) => text.includes('エックスサーバー')))
    // The password is that of the whole address: that much is known of Xserver.
    assert.match(asker.asked.at(-1) ?? '', new RegExp(address))
    const kept = JSON.parse(await readFile(join(world.stateDir, 'setup.json'), 'utf8'))
    assert.equal(kept.answers.host, '123')
  })

  it('asks KAGOYA’s customers for the account’s name, which is not the address', async () => {
    const asker = person([
      ['resume', 'no'],
      ['address', address],
      ['protocol', ''],
      ['host', 'mas12'],
      ['security', ''],
      ['port', ''],
      ['user', leave],
    ])
    const preset = presetById('kagoya')
    await setUpWith(asker, where(), {}, { discover: async () => ({ ...nothing, preset }) })
    assert.ok(asker.asked.includes(`user: ${setupWords.en.login.accountName}`))
  })

  it('never offers a server without encryption, and says why', async () => {
    const clear = found({ port: 143, security: 'none', unusable: 'no-tls' })
    const asker = person([
      ['resume', 'no'],
      ['address', address],
      ['protocol', leave],
    ])
    await setUpWith(asker, where(), {}, { discover: async () => ({ ...nothing, candidates: [clear] }) })
    assert.ok(asker.told.some(({ text }) => text === setupWords.en.server.noTls('127.0.0.1', 143)))
  })

  it('falls back from a closed IMAP port to POP3 only by the owner’s word', async () => {
    const candidates = [found({ port: 1 }), found({ port: world.dovecot.ports.pop3s, protocol: 'pop3' })]
    const asker = person([
      ['resume', 'no'],
      ['address', address],
      ['server', ''],
      ['password-file', password],
      ['correct', 'server'],
      ['server', `pop3 127.0.0.1 ${world.dovecot.ports.pop3s} tls`],
      ['after-import', leave],
    ])
    await setUpWith(asker, where(), trust(), { discover: async () => ({ ...nothing, candidates }) })
    assert.ok(asker.told.some(({ text }) => text === setupWords.en.login.worked('pop3', false)))
  })

  it('warns of the lock that hosts put on a mailbox after wrong passwords', async () => {
    const candidates = [found({ port: world.dovecot.ports.imaps })]
    const wrong = [
      ['correct', 'password'],
      ['password-file', 'wrong'],
    ] as const
    const asker = person([
      ['resume', 'no'],
      ['address', address],
      ['server', ''],
      ['password-file', 'wrong'],
      ...wrong,
      ...wrong,
      ['correct', leave],
    ])
    await setUpWith(asker, where(), trust(), { discover: async () => ({ ...nothing, candidates }) })
    assert.ok(asker.told.some(({ text }) => text === setupWords.en.login.caution))
  })
})

describe('a certificate for another name', { skip }, () => {
  before(async () => {
    world = await startSetupWorld('wrongName')
  })
  after(() => world.stop())

  it('is shown with its names and its digest, and its name is offered as the server’s', async () => {
    const candidates = [found({ port: world.dovecot.ports.imaps })]
    const asker = person([
      ['address', address],
      ['server', ''],
      ['password-file', password],
      ['certificate', 'host mail.example.invalid'],
      ['correct', leave],
    ])
    const { NODE_EXTRA_CA_CERTS: caFile = '' } = world.env
    const flags = { answers: { 'ca-file': caFile } }
    await setUpWith(asker, where(), flags, { discover: async () => ({ ...nothing, candidates }) })
    const shown = asker.told.find(({ text }) => text.includes('SHA-256'))?.text ?? ''
    assert.match(shown, /does not belong to 127\.0\.0\.1/)
    assert.match(shown, /Made out to: mail\.example\.invalid/)
    assert.match(shown, /SHA-256: {5}(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/)
    // The password went nowhere until then.
    assert.doesNotMatch(await world.dovecot.log(), /auth failed|Login:/)
  })

  it('is not trusted for what nobody vouches for either, unless it is pinned', async () => {
    const candidates = [found({ port: world.dovecot.ports.imaps })]
    const asker = person([
      ['resume', 'no'],
      ['address', address],
      ['server', ''],
      ['password-file', password],
      ['certificate', 'pin'],
      ['after-import', leave],
    ])
    await setUpWith(asker, where(), {}, { discover: async () => ({ ...nothing, candidates }) })
    assert.ok(asker.told.some(({ text }) => text.includes('Nobody known vouches')))
    assert.ok(asker.told.some(({ text }) => text === setupWords.en.login.worked('imap', true)))
  })
})

describe('signing in without a browser on this machine', { skip }, () => {
  beforeEach(async () => {
    world = await startSetupWorld()
    world.gmail.oauth.rules.testing = false
  })
  afterEach(() => world.stop())

  const mailboxAnswers = () => ({
    ...trust().answers,
    address,
    host: '127.0.0.1',
    protocol: 'imap',
    security: 'tls',
    port: String(world.dovecot.ports.imaps),
    user: address,
    'after-import': 'keep',
    archive: 'no',
    labels: '',
    'gmail-account': owner,
    'client-file': 'client.json',
    pull: 'no',
    service: 'later',
  })

  /** What the browser elsewhere ends on, when the owner has allowed everything. */
  async function addressAfterConsent(link: string, account = owner): Promise<string> {
    const onward = await fetch(link, { redirect: 'manual' })
    const { searchParams } = new URL(onward.headers.get('location') ?? '')
    const form = new URLSearchParams(searchParams)
    form.set('account', account)
    form.set('decision', 'allow')
    for (const scope of (searchParams.get('scope') ?? '').split(' ')) form.append('granted', scope)
    const answer = await fetch(world.gmail.authUrl, { method: 'POST', body: form, redirect: 'manual' })
    return answer.headers.get('location') ?? ''
  }

  it('takes the address that the owner pastes, and explains one that does not fit', async () => {
    let link = ''
    const base = person([['password-file', password]])
    const pastes = ['hello', 'http://127.0.0.1:1/?code=x&state=of-another']
    const asker = {
      ...base,
      text: async (question: Parameters<typeof base.text>[0]) => {
        if (question.id !== 'pasted-url') return base.text(question)
        return pastes.shift() ?? addressAfterConsent(link)
      },
    }
    const openBrowser = async (url: string) => {
      link = url
      return false
    }
    const done = await setUpWith(asker, where(), { answers: mailboxAnswers() }, { openBrowser })
    assert.equal(done.exitCode, 0, done.stderr + base.told.map(({ text }) => text).join('\n'))
    const bad = base.told.filter(({ tone }) => tone === 'bad').map(({ text }) => text)
    assert.equal(bad.length, 2)
    assert.match(bad[0] ?? '', /not a web address|no web address/)
    assert.match(bad[1] ?? '', /another attempt/)
    assert.match(done.stderr, /ssh -L \d+:127\.0\.0\.1:\d+/)
    assert.ok(existsSync(world.configFile))
  })

  it('offers another way where the service cannot be installed', async () => {
    await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
    const { service: _, ...others } = mailboxAnswers()
    const answers = { ...others, 'refresh-token-file': 'token' }
    const asker = person([
      ['password-file', password],
      ['service', ''],
      ['service', 'later'],
    ])
    let tried = 0
    const installService = async () => {
      tried += 1
      return 69
    }
    const done = await setUpWith(asker, where(), { answers }, { installService })
    assert.equal(done.exitCode, 0, done.stderr)
    assert.equal(tried, 1)
    assert.ok(asker.told.some(({ text }) => text === setupWords.en.service.notInstalled))
  })

  it('tells how to switch on the Gmail API, and needs no second consent afterwards', async () => {
    const asker = person([
      ['password-file', password],
      ['retry-google', 'again'],
    ])
    world.gmail.faults.next('labels.list', presets.apiDisabled())
    let links = 0
    const openBrowser = async (url: string) => {
      links += 1
      void addressAfterConsent(url).then(back => fetch(back))
      return true
    }
    const done = await setUpWith(asker, where(), { answers: mailboxAnswers() }, { openBrowser })
    assert.equal(done.exitCode, 0, done.stderr)
    assert.equal(links, 1)
    assert.ok(asker.told.some(({ tone, text }) => tone === 'bad' && text.includes('press “Enable”')))
  })

  it('asks for another file where Google does not know the client', async () => {
    const other = { id: '1-gone.apps.googleusercontent.com', secret: 'GOCSPX-gone' }
    const installed = { client_id: other.id, client_secret: other.secret }
    await writeFile(join(world.home, 'gone.json'), JSON.stringify({ installed }))
    await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
    const answers = { ...mailboxAnswers(), 'client-file': 'gone.json', 'refresh-token-file': 'token' }
    const asker = person([
      ['password-file', password],
      ['retry-google', ''],
      ['client-file', 'client.json'],
    ])
    const openBrowser = async (url: string) => {
      void addressAfterConsent(url).then(back => fetch(back))
      return true
    }
    const done = await setUpWith(asker, where(), { answers }, { openBrowser })
    assert.equal(done.exitCode, 0, done.stderr)
    assert.ok(asker.told.some(({ text }) => text.includes('Make a new client in step 5')))
  })

  it('takes another name of the account as Google says it, by the owner’s word', async () => {
    const answers = { ...mailboxAnswers(), 'gmail-account': 'alias@example.test' }
    const asker = person([
      ['password-file', password],
      ['retry-google', 'use'],
    ])
    let links = 0
    const openBrowser = async (url: string) => {
      links += 1
      void addressAfterConsent(url).then(back => fetch(back))
      return true
    }
    const done = await setUpWith(asker, where(), { answers }, { openBrowser })
    assert.equal(done.exitCode, 0, done.stderr)
    assert.equal(links, 1)
    assert.ok(asker.told.some(({ tone, text }) => tone === 'bad' && text.includes(owner)))
    assert.match(await readFile(world.configFile, 'utf8'), new RegExp(`address: ${owner}`))
  })

  it('corrects the address of an account that is there already, and keeps the name that journal and vault know', async () => {
    const alias = 'alias@example.test'
    await mkdir(dirname(world.configFile), { recursive: true, mode: 0o700 })
    const lines = [
      `stateDir: ${world.stateDir}`,
      'accounts:',
      `  - address: ${alias} # mine`,
      `    clientId: ${world.gmail.client.id}`,
      'mailboxes:',
      `  - user: ${address}`,
      `    account: ${alias}`,
      '    protocol: imap',
      '    host: 127.0.0.1',
    ]
    await writeFile(world.configFile, `${lines.join('\n')}\n`, { mode: 0o600 })
    const asker = person([['retry-google', 'use']])
    const openBrowser = async (url: string) => {
      void addressAfterConsent(url).then(back => fetch(back))
      return true
    }
    const flags = { part: 'google', answers: { 'client-file': 'client.json' } } as const
    const done = await setUpWith(asker, where(), flags, { openBrowser })
    assert.equal(done.exitCode, 0, done.stderr + asker.told.map(({ text }) => text).join('\n'))
    const yaml = await readFile(world.configFile, 'utf8')
    assert.match(yaml, new RegExp(`address: ${owner}`))
    assert.match(yaml, new RegExp(`name: ${alias}`))
    assert.match(yaml, new RegExp(`account: ${alias}`))
    const { accounts, mailboxes } = await loadConfig({
      env: { ...world.env },
      cwd: world.home,
      needSecrets: false,
    })
    assert.deepEqual(
      accounts.map(({ name, address: one }) => [name, one]),
      [[alias, owner]],
    )
    assert.equal(mailboxes[0]?.account, alias)
  })

  it('keeps nothing of a stranger’s permission, with an ID token or without one', async () => {
    const stranger = 'other@example.test'
    const given = [
      ['gmail.insert', 'gmail.labels'],
      ['gmail.insert', 'gmail.labels', 'openid', 'email'],
      ['gmail.insert', 'gmail.labels', 'gmail.readonly'],
    ]
    for (const scopes of given) {
      await writeFile(join(world.home, 'token'), world.gmail.grant(stranger, scopes), { mode: 0o600 })
      const answers = { ...mailboxAnswers(), 'refresh-token-file': 'token' }
      const asker = person([
        ...(scopes === given[0] ? [] : ([['resume', 'no']] as const)),
        ['password-file', password],
        ['retry-google', leave],
      ])
      const done = await setUpWith(asker, where(), { answers })
      assert.equal(done.exitCode, 75, done.stderr)
      assert.ok(asker.told.some(({ tone, text }) => tone === 'bad' && /another Gmail account/.test(text)))
      assert.ok(!existsSync(world.configFile))
      assert.ok(!existsSync(join(world.stateDir, 'secrets.sealed')))
    }
    assert.equal(world.gmail.accepted.length, 0)
  })

  it('takes no answer for a proof but the labels of the address itself', async () => {
    const says = (status: number, value: unknown): Fault => ({
      kind: 'answer',
      answer: answers.json(status, value),
    })
    const forbidden = says(403, {
      error: { code: 403, message: 'No.', errors: [{ reason: 'forbidden' }] },
    })
    const notThere = says(404, { error: { code: 404 } })
    const nothing = says(200, {})
    let first = true
    for (const fault of [forbidden, notThere, nothing, presets.status(500)]) {
      world.gmail.faults.clear()
      world.gmail.faults.always(({ path }) => path === `/gmail/v1/users/${owner}/labels`, fault)
      await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
      const given = { ...mailboxAnswers(), 'refresh-token-file': 'token' }
      const asker = person([
        ...(first ? [] : ([['resume', 'no']] as const)),
        ['password-file', password],
        ['retry-google', leave],
      ])
      first = false
      const done = await setUpWith(asker, where(), { answers: given })
      assert.equal(done.exitCode, 75, done.stderr)
      assert.ok(!existsSync(world.configFile))
    }
  })

  it('takes the key of a service account where Google Workspace has one, after asking', async () => {
    const { key } = world.gmail.oauth.createServiceAccount(['gmail.insert', 'gmail.labels'])
    await writeFile(join(world.home, 'service.json'), JSON.stringify(key), { mode: 0o600 })
    const { 'client-file': _, ...answers } = mailboxAnswers()
    const asker = person([
      ['password-file', password],
      ['client-file', 'service.json'],
      ['service-account', 'yes'],
    ])
    const done = await setUpWith(asker, where(), { answers })
    assert.equal(done.exitCode, 0, asker.told.map(({ text }) => text).join('\n'))
    assert.match(await readFile(world.configFile, 'utf8'), /serviceAccountFile: .*service\.json/)
  })
})
