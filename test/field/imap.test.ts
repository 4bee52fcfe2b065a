/** Public reports of people who fetch mail over IMAP, replayed. The table of them is docs/field-reports.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, hour, mail, minute, nameless, type Play, play } from '../faults/harness.ts'
import { asksForBody, type ImapMoment, type ImapPlay, isOpening } from '../servers/imap-faults.ts'
import { countOf } from '../servers/in-process.ts'
import { sha256 } from '../servers/source-server.ts'
import { faultOf, imap, textsOf, uploaded } from './field.ts'

const answer = (...pieces: (string | Buffer)[]): ImapPlay => ({ do: 'answer', pieces })

const isRetrieval = ({ verb, text }: ImapMoment): boolean =>
  verb === 'UID FETCH' && /BODY/.test(text) && !/HEADER/.test(text)

/** Pulls, an hour apart, until Gmail holds so many messages; at most 8 times. */
async function pullUntil(self: Play, accepted: number): Promise<void> {
  for (let n = 0; n < 8 && self.world.gmail.accepted.length < accepted; n++) {
    self.clock.pass(hour)
    await self.app.pull()
  }
  assert.equal(self.world.gmail.accepted.length, accepted)
}

const greetings: readonly (readonly [
  name: string,
  address: string,
  line: string,
  words: RegExp,
  code: string,
])[] = [
  // https://github.com/jstedfast/MailKit/issues/1073 (IceWarp)
  [
    'an address that is shut out',
    'MailKit 1073',
    '* NO LOGOUT Intrusion prevention active for 192.0.2.7',
    /Intrusion prevention active/,
    'source.protocol',
  ],
  // https://github.com/jstedfast/MailKit/issues/1100 (SmarterMail)
  [
    'a busy server',
    'MailKit 1100',
    '421 Server is busy, try again later.',
    /Server is busy, try again later/,
    'source.protocol',
  ],
  // https://github.com/postalsys/imapflow/issues/214 (port 465)
  [
    'an SMTP server at the IMAP port',
    'imapflow 214',
    '220 mail.example.net ESMTP NO UCE',
    /ESMTP NO UCE/,
    'source.other-service',
  ],
  // https://github.com/python/cpython/pull/152768
  [
    'a POP3 server at the IMAP port',
    'cpython 152768',
    '+OK POP3 server ready',
    /POP3 server ready/,
    'source.other-service',
  ],
]
for (const [name, , line, words, code] of greetings)
  test(`the greeting "${line}" of ${name} is shown, no password is sent, and the mail comes afterwards`, () =>
    play({ protocol: 'imap' }, async self => {
      await self.deliver(mail('a'))
      imap(self).faults.greeting = line
      const fault = faultOf(await self.app.pull())
      assert.equal(fault.code, code)
      for (const text of textsOf(fault)) assert.match(text, words)
      assert.deepEqual([imap(self).ledger.logins, imap(self).ledger.failedLogins], [[], []])
      delete imap(self).faults.greeting
      await pullUntil(self, 1)
      await self.judge()
    }))

// https://github.com/ruby/net-imap/issues/597 (Outlook 365)
test('a login that is answered OK with a response code of quoted strings and equal signs is a login', () =>
  play({ protocol: 'imap' }, async self => {
    await self.deliver(mail('a'))
    const odd =
      '[Error="Microsoft.Exchange.Data.Storage.WrongServerException:Cross Server access is not allowed for mailbox" AuthResultFromPopImapEnd=0 Proxy=EXAMPLE.PROD.OUTLOOK.COM:1993:SSL Service=Imap4]'
    imap(self).faults.at = ({ verb }) =>
      verb === 'SELECT' ? { do: 'before', pieces: [`* OK ${odd} still here\r\n`] } : undefined
    await pullUntil(self, 1)
    await self.judge()
  }))

// https://github.com/ruby/net-imap/issues/250 (an old Exchange): [COPYUID ...] in a line without "* OK"
test('a line that is no IMAP amid a move ends no delivery: what was imported stays so, new mail comes', () =>
  play({ protocol: 'imap', more: { AFTER_IMPORT: 'move:Done' } }, async self => {
    imap(self).create('Done')
    await self.deliver(mail('a'))
    imap(self).faults.at = ({ verb }) =>
      verb === 'UID MOVE' ? { do: 'before', pieces: ['[COPYUID 1700000001 1 1]\r\n'] } : undefined
    await self.app.pull()
    assert.equal(self.world.gmail.accepted.length, 1)
    await self.deliver(mail('b'))
    await pullUntil(self, 2)
    for (let n = 0; n < 3; n++) {
      self.clock.pass(hour)
      await self.app.pull()
    }
    assert.equal(self.world.gmail.accepted.length, 2)
    const kept = [...(await self.world.source.stored()), ...(await self.world.source.stored('Done'))]
    assert.deepEqual(kept.sort(), [mail('a'), mail('b')].map(sha256).sort(), 'each is there once')
  }))

const noBody: readonly (readonly [name: string, fault: ImapPlay])[] = [
  // https://github.com/getmail6/getmail6/issues/94 ([None] was stored and the mail marked as fetched)
  ['a row without its body', { do: 'body', as: 'none' }],
  // https://github.com/RotherOSS/otobo/issues/2971 (iCloud; the mails were deleted all the same)
  ['OK and an empty row', { do: 'body', as: 'empty-row' }],
  // https://github.com/OfflineIMAP/offlineimap/issues/429, https://github.com/OfflineIMAP/offlineimap/issues/62 (Exchange)
  ['OK and no row', { do: 'body', as: 'no-row' }],
  // https://github.com/emersion/go-imap/pull/392
  ['NIL', { do: 'body', as: 'nil' }],
]
for (const [name, fault] of noBody)
  test(`a server that answers ${name} to every retrieval: nothing is imported, nothing deleted, all comes later`, () =>
    play({ protocol: 'imap', more: { AFTER_IMPORT: 'delete' } }, async self => {
      await self.deliver(mail('a'), mail('b'), mail('c'))
      imap(self).faults.at = moment => (isRetrieval(moment) ? fault : undefined)
      for (let n = 0; n < 3; n++) {
        await self.app.pull()
        self.clock.pass(hour)
      }
      assert.equal(self.world.gmail.accepted.length, 0)
      assert.equal(imap(self).ledger.expunged.length, 0)
      delete imap(self).faults.at
      self.clock.pass(30 * hour)
      await pullUntil(self, 3)
      self.clock.pass(hour)
      await self.app.pull()
      assert.deepEqual(await self.world.source.stored(), [])
      await self.judge()
    }))

// https://github.com/jstedfast/MailKit/issues/358 (imap.mail.yahoo.com)
test('one message at which FETCH is refused holds up no other, and is told with the words of the server', () =>
  play({ protocol: 'imap' }, async self => {
    await self.deliver(mail('a'), mail('b'), mail('c'))
    imap(self).faults.at = ({ text }) =>
      asksForBody(text, 2) ? answer('{tag} NO FETCH Server error while fetching messages\r\n') : undefined
    for (let n = 0; n < 2; n++) {
      await self.app.pull()
      self.clock.pass(hour)
    }
    assert.equal(self.world.gmail.accepted.length, 2)
    assert.equal((await self.stages()).deferred, 1)
    const rows = await Promise.all([1, 2, 3].map(id => self.app.journal.row(id)))
    const told = rows.map(row => JSON.stringify(row?.fault ?? ''))
    assert.ok(
      told.some(text => text.includes('Server error while fetching messages')),
      told.join('\n'),
    )
    delete imap(self).faults.at
    self.clock.pass(30 * hour)
    await pullUntil(self, 3)
    await self.judge()
  }))

// https://github.com/mscdex/node-imap/issues/606 (Dovecot's mail_max_userip_connections)
test('too many connections of one user is a passing limit and no wrong password', () =>
  play({ protocol: 'imap' }, async self => {
    await self.deliver(mail('a'))
    const words = 'Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)'
    imap(self).faults.at = ({ verb }) =>
      verb === 'LOGIN' || verb === 'AUTHENTICATE' ? answer(`{tag} NO [UNAVAILABLE] ${words}\r\n`) : undefined
    const fault = faultOf(await self.app.pull())
    assert.notEqual(fault.code, 'source.login-refused')
    assert.equal(fault.exitCode, 75)
    for (const text of textsOf(fault)) assert.ok(text.includes(words), text)
    delete imap(self).faults.at
    await pullUntil(self, 1)
    await self.judge()
  }))

// https://github.com/zone-eu/wildduck/issues/35 (Gmail's own IMAP)
test('"NO [ALERT] Too many simultaneous connections" is a passing limit, told in those words', () =>
  play({ protocol: 'imap' }, async self => {
    await self.deliver(mail('a'))
    imap(self).faults.at = ({ verb }) =>
      verb === 'LOGIN' || verb === 'AUTHENTICATE'
        ? answer('{tag} NO [ALERT] Too many simultaneous connections. (Failure)\r\n')
        : undefined
    const fault = faultOf(await self.app.pull())
    assert.equal(fault.exitCode, 75)
    for (const text of textsOf(fault)) assert.match(text, /Too many simultaneous connections/)
    delete imap(self).faults.at
    await pullUntil(self, 1)
    await self.judge()
  }))

// https://github.com/ljmerza/ha-email-sensor/issues/16 (Gmail's own IMAP)
test('"[OVERQUOTA] Account exceeded command or bandwidth limits" at FETCH is a wait, and no message is blamed', () =>
  play({ protocol: 'imap' }, async self => {
    await self.deliver(mail('a'), mail('b'))
    imap(self).faults.at = moment =>
      isRetrieval(moment)
        ? answer('{tag} NO [OVERQUOTA] Account exceeded command or bandwidth limits.\r\n')
        : undefined
    const fault = faultOf(await self.app.pull())
    assert.equal(fault.code, 'source.limited')
    for (const text of textsOf(fault)) assert.match(text, /exceeded command or bandwidth limits/)
    delete imap(self).faults.at
    await pullUntil(self, 2)
    await self.judge()
  }))

// https://github.com/nylas/sync-engine/pull/76 (Dreamhost)
test('a folder whose opening names no UIDNEXT is pulled, and new mail in it', () =>
  play({ protocol: 'imap' }, async self => {
    await self.deliver(mail('a'))
    let opened = false
    imap(self).faults.at = ({ verb }) => {
      if (verb !== 'SELECT' || opened) return undefined
      opened = true
      return answer('* 1 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1700000000] valid\r\n{tag} OK done\r\n')
    }
    await pullUntil(self, 1)
    await self.deliver(mail('b'))
    await pullUntil(self, 2)
    await self.judge()
  }))

// https://github.com/jstedfast/MailKit/issues/834 (Exchange), https://github.com/ikvk/imap_tools/issues/230,
// https://github.com/mscdex/node-imap/issues/518 (Hotmail hangs up): RFC 2683 section 3.2.1.5 asks for 1,000 octets.
for (const how of ['BAD', 'BYE'] as const)
  test(`a server that answers ${how} to a command of more than 1,000 octets gives all 600 scattered messages`, () =>
    play({ protocol: 'imap' }, async self => {
      const put = Array.from({ length: 600 }, (_, serial) => mail(`m${serial}`, 60))
      put.forEach((octets, serial) => {
        self.put.push(octets)
        imap(self).deliver('INBOX', octets, { uid: 1_000_001 + 3 * serial })
      })
      let longest = 0
      imap(self).faults.at = ({ text }) => {
        longest = Math.max(longest, text.length)
        if (text.length <= 1000) return undefined
        return how === 'BAD'
          ? answer('{tag} BAD Command Error. 10\r\n')
          : { do: 'bye', text: 'Connection closed. 14' }
      }
      await self.app.pull()
      assert.ok(longest <= 1000, `a command of ${longest} octets`)
      assert.deepEqual(uploaded(self), put.map(sha256).sort())
    }))

// https://github.com/jstedfast/MailKit/issues/1235 and .../issues/572 (Dovecot: FETCH in an empty folder is BAD)
test('an empty folder of a server that refuses every FETCH in it is empty, and no fault', () =>
  play({ protocol: 'imap' }, async self => {
    imap(self).faults.at = ({ verb, folder }) =>
      /FETCH/.test(verb) && imap(self).folder(folder ?? '')?.messages.length === 0
        ? answer('{tag} BAD Error in IMAP command FETCH: Invalid messageset (0.001 + 0.000 secs).\r\n')
        : undefined
    assert.equal(codeOf(await self.app.pull()), 'none')
    await self.deliver(mail('a'))
    assert.equal(countOf(await self.app.pull()).imported, 1)
    imap(self).expunge('INBOX', 1)
    self.clock.pass(minute)
    assert.equal(codeOf(await self.app.pull()), 'none')
  }))

// https://github.com/jstedfast/MailKit/issues/1401 (rows that come twice, what is known first, the rest later)
test('FETCH rows that come twice, and in parts, name each message once', () =>
  play({ protocol: 'imap', more: { AFTER_IMPORT: 'delete' } }, async self => {
    await self.deliver(mail('a'), mail('b'))
    imap(self).faults.at = ({ verb, text }) =>
      verb === 'UID FETCH' && !/BODY/.test(text)
        ? { do: 'before', pieces: ['* 1 FETCH (UID 1)\r\n', '* 2 FETCH (FLAGS (\\Seen) UID 2)\r\n'] }
        : undefined
    await pullUntil(self, 2)
    delete imap(self).faults.at
    self.clock.pass(hour)
    await self.app.pull()
    assert.equal(self.world.gmail.accepted.length, 2)
    assert.deepEqual(await self.world.source.stored(), [])
    await self.judge()
  }))

// https://github.com/paperless-ngx/paperless-ngx/issues/8939 (the account was deleted and made anew)
test('a folder made anew, with the same UIDs and another UIDVALIDITY, gives its new mails and loses none', () =>
  play({ protocol: 'imap', more: { AFTER_IMPORT: 'delete-after:30d' } }, async self => {
    await self.deliver(mail('a'), mail('b'))
    assert.equal(countOf(await self.app.pull()).imported, 2)
    imap(self).drop('INBOX')
    imap(self).create('INBOX').uidValidity = 1_738_166_710
    await self.deliver(mail('c'), mail('d'))
    assert.equal(countOf(await self.app.pull()).imported, 2)
    assert.equal(imap(self).ledger.expunged.length, 0)
    await self.judge()
  }))

// https://github.com/modern-email/defects/issues/46 (Yandex: "&" inside the base64 of a name)
test('a folder listed in an unusual spelling of modified UTF-7 is opened as it is spelt there, and settled in', () =>
  play({ protocol: 'imap', more: { MAIL_FOLDERS: 'INBOX,Абв&где', AFTER_IMPORT: 'delete' } }, async self => {
    const written = '&BBAEMQQyACYEMwQ0BDU-'
    imap(self).create(written)
    await self.deliver(mail('a'))
    imap(self).deliver(written, mail('b'))
    await self.app.pull()
    assert.equal(self.world.gmail.accepted.length, 2)
    self.clock.pass(minute)
    assert.equal(countOf(await self.app.pull()).imported, 0)
    assert.deepEqual(imap(self).folder(written)?.messages, [])
  }))

// https://github.com/joeyates/imap-backup/issues/119
test('a folder listed in raw UTF-8 is opened as it is spelt there, and settled in', () =>
  play(
    { protocol: 'imap', more: { MAIL_FOLDERS: 'INBOX,INBOX.Entwürfe', AFTER_IMPORT: 'delete' } },
    async self => {
      const octets = Buffer.from('INBOX.Entwürfe')
      const written = octets.toString()
      imap(self).create(written)
      imap(self).faults.at = ({ verb }) =>
        verb === 'LIST'
          ? { do: 'answer', pieces: ['* LIST () "." "', octets, '"\r\n{tag} OK done\r\n'] }
          : undefined
      await self.deliver(mail('a'))
      imap(self).deliver(written, mail('b'))
      await self.app.pull()
      assert.equal(self.world.gmail.accepted.length, 2)
      self.clock.pass(minute)
      assert.equal(countOf(await self.app.pull()).imported, 0)
      assert.deepEqual(imap(self).folder(written)?.messages, [])
      assert.deepEqual(await self.app.journal.troubles.list(), [])
    },
  ))

// https://github.com/cyrusimap/cyrus-imapd/issues/1316
test('a move that is refused since the mailbox is over its quota costs no delivery, and is told', () =>
  play({ protocol: 'imap', more: { AFTER_IMPORT: 'move:Done' } }, async self => {
    imap(self).create('Done')
    await self.deliver(mail('a'))
    imap(self).faults.at = ({ verb }) =>
      verb === 'UID MOVE' || verb === 'UID COPY' ? answer('{tag} NO [OVERQUOTA] Over quota\r\n') : undefined
    await self.app.pull()
    await self.deliver(mail('b'))
    self.clock.pass(minute)
    await self.app.pull({ gate: true })
    assert.equal(self.world.gmail.accepted.length, 2, 'new mail goes on')
    delete imap(self).faults.at
    for (let n = 0; n < 3; n++) {
      self.clock.pass(hour)
      await self.app.pull()
    }
    assert.equal((await self.world.source.stored('Done')).length, 2)
    await self.judge()
  }))

// https://github.com/grommunio/gromox/issues/244 (SELECT is refused after 60 s, the session stays where it was)
test('a folder whose opening is refused for the moment leaves the others their pull, and comes later', () =>
  play({ protocol: 'imap', more: { MAIL_FOLDERS: 'INBOX,Work' } }, async self => {
    imap(self).create('Work')
    await self.deliver(mail('a'))
    imap(self).deliver('Work', nameless('b'))
    imap(self).faults.at = ({ verb, text }) =>
      isOpening(verb) && /Work/.test(text) ? answer('{tag} NO midb timeout, try again\r\n') : undefined
    await self.app.pull()
    assert.equal(self.world.gmail.accepted.length, 1)
    delete imap(self).faults.at
    await pullUntil(self, 2)
  }))
