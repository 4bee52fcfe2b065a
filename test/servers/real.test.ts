/**
 * What real servers do to octets, read by a client that is not ours. These facts are what the tests of our own
 * readers rest on: should a newer Dovecot behave otherwise, it shows here and not as a riddle there.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { corpus } from '../messages/corpus.ts'
import { large, mebibyte } from '../messages/large.ts'
import { type CourierServer, courierMissing, startCourier } from './courier.ts'
import { type DovecotServer, dovecotMissing, startDovecot } from './dovecot.ts'
import { pythonMissing, type Read, readIndependently } from './independent-client.ts'
import { requireServer } from './required.ts'

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

/** The octets as text, one code unit each, changed, and back. */
const changed = (octets: Buffer, change: (text: string) => string): Buffer =>
  Buffer.from(change(octets.toString('latin1')), 'latin1')
const crlf = (text: string): string => text.replace(/(?<!\r)\n/g, '\r\n')
const ended = (text: string): string => (text.endsWith('\r\n') ? text : `${text}\r\n`)

type Protocol = 'pop3' | 'imap'

/** The documented alterations of each server; everything else must come through as delivered. */
const alterations: Record<'dovecot' | 'courier', Record<Protocol, (text: string) => string>> = {
  dovecot: {
    pop3: text => ended(crlf(text)),
    imap: text => crlf(text).replaceAll('\0', '\x80'),
  },
  courier: {
    pop3: text => ended(crlf(text)),
    imap: text => crlf(text).replace(/\r$/, ''),
  },
}

type Server = Pick<DovecotServer, 'ports' | 'user' | 'password' | 'caFile'>

function read(server: Server, protocol: Protocol, tls = false, utf8 = false): Promise<Read[]> {
  const { ports, user, password, caFile } = server
  const port = ports[tls ? (`${protocol}s` as const) : protocol]
  return readIndependently({ protocol, port, user, password, utf8, ...(tls ? { caFile } : {}) })
}

/** Compares what was read with the corpus; names the messages that differ. */
function differing(reads: readonly Read[], alter: (text: string) => string): string[] {
  const messages = corpus()
  assert.equal(reads.length, messages.length)
  return messages
    .filter(({ octets }, at) => reads[at]?.sha256 !== sha256(changed(octets, alter)))
    .map(({ name }) => name)
}

const missing = (server: string | undefined): string | undefined => server ?? pythonMissing()

describe('Dovecot', { skip: requireServer('dovecot', missing(dovecotMissing())) }, () => {
  let server: DovecotServer
  before(async () => {
    server = await startDovecot()
    for (const { octets } of corpus()) await server.deliver('', octets)
  })
  after(() => server?.stop())

  test('stores exactly the octets that were delivered, in the order of delivery', async () => {
    const stored = await server.maildrop('')
    assert.deepEqual(
      stored.map(one => one.sha256),
      corpus().map(one => sha256(one.octets)),
    )
  })

  for (const protocol of ['pop3', 'imap'] as const) {
    for (const tls of [false, true]) {
      test(`sends the corpus over ${protocol}${tls ? ' with TLS' : ''}, bare LF and what ${protocol} forbids aside`, async () => {
        assert.deepEqual(differing(await read(server, protocol, tls), alterations.dovecot[protocol]), [])
      })
    }
  }

  test('changes no octet of a message whose lines all end in CRLF and that has no NUL', async () => {
    for (const protocol of ['pop3', 'imap'] as const) {
      const reads = await read(server, protocol)
      for (const [at, { name, octets, plain }] of corpus().entries()) {
        if (plain) assert.equal(reads[at]?.sha256, sha256(octets), `${name} over ${protocol}`)
      }
    }
  })

  test('announces over POP3 the octets it sends, less the line end that it adds to an unended message', async () => {
    const reads = await read(server, 'pop3')
    for (const [at, { name, octets }] of corpus().entries()) {
      const added = octets.toString('latin1').endsWith('\n') ? 0 : 2
      assert.equal((reads[at]?.octets ?? 0) - (reads[at]?.announced ?? 0), added, name)
    }
  })

  test('announces over IMAP exactly the octets it sends', async () => {
    for (const one of await read(server, 'imap')) assert.equal(one.announced, one.octets, one.name)
  })

  test('keeps its UIDs over a restart on the same ports, and has new ones after it lost its index', async () => {
    const uidls = async (): Promise<string[]> => (await read(server, 'pop3')).map(one => one.name)
    const first = await uidls()
    await server.restart()
    assert.deepEqual(await uidls(), first)
    await server.forgetUids('')
    const second = await uidls()
    assert.equal(second.length, first.length)
    assert.equal(second.filter(name => first.includes(name)).length, 0)
  })

  test('keeps folders and users apart, and takes a message of 25 MiB as it is', async t => {
    const other = await startDovecot({ users: { a: 'one', b: 'two:with"quotes' } })
    t.after(() => other.stop())
    const big = large(25 * mebibyte)
    await other.deliver('', big.chunks(), { user: 'b' })
    await other.deliver('受信/控え', Buffer.from('From: a@example.jp\r\n\r\n'), { user: 'b' })
    const ofB = { ...other, user: 'b', password: 'two:with"quotes' }
    for (const protocol of ['pop3', 'imap'] as const) {
      assert.deepEqual(await read(other, protocol), [])
      const reads = await read(ofB, protocol, true)
      assert.deepEqual(
        reads.map(one => one.sha256),
        [big.sha256],
      )
    }
    assert.equal((await other.maildrop('受信/控え', 'b')).length, 1)
  })

  test('refuses a wrong password at once, and the independent client says so', async () => {
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const beganMs = performance.now()
      await work()
      return performance.now() - beganMs
    }
    // What the client itself takes on this machine is in both.
    const usualMs = (await timed(() => read(server, 'pop3'))) + (await timed(() => read(server, 'imap')))
    const wrong = { ...server, password: 'wrong' }
    const refusedMs = await timed(async () => {
      await assert.rejects(read(wrong, 'pop3'), /AUTH|Authentication failed/i)
      await assert.rejects(read(wrong, 'imap'), /Authentication failed/i)
    })
    assert.ok(refusedMs < 2 * usualMs + 3_000, `${refusedMs} ms, and ${usualMs} where it is right`)
  })

  test('leaves neither folder nor listener behind when it is stopped', async () => {
    const other = await startDovecot()
    const folder = dirname(dirname(other.caFile))
    assert.ok(existsSync(folder))
    await other.stop()
    assert.ok(!existsSync(folder))
    await assert.rejects(read(other, 'imap'), /refused/i)
  })
})

describe('Courier', { skip: requireServer('courier', missing(courierMissing())) }, () => {
  let server: CourierServer
  before(async () => {
    server = await startCourier()
    for (const { octets } of corpus()) await server.deliver('', octets)
  })
  after(() => server?.stop())

  for (const tls of [false, true]) {
    test(`sends the corpus over imap${tls ? ' with TLS' : ''}, bare LF and a final CR aside`, async () => {
      assert.deepEqual(differing(await read(server, 'imap', tls), alterations.courier.imap), [])
    })

    test(`sends the corpus over pop3${tls ? ' with TLS' : ''} to a client that said UTF8`, async () => {
      assert.deepEqual(differing(await read(server, 'pop3', tls, true), alterations.courier.pop3), [])
    })
  }

  test('replaces mail with 8-bit header fields by a notice of its own where the client did not say UTF8', async () => {
    const eightBit = corpus()
      .filter(({ octets }) => /[\x80-\xff]/.test(octets.toString('latin1').split('\r\n\r\n')[0] ?? ''))
      .map(({ name }) => name)
    assert.ok(eightBit.length > 0)
    assert.deepEqual(differing(await read(server, 'pop3'), alterations.courier.pop3), eightBit)
  })

  test('leaves neither folder nor listener behind when it is stopped', async () => {
    const other = await startCourier()
    const folder = dirname(dirname(other.caFile))
    assert.ok(existsSync(folder))
    await other.stop()
    assert.ok(!existsSync(folder))
    await assert.rejects(read(other, 'imap'), /refused/i)
  })
})
