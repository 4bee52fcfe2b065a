/** A token endpoint between Google and hikyaku that changes one value of its answers; real children, one shot each. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type GmailServer, startGmailServer } from '../servers/gmail/gmail-server.ts'
import { gmailEnv, hikyaku } from '../servers/hikyaku.ts'
import { startPop3Server } from '../servers/pop3-server.ts'
import { mail } from './harness.ts'

let gmail: GmailServer
before(async () => {
  gmail = await startGmailServer({ accounts: ['owner@example.test'] })
})
after(() => gmail.close())

const changes: readonly (readonly [what: string, change: object, code: number, imported: boolean])[] = [
  ['a consent that lasts 10^300 s', { refresh_token_expires_in: 1e300 }, 0, true],
  ['a consent that lasts 10^16 s', { refresh_token_expires_in: 1e16 }, 0, true],
  ['a consent that lasts half a second more', { refresh_token_expires_in: 604_799.5 }, 0, true],
  ['a token that lasts 10^308 s', { expires_in: 1e308 }, 0, true],
  ['a token with a line break', { access_token: 'ya29.a\r\nX-Evil: 1' }, 1, false],
  ['a token outside ASCII', { access_token: 'ya29.é漢' }, 1, false],
  ['a token of 900 kB', { access_token: 'a'.repeat(900_000) }, 1, false],
]

for (const [what, change, code, imported] of changes) {
  test(`G20: ${what} is no bug and no trouble of the disk`, async t => {
    const source = await startPop3Server({ users: { owner: 'secret' } })
    source.deliver(mail(what))
    const endpoint = createServer(async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const headers = { 'content-type': String(request.headers['content-type']) }
      const answer = await fetch(gmail.tokenUrl, { method: 'POST', headers, body: Buffer.concat(parts) })
      response.end(JSON.stringify({ ...((await answer.json()) as object), ...change }))
    })
    await new Promise<void>(resolve => endpoint.listen(0, '127.0.0.1', resolve))
    const cwd = await mkdtemp(join(tmpdir(), 'hikyaku-numbers-'))
    t.after(async () => {
      endpoint.close()
      await source.close()
      await rm(cwd, { recursive: true, force: true })
    })
    const env = {
      ...gmailEnv(gmail),
      GOOGLE_TOKEN_URL: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/token`,
      MAIL_PROTOCOL: 'pop3',
      MAIL_HOST: '127.0.0.1',
      MAIL_PORT: String(source.port),
      MAIL_SECURITY: 'none',
      MAIL_USER: 'owner',
      MAIL_PASSWORD: 'secret',
      HIKYAKU_VAULT: 'environment',
      STATE_DIR: join(cwd, 'state'),
      VERIFY: 'no',
    }
    const before = gmail.accepted.length
    const pulled = await hikyaku(['pull'], { env, cwd })
    assert.equal(pulled.code, code, pulled.stderr)
    assert.equal(gmail.accepted.length - before, imported ? 1 : 0)
    for (const args of [
      ['status', '--json'],
      ['doctor', '--json'],
    ]) {
      const ended = await hikyaku(args, { env, cwd })
      assert.ok(ended.code !== 70 && ended.code !== null, ended.stdout + ended.stderr)
      assert.doesNotMatch(ended.stdout, /"code":"(bug|state\.[a-z-]+|journal\.[a-z-]+)"/)
    }
  })
}
