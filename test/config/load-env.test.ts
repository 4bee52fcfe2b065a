import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigFault, type Problem } from '../../src/base/problem.ts'
import { readEnvironment } from '../../src/config/env.ts'
import { variables } from '../../src/config/settings.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { makeCertificates, needsOpenssl } from '../servers/certificates.ts'
import { folder, kinds, least, load, passwordOf, problemsOf } from './load-helpers.ts'

test('seven variables are enough, and the rest has the promised defaults', async () => {
  const config = await load(least)
  const [mailbox] = config.mailboxes
  assert.equal(mailbox?.name, 'shop@example.jp')
  assert.deepEqual(mailbox?.server, {
    host: 'mail.example.jp',
    port: 993,
    security: 'tls',
    caFile: undefined,
    pinnedSha256: undefined,
  })
  assert.deepEqual(mailbox?.folders, [{ name: 'INBOX', to: 'inbox', labels: [] }])
  assert.deepEqual(mailbox?.afterImport, { do: 'keep' })
  assert.deepEqual(mailbox?.startFrom, { from: 'all' })
  assert.equal(mailbox?.schedule, '*/5 * * * *')
  assert.equal(mailbox?.account, config.accounts[0]?.name)
  assert.equal(config.accounts[0]?.address, 'me')
  assert.equal(config.stateDir, '/home/owner/.local/state/hikyaku')
  assert.equal(config.endpoints.apiRoot, 'https://gmail.googleapis.com')
  assert.equal(await passwordOf(config)?.reveal(), 'open-sesame')
})

test('POP3 has one nameless folder and is looked at every minute', async () => {
  const [mailbox] = (await load({ ...least, MAIL_PROTOCOL: 'POP3' })).mailboxes
  assert.deepEqual(mailbox?.folders, [{ name: '', to: 'inbox', labels: [] }])
  assert.equal(mailbox?.schedule, '* * * * *')
})

test('the port follows the protocol and the security unless it is given', async () => {
  const port = async (protocol: string, security: string, given?: string): Promise<number | undefined> => {
    const host = security === 'none' ? '127.0.0.1' : 'mail.example.jp'
    const env = {
      ...least,
      MAIL_PROTOCOL: protocol,
      MAIL_SECURITY: security,
      MAIL_HOST: host,
      MAIL_PORT: given,
    }
    return (await load(env)).mailboxes[0]?.server.port
  }
  assert.equal(await port('imap', 'tls'), 993)
  assert.equal(await port('imap', 'starttls'), 143)
  assert.equal(await port('imap', 'none'), 143)
  assert.equal(await port('pop3', 'tls'), 995)
  assert.equal(await port('pop3', 'starttls'), 110)
  assert.equal(await port('pop3', 'none', '11110'), 11_110)
})

test('an empty environment is told everything that is missing in one fault, in the order of .env.example', async () => {
  const thrown = await load({}).catch(error => error)
  assert.ok(thrown instanceof ConfigFault)
  assert.equal(thrown.exitCode, 78)
  assert.deepEqual(kinds(thrown.problems), [
    'MAIL_PROTOCOL missing',
    'MAIL_HOST missing',
    'MAIL_USER missing',
    'MAIL_PASSWORD missing-secret',
    'GOOGLE_CLIENT_ID missing',
    'GOOGLE_CLIENT_SECRET missing-secret',
    'GOOGLE_REFRESH_TOKEN missing-secret',
  ])
  const lines = String(thrown.facts.problems).split('\n')
  assert.equal(lines.length, 7)
  assert.ok(lines.every((line, index) => line.startsWith(thrown.problems[index]?.at ?? '?')))
})

test('each wrong value is named with what was expected, and none hides another', async () => {
  const wrong = {
    ...least,
    MAIL_PROTOCOL: 'smtp',
    MAIL_HOST: 'https://mail.example.jp',
    MAIL_PORT: '0',
    MAIL_SECURITY: 'ssl',
    MAIL_CERT_SHA256: 'abc',
    MAIL_FOLDERS: 'INBOX,Junk:rubbish',
    GMAIL_ACCOUNT: 'nobody',
    GMAIL_LABELS: 'ok,Sent',
    GMAIL_ARCHIVE: 'perhaps',
    GMAIL_INTERNAL_DATE_SOURCE: 'now',
    GMAIL_UNITS_PER_MINUTE: '1',
    GMAIL_IMPORTS_IN_FLIGHT: '4',
    AFTER_IMPORT: 'delete-after:soon',
    START_FROM: '2026-02-30',
    SCHEDULE: 'every minute',
    WHEN_OUTCOME_UNKNOWN: 'shrug',
    WHEN_REFUSED: 'drop',
    VERIFY: '2',
    FORWARDING_ADDRESS: 'http://x',
    ALERT_AFTER_MINUTES: '-1',
    ALERT_WEBHOOK: 'ntfy.sh/topic',
    GMAIL_API_ROOT: 'http://gmail.example.com',
    LOG_LEVEL: 'loud',
    LOG_FORMAT: 'xml',
    HIKYAKU_LANG: 'fr',
    HIKYAKU_VAULT: 'drawer',
  }
  const places = (await problemsOf(wrong)).map(problem => problem.at)
  assert.deepEqual(
    places,
    Object.keys(wrong)
      .filter(name => !Object.hasOwn(least, name) || name === 'MAIL_PROTOCOL' || name === 'MAIL_HOST')
      .sort((a, b) => variables.findIndex(v => v.name === a) - variables.findIndex(v => v.name === b)),
  )
})

test('every problem is one line in each language, with the variable first and the value that was given', async () => {
  const thrown = await load({ ...least, MAIL_PORT: '70000', SCHEDULE: 'x\u001b[2J' }).catch(error => error)
  for (const language of ['en', 'ja'] as const) {
    const lines = describeFault(thrown, language).what.split('\n').slice(1)
    assert.equal(lines.length, 2)
    assert.match(lines[0] ?? '', /MAIL_PORT.*65535.*70000/)
    assert.match(lines[1] ?? '', /SCHEDULE.*x\\x1b\[2J/)
  }
})

test('an unencrypted connection is allowed to this computer only', async () => {
  for (const host of ['127.0.0.1', '127.8.8.8', 'localhost', '[::1]', '::1'])
    assert.deepEqual(await problemsOf({ ...least, MAIL_HOST: host, MAIL_SECURITY: 'none' }), [], host)
  for (const host of ['mail.example.jp', '10.0.0.1', '127.0.0.1.example.jp', '::2', 'localhost.example.jp'])
    assert.deepEqual(
      kinds(await problemsOf({ ...least, MAIL_HOST: host, MAIL_SECURITY: 'none' })),
      ['MAIL_SECURITY not-loopback'],
      host,
    )
})

test('the forwarding address is an IP address, a server name or an e-mail address', async () => {
  for (const given of ['192.0.2.7', '2001:db8::7', 'sv7.example.jp', 'shop@example.jp']) {
    const { mailboxes } = await load({ ...least, FORWARDING_ADDRESS: given })
    assert.equal(mailboxes[0]?.forwardingAddress, given)
  }
  for (const given of ['sv7 example.jp', 'shop@', 'sv7.example.jp:25', 'a/b'])
    assert.deepEqual(
      kinds(await problemsOf({ ...least, FORWARDING_ADDRESS: given })),
      ['FORWARDING_ADDRESS expected'],
      given,
    )
})

test("Google's endpoints are https, or http to this computer", async () => {
  const config = await load({
    ...least,
    GMAIL_API_ROOT: 'http://127.0.0.1:9999/',
    GOOGLE_TOKEN_URL: 'http://[::1]:1/t',
  })
  assert.equal(config.endpoints.apiRoot, 'http://127.0.0.1:9999')
  assert.equal(config.endpoints.tokenUrl, 'http://[::1]:1/t')
  for (const url of [
    'http://127.0.0.1.evil.example',
    'http://user@127.0.0.1:1',
    'ftp://127.0.0.1',
    'https://a@b',
    'x',
  ])
    assert.deepEqual(
      kinds(await problemsOf({ ...least, GMAIL_API_ROOT: url })),
      ['GMAIL_API_ROOT expected'],
      url,
    )
})

test('an endpoint beyond this computer needs the switch of the tests, which stands in no file', async () => {
  const elsewhere = { ...least, GMAIL_API_ROOT: 'https://gmail.example.com' }
  assert.deepEqual(kinds(await problemsOf(elsewhere)), ['GMAIL_API_ROOT endpoint-elsewhere'])
  for (const url of [
    'https://127.0.0.1.example.com',
    'http://api.localhost',
    'https://[::2]',
    'https://0x7f.1.example',
  ])
    assert.equal((await problemsOf({ ...least, GOOGLE_TOKEN_URL: url })).length, 1, url)
  assert.deepEqual(await problemsOf({ ...least, GMAIL_API_ROOT: 'https://gmail.googleapis.com/' }), [])
  assert.deepEqual(await problemsOf({ ...elsewhere, HIKYAKU_TEST_ENDPOINTS: 'anywhere' }), [])
  const cwd = await folder('HIKYAKU_TEST_ENDPOINTS=anywhere\n')
  assert.deepEqual(kinds(await problemsOf(elsewhere, { cwd })), [
    'GMAIL_API_ROOT endpoint-elsewhere',
    'HIKYAKU_TEST_ENDPOINTS unknown',
  ])
  const all = ['GMAIL_API_ROOT', 'GOOGLE_AUTH_URL', 'GOOGLE_TOKEN_URL', 'GOOGLE_REVOKE_URL']
  const inFile = await folder(all.map(name => `${name}=http://127.0.0.1:1\n`).join(''))
  assert.deepEqual(
    kinds(await problemsOf(least, { cwd: inFile })),
    all.map(name => `${name} process-only`),
  )
})

test('from .env only our own variables are taken', async () => {
  const others = {
    LD_PRELOAD: './evil.so',
    NODE_OPTIONS: '--require ./evil.js',
    PATH: '.',
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=./bus',
    CREDENTIALS_DIRECTORY: '.',
    XDG_CONFIG_HOME: '/tmp/evil',
    XDG_STATE_HOME: '/tmp/evil',
    HOME: '/tmp/evil',
    NODE_EXTRA_CA_CERTS: './ca.pem',
    DATABASE_URL: 'x',
  }
  const ours = {
    MAIL_PORT: '1993',
    MAILBOX_SHOP_EXAMPLE_JP_PASSWORD: 'x',
    GOOGLE_ME_REFRESH_TOKEN_FILE: './t',
  }
  const text = Object.entries({ ...others, ...ours }).map(([name, value]) => `${name}='${value}'\n`)
  const { environment } = await readEnvironment(least, await folder(text.join('')))
  assert.deepEqual(environment.all, { ...least, ...ours })
})

test('folders say where their mail belongs, and a name with a colon or comma stands in quotation marks', async () => {
  const folders = async (text: string) => (await load({ ...least, MAIL_FOLDERS: text })).mailboxes[0]?.folders
  assert.deepEqual(
    await folders('inbox, Junk:spam,Orders:label=注文,"Work: 2026, all":inbox:label="a,b":label=c,Old:label'),
    [
      { name: 'INBOX', to: 'inbox', labels: [] },
      { name: 'Junk', to: 'spam', labels: [] },
      { name: 'Orders', to: 'label', labels: ['注文'] },
      { name: 'Work: 2026, all', to: 'inbox', labels: ['a,b', 'c'] },
      { name: 'Old', to: 'label', labels: [] },
    ],
  )
  for (const text of ['INBOX,', 'A:B', 'A:spam:inbox', '"A', 'A:label=', 'A:label=SENT', 'A:label=Trash'])
    assert.deepEqual(
      kinds(await problemsOf({ ...least, MAIL_FOLDERS: text })),
      ['MAIL_FOLDERS expected'],
      text,
    )
  assert.deepEqual(kinds(await problemsOf({ ...least, MAIL_FOLDERS: 'A,INBOX,inbox' })), [
    'MAIL_FOLDERS twice',
  ])
})

test('what POP3 cannot do is said at the door', async () => {
  const pop3 = { ...least, MAIL_PROTOCOL: 'pop3' }
  assert.deepEqual(
    kinds(await problemsOf({ ...pop3, MAIL_FOLDERS: 'INBOX,Junk:spam', AFTER_IMPORT: 'move:Done' })),
    ['MAIL_FOLDERS folders-need-imap', 'AFTER_IMPORT move-needs-imap'],
  )
  const listening = { ...pop3, MAIL_IDLE_PORT: '993' }
  assert.equal((await load(listening)).mailboxes[0]?.idlePort, 993)
  const [mailbox] = (await load({ ...pop3, MAIL_FOLDERS: 'INBOX:label=Shop' })).mailboxes
  assert.deepEqual(mailbox?.folders, [{ name: '', to: 'label', labels: ['Shop'] }])
})

test('after the import: keep, delete at once, delete later, or move to a folder that is not pulled', async () => {
  const after = async (text: string) =>
    (await load({ ...least, AFTER_IMPORT: text })).mailboxes[0]?.afterImport
  assert.deepEqual(await after('delete'), { do: 'delete', afterMs: 0 })
  assert.deepEqual(await after('delete-after:14d'), { do: 'delete', afterMs: 14 * 86_400_000 })
  assert.deepEqual(await after('delete-after:12h'), { do: 'delete', afterMs: 12 * 3_600_000 })
  assert.deepEqual(await after('move:Archive/Gmail'), { do: 'move', folder: 'Archive/Gmail' })
  assert.deepEqual(kinds(await problemsOf({ ...least, AFTER_IMPORT: 'move:Inbox' })), [
    'AFTER_IMPORT move-into-pulled',
  ])
  for (const text of [
    'remove',
    'delete-after:',
    'delete-after:0d',
    'delete-after:-1d',
    'move:',
    'keep:1d',
    'delete:14d',
  ])
    assert.deepEqual(
      kinds(await problemsOf({ ...least, AFTER_IMPORT: text })),
      ['AFTER_IMPORT expected'],
      text,
    )
})

test('a start date is the first moment of that day on this computer', async () => {
  const [mailbox] = (await load({ ...least, START_FROM: '2026-04-01' })).mailboxes
  assert.deepEqual(mailbox?.startFrom, { from: 'date', atMs: new Date(2026, 3, 1).getTime() })
  for (const text of [
    '2026/4/1',
    '2026年4月1日',
    ' ２０２６／０４／０１ ',
    '2026.04.01',
    '2026 年 4 月 1 日',
  ]) {
    const [same] = (await load({ ...least, START_FROM: text })).mailboxes
    assert.deepEqual(same?.startFrom, mailbox?.startFrom, text)
  }
  for (const text of ['2026-13-01', '2026/2/29', '2026-02-29', '01.04.2026', 'yesterday', '20260401'])
    assert.deepEqual(kinds(await problemsOf({ ...least, START_FROM: text })), ['START_FROM expected'], text)
})

test('a fingerprint is taken with colons, capitals or the word SHA256 in front', async () => {
  const hex = 'ab'.repeat(32)
  const written = `SHA256:${(hex.toUpperCase().match(/../g) ?? []).join(':')}`
  const [mailbox] = (await load({ ...least, MAIL_CERT_SHA256: written })).mailboxes
  assert.equal(mailbox?.server.pinnedSha256, hex)
})

test('an extra authority must be a readable PEM certificate', { skip: needsOpenssl() }, async () => {
  const cwd = await folder()
  const { ca, good } = await makeCertificates(join(cwd, 'certificates'))
  await writeFile(join(cwd, 'two.pem'), `# two of them\n${ca.cert}\n${good.cert}`)
  const [mailbox] = (await load({ ...least, MAIL_CA_FILE: 'two.pem' }, { cwd })).mailboxes
  assert.equal(mailbox?.server.caFile, join(cwd, 'two.pem'))
  await writeFile(join(cwd, 'not.pem'), 'hello')
  await writeFile(join(cwd, 'broken.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  for (const [file, kind] of [
    ['./not.pem', 'not-pem'],
    ['./broken.pem', 'not-pem'],
    ['./none.pem', 'file'],
    ['.', 'file'],
  ])
    assert.deepEqual(kinds(await problemsOf({ ...least, MAIL_CA_FILE: file }, { cwd })), [
      `MAIL_CA_FILE ${kind}`,
    ])
})

test('the process environment wins over .env, and an empty value means not set', async () => {
  const cwd = await folder(
    'MAIL_HOST=from-file.example\nMAIL_PORT=1993\nGMAIL_LABELS=file\nexport START_FROM=new\n',
  )
  const config = await load(
    { ...least, MAIL_HOST: 'from-process.example', MAIL_PORT: '', GMAIL_LABELS: 'process' },
    { cwd },
  )
  const [mailbox] = config.mailboxes
  assert.equal(mailbox?.server.host, 'from-process.example')
  assert.equal(mailbox?.server.port, 993)
  assert.deepEqual(mailbox?.labels, ['process'])
  assert.deepEqual(mailbox?.startFrom, { from: 'new' })
})

test("a misspelt variable in .env is pointed out, other programs' variables are not", async () => {
  const cwd = await folder(
    'MAIL_PASWORD=x\nSCHEDUEL=x\nMAIL_COLOUR=x\nPORT=3000\nDATABASE_URL=x\nLOG_FILE=x\n',
  )
  const problems = await problemsOf(least, { cwd })
  assert.deepEqual(
    problems.map(problem => [problem.at, problem.kind === 'unknown' ? problem.suggestion : problem.kind]),
    [
      ['MAIL_COLOUR', undefined],
      ['MAIL_PASWORD', 'MAIL_PASSWORD'],
      ['SCHEDUEL', 'SCHEDULE'],
    ],
  )
})

test('a misspelt variable of the process is worth a note, not a fault', async () => {
  const notes: Problem[] = []
  await load(
    { ...least, MAIL_PASWORD: 'x', MAILCHECK: '60', MAIL: '/var/mail/me' },
    { onNote: note => notes.push(note) },
  )
  assert.deepEqual(kinds(notes), ['MAIL_PASWORD unknown'])
})

test('a # in an unquoted value, which would cut a password short, is pointed out', async () => {
  const { MAIL_PASSWORD: _, ...rest } = least
  assert.deepEqual(kinds(await problemsOf(rest, { cwd: await folder('MAIL_PASSWORD=abc#def\n') })), [
    'MAIL_PASSWORD hash',
  ])
  for (const good of [
    "MAIL_PASSWORD='abc#def'\n",
    'MAIL_PASSWORD=abc # a comment\n',
    '#MAIL_PASSWORD=a#b\nMAIL_PASSWORD=c\n',
  ])
    assert.deepEqual(await problemsOf(rest, { cwd: await folder(good) }), [], good)
  const config = await load(rest, { cwd: await folder("MAIL_PASSWORD='abc#def'\n") })
  assert.equal(await passwordOf(config)?.reveal(), 'abc#def')
})

test('a quotation mark that is not closed is pointed out, and what it swallowed is neither used nor shown', async () => {
  const { MAIL_USER: _, ...rest } = least
  const cwd = await folder('MAIL_USER="shop\nMAIL_PASSWORD="swallowed\n')
  const problems = await problemsOf(rest, { cwd })
  assert.deepEqual(kinds(problems), ['MAIL_USER unclosed'])
  assert.doesNotMatch(JSON.stringify(problems), /swallowed/)
})

test('a .env that is not UTF-8 is refused, a byte order mark is not', async () => {
  const cwd = await folder()
  await writeFile(join(cwd, '.env'), Buffer.from([0x4d, 0x3d, 0x82, 0xa0]))
  assert.deepEqual(kinds(await problemsOf(least, { cwd })), ['.env file'])
  await writeFile(join(cwd, '.env'), '\ufeffMAIL_HOST=bom.example\n')
  const { MAIL_HOST, ...rest } = least
  assert.equal((await load(rest, { cwd })).mailboxes[0]?.server.host, 'bom.example', MAIL_HOST)
})

test('a user name without @ is told apart by its server', async () => {
  const [mailbox] = (await load({ ...least, MAIL_USER: 'shop', MAIL_HOST: 'Mail.Example.JP' })).mailboxes
  assert.equal(mailbox?.name, 'shop@mail.example.jp')
})

test('an international server name becomes its ASCII form', async () => {
  const [mailbox] = (await load({ ...least, MAIL_HOST: 'メール.例え.jp' })).mailboxes
  assert.equal(mailbox?.server.host, 'xn--4dkua4c.xn--r8jz45g.jp')
})

test('the language comes from HIKYAKU_LANG, else from the locale', async () => {
  assert.equal((await load({ ...least, LANG: 'ja_JP.UTF-8' })).language, 'ja')
  assert.equal((await load({ ...least, LANG: 'ja_JP.UTF-8', HIKYAKU_LANG: 'en' })).language, 'en')
  assert.equal((await load({ ...least, LANG: 'C' })).language, 'en')
})

test('state lives where the platform keeps it', async () => {
  const where = async (platform: NodeJS.Platform, env: NodeJS.ProcessEnv) =>
    (await load({ ...least, ...env }, { platform })).stateDir
  assert.equal(await where('linux', { XDG_STATE_HOME: '/x/state' }), '/x/state/hikyaku')
  assert.equal(await where('linux', { XDG_STATE_HOME: 'relative' }), '/home/owner/.local/state/hikyaku')
  assert.equal(await where('darwin', {}), '/home/owner/Library/Application Support/hikyaku')
  assert.equal(await where('win32', { LOCALAPPDATA: 'C:\\L' }), 'C:\\L\\hikyaku')
  assert.equal(await where('linux', { STATE_DIR: '~/mine' }), '/home/owner/mine')
})
