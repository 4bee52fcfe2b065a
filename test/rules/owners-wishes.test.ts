/**
 * What owners of mailboxes asked for in public threads, each as the rules that they would write, on a real Dovecot, with the
 * labels as the Gmail stand-in's own ledger has them. The thread stands in the title.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { type DovecotServer, dovecotMissing, startDovecot } from '../servers/dovecot.ts'
import { countOf, type InProcess } from '../servers/in-process.ts'
import { requireServer } from '../servers/required.ts'
import { type SourceServer, sha256 } from '../servers/source-server.ts'
import { mailWith, other, owner, type RuledWorld, startRuledWorld } from './ruled-world.ts'

const skip = requireServer('dovecot', dovecotMissing())
const password = 'correct horse battery'

interface Delivered {
  readonly name: string
  readonly lines?: readonly string[]
  readonly folder?: string
  readonly flags?: readonly string[]
  readonly octets?: number
  /** The labels in the owner's account, or in `account`; undefined: it stays at the source. */
  readonly labels: readonly string[] | undefined
  readonly account?: string
}

interface Wish {
  readonly user: string
  readonly thread: string
  readonly protocol?: 'pop3'
  readonly more?: object
  readonly rules: readonly object[]
  readonly mail: readonly Delivered[]
}

const usual = ['INBOX', 'UNREAD']

const wishes: readonly Wish[] = [
  {
    user: 'one',
    thread: 'christianbur/getmail#16: a catch-all delivered to the right user by X-Envelope-To',
    rules: [{ recipient: 'taro@example.jp', account: 'taro' }],
    mail: [
      {
        name: '1a',
        lines: ['X-Envelope-To: taro@example.jp', 'To: undisclosed-recipients:;'],
        labels: usual,
        account: other,
      },
      { name: '1b', lines: ['X-Envelope-To: info@example.jp', 'To: taro@example.jp'], labels: usual },
    ],
  },
  {
    user: 'two',
    thread: 'docker-mailserver#1328: user1 and user2 to their own, all to nobody to the webmaster',
    rules: [
      { recipient: 'user1@example.jp', account: 'taro' },
      { recipient: 'user2@example.jp', labels: 'user2' },
      { recipient: '@example.jp', labels: 'webmaster' },
    ],
    mail: [
      { name: '2a', lines: ['To: User One <USER1@Example.JP>'], labels: usual, account: other },
      { name: '2b', lines: ['Cc: user2@example.jp'], labels: [...usual, 'user2'] },
      { name: '2c', lines: ['To: user3@example.jp'], labels: [...usual, 'webmaster'] },
    ],
  },
  {
    user: 'three',
    thread: 'forwardemail/free-email-forwarding#8: some addresses by name, and a catch-all for the rest',
    rules: [
      { recipient: ['hello@example.jp', 'support@example.jp'], labels: 'Named' },
      { recipient: '*', labels: 'Catch-all', archive: 'yes' },
    ],
    mail: [
      { name: '3a', lines: ['To: support+ticket7@example.jp'], labels: [...usual, 'Named'].sort() },
      { name: '3b', lines: ['To: whoever@example.jp'], labels: ['Catch-all', 'UNREAD'] },
    ],
  },
  {
    user: 'four',
    thread: 'mailcow-dockerized#2123: fb@ and twitter@ of a catch-all each in a folder of its own',
    rules: [
      { recipient: 'fb@example.jp', labels: 'Social/fb' },
      { recipient: 'twitter@example.jp', labels: 'Social/twitter' },
    ],
    mail: [
      {
        name: '4a',
        lines: ['X-Original-To: fb@example.jp', 'Delivered-To: four', 'To: list@fb.example'],
        labels: [...usual.slice(0, 1), 'Social/fb', 'UNREAD'],
      },
      { name: '4b', lines: ['To: four@example.jp'], labels: usual },
    ],
  },
  {
    user: 'five',
    thread: 'modoboa#1713, jmap-webmail#76: plus addresses into a folder by what stands behind the plus',
    rules: [
      { recipient: 'five+test@example.jp', labels: 'test' },
      { recipient: 'five+*@example.jp', labels: 'other plus' },
    ],
    mail: [
      { name: '5a', lines: ['To: five+Test@example.jp'], labels: [...usual, 'test'] },
      { name: '5b', lines: ['To: five+shop@example.jp'], labels: [...usual, 'other plus'] },
      { name: '5c', lines: ['To: five@example.jp'], labels: usual },
    ],
  },
  {
    user: 'six',
    thread: 'nicm/fdm#134: large junk from somebody is not downloaded first (IMAP; POP3 cannot tell before)',
    more: { afterImport: 'delete' },
    rules: [{ sender: 'somebody@junk.example', import: 'no' }],
    mail: [
      { name: '6a', lines: ['From: Some Body <somebody@junk.example>'], octets: 2 << 20, labels: undefined },
      { name: '6b', lines: ['From: friend@example.net'], labels: usual },
    ],
  },
  {
    user: 'seven',
    thread: 'getmail6#89: mail that was read at the source already is not fetched',
    rules: [{ flags: 'seen', import: 'no' }],
    mail: [
      { name: '7a', flags: ['\\Seen'], labels: undefined },
      { name: '7b', labels: usual },
    ],
  },
  {
    user: 'eight',
    thread:
      'imapautofiler#8, google/import-mailbox-to-gmail#32: what is flagged keeps its star, answered is nothing, $Junk is spam',
    rules: [],
    mail: [
      { name: '8a', flags: ['\\Flagged', '\\Answered'], labels: ['INBOX', 'STARRED', 'UNREAD'] },
      { name: '8b', flags: ['$Junk'], labels: ['SPAM', 'UNREAD'] },
      { name: '8c', flags: ['$Junk', '$NotJunk', '\\Seen'], labels: ['INBOX'] },
    ],
  },
  {
    user: 'nine',
    thread:
      'Mailpile#57, owncloud/mail#57: mailing lists under a label and out of the inbox; Mailu#913: the host’s spam folder is spam',
    more: { folders: 'INBOX,Spam:spam' },
    rules: [
      { list: 'dev.lists.example.org', labels: 'Lists/dev', archive: 'yes' },
      { list: '*', labels: 'Lists', archive: 'yes' },
    ],
    mail: [
      { name: '9a', lines: ['List-Id: Developers <dev.lists.example.org>'], labels: ['Lists/dev', 'UNREAD'] },
      { name: '9b', lines: ['List-Id: <announce.example.com>'], labels: ['Lists', 'UNREAD'] },
      { name: '9c', folder: 'Spam', labels: ['SPAM', 'UNREAD'] },
    ],
  },
  {
    user: 'ten',
    thread:
      'freescout#4721: only what is written to the alias is fetched; imapsync#122: all but some addresses are left',
    protocol: 'pop3',
    rules: [{ recipient: 'desk@example.jp' }, { everything: 'yes', import: 'no' }],
    mail: [
      { name: '10a', lines: ['Delivered-To: desk@example.jp'], labels: usual },
      { name: '10b', lines: ['To: ten@example.jp'], labels: undefined },
    ],
  },
]

const octetsOf = ({ name, lines = [], octets }: Delivered): Buffer => mailWith(name, lines, octets)

describe('owners’ wishes on a real Dovecot', { skip }, () => {
  let dovecot: DovecotServer
  let ruled: RuledWorld
  let app: InProcess
  before(async () => {
    dovecot = await startDovecot({ users: Object.fromEntries(wishes.map(({ user }) => [user, password])) })
    for (const { user, mail } of wishes) {
      for (const delivered of mail)
        await dovecot.deliver(delivered.folder ?? 'INBOX', octetsOf(delivered), {
          user,
          seen: delivered.flags?.includes('\\Seen') === true,
        })
      await setFlags(dovecot, user, mail)
    }
    const source: SourceServer = {
      protocol: 'imap',
      kind: 'dovecot',
      env: {
        MAIL_PROTOCOL: 'imap',
        MAIL_HOST: dovecot.host,
        MAIL_PORT: String(dovecot.ports.imaps),
        MAIL_SECURITY: 'tls',
        MAIL_CA_FILE: dovecot.caFile,
        MAIL_USER: 'one',
        MAIL_PASSWORD: password,
      },
      deliver: () => Promise.reject(new Error('by user')),
      stored: async () => [],
      ...{ pop3: undefined, imap: undefined, dovecot },
      stop: () => dovecot.stop(),
    }
    ruled = await startRuledWorld({ protocol: 'imap', source })
    await ruled.configure(
      Object.fromEntries(
        wishes.map(({ user, protocol, rules, more }) => {
          const pop3 = protocol === undefined ? {} : { protocol, port: dovecot.ports.pop3s }
          return [user, { rules, more: { user, ...pop3, ...more } }]
        }),
      ),
    )
    app = await ruled.open()
  })
  after(async () => {
    await app?.close()
    await ruled?.stop()
  })

  for (const { user, thread, mail } of wishes)
    test(thread, async () => {
      const left = mail.filter(({ labels }) => labels === undefined)
      const count = countOf(await app.pull({ mailbox: user }))
      assert.deepEqual([count.imported, count.leftByRule], [mail.length - left.length, left.length])
      for (const delivered of mail) {
        const { name, labels, account = owner } = delivered
        assert.deepEqual(ruled.labelsOf(octetsOf(delivered), account), labels && [...labels].sort(), name)
        const elsewhere = account === owner ? other : owner
        assert.equal(
          ruled.labelsOf(octetsOf(delivered), elsewhere),
          undefined,
          `${name}: in no other account`,
        )
      }
      assert.equal(countOf(await app.pull({ mailbox: user })).imported, 0, 'once')
      assert.equal(await app.journal.countLeftByRule(user), left.length)
      const stored = (await dovecot.maildrop('INBOX', user)).map(message => message.sha256)
      for (const delivered of left)
        assert.ok(stored.includes(sha256(octetsOf(delivered))), 'it stays at the source')
    })
})

/** Flags as a mail program of the owner sets them. */
async function setFlags(dovecot: DovecotServer, user: string, mail: readonly Delivered[]): Promise<void> {
  if (mail.every(({ flags }) => flags === undefined)) return
  const client = new ImapFlow({
    host: dovecot.host,
    port: dovecot.ports.imaps,
    secure: true,
    auth: { user, pass: password },
    tls: { ca: readFileSync(dovecot.caFile) },
    logger: false,
  })
  await client.connect()
  try {
    await client.mailboxOpen('INBOX')
    for (const { name, flags } of mail) {
      const uids = (await client.search({ subject: name }, { uid: true })) || []
      if (flags !== undefined) await client.messageFlagsAdd(uids, [...flags], { uid: true })
    }
  } finally {
    await client.logout()
  }
}
