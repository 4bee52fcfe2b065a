/** Whatever a server writes: a fault that is no bug of ours, in bounded time, and no connection left behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../src/base/fault.ts'
import { crlf, keepingSink, listAll, never, serve, sourceFor } from './pop3-helpers.ts'

const runs = Math.ceil(Number(process.env.HIKYAKU_FUZZ_RUNS ?? 300) / 6)

const piece = fc.oneof(
  fc.constantFrom(
    '+OK',
    '-ERR',
    '+ ',
    '.',
    '..',
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '[IN-USE]',
    '1 ',
    '2 ',
    '-1',
    '.\r\n',
  ),
  fc.constantFrom(
    '+OK\r\n',
    '-ERR [SYS/TEMP] x\r\n',
    '\r\n.\r\n',
    '99999999999999999999',
    'STLS',
    'UIDL',
    '\x1b[2J',
  ),
  fc.string({ maxLength: 20 }),
)
const answer = fc.array(piece, { maxLength: 12 }).map(pieces => Buffer.from(pieces.join(''), 'latin1'))
const verb = fc.constantFrom(
  'CONNECT',
  'CAPA',
  'UTF8',
  'USER',
  'PASS',
  'LIST',
  'UIDL',
  'RETR',
  'TOP',
  'DELE',
  'QUIT',
)

test('hostile answers end in faults, never in a bug, a hang or a leak', { timeout: 300_000 }, async t => {
  const server = await serve(t, { faults: {} })
  const message = crlf('Subject: a\n\n.dot\n')
  const ms = 15
  const deadlines = {
    greetingMs: ms,
    capaMs: ms,
    loginMs: ms,
    listMs: ms,
    commandMs: ms,
    quitMs: ms,
    progressMs: ms,
  }

  const wholeSession = async (): Promise<void> => {
    const session = await sourceFor(server, { deadlines }).open(never)
    try {
      const entries = await listAll(session)
      const works = entries.flatMap(entry => [
        session.retrieve(entry, keepingSink(), never),
        session.peekHeader(entry, never),
      ])
      for (const work of await Promise.allSettled(works)) {
        if (work.status === 'rejected') assert.ok(work.reason instanceof Fault, String(work.reason))
      }
      await session.settle(entries, { do: 'delete' }, never)
      await session.close()
    } finally {
      session.abandon()
    }
  }

  await fc.assert(
    fc.asyncProperty(
      fc.array(verb, { minLength: 1, maxLength: 3 }),
      answer,
      fc.nat(9),
      async (verbs, octets, chunk) => {
        while (server.messages.length < 2) server.deliver(message)
        server.faults.line = event => (verbs.some(one => one === event.verb) ? { answer: octets } : undefined)
        if (chunk > 0) server.faults.chunk = chunk
        else delete server.faults.chunk
        await wholeSession().catch((error: unknown) => {
          assert.ok(error instanceof Fault, String(error))
          assert.notEqual(error.code, 'bug', JSON.stringify(error.facts))
        })
        await server.until(() => server.openConnections() === 0)
      },
    ),
    { numRuns: runs },
  )
})
