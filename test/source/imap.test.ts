import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeFault } from '../../src/locale/locale.ts'
import { isOpening } from '../servers/imap-faults.ts'
import { until } from '../servers/until.ts'
import { faultOf, first, listAll, mail, never, octetsOf, rig } from './imap-harness.ts'

test('a listing names each message by UIDVALIDITY.UID, with size, date and \\Seen', async t => {
  const { server, open } = await rig(t)
  const arrived = new Date('2026-11-25T01:02:03Z')
  server.deliver('INBOX', mail('one'), { internalDate: arrived, flags: ['\\Seen'] })
  server.deliver('INBOX', mail('two'))
  const validity = server.folder('INBOX')?.uidValidity
  const [one, two] = await listAll(await open())
  assert.deepEqual(one, {
    folder: 'INBOX',
    uid: `${validity}.1`,
    octets: mail('one').length,
    arrivedAtMs: arrived.getTime(),
    seen: true,
    flags: undefined,
    handle: 1,
  })
  assert.equal(two?.uid, `${validity}.2`)
  assert.equal(two?.seen, false)
})

test('a listing asks nothing more about messages that are known', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a'), mail('b'), mail('c')] } })
  const session = await open()
  const all = await listAll(session)
  const before = server.ledger.commands.length
  server.deliver('INBOX', mail('d'))
  const known = new Set(all.map(entry => entry.uid))
  const { entries } = await session.list('INBOX', uid => known.has(uid), never)
  assert.deepEqual(
    entries.map(entry => entry.octets),
    [undefined, undefined, undefined, mail('d').length],
  )
  assert.deepEqual(
    server.ledger.commands.slice(before).map(({ text }) => text),
    ['SELECT "INBOX"', 'UID SEARCH ALL', 'UID FETCH 4 (UID FLAGS INTERNALDATE RFC822.SIZE)'],
  )
})

test('a folder that is missing is named together with those that exist, and the others are still pulled', async t => {
  const { open } = await rig(t, {
    folders: { INBOX: [mail('a')], Spam: [mail('b')] },
    pull: ['Junk', 'INBOX', 'Spam'],
  })
  const session = await open()
  assert.deepEqual(session.folders, ['Junk', 'INBOX', 'Spam'])
  const fault = await faultOf(listAll(session, 'Junk'), 'source.folder-missing')
  assert.equal(fault.facts.folder, 'Junk')
  assert.equal(fault.facts.folders, 'INBOX, Spam')
  assert.deepEqual(await octetsOf(session, first(await listAll(session, 'INBOX'))), mail('a'))
  assert.deepEqual(await octetsOf(session, first(await listAll(session, 'Spam'))), mail('b'))
})

test('a folder that cannot be selected counts as missing', async t => {
  const { server, open } = await rig(t)
  server.create('Lists').selectable = false
  const fault = await faultOf(listAll(await open(), 'Lists'), 'source.folder-missing')
  assert.equal(fault.facts.folders, 'INBOX')
})

test('folder names go out in modified UTF-7 and come back decoded, and are never anything but names', async t => {
  const { server, open } = await rig(t)
  server.deliver('&j,dg0TDhMPww6w-', mail('box'))
  server.deliver('../../etc', mail('path'))
  server.deliver('a "quoted" \\ one', mail('quoted'))
  const session = await open()
  assert.deepEqual(await octetsOf(session, first(await listAll(session, '迷惑メール'))), mail('box'))
  assert.deepEqual(await octetsOf(session, first(await listAll(session, '../../etc'))), mail('path'))
  assert.deepEqual(
    await octetsOf(session, first(await listAll(session, 'a "quoted" \\ one'))),
    mail('quoted'),
  )
  const fault = await faultOf(listAll(session, 'x\r\nA1 DELETE INBOX'))
  assert.notEqual(fault.code, 'bug')
  assert.ok(!server.ledger.commands.some(({ text }) => text.startsWith('DELETE')))
})

for (const validity of [0, undefined]) {
  test(`UIDVALIDITY ${validity ?? 'missing'} gives no lasting name, and nothing is settled by such a name`, async t => {
    const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] } })
    const folder = server.folder('INBOX')
    assert.ok(folder !== undefined)
    folder.uidValidity = validity
    const session = await open()
    const entry = first(await listAll(session))
    assert.equal(entry.uid, undefined)
    assert.deepEqual(await octetsOf(session, entry), mail('a'))
    await faultOf(session.settle([entry], { do: 'delete' }, never), 'source.identity-unsafe')
    assert.deepEqual(server.ledger.expunged, [])
  })
}

test('after a UIDVALIDITY change an old name neither retrieves nor deletes the message that has its UID now', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('old')] } })
  const session = await open()
  const old = first(await listAll(session))
  const folder = server.folder('INBOX')
  assert.ok(folder !== undefined)
  folder.uidValidity = 99
  folder.messages = []
  server.deliver('INBOX', mail('new'), { uid: 1 })
  assert.equal(first(await listAll(session)).uid, '99.1')
  await faultOf(octetsOf(session, old), 'message.gone')
  await faultOf(session.settle([old], { do: 'delete' }, never), 'source.identity-unsafe')
  assert.deepEqual(server.ledger.expunged, [])
})

test('rows out of order, rows of others and flag rows that nobody asked for change nothing', async t => {
  const { server, open } = await rig(t, {
    folders: { INBOX: [mail('a'), mail('b'), mail('c')] },
    faults: {
      reversedRows: true,
      at: ({ verb }) =>
        verb === 'UID FETCH'
          ? {
              do: 'after',
              pieces: [
                '* 2 FETCH (FLAGS (\\Seen))\r\n',
                '* 9 FETCH (UID 900 FLAGS ())\r\n',
                '* 1 FETCH (UID 1 FLAGS (\\Answered))\r\n',
                '* 3 EXISTS\r\n',
              ],
            }
          : undefined,
    },
  })
  const session = await open()
  const entries = await listAll(session)
  assert.deepEqual(
    entries.map(({ handle, octets }) => [handle, octets]),
    [1, 2, 3].map(uid => [uid, mail('a').length]),
  )
  for (const [at, name] of ['a', 'b', 'c'].entries()) {
    const entry = entries[at]
    assert.ok(entry !== undefined)
    assert.deepEqual(await octetsOf(session, entry), mail(name))
  }
  assert.deepEqual(server.ledger.madeSeen, [])
})

test('SEARCH that is refused, or gives fewer than EXISTS said, is made good by FETCH', async t => {
  const messages = Array.from({ length: 30 }, (_, at) => mail(`m${at}`))
  const { server, open } = await rig(t, { folders: { INBOX: messages }, faults: { capSearch: 7 } })
  const session = await open()
  assert.equal((await listAll(session)).length, 30)
  server.faults.at = ({ verb }) =>
    verb === 'UID SEARCH' ? { do: 'answer', pieces: ['{tag} BAD unknown\r\n'] } : undefined
  assert.equal((await listAll(session)).length, 30)
})

test('the last message, which FETCH n:* always returns, is not listed twice', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] } })
  server.faults.at = ({ verb, text }) =>
    verb === 'UID SEARCH'
      ? { do: 'answer', pieces: ['{tag} BAD unknown\r\n'] }
      : text.startsWith('UID FETCH 1:*')
        ? { do: 'after', pieces: ['* 1 FETCH (UID 1 FLAGS ())\r\n'] }
        : undefined
  assert.deepEqual(
    (await listAll(await open())).map(({ handle }) => handle),
    [1],
  )
})

test('new mail without EXISTS is found by the next listing, and EXISTS without new mail adds nothing', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] } })
  const session = await open()
  assert.equal((await listAll(session)).length, 1)
  server.deliver('INBOX', mail('b'))
  assert.equal((await listAll(session)).length, 2)
  server.faults.at = ({ verb }) =>
    verb === 'UID SEARCH' ? { do: 'before', pieces: ['* 5 EXISTS\r\n'] } : undefined
  assert.equal((await listAll(session)).length, 2)
})

test('ten thousand messages are listed in one go, in the order of their UIDs', async t => {
  const octets = mail('same')
  const { open } = await rig(t, { folders: { INBOX: Array.from({ length: 10_000 }, () => octets) } })
  const session = await open()
  const entries = await listAll(session)
  assert.equal(entries.length, 10_000)
  assert.ok(entries.every((entry, at) => entry.handle === at + 1 && entry.octets === octets.length))
})

test('a message expunged by another client since the listing is gone, and the next ones are retrieved', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a'), mail('b')] } })
  const session = await open()
  const [one, two] = await listAll(session)
  assert.ok(one !== undefined && two !== undefined)
  server.expunge('INBOX', 1)
  await faultOf(octetsOf(session, one), 'message.gone')
  assert.deepEqual(await octetsOf(session, two), mail('b'))
})

test('the header is given without the body, at most 256 KiB of it, and nothing is marked as seen', async t => {
  const long = Buffer.from(`X-Long: ${'y'.repeat(300_000)}\r\n\r\nbody`)
  const { server, open } = await rig(t, {
    folders: { INBOX: [mail('a'), long, Buffer.from('no empty line')] },
  })
  const session = await open()
  const entries = await listAll(session)
  const headers = []
  for (const entry of entries) headers.push(await session.peekHeader(entry, never))
  assert.equal(headers[0]?.toString(), mail('a', '').toString())
  assert.equal(headers[1]?.length, 256 * 1024)
  assert.equal(headers[2]?.toString(), 'no empty line')
  assert.deepEqual(server.ledger.madeSeen, [])
})

test('calls made at the same time wait for their turn and get their own messages', async t => {
  const names = Array.from({ length: 20 }, (_, at) => `m${at}`)
  const { open } = await rig(t, { folders: { INBOX: names.map(name => mail(name)), Spam: [mail('spam')] } })
  const session = await open()
  const entries = await listAll(session)
  const spam = listAll(session, 'Spam')
  const all = await Promise.all(entries.map(entry => octetsOf(session, entry)))
  assert.deepEqual(
    all,
    names.map(name => mail(name)),
  )
  assert.equal((await spam).length, 1)
})

test("an abort rejects with the signal's reason and ends the connection, half an answer being on its way", async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] } })
  const session = await open()
  const entry = first(await listAll(session))
  server.faults.at = ({ verb }) => (verb === 'UID FETCH' ? { do: 'silence' } : undefined)
  const abort = new AbortController()
  const retrieving = octetsOf(session, entry, abort.signal)
  await new Promise(resolve => setImmediate(resolve))
  const reason = new Error('enough')
  abort.abort(reason)
  await assert.rejects(retrieving, error => error === reason)
  await faultOf(listAll(session), 'source.connection-lost')
})

test('close logs out, and abandon may follow more than once', async t => {
  const { server, open } = await rig(t)
  const session = await open()
  await session.close()
  session.abandon()
  session.abandon()
  assert.equal(server.ledger.commands.at(-1)?.text, 'LOGOUT')
})

test('close ends within its deadline although LOGOUT is never answered', async t => {
  const { server, open } = await rig(t, { deadlines: { logout: 50 } })
  const session = await open()
  server.faults.at = ({ verb }) => (verb === 'LOGOUT' ? { do: 'silence' } : undefined)
  await session.close()
  assert.equal(server.ledger.commands.at(-1)?.text, 'LOGOUT')
  await until(() => server.connections === 0, 'the end of the connection')
})

// https://github.com/getmail6/getmail6/issues/221, https://github.com/postalsys/imapflow/issues/314
for (const status of ['BAD', 'NO']) {
  // A NO to FETCH speaks of single rows (RFC 2180 section 4.1.2).
  for (const verb of status === 'NO' ? ['SELECT', 'UID SEARCH'] : ['SELECT', 'UID SEARCH', 'UID FETCH']) {
    test(`F21: ${status} "User is authenticated but not connected" at ${verb} is told with these words and what they mean`, async t => {
      const words = 'User is authenticated but not connected.'
      const at = (moment: { readonly verb: string }) =>
        moment.verb === verb ||
        (verb === 'SELECT' && isOpening(moment.verb)) ||
        (verb === 'UID SEARCH' && moment.verb === 'UID FETCH')
          ? ({ do: 'answer', pieces: [`{tag} ${status} ${words}\r\n`] } as const)
          : undefined
      const { server, open } = await rig(t, { faults: { at } })
      server.deliver('INBOX', mail('a'))

      const fault = await faultOf(
        (await open()).list('INBOX', () => false, never),
        'source.not-connected',
      )
      assert.equal(fault.facts.words, words)
      for (const language of ['en', 'ja'] as const) {
        const text = Object.values(describeFault(fault, language)).join(' ')
        assert.ok(text.includes(words), text)
        assert.doesNotMatch(text, /MAIL_PROTOCOL/)
      }
    })
  }
}
