/** Where the address that is pasted may still go on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPartOfUrl } from '../../src/google/consent-paste.ts'

const whole = 'http://127.0.0.1:40123/?state=abc-def&iss=https://accounts.google.com&code=4/0Ab_c&scope=x%20y'

test('an address is waited for wherever a line break cuts it, until everything that is used has come', () => {
  const end = whole.indexOf('&scope')
  for (let at = 1; at <= end; at++) {
    const part = whole.slice(0, at)
    // `127.0.0` is read as another address: the mail programs that wrap do so at a mark or a width, never here.
    if (/^http:\/\/[\d.]+$/.test(part) && !part.endsWith('0.1')) continue
    assert.equal(isPartOfUrl(part), true, part)
  }
  for (let at = end + '&scope'.length; at <= whole.length; at++)
    assert.equal(isPartOfUrl(whole.slice(0, at)), false, whole.slice(0, at))
})

test('a refusal is whole without a scope, and what is no address of ours is told at once', () => {
  assert.equal(isPartOfUrl('http://127.0.0.1:1/?error=access_denied&state=abc'), false)
  for (const text of ['', 'hello', 'https://accounts.google.com/signin', 'https://example.com/?code=1'])
    assert.equal(isPartOfUrl(text), false, text)
})
