import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Destination } from '../../src/base/secret.ts'
import { bindSecret, getFor, isFor, readStored } from '../../src/vault/destination.ts'
import type { Vault } from '../../src/vault/vault.ts'

const tls = { kind: 'mailbox', host: 'mail.example.jp', port: 993, security: 'tls' } as const
const pin = 'ab'.repeat(32)
const google = {
  kind: 'google',
  tokenUrl: 'https://oauth2.googleapis.com/token',
  apiRoot: 'https://gmail.googleapis.com',
  revokeUrl: 'https://oauth2.googleapis.com/revoke',
} as const

/** A place with one secret in it. */
function placeWith(stored: string, writable = true): Vault & { stored: string } {
  const place = {
    kind: 'test',
    stored,
    get: async () => place.stored,
    set: async (_name: string, secret: string) => {
      if (!writable) throw new Error('EROFS')
      place.stored = secret
    },
    delete: async () => {},
  }
  return place
}

test('the same server is the same however its name is written', () => {
  const bücher = { ...tls, host: 'xn--bcher-kva.example' }
  for (const host of ['MAIL.Example.JP', 'mail.example.jp.', 'mail.example.jp'])
    assert.ok(isFor(tls, { ...tls, host }) && isFor({ ...tls, host }, tls), host)
  assert.ok(isFor(bücher, { ...tls, host: 'Bücher.example' }))
  assert.ok(isFor(google, { ...google, apiRoot: 'https://GMAIL.googleapis.com/' }))
})

test('any other host, port, security, authority, certificate or kind is another destination', () => {
  const others: readonly Partial<Record<string, unknown>>[] = [
    { host: 'mail.example.jp.evil.example' },
    { host: 'mail.example' },
    { port: 994 },
    { security: 'starttls' },
    { security: 'none' },
    { caFile: '/tmp/ca.pem' },
    { pinnedSha256: pin },
  ]
  for (const more of others) assert.ok(!isFor(tls, { ...tls, ...more } as Destination), JSON.stringify(more))
  assert.ok(!isFor(tls, google) && !isFor(google, tls))
  for (const key of ['tokenUrl', 'apiRoot', 'revokeUrl'])
    assert.ok(!isFor(google, { ...google, [key]: 'https://example.net/' }), key)
})

test('to trust less than before is no other destination, to trust somebody else is', () => {
  const own = { ...tls, caFile: '/etc/ca.pem', pinnedSha256: pin }
  assert.ok(isFor(own, tls) && isFor(own, { ...tls, caFile: '/etc/ca.pem' }))
  assert.ok(isFor(own, { ...own, pinnedSha256: (pin.toUpperCase().match(/../g) ?? []).join(':') }))
  assert.ok(!isFor(own, { ...own, caFile: '/tmp/ca.pem' }))
  assert.ok(!isFor(own, { ...own, pinnedSha256: 'cd'.repeat(32) }))
})

test('whatever the password is, it comes back, and what only looks alike is a password', async () => {
  for (const secret of [
    'a',
    '{"hikyaku":"no"}',
    '{',
    '"',
    '\\u0000',
    ' ',
    'パスワード',
    '{"version":1,"secret":"x"}',
  ]) {
    assert.equal(readStored(secret, 'n').secret, secret)
    const bound = readStored(bindSecret(secret, tls), 'n')
    assert.deepEqual([bound.secret, bound.destination], [secret, tls])
  }
})

test('a damaged or later entry is neither a password nor unbound', () => {
  const entry = JSON.parse(bindSecret('x', tls)) as Record<string, unknown>
  for (const [more, reason] of [
    [{ version: 2 }, 'newer'],
    [{ for: undefined }, 'damaged'],
    [{ for: null }, 'damaged'],
    [{ for: { ...tls, port: '993' } }, 'damaged'],
    [{ secret: 1 }, 'damaged'],
    [{ version: '1' }, 'damaged'],
  ] as const)
    assert.throws(() => readStored(JSON.stringify({ ...entry, ...more }), 'n'), {
      code: 'secret.unreadable',
      facts: { what: 'n', reason },
    })
})

test('an old secret is bound at its first use where that is the owner’s, and only there', async () => {
  const place = placeWith('old')
  await assert.rejects(getFor(place, 'n', tls, 'refuse'), { code: 'secret.without-destination' })
  assert.equal(place.stored, 'old')
  assert.equal(await getFor(place, 'n', tls, 'bind'), 'old')
  assert.equal(await getFor(place, 'n', tls, 'refuse'), 'old')
  const other = await getFor(place, 'n', { ...tls, port: 1 }, 'bind').catch(thrown => thrown)
  assert.equal(other.code, 'secret.other-destination')
  assert.deepEqual(other.facts, {
    name: 'n',
    wanted: 'mail.example.jp:1 (tls)',
    kept: 'mail.example.jp:993 (tls)',
  })
  assert.equal(await getFor(placeWith('old', false), 'n', tls, 'bind'), 'old')
})
