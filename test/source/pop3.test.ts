/** One POP3 session from listing to QUIT, on the stand-in: octets, order, back-pressure, deletions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { servedOctets, sha256 } from '../servers/pop3-maildrop.ts'
import { usualCapabilities } from '../servers/pop3-server.ts'
import {
  crlf,
  keepingSink,
  listAll,
  never,
  openAt,
  plain,
  rejectsWith,
  retrieve,
  serve,
  sourceFor,
} from './pop3-helpers.ts'

const corpus: Readonly<Record<string, Buffer>> = {
  'dots at line starts': crlf('Subject: dots\n\n.\n..\n.a\n...\nend\n'),
  'no final CRLF': Buffer.from('Subject: open end\r\n\r\nlast line'),
  'bare LF and bare CR': Buffer.from('Subject: bare\r\n\r\na\nb\n.c\rd\r.e\r\r\n.f\r\n'),
  NUL: Buffer.from('\0Subject: nul\r\n\r\n\0\r\n\0.\0\r\n'),
  '8-bit header': Buffer.from('Subject: \x93\xfa\x96\x7b\x8c\xea\r\n\r\n\x82\xb1\r\n', 'latin1'),
  'a line of 1 MiB': Buffer.concat([crlf('Subject: long\n\n'), Buffer.alloc(1 << 20, 0x2e), crlf('\n')]),
  'no empty line': crlf('Subject: only a header\n'),
  'only an empty line': crlf('\n'),
}

for (const chunk of [1, 2, 7, undefined]) {
  test(`every corpus message is handed on exactly, in packets of ${chunk ?? 'any number of'} octets`, async t => {
    const few =
      chunk === undefined ? Object.entries(corpus) : Object.entries(corpus).filter(([, m]) => m.length < 999)
    const messages = few.map(([, message]) => message)
    const server = await serve(t, { messages, faults: chunk === undefined ? {} : { chunk } })
    const session = await openAt(t, server)
    const entries = await listAll(session)
    assert.equal(entries.length, messages.length)
    const all = await Promise.all(entries.map(entry => retrieve(session, entry)))
    for (const [at, [name, message]] of few.entries()) {
      assert.ok(all[at]?.equals(servedOctets(message)), name)
      assert.equal(sha256(all[at] ?? Buffer.alloc(0)), server.messages[at]?.sha256, name)
    }
    await session.close()
    assert.equal(server.ledger.retrieved.length, messages.length)
    assert.equal(server.ledger.deleted.length, 0)
  })
}

test('a listing gives UIDL, size and number, and nothing that POP3 does not know', async t => {
  const server = await serve(t, { messages: [plain(1), plain(2)] })
  const session = await openAt(t, server)
  assert.deepEqual(session.folders, [''])
  const [first, second] = await listAll(session)
  assert.deepEqual(first, {
    folder: '',
    uid: 'uidl-1',
    octets: plain(1).length,
    arrivedAtMs: undefined,
    seen: undefined,
    handle: 1,
  })
  assert.equal(second?.uid, 'uidl-2')
})

test('an empty maildrop is an empty listing, also where LIST and UIDL refuse to list nothing', async t => {
  const server = await serve(t)
  assert.deepEqual(await listAll(await openAt(t, server)), [])
  server.faults.line = ({ verb }) =>
    verb === 'LIST' || verb === 'UIDL' ? { answer: '-ERR no messages\r\n' } : undefined
  assert.deepEqual(await listAll(await openAt(t, server)), [])
  server.deliver(plain(1))
  await rejectsWith('source.server-temporary', listAll(await openAt(t, server)))
})

test('retrievals are sent ahead where PIPELINING is announced, and every answer finds its message', async t => {
  const messages = Array.from({ length: 40 }, (_, at) => plain(at + 1))
  const server = await serve(t, { messages })
  const session = await openAt(t, server)
  const entries = await listAll(session)
  const all = await Promise.all(entries.map(entry => retrieve(session, entry)))
  for (const [at, octets] of all.entries()) assert.ok(octets.equals(plain(at + 1)))
  await session.close()

  // Proof that they were: a server that throws away what came ahead leaves the second one without an answer.
  server.faults.line = ({ verb }) => {
    server.faults.dropsPipelined = verb === 'RETR'
    return undefined
  }
  const other = await openAt(t, server, { deadlines: { commandMs: 50 } })
  const [first, second] = await listAll(other)
  const [one, two] = await Promise.allSettled([retrieve(other, first), retrieve(other, second)])
  assert.equal(one.status, 'fulfilled')
  assert.ok(two.status === 'rejected' && two.reason.code === 'source.timeout')
})

test('without PIPELINING no line is sent before the last answer is complete', async t => {
  const messages = Array.from({ length: 20 }, (_, at) => plain(at + 1))
  const capabilities = [...usualCapabilities.filter(name => name !== 'PIPELINING'), 'USER']
  const server = await serve(t, { messages, capabilities, faults: { dropsPipelined: true } })
  const session = await openAt(t, server)
  const entries = await listAll(session)
  const all = await Promise.all(entries.map(entry => retrieve(session, entry)))
  for (const [at, octets] of all.entries()) assert.ok(octets.equals(plain(at + 1)))
  await session.settle(entries, { do: 'delete' }, never)
  await session.close()
  assert.equal(server.ledger.deleted.length, 20)
})

test('the login is one step at a time even where PIPELINING is announced', async t => {
  const server = await serve(t, { faults: { dropsPipelined: true } })
  await openAt(t, server)
  assert.deepEqual(server.ledger.commands, ['CAPA', 'UTF8', 'USER user', 'PASS ***', 'CAPA'])
})

test('nothing is read from the socket while the sink asks to wait', async t => {
  const big = Buffer.concat([crlf('Subject: big\n\n'), Buffer.alloc(32 << 20, 0x61), crlf('\n')])
  const server = await serve(t, { messages: [big, plain(1)] })
  const session = await openAt(t, server)
  const [first, second] = await listAll(session)
  assert.ok(first && second)
  let open: (() => void) | undefined
  let early = 0
  const waiting = new Promise<void>(resolve => {
    open = resolve
  })
  let begun: (() => void) | undefined
  const hasBegun = new Promise<void>(resolve => {
    begun = resolve
  })
  const slow = session.retrieve(
    first,
    {
      write(chunk) {
        early += chunk.length
        begun?.()
        return waiting
      },
    },
    never,
  )
  const other = retrieve(session, second)
  await hasBegun
  const held = early
  // The server cannot get rid of 32 MiB: the message is not in its ledger however long it writes.
  for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve))
  assert.equal(early, held)
  assert.equal(server.ledger.retrieved.length, 0)
  open?.()
  assert.equal(await slow, big.length)
  assert.ok((await other).equals(plain(1)))
})

for (const how of ['throws', 'rejects'] as const) {
  test(`a sink that ${how} ends its own retrieval and harms no other`, async t => {
    const server = await serve(t, { messages: [plain(1), plain(5000), plain(3)], faults: { chunk: 1000 } })
    const session = await openAt(t, server)
    const [first, second, third] = await listAll(session)
    assert.ok(second)
    const full = new Fault('state.disk-full')
    const sink = {
      write() {
        if (how === 'throws') throw full
        return Promise.reject(full)
      },
    }
    const [one, two, three] = await Promise.allSettled([
      retrieve(session, first),
      session.retrieve(second, sink, never),
      retrieve(session, third),
    ])
    assert.ok(one.status === 'fulfilled' && one.value.equals(plain(1)))
    assert.ok(two.status === 'rejected' && two.reason === full)
    assert.ok(three.status === 'fulfilled' && three.value.equals(plain(3)))
    assert.ok((await retrieve(session, second)).equals(plain(5000)), 'and it can be had again')
    await session.close()
  })
}

test('an aborted retrieval rejects at once and the session goes on', async t => {
  const server = await serve(t, { messages: [plain(5000), plain(2), plain(3)] })
  const session = await openAt(t, server)
  const [first, second, third] = await listAll(session)
  assert.ok(first && second)
  const stop = new AbortController()
  const stuck = session.retrieve(first, { write: () => new Promise(() => stop.abort()) }, stop.signal)
  const unsent = session.retrieve(second, keepingSink(), AbortSignal.abort())
  await assert.rejects(unsent, { name: 'AbortError' })
  await assert.rejects(stuck, { name: 'AbortError' })
  assert.ok((await retrieve(session, third)).equals(plain(3)))
  await session.close()
})

test('open can be aborted while the server is silent, and leaves no connection', async t => {
  const server = await serve(t, { faults: { line: () => 'silence' } })
  const stop = new AbortController()
  const opening = sourceFor(server).open(stop.signal)
  await server.until(() => server.openConnections() === 1)
  stop.abort()
  await assert.rejects(opening, { name: 'AbortError' })
  await server.until(() => server.openConnections() === 0)
  await assert.rejects(sourceFor(server).open(stop.signal), { name: 'AbortError' })
  assert.equal(server.ledger.connections, 1)
})

test('deletions are committed by close and by nothing else', async t => {
  const server = await serve(t, { messages: [plain(1), plain(2), plain(3)] })
  const dropped = await openAt(t, server)
  await dropped.settle(await listAll(dropped), { do: 'delete' }, never)
  dropped.abandon()
  await server.until(() => server.openConnections() === 0)
  assert.equal(server.messages.length, 3)

  const session = await openAt(t, server)
  const [, second] = await listAll(session)
  assert.ok(second)
  await session.settle([second], { do: 'delete' }, never)
  assert.equal(server.ledger.deleted.length, 0)
  await session.close()
  assert.deepEqual(
    server.ledger.deleted.map(({ uidl }) => uidl),
    ['uidl-2'],
  )
  await session.close()
  session.abandon()
  await server.until(() => server.openConnections() === 0)
})

test('a message that this session did not list is never deleted', async t => {
  const server = await serve(t, { messages: [plain(1), plain(2)] })
  const session = await openAt(t, server)
  const [first] = await listAll(session)
  assert.ok(first)
  await rejectsWith('bug', session.settle([{ ...first, handle: 2 }], { do: 'delete' }, never))
  await rejectsWith('bug', session.settle([{ ...first, handle: 7 }], { do: 'delete' }, never))
  await rejectsWith('source.cannot-settle', session.settle([first], { do: 'move', folder: 'Done' }, never))
  await session.close()
  assert.equal(server.messages.length, 2)
})

test('mail that arrives during a session is seen by the next one', async t => {
  const server = await serve(t, { messages: [plain(1)] })
  const session = await openAt(t, server)
  server.deliver(plain(2))
  assert.equal((await listAll(session)).length, 1)
  await session.close()
  assert.equal((await listAll(await openAt(t, server))).length, 2)
})

test('peekHeader gives the header section and never more', async t => {
  const long = Buffer.concat([crlf('X: '), Buffer.alloc(300 * 1024, 0x61), crlf('\n\nbody\n')])
  const server = await serve(t, { messages: [crlf('Subject: a\n.dot: b\n\nbody\n'), crlf('\nbody\n'), long] })
  const session = await openAt(t, server)
  const [first, second, third] = await listAll(session)
  assert.ok(first && second && third)
  assert.deepEqual(await session.peekHeader(first, never), crlf('Subject: a\n.dot: b\n\n'))
  assert.deepEqual(await session.peekHeader(second, never), crlf('\n'))
  assert.equal((await session.peekHeader(third, never))?.length, 256 * 1024)
  assert.ok((await retrieve(session, third)).equals(long), 'and the session is in step')
})

test('abilities tell what was announced after the login', async t => {
  const server = await serve(t, {
    capabilities: ['TOP', 'user', 'LOGIN-DELAY 900', 'EXPIRE 0', 'PIPELINING'],
  })
  const { abilities } = await openAt(t, server)
  assert.deepEqual(abilities, {
    protocol: 'pop3',
    capabilities: ['TOP', 'USER', 'LOGIN-DELAY 900', 'EXPIRE 0', 'PIPELINING'],
    mechanism: undefined,
    tls: undefined,
    canDelete: true,
    namesLast: false,
    loginDelayMs: 900_000,
  })
})

test('UTF8 is asked for before the login, so that 8-bit headers are not replaced by a notice', async t => {
  const message = corpus['8-bit header'] ?? Buffer.alloc(0)
  const server = await serve(t, { messages: [message], faults: { needsUtf8: true } })
  const session = await openAt(t, server)
  const [entry] = await listAll(session)
  assert.ok((await retrieve(session, entry)).equals(message))
})
