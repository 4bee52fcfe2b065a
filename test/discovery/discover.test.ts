import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Discovery,
  discover,
  domainOf,
  type Fetcher,
  type Found,
  type Resolver,
  userNameFor,
} from '../../src/discovery/discover.ts'

interface World {
  readonly mx?: readonly string[]
  readonly txt?: readonly string[]
  readonly srv?: Readonly<Record<string, readonly [string, number]>>
  readonly files?: Readonly<Record<string, string | Error>>
}

const absent = (): Promise<never> => Promise.reject(Object.assign(new Error('none'), { code: 'ENOTFOUND' }))

function worldOf(world: World): { resolver: Resolver; fetcher: Fetcher; asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    resolver: {
      resolveMx: async () =>
        world.mx === undefined
          ? absent()
          : world.mx.map((exchange, index) => ({ exchange, priority: index })),
      resolveTxt: async () => world.txt?.map(text => [text]) ?? absent(),
      resolveSrv: async name => {
        const record = world.srv?.[name]
        return record === undefined
          ? absent()
          : [{ name: record[0], port: record[1], priority: 0, weight: 0 }]
      },
    },
    fetcher: async url => {
      asked.push(url.href)
      const file = world.files?.[url.host]
      if (file instanceof Error) throw file
      return file
    },
  }
}

const look = (world: World, address = 'info@shop.example'): Promise<Discovery> =>
  discover(address, worldOf(world))

const brief = ({ candidates }: Discovery): string[] =>
  candidates.map(found => `${found.protocol} ${found.host}:${found.port} ${found.security} ${found.origin}`)

const autoconfig = (servers: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<!-- made by a panel -->
<clientConfig version="1.1">
  <emailProvider id="shop.example"><domain>shop.example</domain>
    <displayName>Shop &amp; Sons</displayName>
    ${servers}
    <outgoingServer type="smtp"><hostname>smtp.shop.example</hostname><port>465</port></outgoingServer>
  </emailProvider>
</clientConfig>`

const server = (type: string, host: string, port: number, socket: string, user = '%EMAILADDRESS%'): string =>
  `<incomingServer type="${type}"><hostname>${host}</hostname><port>${port}</port><socketType>${socket}</socketType>` +
  `<username>${user}</username><authentication>password-cleartext</authentication></incomingServer>`

describe('discovery from an address', () => {
  it('knows the host by its MX, and what it takes as user name', async () => {
    const kagoya = await look({ mx: ['dmail.kagoya.net.'] })
    assert.equal(kagoya.preset?.id, 'kagoya')
    assert.deepEqual(kagoya.candidates, [], 'the server is the customer’s own: it must be asked')
    assert.equal(userNameFor('info@shop.example', kagoya.preset?.userForm), undefined)
    const lolipop = await look({ mx: ['mx01.lolipop.jp'] })
    assert.deepEqual(brief(lolipop), [
      'imap imap.lolipop.jp:993 tls preset',
      'pop3 pop.lolipop.jp:995 tls preset',
    ])
  })

  it('takes the customer’s own server from the MX where that is one', async () => {
    assert.deepEqual(brief(await look({ mx: ['sv1234.xserver.jp'] })), [
      'imap sv1234.xserver.jp:993 tls preset',
      'pop3 sv1234.xserver.jp:995 tls preset',
    ])
    assert.deepEqual(brief(await look({ mx: ['mx.xserver.jp'] })), [])
  })

  it('prefers IMAP, then TLS, then the surer origin, and shows nothing twice', async () => {
    const found = await look({
      srv: {
        '_imaps._tcp.shop.example': ['mail.shop.example', 993],
        '_imap._tcp.shop.example': ['mail.shop.example.', 143],
        '_pop3s._tcp.shop.example': ['mail.shop.example', 995],
      },
      files: {
        'autoconfig.shop.example': autoconfig(
          server('pop3', 'pop.%EMAILDOMAIN%', 995, 'SSL') +
            server('imap', 'mail.shop.example', 993, 'SSL', '%EMAILLOCALPART%'),
        ),
      },
    })
    assert.deepEqual(brief(found), [
      'imap mail.shop.example:993 tls autoconfig',
      'imap mail.shop.example:143 starttls srv',
      'pop3 pop.shop.example:995 tls autoconfig',
      'pop3 mail.shop.example:995 tls srv',
    ])
    assert.deepEqual(
      found.candidates.map(({ userForm }) => userForm),
      ['local-part', undefined, 'address', undefined],
    )
    assert.equal(userNameFor('info@shop.example', 'local-part'), 'info')
  })

  it('shows a server without TLS last and as unusable, never as a choice', async () => {
    const found = await look({
      files: {
        'shop.example': autoconfig(
          server('imap', 'plain.shop.example', 143, 'plain') +
            server('pop3', 'p.shop.example', 110, 'STARTTLS'),
        ),
      },
    })
    assert.deepEqual(
      found.candidates.map(({ host, unusable }) => [host, unusable]),
      [
        ['p.shop.example', undefined],
        ['plain.shop.example', 'no-tls'],
      ],
    )
  })

  it('marks a server that takes no password', async () => {
    const oauth = server('imap', 'imap.shop.example', 993, 'SSL').replace('password-cleartext', 'OAuth2')
    const found = await look({ files: { 'autoconfig.thunderbird.net': autoconfig(oauth) } })
    assert.deepEqual(
      found.candidates.map(({ origin, unusable }) => [origin, unusable]),
      [['ispdb', 'no-password']],
    )
  })

  it('says of a host that takes a sign-in only which the set-up does not know that it cannot be used', async () => {
    const found = await look({ mx: ['mta5.am0.yahoodns.net'] })
    assert.deepEqual(
      found.candidates.map(({ protocol, unusable }) => [protocol, unusable]),
      [
        ['imap', 'no-password'],
        ['pop3', 'no-password'],
      ],
    )
  })

  it('asks over https only, tells Mozilla the domain and nothing of the address, and not even that on request', async () => {
    const world = worldOf({})
    await discover('info@shop.example', world)
    assert.deepEqual(world.asked.sort(), [
      'https://autoconfig.shop.example/mail/config-v1.1.xml?emailaddress=info%40shop.example',
      'https://autoconfig.thunderbird.net/v1.1/shop.example',
      'https://shop.example/.well-known/autoconfig/mail/config-v1.1.xml',
    ])
    const quiet = worldOf({})
    await discover('info@shop.example', { ...quiet, askIspdb: false })
    assert.ok(!quiet.asked.some(url => url.includes('thunderbird')))
  })

  it('tells "nobody answered" from "there is none"', async () => {
    const none = await look({})
    assert.deepEqual([none.candidates, none.unanswered], [[], []])
    const silent = await look({
      files: { 'shop.example': new Error('ECONNREFUSED') },
      mx: ['mx01.lolipop.jp'],
    })
    assert.deepEqual(silent.unanswered, ['well-known'])
    assert.equal(silent.candidates.length, 2)
  })

  it('ends in time when nothing answers, and when it is aborted', async () => {
    const never = (): Promise<never> => new Promise(() => {})
    const resolver: Resolver = { resolveMx: never, resolveTxt: never, resolveSrv: never }
    const options = { resolver, fetcher: never, readCertificate: never }
    const found = await discover('a@shop.example', { ...options, deadlineMs: 50 })
    assert.deepEqual([...found.unanswered].sort(), ['autoconfig', 'ispdb', 'mx', 'spf', 'srv', 'well-known'])
    const signal = AbortSignal.abort(new Error('enough'))
    await assert.rejects(discover('a@shop.example', { resolver, fetcher: never, signal }), /enough/)
  })

  it('takes no nonsense from the network', async () => {
    const nonsense: readonly string[] = [
      '<html><body>404</body></html>',
      '{"imap":true}',
      autoconfig(server('imap', '-x', 993, 'SSL')),
      autoconfig(server('imap', 'a b.example', 993, 'SSL')),
      autoconfig(server('imap', 'mail.example\u001b[31m', 993, 'SSL')),
      autoconfig(server('imap', 'mail.example', 99_999, 'SSL')),
      autoconfig(server('imap', 'mail.example', 993, 'SSL')).slice(0, -20),
      `<!DOCTYPE x [<!ENTITY h "mail.example">]>${autoconfig(server('imap', '&h;', 993, 'SSL'))}`,
      `<clientConfig>${'<a>'.repeat(50)}${'</a>'.repeat(50)}</clientConfig>`,
      `<clientConfig>${'<a/>'.repeat(5_000)}</clientConfig>`,
    ]
    for (const text of nonsense) {
      const found: readonly Found[] = (await look({ files: { 'shop.example': text } })).candidates
      assert.deepEqual(found, [], text.slice(0, 80))
    }
    const dot = await look({ srv: { '_imaps._tcp.shop.example': ['.', 0] } })
    assert.deepEqual(
      dot.candidates,
      [],
      'RFC 6186 section 3.4: a lone dot says that there is no such service',
    )
  })

  it('reads a hostile file in time that grows with its length only', async () => {
    const before = process.threadCpuUsage()
    const attack = `<clientConfig ${'a="b" '.repeat(20_000)}`
    await look({ files: { 'shop.example': attack, 'autoconfig.shop.example': '<!--'.repeat(30_000) } })
    const { user, system } = process.threadCpuUsage(before)
    assert.ok(user + system < 2_000_000, `${user + system} microseconds of the processor`)
  })

  it('understands international domains and refuses what is no address', async () => {
    assert.equal(domainOf('info@日本語.jp'), 'xn--wgv71a119e.jp')
    for (const text of [
      '',
      'shop',
      '@shop.example',
      'a@b',
      'a@127.0.0.1',
      'a b@shop.example',
      'a@x.jp/../y',
      'a@x.jp:25',
    ])
      assert.equal(domainOf(text), text === 'a@x.jp:25' ? 'x.jp' : undefined, text)
    await assert.rejects(look({}, 'nonsense'), RangeError)
  })
})
