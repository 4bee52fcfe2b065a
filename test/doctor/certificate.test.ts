/** What doctor says of a mail server's certificate where it is good, pinned, or soon to end. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe as anySuite, test as anyTest, before, type TestContext } from 'node:test'
import { type Certificates, makeCertificates, needsOpenssl } from '../servers/certificates.ts'
import { startImapServer } from '../servers/imap-server.ts'
import { PlayedClock } from '../servers/in-process.ts'
import { startPop3Server } from '../servers/pop3-server.ts'
import { answerOf, startWorld } from '../servers/world.ts'
import { diagnosed, type Line } from './harness.ts'
import { onlyIpv4 } from './rows.ts'

const skip = needsOpenssl()
const describe = skip ? anySuite.skip : anySuite
const test = skip ? anyTest.skip : anyTest
let folder = ''
let certificates: Certificates
before(async () => {
  if (skip) return
  folder = await mkdtemp(join(tmpdir(), 'hikyaku-doctor-certificate-'))
  certificates = await makeCertificates(folder)
})
after(() => skip || rm(folder, { recursive: true, force: true }))

const users = { owner: 'correct horse battery' }

interface Served {
  readonly protocol: 'pop3' | 'imap'
  readonly security: 'tls' | 'starttls'
  readonly certificate?: 'good' | 'selfSigned'
  readonly pin?: boolean
  readonly clock?: PlayedClock
}

/** The lines about the source of a server that shows this certificate. */
async function linesOf(t: TestContext, served: Served): Promise<ReadonlyMap<string, Line>> {
  const { protocol, security, certificate = 'good', pin = false, clock } = served
  const { cert, key } = certificates[certificate]
  const world = await startWorld({ protocol })
  t.after(() => world.stop())
  let port: number
  if (protocol === 'pop3') {
    const server = await startPop3Server({ users, tls: { cert, key, stls: security === 'starttls' } })
    t.after(() => server.close())
    port = server.port
  } else {
    const mode = security === 'starttls' ? 'starttls' : 'implicit'
    const server = await startImapServer({ users, tls: { mode, cert, key } })
    t.after(() => server.stop())
    port = server.port
  }
  const told = await diagnosed(world, {
    env: {
      MAIL_HOST: 'localhost',
      MAIL_PORT: String(port),
      MAIL_SECURITY: security,
      MAIL_CA_FILE: certificates.ca.certFile,
      MAIL_CERT_SHA256: pin ? new X509Certificate(cert).fingerprint256 : undefined,
    },
    given: clock === undefined ? onlyIpv4 : { ...onlyIpv4, clock },
  })
  return new Map(told.lines.map(line => [line.check, line]))
}

describe('a good certificate', () => {
  for (const protocol of ['pop3', 'imap'] as const) {
    for (const security of ['tls', 'starttls'] as const) {
      test(`is told with its names and the days left, and the login follows, over ${protocol} and ${security}`, async t => {
        const lines = await linesOf(t, { protocol, security })
        const line = lines.get('sourceTls')
        assert.equal(line?.verdict, 'ok', JSON.stringify(line))
        assert.match(line?.what ?? '', /localhost, 127\.0\.0\.1.*hikyaku test authority.*days left/)
        assert.equal(lines.get('sourceLogin')?.verdict, 'ok')
        assert.match(lines.get('sourceLogin')?.what ?? '', /TLSv1\.3/)
      })
    }
  }
})

test('a pinned certificate that nobody vouches for is as good as any', async t => {
  const lines = await linesOf(t, { protocol: 'pop3', security: 'tls', certificate: 'selfSigned', pin: true })
  assert.equal(lines.get('sourceTls')?.verdict, 'ok')
  assert.match(lines.get('sourceTls')?.what ?? '', /pinned/)
  assert.equal(lines.get('sourceLogin')?.verdict, 'ok')
})

test('another certificate than the pinned one is refused, and no password is sent', async t => {
  const world = await startWorld({ protocol: 'pop3' })
  t.after(() => world.stop())
  const server = await startPop3Server({ users, tls: certificates.good })
  t.after(() => server.close())
  const told = await diagnosed(world, {
    env: {
      MAIL_HOST: 'localhost',
      MAIL_PORT: String(server.port),
      MAIL_SECURITY: 'tls',
      MAIL_CA_FILE: certificates.ca.certFile,
      MAIL_CERT_SHA256: 'ab'.repeat(32),
    },
    given: onlyIpv4,
  })
  assert.equal(told.cause, 'source.tls-untrusted')
  assert.deepEqual([server.ledger.logins, server.ledger.failedLogins], [[], []])
})

test('a certificate that ends within two weeks is a note', async t => {
  const clock = new PlayedClock()
  clock.offsetMs = 20 * 86_400_000 // of the 30 days that it was made for
  const lines = await linesOf(t, {
    protocol: 'pop3',
    security: 'tls',
    certificate: 'selfSigned',
    pin: true,
    clock,
  })
  assert.deepEqual(
    [lines.get('sourceTls')?.verdict, lines.get('sourceTls')?.code],
    ['warning', 'certificate.ending'],
  )
  assert.match(lines.get('sourceTls')?.what ?? '', /ends in 9 days/)
})

test('where even Google’s certificate is out of date, the clock of this computer is blamed', async t => {
  const world = await startWorld({ protocol: 'pop3', gmail: { tls: certificates.expired } })
  t.after(() => world.stop())
  // Node reads it at its start only: a process of its own.
  const ended = await world.run(['doctor', '--json'], {
    env: { NODE_EXTRA_CA_CERTS: certificates.ca.certFile },
  })
  const { cause, checks } = answerOf(ended) as { cause: string; checks: readonly Line[] }
  assert.equal(cause, 'clock.off')
  assert.equal(
    checks.find(({ verdict, check }) => verdict === 'bad' && check === 'googleReach')?.code,
    'gmail.not-google',
  )
})
