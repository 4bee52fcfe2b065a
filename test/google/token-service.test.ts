import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createVerify, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { Secret } from '../../src/base/secret.ts'
import {
  faultOf,
  leastScope,
  never,
  readScope,
  type Seen,
  sendJson,
  serve,
  serveRaw,
} from '../gmail/scripted.ts'
import { until } from '../servers/until.ts'
import { form, granted, tokensFor } from './tokens-for.ts'

describe('a service account', () => {
  const keyFor = async (t: TestContext, text?: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-key-'))
    t.after(() => rm(folder, { recursive: true }))
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    const file = join(folder, 'key.json')
    await writeFile(
      file,
      text ?? JSON.stringify({ client_email: 'bot@p.iam.gserviceaccount.com', private_key: pem }),
    )
    return {
      publicKey,
      credential: { kind: 'service-account', keyFile: file, subject: 'a@example.com' } as const,
    }
  }
  const claims = (seen: Seen | undefined): Record<string, unknown> =>
    JSON.parse(Buffer.from(form(seen).assertion?.split('.')[1] ?? '', 'base64url').toString())

  test('has its token renewed before it ends without anybody waiting for it', async t => {
    let serial = 0
    const server = await serve(t, (_, response) => {
      serial += 1
      sendJson(response, 200, { access_token: `ya29.${serial}`, expires_in: 3599 })
    })
    const { credential } = await keyFor(t)
    const { tokens, clock } = tokensFor(t, server.origin, { credential })
    await tokens.get('insert', never)
    await clock.advance(3_250_000)
    await until(() => server.seen.length === 2 && clock.sleepers === 1, 'the next token')
    assert.equal((await tokens.get('insert', never)).value, 'ya29.2')
    assert.equal(server.seen.length, 2)
  })

  test('signs a JWT for its subject and sends it to the configured token URL', async t => {
    const server = await serve(t, (_, response) =>
      sendJson(response, 200, { access_token: 'ya29.s', expires_in: 3599 }),
    )
    const { publicKey, credential } = await keyFor(t)
    const { tokens } = tokensFor(t, server.origin, { credential })
    const token = await tokens.get('read', never)
    assert.equal(token.value, 'ya29.s')
    const [seen] = server.seen
    assert.equal(form(seen).grant_type, 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [head, payload, signature = ''] = form(seen).assertion?.split('.') ?? []
    const verify = createVerify('RSA-SHA256').update(`${head}.${payload}`)
    assert.ok(verify.verify(publicKey, signature, 'base64url'))
    const { iss, sub, aud, scope } = claims(seen)
    assert.deepEqual(
      [iss, sub, aud],
      ['bot@p.iam.gserviceaccount.com', 'a@example.com', `${server.origin}/token`],
    )
    assert.equal(scope, readScope)
  })

  test('whose key is in no file signs with the text that is given beside it, read anew for each token', async t => {
    const server = await serve(t, (_, response) =>
      sendJson(response, 200, { access_token: 'ya29.s', expires_in: 3599 }),
    )
    const { publicKey, credential } = await keyFor(t)
    const text = await readFile(credential.keyFile, 'utf8')
    let reads = 0
    const key = new Secret(async () => {
      reads += 1
      return text
    })
    const sealed = { ...credential, keyFile: 'bot@p.iam.gserviceaccount.com', key }
    const { tokens } = tokensFor(t, server.origin, { credential: sealed })
    assert.equal((await tokens.get('insert', never)).value, 'ya29.s')
    assert.equal(reads, 1)
    const [head, payload, signature = ''] = form(server.seen[0]).assertion?.split('.') ?? []
    const verify = createVerify('RSA-SHA256').update(`${head}.${payload}`)
    assert.ok(verify.verify(publicKey, signature, 'base64url'))
    const broken = { ...sealed, key: Secret.of('{"private_key": "that-must-not-leak"}') }
    const fault = await faultOf(
      tokensFor(t, server.origin, { credential: broken }).tokens.get('insert', never),
    )
    assert.deepEqual(
      [fault.code, fault.scope, fault.facts.file],
      ['secret.unreadable', 'account', sealed.keyFile],
    )
    assert.doesNotMatch(inspect(fault, { depth: 20 }), /that-must-not-leak/)
  })

  test('that may not read is content with the least scopes', async t => {
    const server = await serve(t, (seen, response) =>
      String(claims(seen).scope).includes('readonly')
        ? sendJson(response, 401, { error: 'unauthorized_client' })
        : sendJson(response, 200, { access_token: 'ya29.s', expires_in: 3599 }),
    )
    const { credential } = await keyFor(t)
    const { tokens } = tokensFor(t, server.origin, { credential })
    assert.deepEqual((await tokens.get('insert', never)).scopes, leastScope.split(' '))
    assert.equal((await faultOf(tokens.get('read', never))).code, 'gmail.scope-missing')
  })

  test('that Google does not know is gmail.service-account, for there is no consent to renew', async t => {
    const server = await serve(t, (_, response) => sendJson(response, 400, { error: 'invalid_grant' }))
    const { credential } = await keyFor(t)
    const { tokens } = tokensFor(t, server.origin, { credential })
    assert.equal((await faultOf(tokens.get('insert', never))).code, 'gmail.service-account')
  })

  test('whose key file is broken is secret.unreadable and shows nothing of the key', async t => {
    for (const text of [
      '{"private_key": "-----BEGIN that-must-not-leak',
      '{}',
      '{"client_email":"a","private_key":"that-must-not-leak"}',
    ]) {
      const { credential } = await keyFor(t, text)
      const { tokens } = tokensFor(t, 'http://127.0.0.1:1', { credential })
      const fault = await faultOf(tokens.get('insert', never))
      assert.deepEqual([fault.code, fault.scope], ['secret.unreadable', 'account'])
      assert.doesNotMatch(inspect(fault, { depth: 20 }), /that-must-not-leak/)
    }
  })
})

test('proxy variables divert neither tokens nor uploads', async t => {
  let proxied = 0
  const proxy = await serveRaw(t, socket => {
    proxied += 1
    socket.destroy()
  })
  const server = await serve(t, (seen, response) =>
    sendJson(response, 200, seen.path === '/token' ? granted('ya29.1') : { id: '18c' }),
  )
  const program = `
    import { makeGmail } from '${new URL('../../src/gmail/google.ts', import.meta.url)}'
    import * as scripted from '${new URL('../gmail/scripted.ts', import.meta.url)}'
    import { systemClock } from '${new URL('../../src/base/clock.ts', import.meta.url)}'
    const gmail = makeGmail({ account: scripted.accountFor(), clock: systemClock,
      endpoints: scripted.endpointsFor('${server.origin}', '${server.origin}') })
    const { id } = await gmail.import(scripted.messageOf(Buffer.from('x')), scripted.anImport(), scripted.never)
    await gmail.close()
    console.log(id)`
  const variables = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY']
  const env = {
    ...process.env,
    NODE_USE_ENV_PROXY: '1',
    NO_PROXY: '',
    no_proxy: '',
    ...Object.fromEntries(variables.map(name => [name, proxy])),
  }
  const out = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, ['--input-type=module', '-e', program], { env }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    ),
  )
  assert.equal(out.trim(), '18c')
  assert.equal(proxied, 0)
})
