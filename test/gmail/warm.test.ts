/**
 * The first mail after a long quiet: over TLS on real sockets, with the round trips counted on the way. A round trip is
 * a time at which the client spoke and had heard something before (or had just connected).
 */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startDelayProxy } from '../../scripts/bench/delay-proxy.ts'
import { type Certificates, makeCertificates, needsOpenssl } from '../servers/certificates.ts'
import { startGmailServer } from '../servers/gmail/gmail-server.ts'
import { until } from '../servers/until.ts'
import { readScope, sendJson, serve } from './scripted.ts'

const owner = 'owner@example.test'

describe('an account over TLS', { skip: needsOpenssl(), timeout: 60_000 }, () => {
  let folder = ''
  let certificates: Certificates
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-warm-'))
    certificates = await makeCertificates(folder)
  })
  after(() => rm(folder, { recursive: true }))

  async function start(t: TestContext, { roundTripMs = 20, scope = '', address = 'me' } = {}) {
    const gmail = await startGmailServer({ tls: certificates.good })
    let trips = 0
    let heard = true
    const proxy = await startDelayProxy({
      port: Number(new URL(gmail.url).port),
      onOpen: () => {
        trips += 1
        heard = true
      },
      onServer: () => {
        heard = true
      },
      onClient: () => {
        if (heard) trips += 1
        heard = false
      },
    })
    proxy.roundTripMs = roundTripMs
    const granted = scope.split(' ').map(long => long.replace(/^.*\//, ''))
    const tokens = await serve(t, (_, response) =>
      sendJson(response, 200, {
        access_token: gmail.accessToken(owner, scope === '' ? undefined : granted),
        expires_in: 3599,
        token_type: 'Bearer',
        ...(scope === '' ? {} : { scope }),
      }),
    )
    const child: ChildProcess = fork(
      fileURLToPath(new URL('./warm-child.ts', import.meta.url)),
      [`https://127.0.0.1:${proxy.port}`, tokens.origin, address],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: certificates.ca.certFile } },
    )
    t.after(async () => {
      const ended = once(child, 'exit')
      child.send('end')
      await ended
      await proxy.close()
      await gmail.close()
    })
    await once(child, 'message')
    const tell = async (word: string): Promise<unknown> => {
      const answer = once(child, 'message')
      child.send(word)
      return (await answer)[0]
    }
    return {
      gmail,
      proxy,
      tokens,
      tell,
      /** Round trips that one import needed. */
      async import(subject: string): Promise<number> {
        const tripsBefore = trips
        heard = true
        assert.equal(await tell(subject), 'imported')
        return trips - tripsBefore
      },
      /** Gmail ends what idles, and the other side hears it. */
      async fallSilent(): Promise<void> {
        gmail.endIdle()
        await proxy.hangUp()
      },
      async prepare(connections: number): Promise<void> {
        await tell('prepare')
        await until(() => gmail.connections.length === connections, 'a connection that stands')
      },
    }
  }

  test('its first mail after a long quiet needs as many round trips as the next, where it was made ready', async t => {
    const account = await start(t)
    assert.ok((await account.import('cold')) >= 3, 'TCP, TLS and the upload')
    const second = await account.import('second')
    assert.equal(second, 1)
    await account.fallSilent()
    assert.ok((await account.import('not made ready')) >= 3)
    for (let quiet = 1; quiet <= 3; quiet += 1) {
      await account.fallSilent()
      await account.prepare(2 + quiet)
      assert.equal(await account.import(`after quiet ${quiet}`), second)
    }
    const imports = account.gmail.ledger.of('import')
    assert.deepEqual(
      imports.map(({ connection }) => connection),
      [1, 1, 2, 3, 4, 5],
    )
    assert.equal(account.gmail.messages().length, 6)
    assert.equal(account.tokens.seen.length, 1, 'one token for all')
  })

  test('it resumes its TLS sessions, also on a connection that is opened ahead', async t => {
    const account = await start(t)
    await account.import('first')
    await account.fallSilent()
    await account.prepare(2)
    await account.import('second')
    await account.fallSilent()
    await account.import('third')
    assert.deepEqual(
      account.gmail.connections.map(({ resumed }) => resumed),
      [false, true, true],
    )
  })

  test('its token, and whose account it is, are asked for before the mail needs them', async t => {
    const account = await start(t, { scope: readScope, address: owner })
    await account.tell('prepare')
    await until(
      () => account.gmail.ledger.of('getProfile').some(({ status }) => status === 200),
      'the profile',
    )
    assert.equal(await account.tell('first'), 'imported')
    assert.equal(account.gmail.ledger.of('getProfile').length, 1)
    assert.equal(account.tokens.seen.length, 1)
  })

  test('it makes one connection ready however often it is told, and none where one waits', async t => {
    const account = await start(t)
    await account.import('first')
    await account.tell('prepare')
    await account.import('second')
    assert.equal(account.gmail.connections.length, 1)
    await account.fallSilent()
    await account.prepare(2)
    await account.tell('prepare')
    await account.import('third')
    assert.equal(account.proxy.connections, 2)
  })

  test('what was made ready and ended by Gmail unseen costs no mail its certainty', async t => {
    const account = await start(t, { roundTripMs: 0 })
    await account.import('first')
    for (let time = 0; time < 5; time += 1) {
      await account.fallSilent()
      await account.tell('prepare')
      // At once, in whatever state the new connection is.
      account.gmail.dropConnections()
      assert.equal(await account.tell(`mail ${time}`), 'imported')
    }
    assert.equal(account.gmail.messages().length, 6)
    assert.equal(account.gmail.ledger.of('import').length, 6, 'each sent once')
  })
})
