import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { alignTable, cutToWidth, measureWidth, wrapText } from '../../src/base/text-width.ts'

const numRuns = Number(process.env.HIKYAKU_FUZZ_RUNS ?? 300)

test('a kanji takes two cells, a combining mark none', () => {
  assert.equal(measureWidth('abc'), 3)
  assert.equal(measureWidth('飛脚'), 4)
  assert.equal(measureWidth('ｶﾅ'), 2)
  assert.equal(measureWidth('カナ'), 4)
  assert.equal(measureWidth('が'.normalize('NFD')), 2)
  assert.equal(measureWidth('é'.normalize('NFD')), 1)
  assert.equal(measureWidth('👍🏽'), 2)
  assert.equal(measureWidth('「（…）」'), 9)
})

test('an emoji takes two cells whatever it is put together of, and a mark of another script none', () => {
  for (const emoji of ['👍', '🟢', '⌚', '⏰', '✅', '🪪', '🫠', '❤️', '1️⃣', '🇯🇵', '👨‍👩‍👧‍👦', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'])
    assert.equal(measureWidth(emoji), 2, emoji)
  for (const combining of ['\u0301', '\u3099', '\u20dd', '\u0e31', '\ufe0e'])
    assert.equal(measureWidth(combining), 0, combining)
  for (const punctuation of ['、', '。', '・', '「', '』', '（', '！', '〜', '￥', '\u3000'])
    assert.equal(measureWidth(punctuation), 2, punctuation)
  for (const narrow of ['–', '…', '“', '·', 'é', '｡', '→']) assert.equal(measureWidth(narrow), 1, narrow)
})

test('a line of Japanese neither begins with a closing character nor ends with an opening one', () => {
  const text = 'メールは「飛脚」が届けます。安全（バイト単位で同一）です。'
  for (let cells = 10; cells < 40; cells += 1) {
    const lines = wrapText(text, cells)
    assert.equal(lines.join(''), text)
    for (const line of lines) {
      assert.doesNotMatch(line, /^[、。）」]|[（「]$/u)
      // A character that must not begin a line may hang over by its own width.
      assert.ok(measureWidth(line) <= cells + 2, `${cells}: ${line}`)
    }
  }
})

test('columns line up whatever script stands in them, and numbers may stand to the right', () => {
  assert.equal(
    alignTable(
      [
        ['メール', 'n'],
        ['shop', '12'],
        ['飛脚', '3', '!'],
      ],
      { right: [1] },
    ),
    'メール   n\nshop    12\n飛脚     3  !',
  )
  assert.equal(alignTable([]), '')
})

test('a table keeps to the width, and a text cut to fit never takes more cells than allowed', () => {
  const cell = fc.string({
    unit: fc.constantFrom('a', '飛', 'ｶ', 'が'.normalize('NFD'), '👍', ' '),
    maxLength: 30,
  })
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { maxLength: 4 }), { maxLength: 5 }),
      fc.integer({ min: 30, max: 80 }),
      (rows, width) => {
        const lines = alignTable(rows, { width }).split('\n')
        assert.ok(lines.every(line => measureWidth(line) <= width))
        assert.equal(lines.length, Math.max(1, rows.length))
      },
    ),
    { numRuns },
  )
  fc.assert(
    fc.property(
      cell,
      fc.integer({ min: 1, max: 20 }),
      (text, cells) => measureWidth(cutToWidth(text, cells)) <= cells,
    ),
    { numRuns },
  )
})
