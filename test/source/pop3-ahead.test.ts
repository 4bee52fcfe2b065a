/** What was asked for ahead, and what a packet ends amid. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { BodyReader } from '../../src/source/pop3-reader.ts'
import { listAll, never, openAt, plain, serve } from './pop3-helpers.ts'

for (const how of ['fin', 'rst'] as const) {
  test(`a connection that ends (${how}) at one message is blamed on that one, and on none that was asked for ahead`, async t => {
    const server = await serve(t, { messages: [plain(1), plain(2), plain(3)] })
    server.faults.line = ({ line }) => (line === 'RETR 1' ? how : undefined)
    const session = await openAt(t, server)
    const sink = { write: () => {} }
    const outcomes = await Promise.allSettled(
      (await listAll(session)).map(entry => session.retrieve(entry, sink, never)),
    )
    const scopes = outcomes.map(outcome =>
      outcome.status === 'rejected' && outcome.reason instanceof Fault
        ? outcome.reason.scope
        : outcome.status,
    )
    assert.deepEqual(scopes, ['message', 'mailbox', 'mailbox'])
  })
}

test('a listing whose last line is cut after its dot or its CR has no octet of it', () => {
  for (const [first, second] of [
    ['1 100\r\n.', '\r\n'],
    ['1 100\r\n.\r', '\n'],
    ['1 100\r\n', '.\r\n'],
    ['1 100\n.', '\n'],
  ] as const) {
    const reader = new BodyReader('either')
    const pieces = [first, second].map(text => reader.feed(Buffer.from(text)))
    const octets = pieces.map(({ octets: some }) => (some === undefined ? '' : Buffer.from(some).toString()))
    assert.equal(octets.join(''), first.slice(0, first.indexOf('\n') + 1), JSON.stringify(first))
    assert.deepEqual(
      pieces.map(({ done }) => done),
      [false, true],
    )
  }
})
