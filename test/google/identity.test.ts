import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { addressKey } from '../../src/base/gmail-address.ts'
import {
  encodeUser,
  findOwner,
  type Identity,
  readIdentity,
  readIdToken,
  writeIdentity,
} from '../../src/google/identity.ts'
import { makeIdToken } from '../servers/gmail/id-token.ts'

const nowMs = Date.UTC(2026, 10, 26)
const clientId = 'client.apps.googleusercontent.com'
const made = makeIdToken({
  account: 'shop@example.jp',
  clientId,
  accessToken: 'ya29.x',
  withAddress: true,
  nowMs,
})
const mine: Identity = { subject: '1'.repeat(21), address: 'shop@example.jp' }
const stranger: Identity = { subject: '2'.repeat(21), address: 'stranger@example.jp' }

const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (thrown) {
    assert.ok(thrown instanceof Fault)
    return thrown.code
  }
  return 'none'
}

describe('an ID token', () => {
  test('has ended only where every clock says so: a wrong clock here stops no mail', () => {
    const year = 365 * 86_400_000
    const read = (...clocks: number[]): unknown => readIdToken(made.text, clientId, clocks)
    assert.equal(typeof read(nowMs), 'object')
    assert.equal(typeof read(nowMs + 3_800_000), 'object', 'a leeway')
    assert.equal(read(nowMs + 4_000_000), 'expired')
    assert.equal(typeof read(nowMs + year, nowMs), 'object', 'the server’s clock is right')
    assert.equal(typeof read(nowMs + year, Number.NaN), 'string', 'the server has none')
    assert.equal(read(nowMs + year, nowMs + year), 'expired')
  })

  test('for several audiences must have been made for us', () => {
    const aud = ['other', clientId]
    assert.equal(readIdToken(made.but({ aud, azp: 'other' }), clientId, [nowMs]), 'audience')
    assert.equal(typeof readIdToken(made.but({ aud, azp: clientId }), clientId, [nowMs]), 'object')
  })

  test('that is anything else proves nothing, and never throws', () => {
    for (const odd of [0, false, {}, [], '', '.', '..', 'a.b', 'a.b.c.d', `a.${'['.repeat(9_000)}.c`])
      assert.equal(typeof readIdToken(odd, clientId, [nowMs]), 'string', JSON.stringify(odd))
    assert.equal(readIdToken(undefined, clientId, [nowMs]), undefined)
  })
})

describe('the account of the paths', () => {
  const rows: readonly (readonly [
    title: string,
    configured: string,
    kept: Identity | undefined,
    said: Identity | undefined,
    user: string,
    proved: boolean,
  ])[] = [
    ['is named by the settings alone', 'shop@example.jp', undefined, undefined, 'shop@example.jp', false],
    ['is me where nobody knows', 'me', undefined, undefined, 'me', false],
    ['is as Google writes it', 'Shop@Example.JP', undefined, mine, 'shop@example.jp', true],
    ['is what the set-up learned', 'me', mine, undefined, 'shop@example.jp', false],
    ['is what Google says now', 'me', mine, mine, 'shop@example.jp', true],
    [
      'is not proved by an address that nobody vouches for',
      'shop@example.jp',
      undefined,
      { ...mine, address: undefined },
      'shop@example.jp',
      false,
    ],
    [
      'is the same after Google renamed it',
      'shop@example.jp',
      mine,
      { ...mine, address: 'new@example.jp' },
      'new@example.jp',
      true,
    ],
    [
      'is told apart as Gmail does it',
      'F.Irst.Last@googlemail.com',
      undefined,
      { ...mine, address: 'first.last@gmail.com' },
      'first.last@gmail.com',
      true,
    ],
  ]
  for (const [title, configured, kept, said, user, proved] of rows)
    test(title, () => {
      const owner = findOwner(configured, kept, said)
      assert.deepEqual([owner.user, owner.proved], [user, proved])
    })

  const refused: readonly (readonly [string, string, Identity | undefined, Identity | undefined])[] = [
    ['another sub than at the set-up', 'me', mine, stranger],
    ['another sub under the same address', 'shop@example.jp', mine, { ...stranger, address: mine.address }],
    ['another sub without an address', 'shop@example.jp', mine, { ...stranger, address: undefined }],
    ['another address than the settings name', 'shop@example.jp', undefined, stranger],
    ['settings that name another than the set-up', 'stranger@example.jp', mine, undefined],
    ['an alias, which only the owner can vouch for', 'alias@example.jp', undefined, mine],
    ['dots where they count', 'sh.op@example.jp', undefined, mine],
  ]
  for (const [title, configured, kept, said] of refused)
    test(`is never ${title}`, () => {
      assert.equal(
        codeOf(() => findOwner(configured, kept, said)),
        'gmail.account-mismatch',
      )
    })

  test('cannot lead elsewhere', () => {
    assert.equal(encodeUser('o+x@example.jp'), 'o%2Bx@example.jp')
    assert.equal(encodeUser('../a@b/?#'), '..%2Fa@b%2F%3F%23')
    assert.equal(addressKey('"a@b"@Gmail.com'), addressKey('"A@b"@gmail.com'))
  })
})

describe('a kept identity', () => {
  test('comes back as it went', () => {
    for (const identity of [mine, { ...mine, address: undefined }])
      assert.deepEqual(readIdentity(writeIdentity(identity)), identity)
  })

  test('that is damaged is no missing one', () => {
    for (const text of ['', 'null', '[]', '{}', '{"sub":1}', '{"sub":"1","email":7}', '{"sub":"1"'])
      assert.equal(
        codeOf(() => readIdentity(text)),
        'secret.unreadable',
        text,
      )
  })
})
