/**
 * Why the POP3 client is ours: node-pop3 0.11.0, the one in common use, on the same server and the same octets.
 * Should a newer version pass where it fails here, this says so, and the decision can be looked at again.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import Pop3Command from 'node-pop3'
import type { Pop3Faults } from '../servers/pop3-maildrop.ts'
import { crlf, listAll, openAt, retrieve, serve } from './pop3-helpers.ts'

const message = crlf('Subject: a\n\nbefore\n.\n.signature\nafter\n')

/** The same octets each time: the answer to RETR in the packets given. */
const cases: Readonly<Record<string, { octets: Buffer; faults?: Pop3Faults }>> = {
  'a message with dots at line starts': { octets: message },
  'a message without any dot': { octets: crlf('Subject: a\n\nplain\n') },
  'Shift_JIS in the body': { octets: crlf('Subject: a\n\n\x93\xfa\x96\x7b\x8c\xea\n') },
  'a NUL first': { octets: crlf('\0Subject: a\n\nplain\n') },
  'packets of five octets': { octets: message, faults: { chunk: 5 } },
}

for (const [name, { octets, faults = {} }] of Object.entries(cases)) {
  test(`${name}: node-pop3 changes or never finishes it, ours hands it on exactly`, async t => {
    const server = await serve(t, { messages: [octets], faults })
    const session = await openAt(t, server)
    const [entry] = await listAll(session)
    assert.ok((await retrieve(session, entry)).equals(octets))
    await session.close()

    const peer = new Pop3Command({
      user: 'user',
      password: 'secret',
      host: server.host,
      port: server.port,
      timeout: 150,
    })
    peer.on('error', () => {})
    t.after(() => peer._socket?.destroy())
    await peer._connect()
    assert.ok(peer._socket)
    // Its own time-out passes without ending the retrieval: an idle socket is the sign that it waits in vain.
    const idle = once(peer._socket, 'timeout').then(() => 'never finished')
    const got: unknown = await Promise.race([peer.RETR(1), idle]).catch(() => 'never finished')
    assert.ok(typeof got === 'string')
    assert.ok(!Buffer.from(got, 'utf8').equals(octets))
  })
}
