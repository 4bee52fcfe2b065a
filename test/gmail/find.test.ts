import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  anImport,
  faultOf,
  gmailFor,
  messageOf,
  never,
  readScope,
  sendJson,
  serve,
  serveTokens,
} from './scripted.ts'

const raw = Buffer.from([0, 0xff, 0x83, 0x65, 0x0d, 0x0a, 0xfb, 0xff])

describe('a look-up', () => {
  test('searches by Message-ID in spam and trash too, and gives the octets back', async t => {
    const server = await serve(t, (seen, response) => {
      if (seen.path.endsWith('/messages'))
        return sendJson(response, 200, { messages: [{ id: 'm1' }, { id: 'm2' }] })
      if (seen.path.endsWith('/m1')) return sendJson(response, 404, { error: { code: 404 } })
      sendJson(response, 200, { id: 'm2', labelIds: ['TRASH'], raw: raw.toString('base64url') })
    })
    const gmail = await gmailFor(t, { api: server.origin, tokens: (await serveTokens(t, readScope)).origin })
    assert.equal(await gmail.canRead(never), true)
    const found = await gmail.findByMessageId(' <a+b%c@example.com>', never)
    assert.deepEqual(found, [{ id: 'm2', labelIds: ['TRASH'], raw }])
    assert.deepEqual(Object.fromEntries(server.seen[0]?.query ?? []), {
      q: 'rfc822msgid:a+b%c@example.com',
      includeSpamTrash: 'true',
      maxResults: '10',
    })
    assert.equal(server.seen[1]?.query.get('format'), 'raw')
  })

  test('finds nothing where Gmail has nothing', async t => {
    const server = await serve(t, (seen, response) =>
      seen.path.endsWith('/messages')
        ? sendJson(response, 200, { resultSizeEstimate: 0 })
        : sendJson(response, 404, { error: { code: 404, message: 'Requested entity was not found.' } }),
    )
    const gmail = await gmailFor(t, { api: server.origin, tokens: (await serveTokens(t, readScope)).origin })
    assert.deepEqual(await gmail.findByMessageId('a@b', never), [])
    assert.equal(await gmail.read('18c', never), undefined)
  })

  test('by a Message-ID that would mean something else to the search is not "nothing": the owner is asked', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 200, {}))
    const gmail = await gmailFor(t, { api: server.origin, tokens: (await serveTokens(t, readScope)).origin })
    for (const id of ['a b@c', 'a" OR in:anywhere', '(a@b)', '{a b}', '', '<>', 'ü@b', 'a\r\nb@c']) {
      assert.equal((await faultOf(gmail.findByMessageId(id, never))).code, 'gmail.ask-owner', id)
    }
    assert.equal(server.seen.length, 0)
  })

  test('goes nowhere but to the mailbox: an id that is no name is asked for nowhere', async t => {
    const server = await serve(t, (seen, response) =>
      seen.path.endsWith('/messages')
        ? sendJson(response, 200, { messages: [{ id: '..' }] })
        : sendJson(response, 200, { id: 'm2', raw: raw.toString('base64url') }),
    )
    const gmail = await gmailFor(t, { api: server.origin, tokens: (await serveTokens(t, readScope)).origin })
    assert.equal((await faultOf(gmail.findByMessageId('a@b', never))).code, 'gmail.unknown-answer')
    assert.deepEqual(
      server.seen.map(({ path }) => path),
      ['/gmail/v1/users/me/messages'],
    )
  })

  test('goes to the configured host, whatever a variable of Google’s library names', async t => {
    process.env.GOOGLE_CLOUD_UNIVERSE_DOMAIN = 'universe.invalid'
    t.after(() => delete process.env.GOOGLE_CLOUD_UNIVERSE_DOMAIN)
    const server = await serve(t, (_, response) => sendJson(response, 200, { resultSizeEstimate: 0 }))
    const gmail = await gmailFor(t, { api: server.origin, tokens: (await serveTokens(t, readScope)).origin })
    assert.deepEqual(await gmail.findByMessageId('a@b', never), [])
    assert.equal(server.seen[0]?.headers['user-agent'], undefined)
    assert.equal(server.seen[0]?.headers['accept-encoding'], undefined)
  })

  test('that fails is a fault, never "nothing"', async t => {
    const answers: [number, string][] = [
      [500, ''],
      [200, '<html>'],
      [200, '{"messages":'],
      [403, '{}'],
    ]
    for (const [status, body] of answers) {
      const server = await serve(t, (_, response) => response.writeHead(status).end(body))
      const gmail = await gmailFor(t, {
        api: server.origin,
        tokens: (await serveTokens(t, readScope)).origin,
      })
      assert.equal((await faultOf(gmail.findByMessageId('a@b', never))).scope, 'account')
    }
  })

  test('without the scope is gmail.scope-missing, and Gmail is not asked', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 200, {}))
    const gmail = await gmailFor(t, { api: server.origin })
    assert.equal(await gmail.canRead(never), false)
    assert.equal((await faultOf(gmail.findByMessageId('a@b', never))).code, 'gmail.scope-missing')
    assert.equal(server.seen.length, 0)
  })
})

describe('the account', () => {
  const importTo = async (t: import('node:test').TestContext, address: string, scope?: string) => {
    const server = await serve(t, (seen, response) =>
      sendJson(
        response,
        200,
        seen.path.endsWith('/profile') ? { emailAddress: 'Some.One@gmail.com' } : { id: '1' },
      ),
    )
    const tokens = (await serveTokens(t, scope)).origin
    const gmail = await gmailFor(t, { api: server.origin, tokens, account: { address } })
    const work = async (): Promise<void> => {
      await gmail.import(messageOf(Buffer.from('x')), anImport(), never)
      await gmail.import(messageOf(Buffer.from('x')), anImport(), never)
    }
    return { work, paths: () => server.seen.map(({ path }) => path.replace(/.*\//, '')) }
  }

  test('is held against the configured address where the token may read, once per token', async t => {
    for (const address of ['someone@gmail.com', 'some.one@GoogleMail.com']) {
      const { work, paths } = await importTo(t, address, readScope)
      await work()
      assert.deepEqual(paths(), ['profile', 'import', 'import'])
    }
  })

  test('that is another one gets no mail', async t => {
    const { work, paths } = await importTo(t, 'another@gmail.com', readScope)
    const fault = await faultOf(work())
    assert.deepEqual([fault.code, fault.retry], ['gmail.account-mismatch', 'owner'])
    assert.deepEqual(paths(), ['profile'])
  })

  test('is not asked for where it is "me", or where the token may not read', async t => {
    for (const [address, scope] of [
      ['me', readScope],
      ['someone@gmail.com', undefined],
    ] as const) {
      const { work, paths } = await importTo(t, address, scope)
      await work()
      assert.deepEqual(paths(), ['import', 'import'])
    }
  })
})
