/**
 * Family F, row 21: encryption that is not safe any more, and servers that are not what they should be, are told as what
 * they are, before any password. https://github.com/nextcloud/mail/issues/8654
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createPlain, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createServer as createTls, type TlsOptions } from 'node:tls'
import { systemClock } from '../../src/base/clock.ts'
import { Fault, type FaultCode } from '../../src/base/fault.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import { needsOpenssl } from '../servers/certificates.ts'
import { mailboxOf, never } from '../source/imap-harness.ts'
import { sourceFor } from '../source/pop3-helpers.ts'

interface Certificate {
  readonly key: string
  readonly cert: string
  readonly caFile: string
}

/** A certificate for localhost and the authority that signed it. */
function certify(t: TestContext, bits: number, digest: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'hikyaku-weak-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const at = (name: string): string => join(folder, name)
  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { stdio: 'pipe' })
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-sha256',
  )
  openssl(
    'req',
    '-newkey',
    `rsa:${bits}`,
    '-nodes',
    '-keyout',
    at('key'),
    '-out',
    at('csr'),
    '-subj',
    '/CN=localhost',
  )
  writeFileSync(at('ext'), 'subjectAltName=DNS:localhost\n')
  openssl(
    'x509',
    '-req',
    '-in',
    at('csr'),
    '-CA',
    at('ca.pem'),
    '-CAkey',
    at('ca.key'),
    '-CAcreateserial',
    '-out',
    at('pem'),
    '-days',
    '2',
    `-${digest}`,
    '-extfile',
    at('ext'),
  )
  return { key: readFileSync(at('key'), 'utf8'), cert: readFileSync(at('pem'), 'utf8'), caFile: at('ca.pem') }
}

/** Listens for one test; what clients sent is kept. */
async function listen(t: TestContext, server: Server): Promise<{ port: number; sent: () => string }> {
  const sockets = new Set<Socket>()
  let sent = ''
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', octets => {
      sent += octets.toString('latin1')
    })
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, sent: () => sent }
}

interface Reach {
  readonly port: number
  readonly caFile?: string
  readonly security: 'tls' | 'starttls'
}

/** Both protocols meet the same fault, in words of both languages. */
async function meets(
  code: FaultCode,
  { port, caFile, security }: Reach,
  words: readonly [RegExp, RegExp],
): Promise<Fault> {
  const server = { host: 'localhost', port, security, caFile }
  const imap = makeImapSource({
    mailbox: mailboxOf(server),
    clock: systemClock,
    deadlines: { greeting: 500, tls: 3000 },
  })
  const pop3 = sourceFor({ port }, { server, deadlines: { greetingMs: 500, tlsMs: 3000 } })
  let fault = new Fault('bug')
  for (const source of [imap, pop3]) {
    const thrown: unknown = await source.open(never).then(
      () => undefined,
      error => error,
    )
    assert.ok(thrown instanceof Fault, String(thrown))
    assert.equal(thrown.code, code, `${source.protocol} ${JSON.stringify(thrown.facts)}`)
    assert.match(Object.values(describeFault(thrown, 'en')).join(' '), words[0])
    assert.match(Object.values(describeFault(thrown, 'ja')).join(' '), words[1])
    fault = thrown
  }
  return fault
}

const secure: readonly (readonly [string, number, string, TlsOptions, FaultCode, RegExp, RegExp])[] = [
  [
    'speaks only TLS 1.1',
    2048,
    'sha256',
    { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' },
    'source.tls-too-old',
    /only TLS 1\.1 or older, which is not safe/,
    /TLS 1\.1 以前/,
  ],
  [
    'speaks only TLS 1.0',
    2048,
    'sha256',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1' },
    'source.tls-too-old',
    /only TLS 1\.1 or older/,
    /TLS 1\.1 以前/,
  ],
  ['has a key of 1024 bits', 1024, 'sha256', {}, 'source.tls-weak-key', /too short/, /短すぎる/],
  ['has a certificate signed with SHA-1', 2048, 'sha1', {}, 'source.tls-weak-signature', /SHA-1/, /SHA-1/],
]
for (const [name, bits, digest, options, code, en, ja] of secure) {
  test(`F21: a server that ${name} is ${code}`, { skip: needsOpenssl() }, async t => {
    const { caFile, ...own } = certify(t, bits, digest)
    const { port } = await listen(t, createTls({ ...own, ciphers: 'DEFAULT:@SECLEVEL=0', ...options }))
    await meets(code, { port, caFile, security: 'tls' }, [en, ja])
  })
}

for (const [name, greeting, code, en, ja] of [
  [
    'IMAP in clear text',
    '* OK IMAP4rev1 ready\r\n',
    'source.tls-clear-text',
    /MAIL_SECURITY=starttls/,
    /starttls/,
  ],
  [
    'SMTP in clear text',
    '220 mail.example ESMTP Postfix\r\n',
    'source.other-service',
    /sending mail \(SMTP\)/,
    /送信用のサーバー/,
  ],
] as const) {
  test(`F21: ${name} on the port for TLS is told as such`, async t => {
    const { port, sent } = await listen(
      t,
      createPlain(socket => void socket.write(greeting)),
    )
    const fault = await meets(code, { port, security: 'tls' }, [en, ja])
    assert.equal(fault.facts.words, greeting.trim())
    assert.doesNotMatch(sent(), /secret|correct horse/)
  })
}

test('F21: a web server on the port for TLS is told as such', async t => {
  const server = createPlain(socket => {
    socket.on('data', () => void socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))
  })
  const { port } = await listen(t, server)
  await meets('source.other-service', { port, security: 'tls' }, [/web server/, /Web サーバー/])
})

test('F21: TLS on the port for STARTTLS is told as such', { skip: needsOpenssl() }, async t => {
  const { caFile, ...own } = certify(t, 2048, 'sha256')
  const { port } = await listen(t, createTls(own))
  await meets('source.other-service', { port, caFile, security: 'starttls' }, [
    /MAIL_SECURITY=tls/,
    /MAIL_SECURITY=tls/,
  ])
})

for (const [greeting, en, ja] of [
  ['220 mail.example ESMTP', /SMTP/, /SMTP/],
  ['HTTP/1.1 400 Bad Request', /web server/, /Web サーバー/],
  ['SSH-2.0-OpenSSH_9.2', /SSH/, /SSH/],
  ['220 ProFTPD FTP ready', /FTP/, /FTP/],
] as const) {
  test(`F21: the greeting "${greeting}" is told as that of another service`, async t => {
    const { port, sent } = await listen(
      t,
      createPlain(socket => void socket.write(`${greeting}\r\n`)),
    )
    await meets('source.other-service', { port, security: 'starttls' }, [en, ja])
    assert.equal(sent(), '')
  })
}
