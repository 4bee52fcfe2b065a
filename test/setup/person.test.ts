/** What the set-up asks of whom: hosts that need to be asked about, certificates, headless sign-in, protocols. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { type Discovery, type Found, namesOf } from '../../src/discovery/discover.ts'
import { presetById } from '../../src/discovery/presets.ts'
import { lockInstance } from '../../src/journal/lock.ts'
import { setupWords } from '../../src/setup/words.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { answers, type Fault, presets } from '../servers/gmail/gmail-server.ts'
import { least } from '../servers/gmail/oauth.ts'
import { requireServer } from '../servers/required.ts'
import { leave, person, setUpWith } from './person.ts'
import { address, owner, password, type SetupWorld, startSetupWorld } from './world.ts'

const skip = requireServer('dovecot', dovecotMissing())
const nothing: Discovery = {
  ...{ candidates: [], preset: undefined, evidence: undefined, unanswered: [] },
  names: namesOf('example.test'),
}
const found = (more: Partial<Found> & Pick<Found, 'port'>): Found => ({
  protocol: 'imap',
  host: '127.0.0.1',
  security: 'tls',
  userForm: 'address',
  origin: 'autoconfig',
  ...{ unusable: undefined, preset: undefined, evidence: undefined, confirm: undefined },
  ...more,
})

/** As a Japanese input method writes it. */
const wide = (text: string): string =>
  text.replace(/[!-~]/gu, letter => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0))

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
    assert.equal(kept.answers.protocol, 'imap')
    // A password fits the question, too: it is kept when a login has proved it.
    assert.equal(kept.answers.host, undefined)
  })

  it('keeps no password that was typed at another question, and nothing of what is begun again', async () => {
    const setupFile = join(world.stateDir, 'setup.json')
    const keptAnswers = async () => JSON.parse(await readFile(setupFile, 'utf8')).answers
    const server = [
      ['protocol', 'pop3'],
      ['host', '127.0.0.1'],
      ['security', ''],
      ['port', String(world.dovecot.ports.pop3s)],
    ] as const
    const discovered = { discover: async () => nothing }
    const slipped = person([
      ['resume', 'no'],
      ['address', address],
      ['provider', ''],
      ...server,
      ['user', password],
      ['password-file', leave],
    ])
    await setUpWith(slipped, where(), trust(), discovered)
    assert.ok(!(await readFile(setupFile, 'utf8')).includes(password))
    assert.equal((await keptAnswers()).protocol, 'pop3')

    const anew = person([
      ['resume', 'no'],
      ['address', 'info@example.test'],
      ['provider', leave],
    ])
    await setUpWith(anew, where(), trust(), discovered)
    // Not gone on with: a password may look like an address.
    assert.ok(!existsSync(setupFile))

    const proved = person([
      ['resume', 'no'],
      ['address', address],
      ['provider', ''],
      ...server,
      ['user', ''],
      ['password-file', password],
      ['after-import', 'keep'],
      ['labels', password],
      ['archive', 'no'],
      ['gmail-account', leave],
    ])
    await setUpWith(proved, where(), trust(), discovered)
    const kept = await keptAnswers()
    assert.deepEqual([kept.host, kept.user, kept.labels], ['127.0.0.1', address, undefined])

    const resumed = person([
      ['resume', ''],
      ['password-file', password],
      ['labels', ''],
      ['gmail-account', leave],
    ])
    await setUpWith(resumed, where(), trust(), discovered)
    const { after, label, server: words } = setupWords.en
    const told = resumed.told.map(({ text }) => text)
    for (const shown of [
      `${words.protocol} ${words.pop3}`,
      `${after.question} ${after.keep}`,
      `${label.archive} ${label.archiveNo}`,
    ])
      assert.ok(told.includes(shown), shown)
  })

  it('takes another address where the first was a slip, and asks everything for that one', async () => {
    const asker = person([
      ['resume', 'no'],
      ['address', 'shop@example.tst'],
      ['provider', 'other-address'],
      ['address', 'shop@example.tset'],
      ['provider', ''],
      ['protocol', 'pop3'],
      ['host', '127.0.0.1'],
      ['security', ''],
      ['port', String(world.dovecot.ports.pop3s)],
      ['user', ''],
      ['password-file', password],
      ['correct', 'address'],
      ['address', address],
      ['provider', ''],
      ['protocol', leave],
    ])
    const done = await setUpWith(asker, where(), trust(), { discover: async () => nothing })
    assert.equal(done.exitCode, 75)
    const { answers } = JSON.parse(await readFile(join(world.stateDir, 'setup.json'), 'utf8'))
    assert.deepEqual(answers, { address, provider: 'other' })
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
    assert.match(preset?.askUser?.en ?? '', /not the address/)
    assert.ok(asker.asked.includes(`user: ${preset?.askUser?.en}`))
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

  it('shows what names the host and its server, in one line of either language', async () => {
    const preset = presetById('xserver')
    const evidence = { by: 'spf', name: 'sv1234.xserver.jp' } as const
    const candidates = [found({ port: 993, host: evidence.name, origin: 'preset', preset, evidence })]
    for (const language of ['en', 'ja'] as const) {
      const asker = person([
        ['resume', 'no'],
        ['address', address],
        ['server', leave],
      ])
      const discovered = { ...nothing, preset, candidates }
      await setUpWith(asker, where(), {}, { discover: async () => discovered }, language)
      const words = setupWords[language].server.evidence.spf('example.test', evidence.name)
      assert.ok(asker.told.some(({ text }) => text.split('\n').includes(words)))
    }
  })

  it('says where the domain’s mail goes to somebody else than the host whose server it found', async () => {
    const preset = presetById('xserver')
    const names = { ...namesOf('example.test'), exchangers: ['mx.filter.example'] }
    const candidates = [found({ port: 993, host: 'sv1.xserver.jp', preset, confirm: 'mx-elsewhere' })]
    const asker = person([
      ['resume', 'no'],
      ['address', address],
      // The usual answer is not this server.
      ['server', ''],
      ['protocol', leave],
    ])
    await setUpWith(asker, where(), {}, { discover: async () => ({ ...nothing, names, preset, candidates }) })
    const words = setupWords.en.server.elsewhere('example.test', 'mx.filter.example')
    assert.ok(asker.told.some(({ tone, text }) => tone === 'warn' && text === words))
  })

  it('uses a server outside the domain that DNS alone names by the owner’s word, and never by --yes', async () => {
    const candidates = [found({ port: world.dovecot.ports.imaps, origin: 'srv', confirm: 'other-domain' })]
    const [value = ''] = candidates.map(({ host, port }) => `imap ${host} ${port} tls`)
    const discovered = async () => ({ ...nothing, candidates })
    // Whatever was left before.
    await rm(join(world.stateDir, 'setup.json'), { force: true })
    const refusing = person([
      ['address', address],
      ['server', value],
      ['other-domain', ''],
      ['protocol', leave],
    ])
    await setUpWith(refusing, where(), trust(), { discover: discovered })
    assert.match(refusing.asked.at(-2) ?? '', /127\.0\.0\.1.*outside the domain/)
    const agreeing = person([
      ['resume', 'no'],
      ['address', address],
      ['server', value],
      ['other-domain', 'yes'],
      ['password-file', leave],
    ])
    await setUpWith(agreeing, where(), trust(), { discover: discovered })
    const unattended = person([
      ['resume', 'no'],
      ['address', address],
      ['server', ''],
      ['protocol', leave],
    ])
    await setUpWith(unattended, where(), trust(), { discover: discovered })
  })

  it('asks for no password where the host takes none, and goes on by the owner’s word only', async () => {
    const preset = presetById('yahoo')
    const candidates = [found({ port: 993, host: 'imap.mail.yahoo.com', preset, unusable: 'no-password' })]
    const discovered = async () => ({ ...nothing, preset, candidates })
    const leaving = person([
      ['resume', 'no'],
      ['address', address],
      ['oauth-only', ''],
    ])
    const done = await setUpWith(leaving, where(), {}, { discover: discovered })
    assert.equal(done.exitCode, 75)
    assert.ok(
      leaving.told.some(({ tone, text }) => tone === 'bad' && text.includes('no password is asked for')),
    )
    const elsewhere = person([
      ['resume', 'no'],
      ['address', address],
      ['oauth-only', 'yes'],
      ['protocol', leave],
    ])
    await setUpWith(elsewhere, where(), {}, { discover: discovered })
  })

  it('tells who is asked for an unknown server what its panel calls each line', async () => {
    for (const [language, line] of [
      ['ja', /受信メールサーバー、IMAP サーバー、POP サーバー.*アカウント名/s],
      ['en', /incoming \(mail\) server, IMAP server, POP server.*user name, account/s],
    ] as const) {
      const asker = person([
        ['resume', 'no'],
        ['address', address],
        ['provider', ''],
        ['protocol', leave],
      ])
      await setUpWith(asker, where(), {}, { discover: async () => nothing }, language)
      assert.ok(asker.told.some(({ text }) => line.test(text)))
    }
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

describe('typed with the input method on', { skip }, () => {
  before(async () => {
    world = await startSetupWorld()
  })
  after(() => world.stop())

  it('is taken as it was meant, and a password that was refused is told so', async () => {
    await world.deliver('', 'typed')
    const refused = [
      ['ｐａｓｓ', 'full-width'],
      [`${password} `, 'blanks'],
      ['パス　ワード　', 'both'],
    ] as const
    const asker = person([
      ['address', '　ｓｈｏｐ＠ｅｘａｍｐｌｅ。ｔｅｓｔ '],
      ['provider', ''],
      ['protocol', ''],
      ['host', '１２７．０．０．１'],
      ['security', ''],
      ['port', wide(String(world.dovecot.ports.imaps))],
      ['user', wide(address)],
      ...refused.flatMap(
        ([typed]) =>
          [
            ['password-file', typed],
            ['odd-password', 'yes'],
            ['password-file', typed],
            ['odd-password', 'no'],
            ['correct', 'password'],
          ] as const,
      ),
      ['password-file', password],
      ['came-by', 'nothing'],
      ['start-from', 'date'],
      ['start-date', '２０２６年４月１日'],
      ['after-import', 'delete-after'],
      ['after-days', '１４'],
      ['labels', '㈱山田（本店）'],
      ['archive', leave],
    ])
    await setUpWith(asker, where(), trust(), { discover: async () => nothing }, 'ja')
    assert.deepEqual(asker.complaints, [])
    const bad = asker.told.filter(({ tone }) => tone === 'bad').map(({ text }) => text)
    assert.equal(bad.length, refused.length)
    for (const [index, [typed, oddity]] of refused.entries()) {
      assert.ok(bad[index]?.includes(setupWords.ja.login.oddPassword[oddity]), bad[index])
      assert.ok(!bad[index]?.includes(typed))
    }
    const { answers: kept } = JSON.parse(await readFile(join(world.stateDir, 'setup.json'), 'utf8'))
    assert.equal(kept.address, address)
    assert.equal(kept.host, '127.0.0.1')
    assert.equal(kept.port, String(world.dovecot.ports.imaps))
    assert.equal(kept['start-date'], '2026年4月1日')
    assert.equal(kept['after-days'], '14')
    // The name of a label that may be in Gmail already is its owner's.
    assert.equal(kept.labels, '㈱山田（本店）')
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
    assert.ok(base.told.some(({ text }) => /ssh -L \d+:127\.0\.0\.1:\d+/.test(text)))
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

  it('offers no second hikyaku in this window where one is running, and says how that one knows the settings', async () => {
    await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
    const { service: _, ...others } = mailboxAnswers()
    const answers = { ...others, 'refresh-token-file': 'token' }
    const base = person([
      ['password-file', password],
      ['service', 'later'],
    ])
    let offered: readonly string[] = []
    const asker: typeof base = {
      ...base,
      choose: question => {
        if (question.id === 'service') offered = question.choices.map(({ value }) => value)
        return base.choose(question)
      },
    }
    const lock = lockInstance(world.stateDir)
    try {
      const done = await setUpWith(asker, where(), { answers })
      assert.equal(done.exitCode, 0, done.stderr)
    } finally {
      lock.release()
    }
    assert.deepEqual(offered, ['install', 'later'])
    assert.ok(base.told.some(({ tone, text }) => tone === 'warn' && text === setupWords.en.pull.running))
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

  it('takes the pasted text of the file, with its line breaks, says how the file is copied, and keeps no secret', async () => {
    const { 'client-file': _, ...answers } = mailboxAnswers()
    const { id, secret = '' } = world.gmail.client
    const lines = JSON.stringify({ installed: { client_id: id, client_secret: secret } }, undefined, 2)
    const cut = lines.slice(0, lines.indexOf('client_secret'))
    const key = JSON.stringify({ type: 'service_account', private_key: 'of a pasted key' })
    const asker = person([
      ['password-file', password],
      ['client-file', '{"web": {"client_secret": "GOCSPX-of-the-web"}}'],
      ['client-file', key],
      ['client-file', cut],
      ['client-file', lines],
      ['retry-google', leave],
    ])
    const ssh = { SSH_CONNECTION: '192.0.2.7 50000 192.0.2.1 22', USER: 'pi' }
    const openBrowser = async (url: string) => {
      void addressAfterConsent(url, 'other@example.test').then(back => fetch(back))
      return true
    }
    const there = { ...where(), env: { ...world.env, ...ssh } }
    await setUpWith(asker, there, { answers }, { openBrowser })
    assert.deepEqual(asker.complaints, [setupWords.en.google.clientMore])
    const told = asker.told.map(({ text }) => text).join('\n')
    assert.match(told, /scp client_secret_….json pi@192\.0\.2\.1:client\.json/)
    assert.match(told, /The pasted text: this client is of the type “Web application”/)
    assert.ok(told.includes(setupWords.en.google.keyAsFile))
    // As far as Google, with this client: it refused nothing but the other account.
    assert.match(asker.asked.at(-1) ?? '', /^retry-google/)
    assert.ok(told.includes('other@example.test'))
    const kept = await readFile(join(world.stateDir, 'setup.json'), 'utf8')
    for (const word of [secret, 'GOCSPX', 'private_key', 'of a pasted key'])
      for (const text of [kept, told]) assert.ok(!text.includes(word), word)
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
    const { key } = world.gmail.oauth.createServiceAccount(least)
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
