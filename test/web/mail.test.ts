/** What the page says of each message, and how one is found; whatever strangers wrote into it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { listMonths } from '../../src/web/mail/months.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { until } from '../servers/until.ts'
import { answerOf } from '../servers/world.ts'
import { writeRecords } from './mail-records.ts'
import { type PageWorld, type SignedIn, startPageWorld } from './page.ts'

/** @param octets of Subject, as they stand in the header */
const mailOf = (name: string, subject: string, from = `${name}@sender.example`, lines = 3): Buffer =>
  Buffer.concat([
    Buffer.from(`From: ${from}\r\nMessage-ID: <${name}@sender.example>\r\nSubject: `),
    Buffer.from(subject, 'utf8'),
    Buffer.from(`\r\n\r\n${`Body of ${name}.\r\n`.repeat(lines)}`),
  ])

const shop = mailOf('shop', 'Your order', '=?utf-8?Q?Caf=C3=A9?= <order@shop.example>')
const shopDigest = createHash('sha256').update(shop).digest('hex')

const evil = '<img src=x onerror=alert(1)>"\'&amp;</td></table><script>alert(2)</script>'
/** Subjects as strangers write them, and what is to be on the page of each. */
const subjects: Readonly<Record<string, readonly [subject: string, shown: string]>> = {
  html: [
    evil,
    '&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;amp;&lt;/td&gt;&lt;/table&gt;&lt;script&gt;',
  ],
  bidi: ['invoice\u202egnp.exe\u2066', 'invoice\\u{202e}gnp.exe\\u{2066}'],
  long: [`${'A'.repeat(1024 * 1024)}END`, 'AAAAAAAA'],
  emoji: ['祝 \u{1f389}\u{1f469}\u200d\u{1f680} ok', '祝 \u{1f389}'],
  zero: ['before\0after', 'before\\x00after'],
  encoded: ['=?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=', 'こんにちは'],
  broken: ['=?utf-8?B?!!!?= =?no-such?Q?=ZZ=?= =?utf-8?Q?open', '=?no-such?Q?=ZZ=?='],
  hidden: [
    '=?utf-8?B?PHNjcmlwdD5hbGVydCgzKTwvc2NyaXB0PuKArg==?=',
    '&lt;script&gt;alert(3)&lt;/script&gt;\\u{202e}',
  ],
}

let world: PageWorld
let owner: SignedIn

const show = async (address: string): Promise<string> => {
  const { status, text } = await owner.ask(`${owner.home}${address}`)
  assert.equal(status, 200, text.slice(0, 500))
  return text
}
/** Message-IDs and subjects are not on every row; these are. */
const rowsOf = (text: string): string[] =>
  [...text.matchAll(/<tr role="row" id="row-(\d+)"/g)].map(([, id]) => id ?? '')
const search = async (asked: Readonly<Record<string, string>>): Promise<string[]> =>
  rowsOf(await show(`messages?${new URLSearchParams(asked)}`))

describe('messages on the page', () => {
  before(async () => {
    world = await startPageWorld({
      env: { SCHEDULE: '0 0 1 1 *', MAIL_FOLDERS: 'INBOX,Shop' },
      prepare: ({ source }) => source.imap?.create('Shop'),
    })
    world.gmail.faults.always(
      ({ endpoint, headers }) =>
        endpoint === 'import' &&
        Number(headers['content-length']) > 10_000 &&
        Number(headers['content-length']) < 100_000,
      presets.refused(`${evil} is not right`),
    )
    for (const [name, [subject]] of Object.entries(subjects))
      await world.source.deliver(mailOf(name, subject))
    await world.source.deliver(shop, 'Shop')
    await world.source.deliver(mailOf('refused', 'Refused', 'x@sender.example', 2000))
    await until(() => world.gmail.accepted.length === Object.keys(subjects).length + 1, 'mail is in Gmail')
    owner = await world.signIn()
    await until(async () => (await search({ q: 'order' })).length === 1, 'all was seen')
    await until(async () => (await search({ stage: 'waiting' })).length === 1, 'one is put off')
    await writeRecords(world.stateDir, [
      { senderDomain: evil, cost: 'lost' },
      { senderDomain: 'bidi\u202e.example', cost: 'lost', stamped: `${evil}\u202e` },
      { senderDomain: 'bidi\u202e.example', cost: 'possibly-lost' },
      { senderDomain: 'a.example', cost: 'spam' },
      { senderDomain: 'a.example', cost: 'softfail' },
      { senderDomain: 'a.example', cost: 'none' },
      { senderDomain: 'b.example', cost: 'unknown' },
    ])
  })
  after(() => world?.stop())

  it('shows From and Subject of what passed, decoded, bounded, and harmless', async () => {
    const text = await show('messages')
    for (const [name, [, shown]] of Object.entries(subjects))
      assert.ok(text.includes(shown), `${name}: ${shown}`)
    assert.ok(text.includes('Café &lt;order@shop.example&gt;'))
    assert.doesNotMatch(text, /<img|<script>|alert\(1\)"|\u202e|\u2066|\0/)
    assert.ok(text.length < 100_000, `${text.length} characters`)
    assert.ok(!text.includes('A'.repeat(300)))
    assert.match(text, /From and Subject are shown of what came since hikyaku started \(/)
  })

  it('writes neither From nor Subject to the disk', () => {
    for (const name of readdirSync(world.stateDir, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue
      const octets = readFileSync(join(name.parentPath, name.name))
      for (const secret of ['Your order', 'order@shop.example', 'こんにちは', 'GyRCJDMkcyRLJEEkTxsoQg'])
        assert.equal(octets.indexOf(secret), -1, `${secret} in ${name.name}`)
    }
  })

  it('shows what the server wrote, what was found, and what a forward would have done', async () => {
    const text = await show('messages')
    assert.match(text, /SPF <span class="good">pass<\/span>/)
    assert.match(text, /DKIM <span class="good">pass<\/span> <abbr title="[^"]+">\(\?\)<\/abbr>/)
    assert.match(text, /SPF <span class="bad">softfail<\/span>/)
    assert.match(text, /DMARC <span class="bad">fail<\/span>/)
    assert.match(text, /DMARC <span class="faint">&lt;img src=x onerror=…<\/span>/)
    for (const mark of [
      '✖ </span>lost',
      '? </span>maybe lost',
      '▲ </span>spam folder',
      '✓ </span>would arrive',
    ])
      assert.ok(text.includes(mark), mark)
  })

  it('finds a message by its names, its words and where it stood, and shows why it does not come', async () => {
    const [row = ''] = await search({ folder: 'Shop' })
    const gmailId = world.gmail.accepted.find(({ sha256 }) => sha256 === shopDigest)?.id ?? ''
    for (const q of [
      '<shop@sender.example>',
      'shop@sender.example',
      gmailId,
      shopDigest,
      shopDigest.slice(0, 12),
      'order',
      'YOUR ORDER',
      'ｏｒｄｅｒ',
      'café',
    ])
      assert.deepEqual(await search({ q }), [row], q)
    assert.equal((await search({ folder: 'INBOX' })).length, Object.keys(subjects).length)
    assert.equal((await search({ domain: 'A.example' })).length, 3)
    assert.deepEqual(await search({ q: 'order', folder: 'INBOX' }), [])
    const refused = await show('messages?stage=waiting')
    assert.equal(rowsOf(refused).length, 1)
    assert.match(refused, /refused@sender\.example/)
    assert.ok(refused.includes('&lt;img src=x'))
    assert.deepEqual(await search({ q: '<refused@sender.example>' }), rowsOf(refused))
    for (const stage of ['merged', 'refused', 'ignored', 'gone'])
      assert.deepEqual(await search({ stage }), [], stage)
    const today = new Date()
    const day = `${today.getFullYear()}-${String(today.getMonth() + 1).padStart(2, '0')}-${String(today.getDate()).padStart(2, '0')}`
    assert.equal((await search({ from: '2020-01-01', until: day })).length, Object.keys(subjects).length + 1)
    assert.deepEqual(await search({ until: '2020-01-01' }), [])
    assert.deepEqual(await search({ mailbox: 'nobody' }), [])
  })

  it('bounds and escapes what is asked for', async () => {
    for (const q of [evil, '\u202e', '\0', '%', "' OR 1=1 --", '"*', 'x'.repeat(1000), '('.repeat(200)]) {
      const text = await show(
        `messages?${new URLSearchParams({ q, folder: q, domain: q, mailbox: q, from: q, before: q, stage: q })}`,
      )
      assert.doesNotMatch(text, /<img|<script>|alert\(2\)<\/script>/)
      assert.ok(text.length < 20_000)
      assert.deepEqual(rowsOf(text), [])
    }
  })

  it('says what forwarding would have lost this month: the figures of `hikyaku report`', async () => {
    const { rows, total } = answerOf(await world.run(['report', '--days', '1', '--json'])) as unknown as {
      rows: readonly Record<string, number | string>[]
      total: Record<string, number>
    }
    assert.deepEqual(
      [total.messages, total.lost, total.possiblyLost, total.spam, total.softfail, total.notKnown],
      [6, 2, 1, 1, 1, 3],
    )
    // It may be over since.
    const [month] = listMonths(undefined, world.gmail.accepted[0]?.atMs ?? 0)
    const text = await show(`forwarding?month=${month.name}`)
    const lines = [...text.matchAll(/<tr[^>]*><th scope="row">([\s\S]*?)<\/th>([\s\S]*?)<\/tr>/g)].map(
      ([, name = '', cells = '']) => [
        name,
        ...[...cells.matchAll(/>(\d+)</g)].map(([, count]) => Number(count)),
      ],
    )
    const figures = (row: Readonly<Record<string, number | string>>) => [
      row.messages,
      row.lost,
      row.possiblyLost,
      row.spam,
      row.softfail,
    ]
    assert.deepEqual(
      lines.slice(0, -1).map(([, ...counts]) => counts),
      rows.map(figures),
    )
    assert.deepEqual(lines.at(-1), ['Total', ...figures(total)])
    assert.equal(lines[0]?.[0], 'bidi\\u{202e}.example')
    assert.match(text, /For 3 more, what a forward would do is not known/)
    assert.match(text, /aria-label="1 lost, 1 maybe lost, 0 in the spam folder"/)
    assert.doesNotMatch(text, /<img|<script>|\u202e|style=/)
    assert.match(await show('forwarding?month=1999-01&mailbox=%00'), /maybe lost/)
  })

  it('shows at most thirty domains, and the others as one', async () => {
    const { summarize } = await import('../../src/authentication/summary.ts')
    const { forwardingPage } = await import('../../src/web/mail/forwarding-page.ts')
    const { makeReader } = await import('../../src/web/layout.ts')
    const months = listMonths(Date.UTC(2026, 0, 1), Date.UTC(2026, 10, 26))
    assert.ok(months.length >= 11)
    const inputs = Array.from({ length: 50_000 }, (_, n) => ({
      mailbox: '',
      senderDomain: `d${n}.example`,
      cost: 'lost' as const,
    }))
    const summary = summarize(inputs)
    assert.ok(summary.rows.length <= 20_000)
    assert.equal(summary.total.lost, 50_000)
    const page = String(
      await forwardingPage(
        makeReader('ja'),
        { home: 'h', key: 'k' },
        { summary, months, month: months[0], mailbox: undefined, mailboxes: ['a', 'b'] },
      ),
    )
    assert.equal(page.match(/class="bar" role="img"/g)?.length, 30)
    assert.match(page, /<tr id="others">[\s\S]*?>49,970</)
    assert.ok(page.length < 40_000)
  })

  it('is shown neither where KEEP_SUBJECTS says no, nor of what came before hikyaku started', async t => {
    const other = await startPageWorld({ env: { SCHEDULE: '0 0 1 1 *', KEEP_SUBJECTS: 'no' } })
    t.after(() => other.stop())
    await other.source.deliver(mailOf('quiet', 'Nobody reads this'))
    await until(() => other.gmail.accepted.length === 1, 'it is in Gmail')
    const signedIn = await other.signIn()
    const text = async (): Promise<string> => (await signedIn.ask(`${signedIn.home}messages`)).text
    await until(async () => rowsOf(await text()).length === 1, 'it is on the page')
    assert.doesNotMatch(await text(), /Nobody reads this|quiet@sender\.example<\/span>/)
    assert.match(await text(), /because <code>KEEP_SUBJECTS<\/code> is <code>no<\/code>/)
    await world.restart()
    assert.doesNotMatch(await show('messages'), /Your order/)
    assert.match(await show('messages'), /older messages show none/)
  })
})
