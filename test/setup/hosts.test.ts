/**
 * `hikyaku setup` at each host that is known, from its default zone to a refused login: a real DNS server with the zone,
 * TLS servers under the hosts' real names on loopback, and what the owner is told. Their ledgers say who logged in.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Language } from '../../src/base/language.ts'
import type { Found } from '../../src/discovery/discover.ts'
import { type Preset, presetById } from '../../src/discovery/presets.ts'
import { setupWords } from '../../src/setup/words.ts'
import { domain, lookUp } from '../discovery/look-up.ts'
import { type HostZone, hostZones } from '../discovery/zones.ts'
import { makeCertificates, needsOpenssl } from '../servers/certificates.ts'
import { type ImapServer, startImapServer } from '../servers/imap-server.ts'
import { type Pop3Server, startPop3Server } from '../servers/pop3-server.ts'
import { leadHostsTo } from './hosts-on-loopback.ts'
import { leave, type Person, person, type Script, setUpWith } from './person.ts'

const skip = needsOpenssl()

const serversOf = ({ servers }: HostZone): readonly (readonly [string, string, string])[] =>
  servers === '' ? [] : servers.split(', ').map(text => text.split(' ') as [string, string, string])

let folder: string
let caFile: string
let imap: ImapServer
let pop3: readonly [tls: Pop3Server, stls: Pop3Server]
let undo: () => void

/** Who was refused since the last time, in order. */
function takeRefused(): readonly string[] {
  const lists = [imap.ledger.failedLogins, ...pop3.map(({ ledger }) => ledger.failedLogins)] as {
    user: string
  }[][]
  return lists.flatMap(list => list.splice(0).map(({ user }) => user))
}

/** One set-up, in a home of its own: refused logins count over several. */
async function setUp(zone: HostZone, script: Script, language: Language): Promise<Person> {
  const { address = `info@${domain}` } = zone
  const home = await mkdtemp(join(folder, 'home-'))
  const asker = person(script)
  const flags = { answers: { address, 'ca-file': caFile } }
  const where = { env: { HOME: home, LANG: 'en_US.UTF-8' }, cwd: home }
  await setUpWith(asker, where, flags, { discover: () => lookUp(zone) }, language)
  return asker
}

const told = (asker: Person, text: string): boolean => asker.told.some(line => line.text.includes(text))

/** That the host is named, with what shows it. */
function assertRecognised(asker: Person, preset: Preset, language: Language): void {
  const { known, evidence } = setupWords[language].server
  const line = asker.told.find(({ text }) => text.startsWith(known(preset.name[language])))?.text
  assert.ok(line, preset.id)
  const shown = Object.values(evidence).map(words => words('', '\u0000').split('\u0000')[1] ?? '')
  assert.ok(
    shown.some(end => line.split('\n')[1]?.endsWith(end)),
    line,
  )
}

/** What is said after the last refusal: the host's own kind of password and form of user name, where they are known. */
function assertAdvice(asker: Person, refusedBy: Found, language: Language): void {
  const { passwords, userForms } = setupWords[language].login
  const { preset, userForm } = refusedBy
  assert.ok(preset)
  if (preset.password !== undefined)
    assert.ok(told(asker, passwords[preset.password].refused(preset.name[language])), preset.password)
  if (userForm !== undefined) assert.ok(told(asker, userForms[userForm](preset.name[language])), userForm)
}

describe('hikyaku setup at the hosts that people have', { skip }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-hosts-'))
    const names = new Set(hostZones.flatMap(zone => serversOf(zone).map(([, host]) => host)))
    const { ca, good } = await makeCertificates(join(folder, 'tls'), [...names])
    caFile = ca.certFile
    imap = await startImapServer({ users: {}, tls: { mode: 'implicit', cert: good.cert, key: good.key } })
    const tls = { cert: good.cert, key: good.key }
    pop3 = [
      await startPop3Server({ users: {}, tls }),
      await startPop3Server({ users: {}, tls: { ...tls, stls: true } }),
    ]
    undo = leadHostsTo({ 993: imap.port, 995: pop3[0].port, 110: pop3[1].port })
  })
  after(async () => {
    undo()
    await imap.stop()
    for (const server of pop3) await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  for (const [index, zone] of hostZones.entries()) {
    const language = index % 2 === 0 ? 'ja' : 'en'
    const preset = zone.preset === undefined ? undefined : presetById(zone.preset)
    const [first] = serversOf(zone)
    it(`${zone.host} (${language})`, async () => {
      const words = setupWords[language]
      if (preset === undefined) {
        const script: Script = [
          ['provider', ''],
          ['protocol', ''],
          ['host', leave],
        ]
        const asker = await setUp(zone, script, language)
        assert.ok(told(asker, words.server.panel))
        return
      }
      if (zone.oauthOnly === true) {
        const asker = await setUp(zone, [['oauth-only', '']], language)
        assertRecognised(asker, preset, language)
        assert.ok(told(asker, words.server.oauthOnly(preset.name[language])))
        assert.deepEqual(takeRefused(), [])
        return
      }
      if (zone.signsIn === true) {
        const script: Script = [
          ['server', ''],
          ['oauth-client-id', leave],
        ]
        const asker = await setUp(zone, script, language)
        assertRecognised(asker, preset, language)
        assert.ok(told(asker, words.oauth.register.microsoft))
        assert.deepEqual(takeRefused(), [])
        return
      }
      if (first === undefined) {
        const script: Script = [
          ['protocol', ''],
          ['host', leave],
        ]
        const asker = await setUp(zone, script, language)
        assertRecognised(asker, preset, language)
        assert.equal(asker.asked.at(-1), `host: ${preset.askHost?.[language]}`)
        return
      }
      const { candidates } = await lookUp(zone)
      const script: Script = [
        ['server', ''],
        ...(zone.user === undefined ? [['user', 'the-account'] as const] : []),
        ['password-file', 'wrong'],
        ['correct', leave],
      ]
      const asker = await setUp(zone, script, language)
      assertRecognised(asker, preset, language)
      const tried = words.login.trying(first[1], Number(first[2]))
      assert.equal(
        asker.told.find(({ text }) => text.startsWith(tried.slice(0, 4)) && text === tried)?.text,
        tried,
      )
      const products = candidates.filter(({ protocol }) => protocol === first[0])
      // One login for each product, with the user name that the host takes, over TLS under its real name.
      assert.deepEqual(
        takeRefused(),
        products.map(() => zone.user ?? 'the-account'),
      )
      const last = products.at(-1)
      assert.ok(last)
      assertAdvice(asker, last, language)
      // What cannot be tried by itself is named: another product's server, or its other protocol.
      for (const id of preset.alsoTry) {
        const product = presetById(id)
        assert.ok(product)
        if (!products.some(found => found.preset?.id === id))
          assert.ok(told(asker, product.name[language]), id)
      }
    })
  }
})
