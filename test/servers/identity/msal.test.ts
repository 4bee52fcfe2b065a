/** The stand-in for Microsoft's identity platform, held against Microsoft's own library. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Certificates, makeCertificates, needsOpenssl } from '../certificates.ts'
import { keepOutput, privateFolder, removeFolder } from '../local.ts'
import { until } from '../until.ts'
import { refusals } from './answers.ts'
import { type IdentityOptions, type IdentityServer, startIdentityServer } from './identity-server.ts'

const child = fileURLToPath(new URL('msal-child.ts', import.meta.url))
const user = 'taro@contoso.example'
type Said = Record<string, Record<string, string> & string>

describe('the stand-in of the identity platform, to MSAL', { skip: needsOpenssl() }, () => {
  let folder: string
  let certificates: Certificates
  before(async () => {
    folder = await privateFolder('msal')
    certificates = await makeCertificates(join(folder, 'tls'))
  })
  after(() => removeFolder(folder))

  /** @param act with the code, where one is shown */
  async function play(
    options: IdentityOptions,
    secret: string,
    act: (identity: IdentityServer, code: string) => void,
  ): Promise<{ readonly said: Said; readonly identity: IdentityServer }> {
    const { key, cert } = certificates.good
    const identity = await startIdentityServer({ tls: { key, cert }, intervalSeconds: 1, ...options })
    const { root, app, tenant } = identity
    const program = spawn(process.execPath, ['--no-warnings', child, root, app.clientId, tenant, secret], {
      env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: certificates.ca.certFile },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    })
    const output = keepOutput(program)
    let over = false
    const ended = once(program, 'close').then(() => {
      over = true
    })
    if (secret === '') {
      await until(() => over || identity.waiting().length > 0, 'a code')
      const [code = ''] = identity.waiting()
      if (!over) act(identity, code)
    }
    await ended
    await identity.close()
    const lines = output.stdout().trim().split('\n')
    assert.ok(lines.at(-1)?.startsWith('{'), output.stderr())
    return { said: JSON.parse(lines.at(-1) ?? '{}') as Said, identity }
  }

  it('gives tokens by code and by refresh token', async () => {
    const { said, identity } = await play({}, '', (server, code) => server.approve(code, user))
    assert.equal(said.error, undefined, JSON.stringify(said))
    assert.equal(identity.userOf(said.device?.token ?? ''), user)
    assert.equal(identity.userOf(said.renewed ?? ''), user)
    assert.notEqual(said.renewed, said.device?.token)
  })

  it('says that it was declined as Microsoft does', async () => {
    const { said } = await play({}, '', (server, code) => server.decline(code))
    assert.match(JSON.stringify(said.error), /authorization_declined/)
  })

  it('says of a refresh token that was revoked what MSAL reads as its own error', async () => {
    const { said } = await play({}, '', (server, code) => {
      server.approve(code, user)
      server.revoke(user, refusals.revoked)
    })
    assert.match(JSON.stringify(said.error), /invalid_grant/)
    assert.match(JSON.stringify(said.error), /AADSTS50173/)
  })

  it('gives the app a token for its secret, and none for another', async () => {
    const app = { isPublic: false, secrets: [{ value: 'app~secret' }] }
    const good = await play({ app }, 'app~secret', () => {})
    assert.equal(good.identity.userOf(good.said.app ?? ''), `app:${good.identity.app.clientId}`)
    const wrong = await play({ app }, 'other', () => {})
    assert.match(JSON.stringify(wrong.said.error), /invalid_client.*AADSTS7000215/)
  })
})
