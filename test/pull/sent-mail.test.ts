/** Folders that are named by what they are for (RFC 6154), and mail that the owner sent from the host's own programs. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { imapOf, type Play, play, portsOf, pullWith } from '../faults/harness.ts'
import { countOf } from '../servers/in-process.ts'
import { sha256 } from '../servers/source-server.ts'

const message = (name: string, fields = ''): Buffer =>
  Buffer.from(
    `From: owner@example.jp\r\nMessage-ID: <${name}@example.jp>\r\n${fields}Subject: ${name}\r\n\r\n.\r\n`,
  )
const question = message('question')
const answer = message(
  'answer',
  'In-Reply-To: <question@example.jp>\r\nReferences: <question@example.jp>\r\n',
)

/** It is in Gmail once, octet for octet, under these labels and no others. */
async function assertLabels(self: Play, octets: Buffer, ...names: readonly string[]): Promise<void> {
  const imported = self.world.gmail.accepted.filter(each => each.sha256 === sha256(octets))
  const ids = await portsOf(self.app).gmail.labelIds(names, new AbortController().signal)
  assert.deepEqual(
    imported.map(({ labelIds }) => [...labelIds].sort()),
    [[...ids].sort()],
  )
}

const withSent = { protocol: 'imap', more: { MAIL_FOLDERS: 'INBOX,\\Sent:sent' } } as const
/** "Gesendet" of some server, and one that is written in modified UTF-7. */
const names = ['Gesendet', '&kAFP4W4IMH8-', 'INBOX/Sent Items']

describe('mail that the owner sent', () => {
  for (const name of names)
    test(`is found in ${name}, comes under a label of its own, read and not into the inbox`, () =>
      play(withSent, async self => {
        const imap = imapOf(self)
        imap.create(name).uses = ['\\Sent']
        imap.create('Entwürfe').uses = ['\\Drafts']
        await self.deliver(question)
        imap.deliver(name, answer)
        assert.equal(countOf(await self.app.pull()).imported, 2)
        await assertLabels(self, answer, 'Sent mail')
        await assertLabels(self, question, 'INBOX', 'UNREAD')
        const threads = self.world.gmail.messages().map(({ threadId }) => threadId)
        assert.equal(new Set(threads).size, 1, 'the answer stands with what it answers')
        assert.equal(countOf(await self.app.pull()).imported, 0)
      }))

  test('has the label that the settings name, beside those of the mailbox', () =>
    play(
      { protocol: 'imap', more: { MAIL_FOLDERS: 'INBOX,\\sent:sent:label=送信', GMAIL_LABELS: 'shop' } },
      async self => {
        imapOf(self).create('Sent').uses = ['\\Sent']
        imapOf(self).deliver('Sent', answer)
        await self.app.pull()
        await assertLabels(self, answer, 'shop', '送信')
      },
    ))

  test('stays at the source, whatever becomes of the mail that came', () =>
    play({ ...withSent, more: { ...withSent.more, AFTER_IMPORT: 'delete' } }, async self => {
      const imap = imapOf(self)
      imap.create('Sent').uses = ['\\Sent']
      await self.deliver(question)
      imap.deliver('Sent', answer)
      for (let pull = 0; pull < 3; pull += 1) await self.app.pull()
      assert.deepEqual(
        imap.ledger.expunged.map(each => each.folder),
        ['INBOX'],
      )
      assert.equal(imap.folder('Sent')?.messages.length, 1)
    }))

  test('is not looked at unless that is chosen', () =>
    play({ protocol: 'imap' }, async self => {
      imapOf(self).create('Sent').uses = ['\\Sent']
      imapOf(self).deliver('Sent', answer)
      assert.equal(countOf(await self.app.pull()).imported, 0)
      assert.ok(imapOf(self).ledger.commands.every(({ text }) => !/^LIST|Sent/.test(text)))
    }))

  test('is missing where the server tells of no such folder, and the inbox goes on', () =>
    play(withSent, async self => {
      imapOf(self).create('Sent')
      await self.deliver(question)
      const made = await self.app.pull()
      assert.equal(made.kind, 'pulled')
      await assertLabels(self, question, 'INBOX', 'UNREAD')
      const [trouble] = await self.app.journal.troubles.list()
      assert.equal(trouble?.code, 'source.folder-missing')
      assert.match(String(trouble?.facts.folders), /Sent/)
    }))

  test('is found again under another name, and nothing comes twice', () =>
    play(withSent, async self => {
      const imap = imapOf(self)
      const before = imap.create('Sent')
      before.uses = ['\\Sent']
      imap.deliver('Sent', answer)
      await self.app.pull()
      imap.drop('Sent')
      const after = imap.create('Sent Items')
      Object.assign(after, { uses: ['\\Sent'], uidValidity: before.uidValidity, uidNext: before.uidNext })
      after.messages.push(...before.messages)
      imap.resetAll()
      assert.equal(countOf(await pullWith(self.app, {})).imported, 0)
      await assertLabels(self, answer, 'Sent mail')
    }))
})

test('Gmail as a source: all mail is found whatever the language, and its own extensions are left alone', () =>
  play({ protocol: 'imap', more: { MAIL_FOLDERS: '\\All:label=Old account' } }, async self => {
    const imap = imapOf(self)
    for (const [name, uses] of [
      ['[Gmail]/&MFkweTBmMG4w4TD8MOs-', ['\\HasNoChildren', '\\All']],
      ['[Gmail]/&kAFP4W4IMH8w4TD8MOs-', ['\\HasNoChildren', '\\Sent']],
      ['[Gmail]/&j,dg0TDhMPww6w-', ['\\HasNoChildren', '\\Junk']],
    ] as const)
      imap.create(name).uses = uses
    imap.deliver('[Gmail]/&MFkweTBmMG4w4TD8MOs-', question)
    imap.deliver('[Gmail]/&kAFP4W4IMH8w4TD8MOs-', answer)
    assert.equal(countOf(await self.app.pull()).imported, 1)
    await assertLabels(self, question, 'Old account', 'UNREAD')
    assert.ok(imap.ledger.commands.every(({ text }) => !/X-GM|XLIST/i.test(text)))
  }))
