import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  type Certificate,
  type Certificates,
  makeCertificates,
  needsOpenssl,
} from '../servers/certificates.ts'
import { sendJson, serveTokens } from './scripted.ts'

describe('over https', { skip: needsOpenssl() }, () => {
  let folder = ''
  let certificates: Certificates
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-tls-'))
    certificates = await makeCertificates(folder)
  })
  after(() => rm(folder, { recursive: true }))

  /** What a process that trusts our authority says of two imports; and what the server saw of them. */
  async function importOver(t: TestContext, { cert, key }: Certificate) {
    let requests = 0
    let connections = 0
    const server = https.createServer({ cert, key }, (request, response) => {
      requests += 1
      request.resume().on('end', () => sendJson(response, 200, { id: `${requests}` }))
    })
    server.on('secureConnection', () => {
      connections += 1
    })
    server.on('tlsClientError', () => {})
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    t.after(() => {
      server.closeAllConnections()
      return new Promise(done => server.close(done))
    })
    const child = fileURLToPath(new URL('./tls-child.ts', import.meta.url))
    const apiRoot = `https://localhost:${(server.address() as AddressInfo).port}`
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificates.ca.certFile }
    const tokens = (await serveTokens(t)).origin
    const lines = await new Promise<string[]>((resolve, reject) =>
      execFile(process.execPath, [child, apiRoot, tokens], { env }, (error, stdout) =>
        error === null ? resolve(stdout.trim().split('\n')) : reject(error),
      ),
    )
    return { lines, requests, connections }
  }

  test('imports run over one connection whose certificate is right', async t => {
    const { lines, connections } = await importOver(t, certificates.good)
    assert.deepEqual(lines, ['imported', 'imported'])
    assert.equal(connections, 1)
  })

  for (const [which, reason] of [
    ['wrongName', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['expired', 'CERT_HAS_EXPIRED'],
    ['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ] as const) {
    test(`a certificate that is ${which} gets no request: gmail.not-google`, async t => {
      const { lines, requests } = await importOver(t, certificates[which])
      assert.deepEqual(lines, [`gmail.not-google ${reason}`, `gmail.not-google ${reason}`])
      assert.equal(requests, 0)
    })
  }
})
