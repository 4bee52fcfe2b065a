/** What counts as a success of an upload, which token is used again, and how large a message may be: at the edges. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longestMessageOctets } from '../../src/gmail/import.ts'
import type { RawMessage } from '../../src/message/message.ts'
import { anImport, faultOf, gmailFor, messageOf, never, sendJson, serve } from './scripted.ts'

const simple = messageOf(Buffer.from('From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n'))

for (const [what, status, answer] of [
  ['201 with an id', 201, { id: 'm1', threadId: 't1' }],
  ['202 with an id', 202, { id: 'm1', threadId: 't1' }],
  ['206 with an id', 206, { id: 'm1', threadId: 't1' }],
  ['200 with an empty id', 200, { id: '', threadId: 't1' }],
  ['200 with a number for an id', 200, { id: 1, threadId: 't1' }],
] as const) {
  test(`${what} is no success: the outcome is unknown`, async t => {
    const api = await serve(t, (_, response) => sendJson(response, status, answer))
    const gmail = await gmailFor(t, { api: api.origin })
    const fault = await faultOf(gmail.import(simple, anImport(), never))
    assert.equal(fault.code, 'gmail.outcome-unknown')
    assert.equal(api.seen.length, 1)
  })
}

test('a token that Gmail does not take is never shown to it again', async t => {
  const api = await serve(t, ({ headers }, response) =>
    headers.authorization === 'Bearer ya29.token-1'
      ? sendJson(response, 401, { error: { code: 401, errors: [{ reason: 'authError' }] } })
      : sendJson(response, 200, { id: 'm1', threadId: 't1' }),
  )
  const gmail = await gmailFor(t, { api: api.origin })
  assert.equal((await gmail.import(simple, anImport(), never)).id, 'm1')
  assert.equal((await gmail.import(simple, anImport(), never)).id, 'm1')
  assert.deepEqual(
    api.seen.map(({ headers }) => headers.authorization),
    ['Bearer ya29.token-1', 'Bearer ya29.token-2', 'Bearer ya29.token-2'],
  )
})

test('a message of exactly the largest size is offered to Gmail, one octet more is not', {
  timeout: 60_000,
}, async t => {
  const chunk = Buffer.alloc(1 << 20, 'x')
  const rawOf = (octets: number): RawMessage => ({
    octets,
    sha256: '0'.repeat(64),
    async *chunks() {
      for (let left = octets; left > 0; left -= chunk.length)
        yield chunk.subarray(0, Math.min(left, chunk.length))
    },
    header: async () => Buffer.alloc(0),
    discard: async () => {},
  })
  // The digest does not fit, so the upload is torn before its end: that it was begun is what counts.
  const api = await serve(t, (_, response) => sendJson(response, 503, {}))
  const gmail = await gmailFor(t, { api: api.origin })
  const code = async (octets: number): Promise<string> =>
    (await faultOf(gmail.import(rawOf(octets), anImport(), never))).code
  assert.notEqual(await code(longestMessageOctets), 'message.too-large')
  assert.equal(await code(longestMessageOctets + 1), 'message.too-large')
})
