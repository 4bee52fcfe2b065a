/** Whole pulls by an app password: from real sockets to the stand-in for Gmail's IMAP server, whose ledger is the judge. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { sha256 } from '../gmail/append/harness.ts'
import { startAppendWorld } from '../servers/append-world.ts'
import { makeCertificates, needsOpenssl } from '../servers/certificates.ts'
import { countOf, openInProcess } from '../servers/in-process.ts'

const message = (id: string, more = '', text = 'x\r\n'): Buffer =>
  Buffer.from(`From: a@example.net\r\nMessage-ID: <${id}@example.net>\r\n${more}\r\n${text}`)

describe('a pull by an app password', () => {
  test('brings each message once, labelled, and deletes it only then', async () => {
    const world = await startAppendWorld({
      protocol: 'imap',
      env: { AFTER_IMPORT: 'delete', GMAIL_LABELS: '仕事/受信' },
    })
    const mail = ['1', '2', '3'].map(id => message(id))
    for (const octets of mail) await world.source.deliver(octets)
    const app = await openInProcess(world)
    try {
      assert.equal(countOf(await app.pull()).imported, 3)
      countOf(await app.pull())
      assert.deepEqual([...world.imap.stored().keys()].sort(), mail.map(sha256).sort())
      for (const { labels, flags } of world.imap.mail.messages) {
        assert.deepEqual([...labels].sort(), ['\\Inbox', '仕事/受信'])
        assert.equal(flags.has('\\Seen'), false)
      }
      assert.deepEqual(await world.source.stored('INBOX'), [])
      const rows = await app.journal.inStages(app.bridge.mailboxes[0]?.mailbox.name ?? '', ['settled'])
      assert.deepEqual(
        rows.map(({ gmailId }) => gmailId).sort(),
        world.imap.mail.messages.map(({ id }) => id.toString(16)).sort(),
      )
      assert.ok(world.imap.ledger.logins.length <= 2)
      assert.equal(world.gmail.accepted.length, 0)
    } finally {
      await app.close()
      await world.stop()
    }
  })

  for (const [title, octets] of [
    ['with a Message-ID', message('lost')],
    ['without a Message-ID', Buffer.from('Subject: none\r\n\r\nx\r\n')],
    [
      'with a Message-ID that nobody can search for',
      Buffer.from('Message-ID: <\xe4 b@x>\r\n\r\nx\r\n', 'latin1'),
    ],
    ['of bare line feeds', Buffer.from('Subject: bare\n\nx\n')],
  ] as const)
    test(`finds a message whose answer was lost, ${title}, and gives it its labels`, async () => {
      const world = await startAppendWorld({
        protocol: 'imap',
        env: { GMAIL_LABELS: 'work', AFTER_IMPORT: 'delete' },
      })
      await world.source.deliver(octets)
      const app = await openInProcess(world)
      try {
        world.imap.at = ({ verb }) => (verb === 'APPEND' ? { do: 'done-then-cut' } : undefined)
        assert.equal(countOf(await app.pull()).imported, 0)
        world.imap.at = undefined
        // Gmail's index lags: not found is not "not there".
        world.imap.holdIndex()
        world.imap.indexNow()
        app.clock.pass(60_000)
        assert.equal(countOf(await app.pull()).imported, 1)
        assert.deepEqual([...world.imap.stored()], [[sha256(octets), 1]])
        assert.ok(world.imap.mail.messages[0]?.labels.has('work'))
        assert.equal(world.imap.ledger.appended.length, 1)
      } finally {
        await app.close()
        await world.stop()
      }
    })

  test('does not take an index that lags for a message that is not there', async () => {
    const world = await startAppendWorld({ protocol: 'imap' })
    await world.source.deliver(message('slow'))
    const app = await openInProcess(world)
    try {
      world.imap.holdIndex()
      world.imap.at = ({ verb }) => (verb === 'APPEND' ? { do: 'done-then-cut' } : undefined)
      countOf(await app.pull())
      world.imap.at = undefined
      for (let times = 0; times < 2; times += 1) {
        app.clock.pass(40_000)
        assert.equal(countOf(await app.pull()).imported, 0)
      }
      world.imap.indexNow()
      app.clock.pass(40_000)
      assert.equal(countOf(await app.pull()).imported, 1)
      assert.equal(world.imap.ledger.appended.length, 1)
    } finally {
      await app.close()
      await world.stop()
    }
  })

  test('goes on with other mail where one message is too large or holds NUL, and tells of a full account', async () => {
    const world = await startAppendWorld({ protocol: 'pop3', imap: { storageOctets: 3_000 } })
    const [nul, small, big] = [
      message('nul', '', 'a\0b\r\n'),
      message('small'),
      message('big', '', 'y'.repeat(5_000)),
    ]
    for (const octets of [nul, small, big]) await world.source.deliver(octets)
    const app = await openInProcess(world)
    try {
      const attempt = await app.pull()
      assert.equal(attempt.kind === 'failed' ? attempt.fault.code : attempt.kind, 'gmail.storage-full')
      assert.deepEqual([...world.imap.stored().keys()], [sha256(small)])
      const rows = await app.journal.inStages(app.bridge.mailboxes[0]?.mailbox.name ?? '', ['refused'])
      assert.deepEqual(
        rows.map(({ fault }) => fault?.code),
        ['gmail.cannot-append'],
      )
      assert.equal((await world.source.stored('INBOX')).length, 3)
    } finally {
      await app.close()
      await world.stop()
    }
  })

  test('by TLS, and by none whose certificate nobody vouches for', { skip: needsOpenssl() }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-append-'))
    const { good, ca } = await makeCertificates(folder)
    const tls = { cert: await readFile(good.certFile), key: await readFile(good.keyFile) }
    const world = await startAppendWorld({ protocol: 'imap', imap: { tls } })
    await world.source.deliver(message('tls'))
    try {
      const stranger = await world.run(['pull', '--json'])
      assert.equal(stranger.code, 69, stranger.stdout)
      assert.match(stranger.stdout, /gmail\.not-google/)
      assert.equal(world.imap.ledger.commands.length, 0)
      const trusted = await world.run(['pull', '--json', '--now'], {
        env: { NODE_EXTRA_CA_CERTS: ca.certFile },
      })
      assert.equal(trusted.code, 0, trusted.stdout)
      assert.equal(world.imap.mail.messages.length, 1)
    } finally {
      await world.stop()
      await rm(folder, { recursive: true })
    }
  })

  test('by the command: the password in groups of four, and no word of it in what is said', async () => {
    const world = await startAppendWorld({
      protocol: 'imap',
      env: { GMAIL_APP_PASSWORD: 'abcd efgh ijkl mnop', LOG_LEVEL: 'debug' },
    })
    await world.source.deliver(message('cli'))
    try {
      const ended = await world.run(['pull', '--json'])
      assert.equal(ended.code, 0, ended.stderr)
      assert.equal(world.imap.mail.messages.length, 1)
      for (const shown of [(await world.run(['config', 'show'])).stdout, ended.stdout, ended.stderr])
        assert.doesNotMatch(shown, /abcd ?efgh/)
      const inspected = await world.run(['inspect', '1', '--json'])
      assert.equal(inspected.code, 0, inspected.stderr)
      const compared = await world.run(['compare', '--json'])
      assert.equal(compared.code, 0, compared.stdout + compared.stderr)
      const doctor = await world.run(['doctor', '--json'])
      const { checks = [] } = JSON.parse(doctor.stdout)
      const verdicts = Object.fromEntries(
        checks
          .filter(({ check }: { check: string }) => check.startsWith('gmail'))
          .map(({ check, verdict }: { check: string; verdict: string }) => [check, verdict]),
      )
      assert.deepEqual(
        verdicts,
        { gmailLogin: 'ok', gmailFolders: 'ok', gmailStorage: 'ok', gmailLabels: 'ok' },
        doctor.stdout,
      )
    } finally {
      await world.stop()
    }
  })
})
