/**
 * A DKIM signature breaks when one octet changes, so it is an independent proof that none did: verified before the
 * upload and again from what the Gmail stand-in stored. The library normalises line ends, so the digest is held
 * against it as well.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { makeGmail } from '../../src/gmail/google.ts'
import { sameBelowTop } from '../../src/message/read-back.ts'
import { accountFor, anImport, never } from '../gmail/scripted.ts'
import { startGmailServer } from '../servers/gmail/gmail-server.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { articleZone, googleKey, googleReport } from './article.ts'
import { examine, messageOf } from './world.ts'

const dkimOf = async (octets: Buffer): Promise<string | undefined> => {
  const { verified } = await examine(octets, articleZone())
  return verified.state === 'done' ? verified.dkim[0]?.verdict : undefined
}

test('a signature that held before the upload holds in what Gmail stored', async t => {
  const server = await startGmailServer()
  const { url, authUrl, tokenUrl, revokeUrl, client } = server
  const scopes = reading
  const gmail = makeGmail({
    account: accountFor({
      address: 'owner@example.test',
      credential: {
        kind: 'user',
        clientId: client.id,
        clientSecret: Secret.of(client.secret ?? ''),
        refreshToken: Secret.of(server.grant(undefined, scopes)),
      },
    }),
    endpoints: { apiRoot: url, authUrl, tokenUrl, revokeUrl },
    clock: systemClock,
  })
  t.after(async () => {
    await gmail.close()
    await server.close()
  })
  const message = googleReport(googleKey)
  assert.equal(await dkimOf(message), 'pass')
  const answer = await gmail.import(messageOf(message, 700), anImport(), never)
  assert.equal(await dkimOf(server.messages()[0]?.read() ?? Buffer.alloc(0)), 'pass')
  const found = await gmail.read(answer.id, never)
  assert.ok(found)
  const sha256 = createHash('sha256').update(message).digest('hex')
  assert.equal(answer.sentSha256, sha256)
  assert.equal(sameBelowTop(found.raw, sha256, message.length), true)
  assert.equal(await dkimOf(found.raw.subarray(found.raw.length - message.length)), 'pass')
  const spoiled = Buffer.from(found.raw)
  spoiled[spoiled.indexOf('UEsDB')] = 0x56
  assert.equal(await dkimOf(spoiled.subarray(spoiled.length - message.length)), 'fail')
})
