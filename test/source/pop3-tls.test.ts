import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test as anyTest } from 'node:test'
import { type Certificate, makeCertificates, needsOpenssl } from '../servers/certificates.ts'
import { usualCapabilities } from '../servers/pop3-server.ts'
import { crlf, listAll, never, openAt, rejectsWith, retrieve, serve, sourceFor } from './pop3-helpers.ts'

const dir = await mkdtemp(join(tmpdir(), 'hikyaku-tls-'))
after(() => rm(dir, { recursive: true, force: true }))
const skip = needsOpenssl()
const test = skip ? anyTest.skip : anyTest
const none: Certificate = { cert: '', key: '', certFile: '', keyFile: '' }
const certificates = skip
  ? { ca: none, good: none, wrongName: none, expired: none, selfSigned: none }
  : await makeCertificates(dir)
const { good } = certificates
const caFile = certificates.ca.certFile
const messages = [
  crlf('Subject: a\n\n.dot\n'),
  Buffer.concat([crlf('Subject: big\n\n'), Buffer.alloc(3 << 20, 0x2e)]),
]
const sha256Of = ({ cert }: Certificate): string =>
  new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase()

for (const security of ['tls', 'starttls'] as const) {
  for (const host of ['localhost', '127.0.0.1']) {
    test(`mail comes through ${security} to ${host} exactly`, async t => {
      const server = await serve(t, { messages, tls: { ...good, stls: security === 'starttls' } })
      const session = await openAt(t, server, { server: { security, host, caFile } })
      assert.equal(session.abilities.tls, 'TLSv1.3')
      const [first, second] = await listAll(session)
      const both = await Promise.all([retrieve(session, first), retrieve(session, second)])
      assert.ok(both[0].equals(messages[0] ?? Buffer.alloc(0)))
      assert.equal(both[1].length, (messages[1]?.length ?? 0) + 2)
      await session.close()
      await server.until(() => server.openConnections() === 0)
    })
  }

  for (const [name, code] of [
    ['wrongName', 'source.tls-name'],
    ['expired', 'source.tls-expired'],
    ['selfSigned', 'source.tls-untrusted'],
  ] as const) {
    test(`over ${security} a certificate that is ${name} is refused before the login, and named`, async t => {
      const server = await serve(t, { tls: { ...certificates[name], stls: security === 'starttls' } })
      const opening = sourceFor(server, { server: { security, host: 'localhost', caFile } }).open(never)
      const fault = await rejectsWith(code, opening)
      assert.equal(fault.facts.seen, sha256Of(certificates[name]), 'so that the owner can pin it')
      assert.ok(!server.ledger.commands.some(line => line.startsWith('USER')))
      await server.until(() => server.openConnections() === 0)
    })

    test(`over ${security} a certificate that is ${name} is accepted when pinned, and no other is`, async t => {
      const tls = { ...certificates[name], stls: security === 'starttls' }
      const server = await serve(t, { tls })
      const pinnedSha256 = sha256Of(certificates[name])
      await openAt(t, server, { server: { security, host: 'localhost', pinnedSha256 } })
      const other = { security, host: 'localhost', caFile, pinnedSha256: sha256Of(good) }
      const fault = await rejectsWith(
        'source.tls-untrusted',
        sourceFor(server, { server: other }).open(never),
      )
      assert.equal(fault.facts.seen, pinnedSha256)
      assert.equal(server.ledger.logins.length, 1)
    })
  }

  test(`over ${security} an authority that nobody trusts is refused`, async t => {
    const server = await serve(t, { tls: { ...good, stls: security === 'starttls' } })
    await rejectsWith('source.tls-untrusted', sourceFor(server, { server: { security } }).open(never))
  })
}

test('a missing CA file is told as such', async t => {
  const server = await serve(t, { tls: good })
  const caFile = join(dir, 'none.pem')
  const fault = await rejectsWith(
    'config.invalid',
    sourceFor(server, { server: { security: 'tls', caFile } }).open(never),
  )
  assert.equal(fault.scope, 'mailbox')
  assert.equal(fault.facts.file, caFile)
})

test('capabilities from before STLS are forgotten', async t => {
  const server = await serve(t, { tls: { ...good, stls: true } })
  server.faults.line = ({ verb, index }) =>
    verb === 'CAPA' && index === 1
      ? { answer: '+OK\r\nSTLS\r\nLOGIN-DELAY 99\r\nSASL EVIL\r\n.\r\n' }
      : undefined
  const { abilities } = await openAt(t, server, { server: { security: 'starttls', caFile } })
  assert.equal(abilities.loginDelayMs, undefined)
  assert.deepEqual(server.ledger.commands.slice(0, 3), ['CAPA', 'STLS', 'CAPA'])
})

test('STLS that is not offered, or refused, ends before the login', async t => {
  const server = await serve(t, {})
  const source = sourceFor(server, { server: { security: 'starttls', caFile } })
  await rejectsWith('source.tls-not-offered', source.open(never))
  assert.deepEqual(server.ledger.commands, ['CAPA'])
  server.faults.capa = 'none'
  const fault = await rejectsWith('source.tls-not-offered', source.open(never))
  assert.equal(fault.facts.words, 'Unknown command.')
  assert.deepEqual(server.ledger.commands, ['CAPA', 'CAPA', 'STLS'])
})

test('octets that come with the answer to STLS are an injection', async t => {
  const server = await serve(t, {
    tls: { ...good, stls: true },
    faults: { stlsInjection: '+OK you are in\r\n' },
  })
  const fault = await rejectsWith(
    'source.tls-injection',
    sourceFor(server, { server: { security: 'starttls', caFile } }).open(never),
  )
  assert.equal(fault.facts.phase, 'tls')
})

test('octets in clear text that come after the answer to STLS are an injection too', async t => {
  const server = await serve(t, { capabilities: [...usualCapabilities, 'STLS'] })
  // No TLS behind it: the next thing that the client sees is clear text.
  server.faults.line = ({ verb }) => (verb === 'STLS' ? { answer: '+OK\r\n' } : undefined)
  const opening = sourceFor(server, { server: { security: 'starttls', caFile } }).open(never)
  await rejectsWith('source.tls-injection', opening)
})

test('a server that does not speak TLS on the port for it is a failed handshake, not an injection', async t => {
  const server = await serve(t)
  await rejectsWith('source.tls-clear-text', sourceFor(server, { server: { security: 'tls' } }).open(never))
})

test('a handshake that is cut off or never goes on ends', async t => {
  for (const silent of [false, true]) {
    const server = createServer(socket => {
      socket.on('error', () => {})
      if (silent) socket.resume()
      else socket.once('data', () => socket.destroy())
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.after(() => new Promise(resolve => server.close(resolve)))
    const address = server.address()
    assert.ok(typeof address === 'object' && address)
    const source = sourceFor(address, { server: { security: 'tls' }, deadlines: { tlsMs: 60 } })
    const fault = await rejectsWith(silent ? 'source.timeout' : 'source.tls-failed', source.open(never))
    assert.equal(fault.facts.phase, 'tls')
  }
})

test('clear text is for loopback only', async t => {
  const fault = await rejectsWith(
    'config.invalid',
    sourceFor({ port: 1 }, { server: { host: '192.0.2.1' } }).open(never),
  )
  assert.equal(fault.facts.what, 'MAIL_SECURITY')
  const server = await serve(t)
  await openAt(t, server, { server: { host: 'localhost' } })
})

for (const how of ['rst', 'fin'] as const) {
  test(`a message cut by ${how} under TLS is a lost connection, never a short message`, async t => {
    const server = await serve(t, { messages, tls: good, faults: { retrCut: { at: 5, how } } })
    const session = await openAt(t, server, { server: { security: 'tls', caFile } })
    const [first] = await listAll(session)
    await rejectsWith('source.connection-lost', retrieve(session, first))
  })
}
