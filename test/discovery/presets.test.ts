/** The rows about mail hosts, held to their form: what they say, and that each fact says where it is from. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { allFacts, type Fact } from '../../src/discovery/presets/source.ts'
import { type Preset, presetForDomain, presetForMx, presets, regions } from '../../src/discovery/presets.ts'
import { hostZones } from './zones.ts'

const folder = new URL('../../src/discovery/presets/', import.meta.url)
const forms = ['notes.ts', 'preset.ts', 'source.ts']
const ports = { imap: { tls: 993, starttls: 143 }, pop3: { tls: 995, starttls: 110 } }
const label = '[a-z0-9]([a-z0-9-]*[a-z0-9])?'
const name = new RegExp(`^(${label}\\.)+${label}$`)

/** What a row says, in the words of its sources. */
function factsOf(preset: Preset): readonly Fact[] {
  const says: Readonly<Record<Fact, boolean>> = {
    records: [preset.domains, preset.mx, preset.spf].some(({ length }) => length > 0),
    imap: preset.imap !== undefined || preset.without.includes('imap'),
    pop3: preset.pop3 !== undefined || preset.without.includes('pop3'),
    smtp: preset.smtp !== undefined,
    user: preset.userForm !== undefined || preset.ownDomainUserForm !== undefined,
    password: preset.password !== undefined,
    limit: preset.loginLimit !== undefined,
    folders: preset.spamFolders.length + preset.wantedFolders.length > 0,
    signing: preset.dkim !== undefined || preset.dmarc !== undefined,
    notes: preset.notes.length > 0,
  }
  return allFacts.filter(fact => says[fact])
}

describe('the presets', () => {
  for (const preset of presets)
    it(`${preset.id} is well-formed, and every fact of it has a source, a grade and a date`, () => {
      for (const protocol of ['imap', 'pop3'] as const) {
        const server = preset[protocol]
        if (server === undefined) continue
        assert.match(server.host, /^([a-z0-9.-]+|([a-z0-9-]+\.)*(<domain>|<server>))$/)
        assert.equal(server.port, ports[protocol][server.security])
      }
      if (preset.smtp !== undefined)
        assert.equal(preset.smtp.port, preset.smtp.security === 'tls' ? 465 : 587)
      for (const zone of [...preset.domains, ...preset.mx, ...preset.spf]) assert.match(zone, name)
      const { ownServer, imap, pop3, smtp, askHost } = preset
      const usesOwnServer = [imap, pop3, smtp].some(server => server?.host === '<server>')
      if (usesOwnServer) assert.ok(askHost !== undefined, 'who does not find the server asks for it')
      if (ownServer !== undefined) {
        assert.match(ownServer.source, /^\^.*\$$/, 'a whole name')
        assert.equal(ownServer.flags, '')
        assert.doesNotMatch(ownServer.source, /[+*}]\)?[+*{]|\)[+*{]/, 'no repetition in a repetition')
      }
      for (const [written] of preset.shortServers) assert.match(written.source, /^\^.*\$$/)
      for (const other of preset.alsoTry) assert.ok(presets.some(({ id }) => id === other))
      if (preset.loginLimit !== undefined) {
        const { most, perMs, protocols } = preset.loginLimit
        assert.ok(most >= 1 && perMs >= 60_000 && perMs / most <= 3_600_000 && protocols.length > 0)
      }
      const asked = [preset.askHost, preset.askUser, preset.dkim, preset.dmarc].flatMap(note => note ?? [])
      for (const { en, ja } of [preset.name, ...preset.notes, ...asked]) {
        assert.ok(en.length > 1 && ja.length > 1)
        assert.doesNotMatch(en, /\p{Script=Han}/u)
      }
      for (const { ja } of [...preset.notes, ...[preset.askHost, preset.askUser].flatMap(note => note ?? [])])
        assert.match(ja, /[ぁ-んァ-ン]/)
      const sourced = new Set(preset.sources.flatMap(({ facts }) => facts))
      assert.deepEqual(
        allFacts.filter(fact => sourced.has(fact)),
        factsOf(preset),
      )
      for (const { page, grade, date } of preset.sources) {
        assert.match(date, /^20\d\d(-[01]\d(-[0-3]\d)?)?$/)
        assert.equal(page === undefined, grade === 'seen')
        if (page !== undefined)
          assert.equal(URL.parse(page)?.href.replace(/\/$/, ''), page.replace(/\/$/, ''))
      }
    })

  it('make of a server’s short name, as panels show it, a name that the host alone gives out', () => {
    const written = ['12', 'sv12', 'mail12', 'mas12', 'mss12', 'wx12', 'shop-1', 'pro1', 'ex', 'EX4']
    const hostile = ['evil.example/', '12.evil.example', 'sv12@evil', 'sv1 2', 'sv12\n', '', '$1', '..']
    for (const { id, shortServers, ownServer } of presets)
      for (const [form, host] of shortServers) {
        const fitting = written.filter(text => form.test(text))
        assert.ok(fitting.length > 0, id)
        for (const text of fitting)
          assert.match(text.toLowerCase().replace(form, host), ownServer ?? name, id)
        assert.deepEqual(
          hostile.filter(text => form.test(text)),
          [],
          id,
        )
      }
  })

  it('claim no server of one another', () => {
    const servers = hostZones.flatMap(({ servers }) => servers.match(/\S+\.\S+/g) ?? [])
    for (const host of servers)
      assert.ok(presets.filter(({ ownServer }) => ownServer?.test(host)).length <= 1, host)
  })

  it('have an id each, and no two of them claim one zone', () => {
    for (const claims of [
      presets.map(({ id }) => id),
      presets.map(({ name: { en } }) => en),
      presets.map(({ name: { ja } }) => ja),
      presets.flatMap(({ mx }) => mx),
      presets.flatMap(({ spf }) => spf),
      presets.flatMap(({ domains }) => domains),
    ])
      assert.deepEqual(
        claims.filter((claim, at) => claims.indexOf(claim) !== at),
        [],
      )
  })

  it('of every region are in the list, and a region’s file holds rows and nothing else', async () => {
    const files = (await readdir(folder)).filter(file => !forms.includes(file))
    assert.equal(files.length, Object.keys(regions).length)
    const rows: Preset[] = []
    for (const file of files) {
      const exported = Object.values(await import(new URL(file, folder).href)) as readonly Preset[][]
      assert.equal(exported.length, 1, file)
      rows.push(...(exported[0] ?? []))
      const text = await readFile(new URL(file, folder), 'utf8')
      for (const [, from = ''] of text.matchAll(/^import .*'(.+)'$/gm))
        assert.ok(forms.includes(from.replace('./', '')), `${file}: ${from}`)
      assert.doesNotMatch(text, /\b(function|await|class|process|let)\b/, file)
      // A fact in a word that is none would vanish: every list of words is one of facts.
      for (const [, words = ''] of text.matchAll(
        /\b(?:own|third|ispdb|fairEmail|deltaChat|seen)\([^)]*'([^']*)'\)/g,
      ))
        for (const word of words.split(' '))
          assert.ok(
            allFacts.some(fact => fact === word),
            `${file}: ${word}`,
          )
    }
    assert.deepEqual(new Set(rows), new Set(presets))
  })

  it('are found by whole labels and the longest fit only', () => {
    assert.equal(presetForMx('evilxserver.jp'), undefined)
    assert.equal(presetForMx('SV9.XSERVER.JP.')?.id, 'xserver')
    assert.equal(presetForMx('shop-example.mail.protection.outlook.com')?.id, 'microsoft')
    assert.equal(presetForMx('shop-example.a-v1.mx.microsoft')?.id, 'microsoft')
    assert.equal(presetForMx('ex4.mail.ovh.net')?.id, 'ovh-pro')
    assert.equal(presetForMx('mx1.mail.ovh.net')?.id, 'ovh')
    assert.equal(presetForMx('mx-aol.mail.gm0.yahoodns.net')?.id, 'aol')
    assert.equal(presetForDomain('yahoo.co.jp')?.id, 'yahoo-japan')
    assert.equal(presetForDomain('notyahoo.co.jp'), undefined)
  })
})
