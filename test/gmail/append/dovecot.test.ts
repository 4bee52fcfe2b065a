/** APPEND into a real Dovecot, which has none of Gmail's extensions: what lies on its disk is what counts. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { corpus } from '../../messages/corpus.ts'
import { type DovecotServer, dovecotMissing, startDovecot } from '../../servers/dovecot.ts'
import { requireServer } from '../../servers/required.ts'
import { anImport, faultOf, messageOf, never } from '../scripted.ts'
import { mailOf, openAppend, sha256 } from './harness.ts'

/** Folders for the uses that Gmail's have. */
const specialFolders = `
namespace inbox {
  mailbox AllMail {
    auto = create
    special_use = \\All
  }
  mailbox Muell {
    auto = create
    special_use = \\Junk
  }
  mailbox Papierkorb {
    auto = create
    special_use = \\Trash
  }
}
`

describe('IMAP APPEND into a real Dovecot', { skip: requireServer('dovecot', dovecotMissing()) }, () => {
  let server: DovecotServer

  before(async () => {
    server = await startDovecot({ settings: `${specialFolders}\nmail_save_crlf = yes\n` })
  })
  after(() => server.stop())

  const placeOf = () => ({ host: '127.0.0.1', port: server.ports.imap, security: 'none' }) as const
  const login = () => ({ user: server.user, password: server.password })
  const onDisk = async (folder: string): Promise<string[]> =>
    (await server.maildrop(folder)).map(stored => stored.sha256).sort()

  test('every message of the corpus that a literal can hold lies on the disk octet for octet', async t => {
    const gmail = openAppend(t, placeOf(), login())
    const expected: string[] = []
    for (const { name, octets } of corpus()) {
      const raw = messageOf(octets, 65_536)
      if (octets.includes(0)) {
        const fault = await faultOf(gmail.import(raw, anImport({ labelIds: ['INBOX', 'UNREAD'] }), never))
        assert.equal(fault.code, 'gmail.cannot-append', name)
        continue
      }
      const answer = await gmail.import(raw, anImport({ labelIds: ['INBOX', 'UNREAD'] }), never)
      assert.equal(answer.sentSha256, sha256(octets), name)
      // Dovecot keeps mail in lines of LF: it gives bare CR and LF back in its own way.
      if (!/(^|[^\r])\n|\r(?!\n)/.test(octets.toString('latin1'))) {
        expected.push(sha256(octets))
        assert.deepEqual((await gmail.read(answer.id, never))?.raw, octets, name)
      }
    }
    const stored = await onDisk('INBOX')
    const missing = expected.filter(digest => !stored.includes(digest))
    assert.deepEqual(missing, [])
    assert.ok(expected.length >= 10, String(expected.length))
  })

  test('spam, bin and archive by their use, whatever they are called', async t => {
    const gmail = openAppend(t, placeOf(), login())
    const places = [
      ['SPAM', 'Muell'],
      ['TRASH', 'Papierkorb'],
      ['UNREAD', 'AllMail'],
    ] as const
    for (const [label, folder] of places) {
      const octets = mailOf(folder)
      await gmail.import(messageOf(octets), anImport({ labelIds: [label] }), never)
      assert.deepEqual(await onDisk(folder), [sha256(octets)])
      const [found] = await gmail.findByMessageId(`<${folder}@example.com>`, never)
      assert.deepEqual(found?.raw, octets)
    }
  })

  test('a label cannot be had without X-GM-EXT-1, and is said to be the trouble', async t => {
    const gmail = openAppend(t, placeOf(), login())
    assert.equal((await faultOf(gmail.labelIds(['work'], never))).code, 'gmail.label-refused')
  })

  test('a Message-ID that invites more than a search is one string to Dovecot too', async t => {
    const gmail = openAppend(t, placeOf(), login())
    for (const id of ['a"b@x', 'a b@x', 'a)b(c@x', 'a\\b@x', '{1}@x', 'ALL@x']) {
      const octets = Buffer.from(`Message-ID: <${id}>\r\n\r\nx\r\n`)
      await gmail.import(messageOf(octets), anImport({ labelIds: ['UNREAD'] }), never)
      const found = await gmail.findByMessageId(`<${id}>`, never)
      assert.deepEqual(
        found.map(({ raw }) => raw),
        [octets],
        id,
      )
    }
  })

  test('the wrong password is refused, and the right one is taken afterwards', async t => {
    const wrong = openAppend(t, placeOf(), { ...login(), password: 'no' })
    const fault = await faultOf(
      wrong.import(messageOf(mailOf('w')), anImport({ labelIds: ['INBOX'] }), never),
    )
    assert.equal(fault.code, 'gmail.app-password-refused')
  })

  test('a restart between two messages costs a login and no message', async t => {
    const gmail = openAppend(t, placeOf(), login())
    const put = (id: string) => gmail.import(messageOf(mailOf(id)), anImport({ labelIds: ['UNREAD'] }), never)
    await put('before')
    await server.restart()
    await put('behind')
    const stored = await onDisk('AllMail')
    for (const id of ['before', 'behind'])
      assert.equal(stored.filter(digest => digest === sha256(mailOf(id))).length, 1, id)
  })
})
