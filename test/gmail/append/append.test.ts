/** An app password and IMAP APPEND against the stand-in for Gmail's IMAP server: its own ledger is what counts. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import type { FaultCode, FaultScope } from '../../../src/base/fault.ts'
import { gmailCapabilities } from '../../servers/gmail-imap/gmail-imap-server.ts'
import { anImport, faultOf, messageOf, never } from '../scripted.ts'
import { mailOf, sha256, startBoth } from './harness.ts'

const inbox = { labelIds: ['INBOX', 'UNREAD'] }

describe('Gmail holds after APPEND', () => {
  test('exactly the octets that were given, pushed or asked for, with 8-bit and bare line ends', async t => {
    const { server, gmail } = await startBoth(t)
    const given = [
      mailOf('1', 'no final CRLF'),
      mailOf('2', '8-bit \x83\x65\xff\r\n'),
      mailOf('3', 'bare\nLF and\rCR'),
      mailOf('4', '{12}\r\n{3+}\r\nA1 LOGOUT\r\n.\r\n..\r\n'),
      Buffer.concat([mailOf('5'), Buffer.from(randomBytes(3_000_000).map(octet => octet || 1))]),
    ]
    for (const octets of given) {
      const answer = await gmail.import(messageOf(octets, 65_536), anImport(inbox), never)
      assert.equal(answer.sentSha256, sha256(octets))
      const stored = server.mail.messages.at(-1)
      assert.equal(stored?.sha256, sha256(octets))
      assert.equal(answer.id, stored?.id.toString(16))
    }
    assert.equal(server.mail.messages.length, given.length)
    assert.deepEqual(new Set(server.ledger.appended.map(({ pushed }) => pushed)), new Set([true, false]))
    assert.equal(server.ledger.logins.length, 1, 'one session')
  })

  test('nothing of a message with NUL, which no literal holds', async t => {
    const { server, gmail } = await startBoth(t)
    const fault = await faultOf(gmail.import(messageOf(mailOf('1', 'a\0b')), anImport(inbox), never))
    assert.deepEqual([fault.code, fault.scope, fault.retry], ['gmail.cannot-append', 'message', 'owner'])
    assert.equal(
      server.ledger.commands.some(({ text }) => text.startsWith('APPEND')),
      false,
    )
  })

  test('nothing where the octets kept here are not those that were retrieved', async t => {
    const { server, gmail } = await startBoth(t)
    for (const octets of [mailOf('1'), Buffer.concat([mailOf('2'), Buffer.alloc(300_000, 'x')])]) {
      const raw = messageOf(octets, 50_000)
      const torn = { ...raw, sha256: sha256(Buffer.from('another message')) }
      const fault = await faultOf(gmail.import(torn, anImport(inbox), never))
      assert.deepEqual([fault.code, fault.scope], ['state.io', 'message'])
    }
    assert.equal(server.mail.messages.length, 0)
    await gmail.import(messageOf(mailOf('3')), anImport(inbox), never)
    assert.equal(server.mail.messages.length, 1)
  })

  test('places, flags, labels and dates as they were asked for, in an account of another language', async t => {
    const { server, gmail } = await startBoth(t, { language: 'ja' })
    const labels = await gmail.labelIds(['仕事/請求書', 'R&D "quoted" \\x', 'plain'], never)
    const arrivedAtMs = Date.UTC(2021, 4, 6, 7, 8, 9)
    const put = async (labelIds: readonly string[], more = {}) => {
      const raw = messageOf(mailOf(randomBytes(4).toString('hex')))
      const answer = await gmail.import(raw, anImport({ labelIds, ...more }), never)
      assert.equal(answer.missedLabels, undefined)
      return server.mail.messages.at(-1)
    }
    const archived = await put([...labels, 'STARRED'])
    assert.deepEqual(
      [archived?.place, archived?.flags.has('\\Seen'), archived?.flags.has('\\Flagged')],
      ['all', true, true],
    )
    assert.deepEqual(
      [...(archived?.labels ?? [])].sort(),
      ['R&D "quoted" \\x', '\\Starred', 'plain', '仕事/請求書'].sort(),
    )
    assert.ok(server.mail.find('仕事'), 'what it stands below')
    assert.equal(archived?.internalDate.toISOString(), '2020-03-02T19:05:06.000Z')
    const spam = await put(['SPAM', 'UNREAD'], { internalDateSource: 'receivedTime', arrivedAtMs })
    assert.deepEqual([spam?.place, spam?.flags.has('\\Seen')], ['spam', false])
    assert.equal(spam?.internalDate.getTime(), arrivedAtMs)
    const important = await put(['INBOX', 'IMPORTANT', ...labels])
    assert.ok(['\\Inbox', '\\Important', 'plain'].every(label => important?.labels.has(label)))
    assert.equal(server.ledger.appended.filter(({ folder }) => folder === '[Gmail]/迷惑メール').length, 1)
  })

  test('a message whose label it refuses, and says which', async t => {
    const { server, gmail } = await startBoth(t)
    const [good = '', bad = ''] = await gmail.labelIds(['good', 'bad'], never)
    server.at = ({ verb, text }) =>
      verb === 'UID STORE' && text.includes('bad')
        ? { do: 'refuse', line: '{tag} NO [CANNOT] no such label' }
        : undefined
    const answer = await gmail.import(
      messageOf(mailOf('1')),
      anImport({ labelIds: ['INBOX', good, bad] }),
      never,
    )
    assert.deepEqual(
      answer.missedLabels?.map(({ id }) => id),
      [bad],
    )
    assert.ok(server.mail.messages[0]?.labels.has('good'))
    const fault = await faultOf(gmail.labelIds(['[Gmail]/mine'], never))
    assert.deepEqual([fault.code, fault.facts.labels], ['gmail.label-refused', '[Gmail]/mine'])
    for (const name of ['CATEGORY_SOCIAL', 'SENT', '\\Inbox', 'a\nb'])
      assert.equal((await faultOf(gmail.labelIds([name], never))).code, 'gmail.label-refused', name)
  })

  test('a message once, where only its labels and its id met trouble', async t => {
    const { server, gmail } = await startBoth(t)
    const [label = ''] = await gmail.labelIds(['work'], never)
    let cuts = 1
    server.at = ({ verb }) => (verb === 'UID STORE' && cuts-- > 0 ? { do: 'cut' } : undefined)
    const answer = await gmail.import(messageOf(mailOf('1')), anImport({ labelIds: ['INBOX', label] }), never)
    assert.equal(answer.missedLabels, undefined)
    assert.ok(server.mail.messages[0]?.labels.has('work'))
    server.at = ({ verb }) => (verb === 'UID FETCH' ? { do: 'cut' } : undefined)
    const second = await gmail.import(messageOf(mailOf('2')), anImport({ labelIds: ['INBOX', label] }), never)
    assert.match(second.id, /^uid-\d+-2$/)
    assert.deepEqual(
      second.missedLabels?.map(({ id }) => id),
      [label],
    )
    server.at = undefined
    assert.deepEqual((await gmail.read(second.id, never))?.raw, mailOf('2'))
    assert.equal(server.mail.messages.length, 2)
  })

  test('archived mail in the folder of its label, where All Mail is not shown over IMAP', async t => {
    const { server, gmail } = await startBoth(t, { hidden: ['\\All', '\\Junk'] })
    const [label = ''] = await gmail.labelIds(['work'], never)
    await gmail.import(messageOf(mailOf('1')), anImport({ labelIds: [label] }), never)
    assert.deepEqual([...(server.mail.messages[0]?.labels ?? [])], ['work'])
    for (const labelIds of [['UNREAD'], ['SPAM']]) {
      const fault = await faultOf(gmail.import(messageOf(mailOf('2')), anImport({ labelIds }), never))
      assert.deepEqual([fault.code, fault.scope, fault.retry], ['gmail.folder-hidden', 'message', 'later'])
    }
    const [found] = await gmail.findByMessageId('<1@example.com>', never)
    assert.deepEqual(found?.raw, mailOf('1'))
  })
})

describe('what is said of an APPEND', () => {
  const large = Buffer.concat([mailOf('large'), Buffer.alloc(400_000, 'x')])
  const rows: readonly [line: string, code: FaultCode, scope: FaultScope, isPermanent?: boolean][] = [
    ['NO [OVERQUOTA] The account is out of storage (Failure)', 'gmail.storage-full', 'account'],
    [
      'NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)',
      'gmail.daily-limit',
      'account',
    ],
    ['NO [ALERT] Account exceeded bandwidth limits. (Failure)', 'gmail.daily-limit', 'account'],
    ['NO [ALERT] Too many simultaneous connections. (Failure)', 'gmail.rate-limited', 'account'],
    ['NO [THROTTLED] (Failure)', 'gmail.rate-limited', 'account'],
    ['NO [LIMIT] slow down', 'gmail.rate-limited', 'account'],
    ['NO [TOOBIG] Message exceeds the maximum message size', 'message.too-large', 'message', true],
    ['NO Message too large. (Failure)', 'message.too-large', 'message', true],
    ['NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)', 'gmail.app-password-refused', 'account'],
    [
      'NO [ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754',
      'gmail.web-login',
      'account',
    ],
    ['NO [ALERT] something that nobody has heard of', 'gmail.account-refused', 'account'],
    ['NO Das geht so nicht', 'gmail.message-unexplained', 'message'],
    ['BAD Could not parse command', 'gmail.unknown-answer', 'message'],
    ['NO [TRYCREATE] no such folder', 'gmail.label', 'message'],
    ['NO mailbox is full', 'gmail.storage-full', 'account'],
  ]
  for (const [line, code, scope, isPermanent] of rows) {
    for (const when of ['answer', 'refuse'] as const) {
      test(`${line} ${when === 'answer' ? 'before' : 'behind'} the octets is ${code}`, async t => {
        const { server, gmail } = await startBoth(t)
        server.at = ({ verb }) => (verb === 'APPEND' ? { do: when, line: `{tag} ${line}` } : undefined)
        const fault = await faultOf(gmail.import(messageOf(large), anImport(inbox), never))
        assert.deepEqual([fault.code, fault.scope], [code, scope])
        if (scope === 'message') assert.equal(fault.retry === 'owner', isPermanent === true)
        server.at = undefined
        await gmail.import(messageOf(mailOf('next')), anImport(inbox), never)
        assert.deepEqual(
          server.mail.messages.map(({ octets }) => octets),
          [mailOf('next')],
        )
      })
    }
  }

  for (const line of [
    'NO [UNAVAILABLE] try again (Failure)',
    'NO [SERVERBUG] System Error (Failure)',
    'NO System error (Failure)',
  ]) {
    test(`${line}: before the octets the server is in trouble, behind them nobody knows`, async t => {
      const { server, gmail } = await startBoth(t)
      server.at = ({ verb }) => (verb === 'APPEND' ? { do: 'answer', line: `{tag} ${line}` } : undefined)
      assert.equal(
        (await faultOf(gmail.import(messageOf(large), anImport(inbox), never))).code,
        'gmail.server',
      )
      server.at = ({ verb }) => (verb === 'APPEND' ? { do: 'done-then', line: `{tag} ${line}` } : undefined)
      const fault = await faultOf(gmail.import(messageOf(large), anImport(inbox), never))
      assert.deepEqual([fault.code, fault.scope], ['gmail.outcome-unknown', 'account'])
    })
  }

  test('a message over APPENDLIMIT does not leave, and nothing else is kept back', async t => {
    const { server, gmail } = await startBoth(t, {
      capabilities: gmailCapabilities.map(name =>
        name.startsWith('APPENDLIMIT') ? 'APPENDLIMIT=100000' : name,
      ),
    })
    const fault = await faultOf(gmail.import(messageOf(large), anImport(inbox), never))
    assert.deepEqual([fault.code, fault.retry, fault.facts.limit], ['message.too-large', 'owner', 100_000])
    assert.equal(
      server.ledger.commands.some(({ text }) => text.startsWith('APPEND')),
      false,
    )
    await gmail.import(messageOf(mailOf('1')), anImport(inbox), never)
  })

  test('a connection that ends amid the octets, or behind them, is an outcome that nobody knows', async t => {
    const { server, gmail } = await startBoth(t, {}, { deadlines: { silence: 300 } })
    const plays = [
      { do: 'cut-amid', octets: 100_000 },
      { do: 'done-then-cut' },
      { do: 'done-then-silence' },
    ] as const
    for (const play of plays) {
      server.at = ({ verb }) => (verb === 'APPEND' ? play : undefined)
      const fault = await faultOf(gmail.import(messageOf(large), anImport(inbox), never))
      assert.deepEqual([fault.code, fault.scope], ['gmail.outcome-unknown', 'message'], play.do)
    }
    assert.equal(server.mail.messages.length, 2)
  })

  test('a refusal amid the octets is one, and the connection is not used again', {
    timeout: 20_000,
  }, async t => {
    const { server, gmail } = await startBoth(t)
    server.at = ({ verb }) =>
      verb === 'APPEND' ? { do: 'answer-amid', octets: 50_000, line: '{tag} NO [OVERQUOTA] full' } : undefined
    const raw = messageOf(large, 50_000)
    let readings = 0
    const halting = {
      ...raw,
      async *chunks() {
        readings += 1
        let at = 0
        for await (const chunk of raw.chunks()) {
          // The first reading looks for NUL; in the second nothing more comes before the answer does.
          if (readings > 1 && at++ > 2) await new Promise(() => {})
          yield chunk
        }
      },
    }
    const fault = await faultOf(gmail.import(halting, anImport(inbox), never))
    assert.equal(fault.code, 'gmail.storage-full')
    server.at = undefined
    await gmail.import(messageOf(mailOf('next')), anImport(inbox), never)
    assert.deepEqual(
      server.mail.messages.map(({ octets }) => octets),
      [mailOf('next')],
    )
    assert.equal(server.ledger.logins.length, 2)
  })

  test('a connection that had ended before anything left costs nothing: a new one is made', async t => {
    const { server, gmail } = await startBoth(t)
    await gmail.import(messageOf(mailOf('1')), anImport(inbox), never)
    for (const play of ['cut', 'bye'] as const) {
      let cuts = 1
      server.at = ({ verb }) =>
        verb === 'APPEND' && cuts-- > 0 ? { do: play, words: 'Session expired' } : undefined
      await gmail.import(
        messageOf(Buffer.concat([mailOf(play), Buffer.alloc(5000, 'x')])),
        anImport(inbox),
        never,
      )
    }
    assert.equal(server.ledger.logins.length, 3)
    assert.equal(server.mail.messages.length, 3)
  })

  test('a stop before the first octet is a stop; amid them the message may end well', async t => {
    const { server, gmail } = await startBoth(t)
    const stop = new AbortController()
    const raw = messageOf(large, 50_000)
    const stopping = {
      ...raw,
      async *chunks() {
        let at = 0
        for await (const chunk of raw.chunks()) {
          // The first reading looks for NUL.
          if (at++ === 3 && server.ledger.commands.some(({ text }) => text.startsWith('APPEND'))) stop.abort()
          yield chunk
        }
      },
    }
    const { id } = await gmail.import(stopping, anImport(inbox), stop.signal)
    assert.equal(id, server.mail.messages[0]?.id.toString(16))
    const thrown = await gmail.import(raw, anImport(inbox), stop.signal).catch(error => error)
    assert.equal(thrown, stop.signal.reason)
    assert.equal(server.mail.messages.length, 1)
  })
})

describe('a login', () => {
  const rows: readonly [line: string, code: FaultCode][] = [
    ['NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)', 'gmail.app-password-refused'],
    [
      'NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)',
      'gmail.app-password-needed',
    ],
    [
      'NO [ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754 (Failure)',
      'gmail.web-login',
    ],
    ['NO [WEBALERT https://accounts.google.com/x] Web login required. (Failure)', 'gmail.web-login'],
    ['NO [ALERT] IMAP access is disabled for your domain. (Failure)', 'gmail.imap-disabled'],
    ['NO [ALERT] Your account is not enabled for IMAP use. (Failure)', 'gmail.imap-disabled'],
    ['NO [ALERT] Too many simultaneous connections. (Failure)', 'gmail.rate-limited'],
    ['NO [ALERT] Account exceeded command or bandwidth limits. (Failure)', 'gmail.daily-limit'],
    ['NO [UNAVAILABLE] Temporary System Error', 'gmail.server'],
    ['NO xyzzy', 'gmail.account-refused'],
  ]
  for (const [line, code] of rows)
    test(`that is answered by ${line} is ${code}`, async t => {
      const { server, gmail } = await startBoth(t)
      server.at = ({ verb }) =>
        /^(LOGIN|AUTHENTICATE)$/.test(verb) ? { do: 'answer', line: `{tag} ${line}` } : undefined
      const fault = await faultOf(gmail.import(messageOf(mailOf('1')), anImport(inbox), never))
      assert.deepEqual([fault.code, fault.scope], [code, 'account'])
      assert.equal(JSON.stringify(fault.facts).includes('abcdefghijklmnop'), false)
    })

  test('with the ordinary password is told as that', async t => {
    const { gmail } = await startBoth(t, { ordinaryPassword: 'hunter2' }, { password: 'hunter2' })
    const fault = await faultOf(gmail.import(messageOf(mailOf('1')), anImport(inbox), never))
    assert.equal(fault.code, 'gmail.app-password-needed')
  })

  test('nobody answers, or nobody of IMAP: the account waits', async t => {
    const { server, gmail } = await startBoth(t)
    server.at = ({ verb }) =>
      verb === 'GREETING' ? { do: 'answer', line: 'HTTP/1.1 400 Bad Request' } : undefined
    assert.equal(
      (await faultOf(gmail.import(messageOf(mailOf('1')), anImport(inbox), never))).code,
      'gmail.not-google',
    )
    server.at = ({ verb }) => (verb === 'GREETING' ? { do: 'cut' } : undefined)
    assert.equal(
      (await faultOf(gmail.import(messageOf(mailOf('1')), anImport(inbox), never))).code,
      'gmail.unreachable',
    )
  })
})

describe('a look-up', () => {
  test('finds each copy in all mail, spam and trash, once it is in the index', async t => {
    const { server, gmail } = await startBoth(t)
    server.holdIndex()
    for (const labelIds of [['INBOX'], ['SPAM'], ['TRASH']])
      await gmail.import(messageOf(mailOf('copy')), anImport({ labelIds }), never)
    assert.deepEqual(await gmail.findByMessageId('<copy@example.com>', never), [])
    server.indexNow()
    const copies = await gmail.findByMessageId('copy@example.com', never)
    assert.deepEqual(
      copies.map(({ labelIds }) => labelIds.filter(id => /^[A-Z]+$/.test(id))),
      [['INBOX'], ['SPAM'], ['TRASH']],
    )
    for (const { raw } of copies) assert.deepEqual(raw, mailOf('copy'))
  })

  for (const id of ['a"b@x', 'a b@x', 'a)b(c@x', 'a\\b@x', 'in:spam OR x@y', '*@x', '{1}@x'])
    test(`by the Message-ID <${id}> asks for nothing else`, async t => {
      const { server, gmail } = await startBoth(t)
      const octets = Buffer.from(`Message-ID: <${id}>\r\n\r\nx`)
      await gmail.import(messageOf(octets), anImport(inbox), never)
      await gmail.import(messageOf(mailOf('other')), anImport(inbox), never)
      const found = await gmail.findByMessageId(`<${id}>`, never)
      assert.deepEqual(
        found.map(({ raw }) => raw),
        [octets],
      )
      assert.deepEqual(server.bugs, [])
    })

  test('by a Message-ID that no command can hold is not known, and never not there', async t => {
    const { gmail } = await startBoth(t)
    for (const id of ['ä@x', 'a\r\nb@x', 'a\0b@x'])
      assert.equal((await faultOf(gmail.findByMessageId(id, never))).code, 'gmail.ask-owner')
  })

  test('by its octets finds a message without a Message-ID among others of its size', async t => {
    const { gmail } = await startBoth(t)
    const [one, two] = [Buffer.from('Subject: 1\r\n\r\nx'), Buffer.from('Subject: 2\r\n\r\nx')]
    const answer = await gmail.import(messageOf(one), anImport(inbox), never)
    await gmail.import(messageOf(two), anImport(inbox), never)
    const [found] = (await gmail.findByOctets?.(one.length, ({ raw }) => raw.equals(one), never)) ?? []
    assert.equal(found?.id, answer.id)
    assert.deepEqual((await gmail.read(answer.id, never))?.raw, one)
    assert.equal(await gmail.read('18dead', never), undefined)
  })

  test('gives what is missing of a message whose answer was not read', async t => {
    const { server, gmail } = await startBoth(t)
    const [label = ''] = await gmail.labelIds(['work'], never)
    const { id } = await gmail.import(messageOf(mailOf('1')), anImport(inbox), never)
    assert.deepEqual(await gmail.finishImport?.(id, ['INBOX', label], never), [])
    assert.ok(server.mail.messages[0]?.labels.has('work'))
  })
})

describe('sessions', () => {
  test('a small message does not wait for large ones, and one session stays', async t => {
    const { server, gmail } = await startBoth(t)
    const large = Array.from({ length: 4 }, (_, at) =>
      Buffer.concat([mailOf(`large-${at}`), Buffer.alloc(1_000_000, 'x')]),
    )
    let held: (() => void)[] = []
    const slow = large.map(octets => {
      const raw = messageOf(octets, 65_536)
      let readings = 0
      return {
        ...raw,
        async *chunks() {
          readings += 1
          if (readings > 1) await new Promise<void>(resolve => held.push(resolve))
          yield* raw.chunks()
        },
      }
    })
    const uploads = slow.map(raw => gmail.import(raw, anImport(inbox), never))
    await gmail.import(messageOf(mailOf('small')), anImport(inbox), never)
    assert.deepEqual(
      server.mail.messages.map(({ octets }) => octets),
      [mailOf('small')],
    )
    const release = setInterval(() => {
      for (const go of held.splice(0)) go()
    }, 5)
    await Promise.all(uploads)
    clearInterval(release)
    held = []
    assert.equal(server.mail.messages.length, 5)
    assert.ok(server.ledger.logins.length <= 3, String(server.ledger.logins.length))
  })

  test('one is made ready beside when mail is likely to come', async t => {
    const { server, gmail } = await startBoth(t)
    gmail.prepareImport()
    gmail.prepareImport()
    await gmail.import(messageOf(mailOf('1')), anImport(inbox), never)
    assert.ok(server.ledger.logins.length <= 2)
  })
})
