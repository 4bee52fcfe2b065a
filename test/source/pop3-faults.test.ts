/** Connections that end or fall silent at every place of a session. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FaultCode } from '../../src/base/fault.ts'
import type { Listed } from '../../src/source/source.ts'
import type { LineEvent } from '../servers/pop3-maildrop.ts'
import {
  crlf,
  listAll,
  never,
  openAt,
  plain,
  rejectsWith,
  retrieve,
  serve,
  sourceFor,
} from './pop3-helpers.ts'

for (const [quit, code] of [
  [{ answer: '-ERR [SYS/TEMP] some deleted messages not removed\r\n' }, 'source.cannot-settle'],
  ['fin', 'source.connection-lost'],
  ['rst', 'source.connection-lost'],
  ['silence', 'source.timeout'],
] as const) {
  test(`QUIT that ends in ${JSON.stringify(quit)} is ${code}`, async t => {
    const server = await serve(t, { messages: [plain(1)] })
    server.faults.line = ({ verb }) => (verb === 'QUIT' ? quit : undefined)
    const session = await openAt(t, server, { deadlines: quit === 'silence' ? { quitMs: 40 } : {} })
    await session.settle(await listAll(session), { do: 'delete' }, never)
    const fault = await rejectsWith(code, session.close())
    assert.equal(fault.facts.phase, 'quit')
    assert.equal(server.messages.length, 1)
    await server.until(() => server.openConnections() === 0)
  })
}

/** Every line of a session, told apart by verb and place. */
const everyLine: readonly [string, (event: LineEvent) => boolean][] = [
  ['the greeting', ({ verb }) => verb === 'CONNECT'],
  ['UTF8', ({ verb }) => verb === 'UTF8'],
  ['USER', ({ verb }) => verb === 'USER'],
  ['PASS', ({ verb }) => verb === 'PASS'],
  ['LIST', ({ verb }) => verb === 'LIST'],
  ['UIDL', ({ verb }) => verb === 'UIDL'],
  ['the second RETR', ({ line }) => line === 'RETR 2'],
  ['DELE', ({ verb }) => verb === 'DELE'],
]
for (const how of ['rst', 'fin', 'silence'] as const) {
  for (const [name, matches] of everyLine) {
    test(`${how} at ${name} is a fault, deletes nothing, and leaves no connection`, async t => {
      const server = await serve(t, { messages: [plain(1), plain(2)] })
      server.faults.line = event => (matches(event) ? how : undefined)
      const quick = how === 'silence' ? { greetingMs: 40, loginMs: 40, listMs: 40, commandMs: 40 } : {}
      const whole = async (): Promise<void> => {
        const session = await sourceFor(server, { deadlines: quick }).open(never)
        const entries = await listAll(session)
        const works = await Promise.allSettled(entries.map((entry: Listed) => retrieve(session, entry)))
        for (const work of works) if (work.status === 'rejected') throw work.reason
        await session.settle(entries, { do: 'delete' }, never)
        await session.close()
      }
      const code: FaultCode = how === 'silence' ? 'source.timeout' : 'source.connection-lost'
      await rejectsWith(code, whole())
      assert.equal(server.messages.length, 2)
      await server.until(() => server.openConnections() === 0)
    })
  }
}

test('a cut at any octet of RETR is a lost connection, and the whole message comes the next time', async t => {
  const message = crlf('Subject: a\n\n.dot\n..\nend\n')
  const server = await serve(t, { messages: [message, plain(2)] })
  for (const how of ['fin', 'rst'] as const) {
    for (let at = 0; at < message.length + 5; at += 1) {
      server.faults.retrCut = { at, how }
      const session = await openAt(t, server)
      const [first, second] = await listAll(session)
      const both = await Promise.allSettled([retrieve(session, first), retrieve(session, second)])
      // Blamed is the message that the server was at, and none that was asked for ahead.
      for (const [place, work] of both.entries()) {
        assert.ok(work.status === 'rejected', `cut at ${at}`)
        assert.equal(work.reason.code, 'source.connection-lost')
        assert.equal(work.reason.scope, place === 0 ? 'message' : 'mailbox', `cut at ${at}`)
      }
    }
  }
  delete server.faults.retrCut
  const session = await openAt(t, server)
  assert.ok((await retrieve(session, (await listAll(session))[0])).equals(message))
})

test('silence in a body ends it after the progress deadline, a steady trickle does not', async t => {
  const server = await serve(t, { messages: [plain(3)], faults: { chunk: 4, chunkDelayMs: 2 } })
  const session = await openAt(t, server, { deadlines: { progressMs: 2000, commandMs: 2000 } })
  const [entry] = await listAll(session)
  assert.ok((await retrieve(session, entry)).equals(plain(3)))
  server.faults.retrCut = { at: 20, how: 'silence' }
  const other = await openAt(t, server, { deadlines: { progressMs: 40 } })
  await rejectsWith('source.timeout', retrieve(other, (await listAll(other))[0]))
})

test('a trickle that would take for ever is ended by policy', async t => {
  const server = await serve(t, { messages: [plain(3000)] })
  const session = await openAt(t, server, { deadlines: { trickleMs: 30, trickleOctets: 1000 } })
  const [entry] = await listAll(session)
  Object.assign(server.faults, { chunk: 1, chunkDelayMs: 1 })
  await rejectsWith('source.timeout', retrieve(session, entry))
})

test('a listing that never ends is ended by its deadline', async t => {
  const server = await serve(t, { messages: [plain(1)] })
  server.faults.line = ({ verb }) => (verb === 'UIDL' ? { answer: '+OK\r\n1 a\r\n' } : undefined)
  const session = await openAt(t, server, { deadlines: { listMs: 40 } })
  await rejectsWith('source.timeout', listAll(session))
})

test('an idle session that the server ends is known at the next command', async t => {
  const server = await serve(t, { messages: [plain(1)] })
  server.faults.line = ({ verb }) => (verb === 'UIDL' ? { after: 'fin' } : undefined)
  const session = await openAt(t, server)
  const [entry] = await listAll(session)
  await server.until(() => server.openConnections() === 0)
  await rejectsWith('source.connection-lost', retrieve(session, entry))
  await rejectsWith('source.connection-lost', session.close())
})
