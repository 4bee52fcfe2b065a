import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { maskCredentials, maskSecrets, withoutPassword } from '../../src/base/mask.ts'

test('a password that a server repeats is masked in every form in which it was sent, over both protocols', () => {
  const [user, password] = ['shop@example.jp', 'pä55 wörd']
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const forms = [password, base64(password), base64(`\0${user}\0${password}`), encodeURIComponent(password)]
  for (const form of [...forms, Buffer.from(password).toString('latin1')]) {
    const facts = { words: `no: ${form}.`, what: `USER x, PASS ${form}`, host: 'mail.example.jp' }
    const fault = new Fault('source.limited', { facts, notBeforeMs: 5, cause: new Error(form) })
    const clean = withoutPassword(fault, user, password)
    assert.ok(clean instanceof Fault)
    const masked = { words: 'no: [secret].', what: 'USER x, PASS [secret]', host: 'mail.example.jp' }
    assert.deepEqual(clean.facts, masked, form)
    assert.equal(clean.cause, undefined)
    assert.deepEqual([clean.code, clean.scope, clean.notBeforeMs], [fault.code, fault.scope, 5])
  }
})

test('a fault without the password is the same fault, with its cause', () => {
  const fault = new Fault('source.limited', { facts: { words: 'come back later' }, cause: new Error('x') })
  assert.equal(withoutPassword(fault, 'user', 'secret'), fault)
  assert.equal(withoutPassword(fault, 'user', ''), fault)
  const other = new Error('secret')
  assert.equal(withoutPassword(other, 'user', 'secret'), other)
})

test('an exact value of any length goes; a short one where it stands alone, so that words stay readable', () => {
  assert.equal(
    maskSecrets('said abc1234 and abc, not abcd', ['abc1234', 'abc']),
    'said [secret] and [secret], not abcd',
  )
  assert.equal(maskSecrets('said nothing', []), 'said nothing')
})

test('what looks like a credential goes without being known, and what only resembles one stays', () => {
  assert.equal(maskCredentials('a ya29.x-y_z b 1//0123456789 c GOCSPX-a'), 'a [secret] b [secret] c [secret]')
  assert.equal(maskCredentials('1//2 and may29.x stay'), '1//2 and may29.x stay')
})
