/** Whose mail server a domain uses, by what its DNS and its server's certificate say: over a real DNS server. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Discovery, discover } from '../../src/discovery/discover.ts'
import { readSpfNames } from '../../src/discovery/spf.ts'
import { domain, lookUp as look } from './look-up.ts'

const brief = ({ candidates }: Discovery): readonly string[] =>
  candidates.map(({ protocol, host, port, confirm }) =>
    [protocol, `${host}:${port}`, confirm].filter(Boolean).join(' '),
  )

describe('a host is recognised by what the domain says', () => {
  it('takes Xserver’s and Sakura’s very server from SPF where the MX is the domain itself', async () => {
    const xserver = await look({
      mx: [domain],
      txt: [
        'google-site-verification=x',
        `v=spf1 +a:sv1234.xserver.jp +a:${domain} +mx include:spf.sender.xserver.jp ~all`,
      ],
    })
    assert.equal(xserver.preset?.id, 'xserver')
    assert.deepEqual(brief(xserver), ['imap sv1234.xserver.jp:993', 'pop3 sv1234.xserver.jp:995'])
    assert.deepEqual(xserver.candidates[0]?.evidence, { by: 'spf', name: 'sv1234.xserver.jp' })
    const sakura = await look({ mx: [domain], txt: ['v=spf1 a:www3579.sakura.ne.jp mx ~all'] })
    assert.equal(sakura.preset?.id, 'sakura')
    assert.equal(brief(sakura)[0], 'imap www3579.sakura.ne.jp:993')
  })

  it('knows the host where no record names the server, and proposes none', async () => {
    const found = await look({ mx: [domain], txt: ['v=spf1 +mx include:spf.sender.xserver.jp ~all'] })
    assert.equal(found.preset?.id, 'xserver')
    assert.deepEqual(found.evidence, { by: 'spf', name: 'spf.sender.xserver.jp' })
    assert.deepEqual(brief(found), [])
  })

  it('takes the server from the certificate that mail.<domain> shows', async () => {
    const certificate = { names: ['sv77.xserver.jp', 'www.sv77.xserver.jp'], holds: false }
    const found = await look({ mx: [domain], certificate })
    assert.deepEqual(brief(found), ['imap sv77.xserver.jp:993', 'pop3 sv77.xserver.jp:995'])
    assert.deepEqual(found.evidence, { by: 'certificate', name: 'sv77.xserver.jp' })
    const wildcard = await look({ mx: [domain], certificate: { names: ['*.xserver.jp'], holds: false } })
    assert.equal(wildcard.preset?.id, 'xserver')
    assert.deepEqual(brief(wildcard), [], 'a wildcard names no server')
  })

  it('proposes a server under the domain’s own name where its certificate holds', async () => {
    const certificate = { names: [`mail.${domain}`, domain], holds: true }
    const found = await look({ mx: [domain], certificate })
    assert.deepEqual([found.preset, brief(found)], [undefined, [`imap mail.${domain}:993`]])
  })

  it('believes the MX before SPF, in which the host of long ago may still stand', async () => {
    const txt = ['v=spf1 +a:sv1234.xserver.jp include:_spf.example.net ~all']
    const moved = await look({ mx: ['mx01.lolipop.jp'], txt })
    assert.equal(moved.preset?.id, 'lolipop')
    const elsewhere = await look({ mx: ['aspmx.l.unknown.example'], txt })
    assert.equal(elsewhere.preset?.id, 'xserver')
    assert.deepEqual(brief(elsewhere), [
      'imap sv1234.xserver.jp:993 mx-elsewhere',
      'pop3 sv1234.xserver.jp:995 mx-elsewhere',
    ])
  })

  it('sends nobody to a server that a record names beside a host’s own', async () => {
    for (const txt of [
      'v=spf1 a:evil.example include:spf.sender.xserver.jp ~all',
      'v=spf1 a:sv1.xserver.jp.evil.example ~all',
      'v=spf1 a:sv1.xserver.jp/../evil.example ~all',
      'v=spf1 a:evil.vs.sakura.ne.jp ~all',
      'v=spf1 a:sv1%{i}.xserver.jp ~all',
      'v=spf1 -a:sv1.xserver.jp ~all',
    ])
      assert.deepEqual(
        brief(await look({ mx: [domain], txt: [txt] })).filter(line => !/ sv1\.xserver\.jp:/.test(line)),
        [],
        txt,
      )
  })

  it('marks an SRV record that leads out of the domain, but to a known host (RFC 6186 section 6)', async () => {
    const leads = async (host: string): Promise<readonly string[]> =>
      brief(await look({ srv: ['_imaps._tcp', host, 993] }))
    assert.deepEqual(await leads('mail.shop.example'), ['imap mail.shop.example:993'])
    assert.deepEqual(await leads('imap.gmx.net'), ['imap imap.gmx.net:993'])
    assert.deepEqual(await leads('mail.evil.example'), ['imap mail.evil.example:993 other-domain'])
    assert.deepEqual(await leads('mail.notshop.example'), ['imap mail.notshop.example:993 other-domain'])
  })

  it('takes the account’s own name for iCloud on an own domain, and the local part for its addresses', async () => {
    const own = await look({ mx: ['mx01.mail.icloud.com'] })
    assert.equal(own.candidates[0]?.userForm, 'account-name')
    const theirs = await look({ address: 'me@icloud.com' })
    assert.equal(theirs.candidates[0]?.userForm, 'local-part')
  })
})

describe('what strangers say', () => {
  it('is cut, and what is no name of a host is left out', async () => {
    const resolver = {
      resolveMx: async () =>
        Array.from({ length: 5_000 }, (_, n) => ({ exchange: `mx${n}.example.`, priority: 5_000 - n })),
      resolveTxt: async () => [
        ...Array.from({ length: 500 }, (_, n) => [`text ${n}`]),
        [`v=spf1 a:\u001b[31m.xserver.jp a:${'x'.repeat(300)}.example a:ok.example a:<b>.example ~all`],
      ],
      resolveSrv: async () =>
        Array.from({ length: 500 }, (_, n) => ({
          name: `s${n}.${domain}`,
          port: 993,
          priority: n,
          weight: 0,
        })),
    }
    const certificate = {
      names: [
        '\u001b[2J',
        '*',
        '*.*.xserver.jp',
        '..',
        ...Array.from({ length: 500 }, (_, n) => `c${n}.example`),
      ],
      holds: false,
    }
    const found = await discover(`info@${domain}`, {
      resolver,
      fetcher: async () => undefined,
      readCertificate: async () => certificate,
    })
    assert.equal(found.preset, undefined)
    assert.deepEqual(found.names.spf, ['ok.example'])
    assert.ok(found.names.exchangers.length <= 20 && found.names.certificates.length <= 20)
    assert.ok(found.candidates.length <= 12)
    for (const name of [...found.names.exchangers, ...found.names.certificates])
      assert.match(name, /^(\*\.)?[a-z0-9.-]+$/)
  })

  it('does not make a server of a name that is only like a host’s own', async () => {
    for (const name of [
      ...['sv1234.xserver.jp.evil.example', 'xsv1234.xserver.jp', 'sv1234.xserver.jp@evil.example'],
      ...[
        'sv1234\u2024xserver.jp',
        'sv12a.xserver.jp',
        'mail1004.conoha.ne.jp.example',
        'www1.sakura.ne.jp:993',
      ],
    ])
      for (const told of [
        { mx: [domain], txt: [`v=spf1 a:${name} ~all`] },
        { mx: [domain], certificate: { names: [name], holds: false } },
      ])
        assert.deepEqual((await look(told)).candidates, [], name)
  })
})

describe('the names in an SPF record', () => {
  it('are those of mechanisms that pass, and of a redirect (RFC 7208 sections 5 and 6.1)', () => {
    const record =
      'v=spf1 +a:One.example ?a:two.example ~a:three.example -a:four.example a mx ip4:192.0.2.1 ' +
      'mx:five.example/24 a:six.example/24//64 exists:%{i}.seven.example include:_spf.eight.example. a:nine ' +
      'redirect=ten.example'
    assert.deepEqual(readSpfNames([[record.slice(0, 60), record.slice(60)]]), [
      ...['one.example', 'five.example', 'six.example', '_spf.eight.example', 'ten.example'],
    ])
  })

  it('are none where there is no record, more than one, or one that is nobody’s honest one', () => {
    const one = 'v=spf1 a:one.example ~all'
    assert.deepEqual(readSpfNames([]), [])
    assert.deepEqual(readSpfNames([['v=spf10 a:one.example']]), [])
    assert.deepEqual(readSpfNames([[one], [one]]), [])
    assert.deepEqual(readSpfNames([[`${one}${' a:x.example'.repeat(2_000)}`]]), [])
    const many = `v=spf1${Array.from({ length: 100 }, (_, n) => ` a:s${n}.example`).join('')}`
    assert.ok(readSpfNames([[many]]).length <= 50)
    assert.deepEqual(readSpfNames([[one], ['other text']]), ['one.example'])
  })
})
