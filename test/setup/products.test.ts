/** Logins that are refused: hosts with two products, what each kind of host wants, and how many are made. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { type Discovery, type Found, namesOf } from '../../src/discovery/discover.ts'
import { type Preset, presetById } from '../../src/discovery/presets.ts'
import { setupWords } from '../../src/setup/words.ts'
import { type DovecotServer, dovecotMissing } from '../servers/dovecot.ts'
import { type ImapServer, startImapServer } from '../servers/imap-server.ts'
import { requireServer } from '../servers/required.ts'
import { leave, person, type Script, setUpWith } from './person.ts'
import { address, password, type SetupWorld, startMailServer, startSetupWorld } from './world.ts'

const skip = requireServer('dovecot', dovecotMissing())

const row = (id: string, more: Partial<Preset> = {}): Preset => {
  const preset = presetById('lolipop')
  assert.ok(preset)
  return {
    ...preset,
    ...{ id, name: { en: `The ${id} plan`, ja: `${id} プラン` }, notes: [], userForm: 'address' },
    ...more,
  }
}
const old = row('old')
const pro = row('pro')

let dovecot: DovecotServer
let refusing: ImapServer
let world: SetupWorld

const serverOf = (preset: Preset, port: number, more: Partial<Found> = {}): Found => ({
  ...{ protocol: 'imap', host: '127.0.0.1', port, userForm: preset.userForm, origin: 'preset', preset },
  ...{ security: 'tls', unusable: undefined, evidence: undefined, confirm: undefined },
  ...more,
})
/** Plain, as only this computer itself is reached. */
const clear = { security: 'none' } as const
const capabilities = ['IMAP4rev1', 'AUTH=PLAIN', 'IDLE']

async function setUp(candidates: readonly Found[], script: Script, language: 'en' | 'ja' = 'en') {
  const asker = person(script)
  const [first] = candidates
  const discovery: Discovery = {
    ...{ candidates, preset: first?.preset, evidence: undefined, unanswered: [] },
    names: namesOf('example.test'),
  }
  const flags = { answers: { 'ca-file': dovecot.caFile, address } }
  await setUpWith(
    asker,
    { env: world.env, cwd: world.home },
    flags,
    { discover: async () => discovery },
    language,
  )
  return asker
}

const logins = (): number =>
  refusing.ledger.commands.filter(({ text }) => /LOGIN|AUTHENTICATE/.test(text)).length

/** For the tests of a suite: the server that takes the login, and one that refuses every login. */
function useServers(): void {
  before(async () => {
    dovecot = await startMailServer()
  })
  after(() => dovecot.stop())
  beforeEach(async () => {
    world = await startSetupWorld('good', dovecot)
    refusing = await startImapServer({ users: {}, capabilities })
  })
  afterEach(async () => {
    await refusing.stop()
    await world.stop()
  })
}

describe('a host with two products', { skip }, () => {
  useServers()

  it('is tried in order with one password, and asks for nothing in between', async () => {
    const candidates = [serverOf(pro, refusing.port, clear), serverOf(old, dovecot.ports.imaps)]
    const asker = await setUp(candidates, [
      ['server', ''],
      ['password-file', password],
      ['after-import', leave],
    ])
    assert.equal(logins(), 1)
    assert.ok(asker.told.some(({ text }) => text.includes(setupWords.en.login.otherProduct('The old plan'))))
  })

  it('costs no refused login where the first server cannot be reached', async () => {
    const candidates = [serverOf(pro, 1), serverOf(old, dovecot.ports.imaps)]
    await setUp(candidates, [
      ['server', ''],
      ['password-file', password],
      ['after-import', leave],
    ])
    assert.equal(logins(), 0)
  })

  it('is not asked again at a server that says that it does not know the mailbox', async () => {
    refusing.faults.at = ({ verb }) =>
      /LOGIN|AUTHENTICATE/.test(verb)
        ? { do: 'answer', pieces: ['{tag} NO No such user here\r\n'] }
        : undefined
    const other = await startImapServer({ users: { [address]: password }, capabilities })
    try {
      await setUp(
        [serverOf(pro, refusing.port, clear), serverOf(old, other.port, clear)],
        [
          ['server', ''],
          ['password-file', 'wrong'],
          ['correct', 'password'],
          ['password-file', password],
          ['after-import', leave],
        ],
      )
      assert.equal(logins(), 1, 'only the first password')
    } finally {
      await other.stop()
    }
  })

  it('never has more refused logins than five within the hour, over several runs of the set-up', async () => {
    const second = await startImapServer({ users: {}, capabilities })
    const all = (): number =>
      logins() + second.ledger.commands.filter(({ text }) => /LOGIN|AUTHENTICATE/.test(text)).length
    try {
      const candidates = [serverOf(pro, refusing.port, clear), serverOf(old, second.port, clear)]
      const wrong = (n: number): Script =>
        Array.from({ length: n }, (_, turn) => [
          ['correct', 'password'] as const,
          ['password-file', `wrong ${turn}`] as const,
        ]).flat()
      const first: Script = [
        ['server', ''],
        ['password-file', 'wrong'],
      ]
      await setUp(candidates, [...first, ...wrong(1), ['correct', leave]])
      assert.equal(all(), 4)
      const again = await setUp(candidates, [['resume', 'no'], ...first, ...wrong(3), ['correct', leave]])
      assert.equal(all(), 5)
      assert.ok(again.told.some(({ text }) => /5 logins were refused within an hour/.test(text)))
    } finally {
      await second.stop()
    }
  })

  it('takes no server of another host for a product, whoever names it', async () => {
    const candidates = [
      serverOf(pro, refusing.port, clear),
      serverOf(old, dovecot.ports.imaps, { origin: 'autoconfig' }),
    ]
    await setUp(candidates, [
      ['server', ''],
      ['password-file', 'wrong'],
      ['correct', leave],
    ])
    assert.equal(logins(), 1)
    assert.doesNotMatch(await dovecot.log(), /auth failed/)
  })
})

describe('a refused login', { skip }, () => {
  useServers()

  for (const language of ['en', 'ja'] as const)
    it(`is followed by what this host is known to want, in ${language}`, async () => {
      const { passwords, userForms } = setupWords[language].login
      for (const kind of ['mailbox', 'separate', 'generated', 'app', 'app-with-two-factor'] as const)
        for (const userForm of ['address', 'local-part'] as const) {
          const preset = row('known', { password: kind, userForm })
          const asker = await setUp(
            [serverOf(preset, refusing.port, clear)],
            [
              ...(existing() ? [['resume', 'no'] as const] : []),
              ['server', ''],
              ['password-file', 'wrong'],
              ['correct', leave],
            ],
            language,
          )
          const name = preset.name[language]
          const [bad] = asker.told.filter(({ tone }) => tone === 'bad')
          assert.ok(bad?.text.includes(passwords[kind].refused(name)), kind)
          assert.ok(bad?.text.includes(userForms[userForm](name)), userForm)
          const user = userForm === 'address' ? address : 'shop'
          assert.ok(asker.asked.includes(`password-file: ${passwords[kind].question(user, name)}`))
          await forget()
        }
    })

  const existing = (): boolean => tries++ > 0
  let tries = 0
  beforeEach(() => {
    tries = 0
  })
  /** Or the cap of an hour would end the list. */
  const forget = (): Promise<void> =>
    writeFile(join(world.stateDir, 'setup-logins.json'), '{}', { mode: 0o600 })

  it('is never met where the owner named the host and SPF the server: nothing else is asked', async () => {
    const preset = presetById('xserver')
    assert.ok(preset)
    const names = { ...namesOf('example.test'), spf: ['sv1234.xserver.jp'] }
    const asker = person([
      ['server', 'pop3 sv1234.xserver.jp 995 tls'],
      ['password-file', leave],
    ])
    const flags = { answers: { address, provider: 'xserver' } }
    const discovered: Discovery = {
      ...{ candidates: [], preset: undefined, evidence: undefined, unanswered: [], names },
    }
    await setUpWith(asker, { env: world.env, cwd: world.home }, flags, { discover: async () => discovered })
    assert.ok(asker.asked.at(-1)?.includes(address))
  })

  it('brings a folder of wanted mail beside the inbox, where the host has one', async () => {
    const web = presetById('web-de')
    assert.ok(web)
    await world.deliver('Unbekannt', 'from somebody new')
    const asker = await setUp(
      [serverOf({ ...web, userForm: 'address' }, dovecot.ports.imaps)],
      [
        ['server', ''],
        ['password-file', password],
        ['wanted-folder', ''],
        ['came-by', 'nothing'],
        ['start-from', leave],
      ],
    )
    assert.ok(asker.asked.some(asked => asked.includes('“Unbekannt”')))
    assert.ok(asker.told.some(({ text }) => text.startsWith('Messages there now: 1 ')))
  })

  it('at a host of a limit is counted with all others there, and the mailbox keeps its provider', async () => {
    const limited = presetById('hostgator')
    assert.ok(limited)
    const pop3 = { ...serverOf(limited, dovecot.ports.pop3s), protocol: 'pop3' } as const
    const asker = await setUp(
      [pop3],
      [
        ['server', ''],
        ['password-file', password],
        ['after-import', leave],
      ],
    )
    assert.ok(asker.told.some(({ text }) => /limits logins to 30 within 1 h/.test(text)))
    const { notes } = JSON.parse(await readFile(join(world.stateDir, 'setup-logins.json'), 'utf8'))
    assert.equal(JSON.parse(notes['host-logins/hostgator']).length, 1)
  })

  for (const way of ['forwarding', 'fetch'])
    it(`chooses only new mail, and says why, for whom Gmail has the mail already by ${way}`, async () => {
      const preset = presetById('web-de')
      assert.ok(preset)
      await world.deliver('', 'in Gmail already')
      const asker = await setUp(
        [serverOf({ ...preset, userForm: 'address' }, dovecot.ports.pop3s, { protocol: 'pop3' })],
        [
          ['server', ''],
          ['password-file', password],
          ['came-by', way],
          ['start-from', ''],
          ['after-import', leave],
        ],
      )
      assert.ok(asker.told.some(({ text }) => text === setupWords.en.start.inGmailAlready))
      const { answers } = JSON.parse(await readFile(join(world.stateDir, 'setup.json'), 'utf8'))
      assert.equal(answers['start-from'], 'new')
    })
})
