/** Certificates and versions, for every destination, in an environment that tells Node not to look. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { serveTokens } from '../gmail/scripted.ts'
import {
  type Certificate,
  type Certificates,
  makeCertificates,
  needsOpenssl,
} from '../servers/certificates.ts'
import { startTlsTrap, type TlsTrap } from '../servers/tls-trap.ts'
import { type Destination, destinations } from './tls-destinations.ts'

const child = fileURLToPath(new URL('./tls-child.ts', import.meta.url))
/** All that takes Node's own guard down; SECLEVEL=0 is needed for TLS 1.1 at all. */
const careless = {
  NODE_TLS_REJECT_UNAUTHORIZED: '0',
  NODE_OPTIONS: '--tls-min-v1.0 --tls-cipher-list=DEFAULT@SECLEVEL=0',
  NODE_NO_WARNINGS: '1',
}
const oldTls = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

describe('TLS', { skip: needsOpenssl() }, () => {
  let folder = ''
  let certificates: Certificates
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-tls-'))
    certificates = await makeCertificates(folder)
  })
  after(() => rm(folder, { recursive: true }))

  interface Visit {
    readonly ended: Readonly<Record<Destination, string>>
    readonly traps: Readonly<Record<Destination, TlsTrap>>
  }

  /** A trap for each destination, and one child that goes to all of them. */
  async function visit(
    t: TestContext,
    certificate: Certificate,
    env: NodeJS.ProcessEnv,
    limits: Parameters<typeof startTlsTrap>[2] = {},
  ): Promise<Visit> {
    const names = Object.keys(destinations) as Destination[]
    const started = await Promise.all(
      names.map(async name => [name, await startTlsTrap(destinations[name], certificate, limits)] as const),
    )
    t.after(() => Promise.all(started.map(([, trap]) => trap.stop())))
    const traps = Object.fromEntries(started) as Record<Destination, TlsTrap>
    const ports = Object.fromEntries(started.map(([name, { port }]) => [name, port]))
    const tokens = (await serveTokens(t)).origin
    const ended = await new Promise<string>((resolve, reject) =>
      execFile(
        process.execPath,
        [child, JSON.stringify(ports), tokens],
        { env: { ...process.env, ...env }, timeout: 90_000 },
        (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
      ),
    )
    return { ended: JSON.parse(ended), traps }
  }

  const heardBy = (traps: Visit['traps']): readonly string[] =>
    Object.entries(traps)
      .filter(([name, { heard }]) => name !== 'node' && heard.length > 0)
      .map(([name, { heard }]) => `${name}: ${heard.join()}`)

  /** Every destination was gone to and heard nothing; Node, left to itself, was taken in. */
  function assertRefused({ ended, traps }: Visit, reason: RegExp): void {
    assert.deepEqual(heardBy(traps), [], JSON.stringify(ended))
    for (const name of Object.keys(destinations) as Destination[]) {
      assert.ok(traps[name].connections() > 0, `${name} was never gone to: ${ended[name]}`)
      if (name !== 'node') assert.match(ended[name], reason, name)
    }
    assert.ok(traps.node.heard.length > 0, `the environment deceives nobody: ${ended.node}`)
  }

  for (const [which, reason] of [
    ['selfSigned', /SELF_SIGNED|gmail.not-google/],
    ['wrongName', /ALTNAME_INVALID|source.tls-name/],
    ['expired', /CERT_HAS_EXPIRED|source.tls-expired/],
  ] as const)
    test(`G13: a certificate that is ${which} gets no word from any destination, whatever the environment says`, async t => {
      const env = { ...careless, NODE_EXTRA_CA_CERTS: certificates.ca.certFile }
      assertRefused(await visit(t, certificates[which], env), reason)
    })

  test('G13: TLS 1.1 is refused by every destination, whatever the environment says', async t => {
    const env = { ...careless, NODE_EXTRA_CA_CERTS: certificates.ca.certFile }
    assertRefused(await visit(t, certificates.good, env, oldTls), /ERR_SSL_|ECONNRESET|EPROTO/)
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
    test(`a good certificate over ${version} is spoken to by every destination (the traps can hear)`, async t => {
      const env = { NODE_EXTRA_CA_CERTS: certificates.ca.certFile }
      const limits = { minVersion: version, maxVersion: version }
      const { ended, traps } = await visit(t, certificates.good, env, limits)
      for (const name of Object.keys(destinations) as Destination[])
        assert.ok(traps[name].heard.length > 0, `${name}: ${ended[name]}`)
    })
})
