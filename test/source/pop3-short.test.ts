/** How much a message may lack of what was announced: nothing, but where a server evidently rounds up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crlf, keepingSink, listAll, never, openAt, rejectsWith, serve } from './pop3-helpers.ts'

const ofOctets = (octets: number): Buffer => {
  const head = crlf('Subject: x\n\n')
  return Buffer.concat([head, Buffer.alloc(octets - head.length - 2, 'x'), crlf('\n')])
}

for (const [what, sizes] of [
  ['two sizes that are whole kilobytes by chance', [2048, 3072]],
  ['three sizes, of which one is no whole kilobyte', [2048, 3072, 4000]],
  ['three sizes of any number', [2001, 3003, 4005]],
] as const) {
  test(`${what}: a message that lacks a hundred octets is short`, async t => {
    const server = await serve(t, { messages: sizes.map(ofOctets) })
    server.faults.truncate = ({ octets }) => octets.length - 100
    const session = await openAt(t, server)
    const [first] = await listAll(session)
    assert.ok(first)
    await rejectsWith('message.short', session.retrieve(first, keepingSink(), never))
  })
}

test('where LIST and the answer to RETR announce different sizes the smaller one counts', async t => {
  const message = ofOctets(3000)
  const server = await serve(t, { messages: [message] })
  server.faults.retr = (_, right) =>
    Buffer.from(right.toString('latin1').replace(/^\+OK[^\r]*/, '+OK 3500 octets'), 'latin1')
  const session = await openAt(t, server)
  const [first] = await listAll(session)
  assert.ok(first)
  assert.equal(await session.retrieve(first, keepingSink(), never), message.length)
})
