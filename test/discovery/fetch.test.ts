import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Connections, openConnections } from '../../src/base/connections.ts'
import { makeHttpsAgent } from '../../src/base/tls.ts'
import type { Fetcher } from '../../src/discovery/discover.ts'
import { makeFetcher } from '../../src/discovery/fetch.ts'
import { makeCertificates, needsOpenssl } from '../servers/certificates.ts'

describe('fetching a configuration file', { skip: needsOpenssl() }, () => {
  let folder: string
  let server: Server
  let fetcher: Fetcher
  let untrusting: Fetcher
  const signal = AbortSignal.timeout(20_000)
  const get = (path: string, by = fetcher): Promise<string | undefined> =>
    by(new URL(`https://localhost${path}`), signal)

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-fetch-'))
    const { ca, good } = await makeCertificates(folder)
    server = createServer({ cert: good.cert, key: good.key }, (request, response) => {
      const path = request.url ?? ''
      if (path === '/file') return void response.end('<clientConfig/>')
      if (path === '/there') return void response.writeHead(302, { location: '/file' }).end()
      if (path === '/plain') return void response.writeHead(301, { location: 'http://localhost/file' }).end()
      if (path === '/round') return void response.writeHead(302, { location: '/round' }).end()
      if (path === '/broken') return void response.writeHead(503).end()
      if (path !== '/endless') return void response.writeHead(404).end()
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384))) {}
        response.once('drain', more)
      }
      more()
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const connectBy =
      (trust: { readonly ca?: string }): (() => Connections) =>
      () => {
        const https = makeHttpsAgent(trust)
        const connect = https.createConnection.bind(https)
        https.createConnection = (options, ...rest) =>
          connect({ ...options, host: '127.0.0.1', port, servername: options.host ?? '' }, ...rest)
        return { ...openConnections(), https }
      }
    fetcher = makeFetcher(connectBy({ ca: ca.cert }))
    untrusting = makeFetcher(connectBy({}))
  })
  after(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    await rm(folder, { recursive: true })
  })

  it('gives the text, also after a redirect, and undefined where there is none', async () => {
    assert.equal(await get('/file'), '<clientConfig/>')
    assert.equal(await get('/there'), '<clientConfig/>')
    assert.equal(await get('/absent'), undefined)
  })

  it('does not follow a redirect to http, nor one without end', async () => {
    assert.equal(await get('/plain'), undefined)
    assert.equal(await get('/round'), undefined)
    assert.equal(await fetcher(new URL('http://localhost/file'), signal), undefined)
  })

  it('fails where nobody can say: an ill server, an endless file, a stranger’s certificate, an abort', async () => {
    await assert.rejects(get('/broken'), /503/)
    await assert.rejects(get('/endless'), /too large/)
    await assert.rejects(get('/file', untrusting))
    await assert.rejects(fetcher(new URL('https://other.example/file'), signal), {
      reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    await assert.rejects(fetcher(new URL('https://localhost/file'), AbortSignal.abort()), {
      name: 'AbortError',
    })
  })
})
