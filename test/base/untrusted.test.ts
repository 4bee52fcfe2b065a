import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonText, printable, printableLines } from '../../src/base/untrusted.ts'

const numRuns = Number(process.env.HIKYAKU_FUZZ_RUNS ?? 300)
/** What a terminal, a log reader or an eye could be fooled by. */
const harmful = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

test('ordinary text of any script stays as it is', () => {
  for (const text of ['', 'shop@example.jp', '飛脚 が「手紙」を運ぶ', 'Ünïcödé', '👍', 'a\u00a0b', '\\x1b'])
    assert.equal(printable(text), text)
})

test('escape sequences, line ends, separators and turned text become visible', () => {
  assert.equal(printable('\u001b[31mred'), '\\x1b[31mred')
  assert.equal(printable('a\r\nb\u0000\u007f\u0085'), 'a\\x0d\\x0ab\\x00\\x7f\\x85')
  assert.equal(printable('a\u2028b\u2029c'), 'a\\u{2028}b\\u{2029}c')
  assert.equal(printable('\u202egpj.exe'), '\\u{202e}gpj.exe')
  assert.equal(printable('\u200b\ufeff'), '\\u{200b}\\u{feff}')
  assert.equal(printable('\ud800x'), '\\u{d800}x')
})

test('the lines of a text stay lines, and each is made printable', () => {
  assert.equal(printableLines('a\u202e\n\n\u001b[0m飛脚\n'), 'a\\u{202e}\n\n\\x1b[0m飛脚\n')
})

test('JSON means what it meant, and nothing harmful stands in it', () => {
  const tricks = '\u202egpj.exe \u2066 \u0085\u009b31m \u007f \u2028\u2029 \ufeff \u{e0041} \ud800 👍飛脚'
  const told = jsonText({ [tricks]: [tricks], when: 1, none: null })
  assert.doesNotMatch(told, harmful)
  assert.match(told, /\\u202egpj.*\\u009b31m.*\\udb40\\udc41.*👍飛脚/)
  assert.deepEqual(JSON.parse(told), { [tricks]: [tricks], when: 1, none: null })
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
      const both = { value, text }
      assert.doesNotMatch(jsonText(both), harmful)
      assert.equal(JSON.stringify(JSON.parse(jsonText(both))), JSON.stringify(both))
    }),
    { numRuns },
  )
})

test('a long text ends in an ellipsis, and a surrogate pair that is cut is not left as a broken half', () => {
  assert.equal(printable('abcdef', 4), 'abc…')
  assert.equal(printable('abcd', 4), 'abcd')
  assert.doesNotMatch(printable('ab👍cd', 4), harmful)
})

test('whatever comes in, nothing harmful comes out, and once is enough', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.integer({ min: 1, max: 350 }),
      (text, limit) => {
        const shown = printable(text, limit)
        assert.doesNotMatch(shown, harmful)
        assert.ok(shown.length <= limit * 10)
        assert.equal(printable(shown, shown.length), shown)
      },
    ),
    { numRuns },
  )
})
