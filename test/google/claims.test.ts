/** Claims of an ID token that prove nothing, one at a time (OpenID Connect Core section 3.1.3.7). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readIdToken } from '../../src/google/identity.ts'

const nowMs = Date.UTC(2026, 10, 26)
const good = {
  iss: 'https://accounts.google.com',
  aud: 'client',
  exp: nowMs / 1000 + 3600,
  sub: '1234567890',
  email: 'owner@example.test',
  email_verified: true,
}
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const read = (change: object) =>
  readIdToken(`${part({ alg: 'RS256' })}.${part({ ...good, ...change })}.sig`, 'client', [nowMs])

test('a good token says whose it is, and the address only where Google vouches for it', () => {
  assert.deepEqual(read({}), { subject: '1234567890', address: 'owner@example.test' })
  for (const email_verified of [false, undefined, 'false', 1, 'yes'])
    assert.deepEqual(
      read({ email_verified }),
      { subject: '1234567890', address: undefined },
      String(email_verified),
    )
})

for (const [claim, change] of [
  ['issuer', { iss: 'https://accounts.example.net' }],
  ['issuer', { iss: undefined }],
  ['issuer', { iss: ['https://accounts.google.com'] }],
  ['audience', { aud: 'another client' }],
  ['audience', { aud: ['client', 'another client'] }],
  ['expired', { exp: nowMs / 1000 - 3600 }],
  ['expired', { exp: String(nowMs / 1000 + 3600) }],
  ['subject', { sub: '' }],
] as const)
  test(`another ${claim} proves nothing: ${JSON.stringify(change)}`, () => assert.equal(read(change), claim))
