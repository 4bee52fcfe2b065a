import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { dkimVerify } from 'mailauth'
import { corpus } from '../messages/corpus.ts'
import { large, mebibyte } from '../messages/large.ts'
import { signedMessage, signedResolver } from '../messages/signed.ts'

const messages = corpus()
const named = (name: string): Buffer => {
  const found = messages.find(one => one.name === name)
  assert.ok(found, `the corpus has ${name}`)
  return found.octets
}
const has = (octets: Buffer, ...wanted: number[]): boolean => octets.includes(Buffer.from(wanted))

async function dkim(octets: Buffer): Promise<string> {
  const { results } = await dkimVerify(octets, { resolver: signedResolver })
  return results.map(result => String(result.status.result)).join(' ')
}

describe('the byte corpus', () => {
  test('names each message once and says what it is about', () => {
    assert.equal(new Set(messages.map(one => one.name)).size, messages.length)
    assert.ok(messages.every(one => one.about.length > 0 && one.octets.length > 0))
  })

  test('holds the octets that it says it holds, whatever git or an editor would make of them', () => {
    assert.ok(has(named('iso-2022-jp'), 0x1b, 0x24, 0x42), 'ESC $ B')
    assert.ok(has(named('shift-jis'), 0x83, 0x5c), 'the Shift_JIS katakana SO ends in a backslash')
    assert.ok(has(named('euc-jp'), 0xbb, 0xb3, 0xc5, 0xc4), 'Yamada in EUC-JP')
    assert.ok(has(named('utf-8'), 0xe5, 0xb1, 0xb1), 'Yamada in UTF-8')
    assert.equal(named('nul-first')[0], 0)
    assert.ok(!has(named('all-lf'), 13))
    assert.ok(has(named('bare-cr'), 13, 13, 10))
    assert.equal(named('dot-last').subarray(-3).toString('latin1'), '\r\n.')
    assert.ok(named('line-of-1-mib').length > mebibyte)
    assert.ok(!has(named('no-empty-line'), 13, 10, 13, 10))
  })

  test('keeps its .eml files in CRLF lines, so that a checkout which changed line ends shows', () => {
    for (const name of ['iso-2022-jp', 'shift-jis', 'euc-jp', 'utf-8', 'signed', 'results-stamped']) {
      assert.ok(messages.find(one => one.name === name)?.plain, name)
    }
  })

  test('marks for refusal exactly those without one From field', () => {
    for (const { name, octets, refused } of messages) {
      const text = octets.toString('latin1')
      const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length
      const count = text.slice(0, end).match(/^From:/gim)?.length ?? 0
      assert.equal(refused !== undefined, count !== 1, `${name} has ${count}`)
    }
  })
})

describe('the signed message', () => {
  test('verifies as it stands', async () => {
    assert.equal(await dkim(signedMessage()), 'pass')
  })

  test('fails when any one octet of its signed fields or its body changes', async () => {
    const octets = signedMessage()
    const start = octets.indexOf('\r\nFrom:') + 2
    // Empty lines at the end of a body are outside the signature (RFC 6376 section 3.4.3).
    const end = octets.lastIndexOf('spaces') + 'spaces'.length
    const passed: number[] = []
    for (let at = start; at < end; at += 1) {
      const changed = Buffer.from(octets)
      changed[at] = (changed[at] ?? 0) ^ 0x01
      if ((await dkim(changed)) === 'pass') passed.push(at)
    }
    assert.deepEqual(passed, [])
  })

  test('fails when a well-meaning program re-encodes, re-wraps or re-stuffs it', async () => {
    const text = signedMessage().toString('latin1')
    const changes: Record<string, string> = {
      'UTF-8 decoded and encoded': Buffer.from(signedMessage().toString('utf8'), 'utf8').toString('latin1'),
      'a dot lost': text.replace('\r\n..dots', '\r\n.dots'),
      'a dot gained': text.replace('\r\n.\r\n', '\r\n..\r\n'),
      'blanks at a line end lost': text.replace(' \t \r\n', '\r\n'),
      'a field of its own added': text.replace('\r\nTo:', '\r\nFrom: a@example.jp\r\nTo:'),
      'a line end doubled': text.replace('dots', '\r\n'),
    }
    for (const [what, changed] of Object.entries(changes)) {
      assert.notEqual(changed, text, what)
      assert.notEqual(await dkim(Buffer.from(changed, 'latin1')), 'pass', what)
    }
  })
})

describe('a large message', () => {
  test('has exactly the announced octets and digest, each time it is read, at most 64 KiB at a time', async () => {
    const message = large(3 * mebibyte + 17)
    for (let reading = 0; reading < 2; reading += 1) {
      const hash = createHash('sha256')
      let octets = 0
      for await (const chunk of message.chunks()) {
        assert.ok(chunk.length <= 65_536)
        octets += chunk.length
        hash.update(chunk)
      }
      assert.equal(octets, message.octets)
      assert.equal(hash.digest('hex'), message.sha256)
    }
  })

  test('is all CRLF lines at any length, so that no server has a reason to change it', async () => {
    for (let octets = 65_700; octets < 65_800; octets += 1) {
      const chunks: Buffer[] = []
      for await (const chunk of large(octets).chunks()) chunks.push(chunk)
      const text = Buffer.concat(chunks).toString('latin1')
      assert.equal(text.length, octets)
      assert.doesNotMatch(text, /\r(?!\n)|(?<!\r)\n/, `${octets} octets`)
    }
  })
})
