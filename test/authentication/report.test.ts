import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { describeSummary } from '../../src/authentication/describe-summary.ts'
import { type SummaryInput, summarize } from '../../src/authentication/summary.ts'
import { measureWidth } from '../../src/base/text-width.ts'

const times = (
  count: number,
  mailbox: string,
  senderDomain: string,
  cost: SummaryInput['cost'],
): SummaryInput[] => Array.from({ length: count }, () => ({ mailbox, senderDomain, cost }))

const month: SummaryInput[] = [
  ...times(120, '店舗', 'google.com', 'softfail'),
  ...times(9, '店舗', 'invoice.example', 'lost'),
  ...times(3, '店舗', 'invoice.example', 'spam'),
  ...times(4, 'office', '日本語.example', 'spam'),
  ...times(6, 'office', 'old.example', 'possibly-lost'),
  ...times(50, 'office', 'news.example', 'none'),
  ...times(2, 'office', 'news.example', 'unknown'),
  ...times(1, 'office', '', undefined),
]

describe('hikyaku report', () => {
  test('adds up what forwarding would have cost, worst first', () => {
    const { rows, total } = summarize(month)
    assert.deepEqual(
      rows.map(row => [
        row.mailbox,
        row.senderDomain,
        row.messages,
        row.lost,
        row.possiblyLost,
        row.spam,
        row.softfail,
        row.notKnown,
      ]),
      [
        ['店舗', 'invoice.example', 12, 9, 0, 3, 0, 0],
        ['office', 'old.example', 6, 0, 6, 0, 0, 0],
        ['office', '日本語.example', 4, 0, 0, 4, 0, 0],
        ['店舗', 'google.com', 120, 0, 0, 0, 120, 0],
        ['office', 'news.example', 50, 0, 0, 0, 0, 2],
        ['office', '', 0, 0, 0, 0, 0, 1],
      ],
    )
    assert.deepEqual(total, {
      messages: 192,
      lost: 9,
      possiblyLost: 6,
      spam: 7,
      softfail: 120,
      notKnown: 3,
    })
  })

  test('draws bars in proportion, and one cell at least for what is not nothing', () => {
    const lines = describeSummary(summarize(month), { language: 'en', days: 30 })
    assert.match(lines.find(line => line.includes('invoice.example')) ?? '', / 12 +9 +0 +3 +0 +#{15}\+{5}$/)
    assert.match(lines.find(line => line.includes('日本語.example')) ?? '', / \+{7}$/)
    assert.match(lines.find(line => line.includes('old.example')) ?? '', / 6 +0 +6 +0 +0 +\?{10}$/)
    const rare = [
      ...times(1000, 'm', 'big.example', 'lost'),
      ...times(1, 'm', 'small.example', 'lost'),
      ...times(1, 'm', 'small.example', 'possibly-lost'),
      ...times(1, 'm', 'small.example', 'spam'),
    ]
    const small = describeSummary(summarize(rare), { language: 'en', days: 30 }).find(line =>
      line.includes('small'),
    )
    assert.match(small ?? '', / #\?\+$/)
  })

  for (const language of ['en', 'ja'] as const) {
    test(`lines up in terminal cells (${language})`, () => {
      const lines = describeSummary(summarize(month), { language, days: 30 })
      const rows = lines.slice(2, 10)
      const starts = rows.map(line => {
        const end = /^(.*?) {2,}\S*$/u.exec(line.replace(/ *[#?+]*$/, ''))
        return measureWidth(end === null ? line : line.replace(/ *[#?+]*$/, ''))
      })
      // Every row's numbers end in the same cell; the heading's chart label follows them.
      assert.equal(new Set(starts.slice(1)).size, 1, rows.join('\n'))
      assert.match(
        lines.join('\n'),
        language === 'ja'
          ? /192 通のうち、転送していたら 9 通が失われ、さらに 6 通が失われるおそれ/
          : /Of 192 messages, a forward would lose 9, may lose 6 more,/,
      )
    })
  }

  test('fits a narrow terminal, says what is left out and what is not known', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      times(1, 'm', `${'long'.repeat(8)}${i}.example`, 'spam'),
    ).flat()
    const lines = describeSummary(summarize([...many, ...times(3, 'm', 'x.example', 'unknown')]), {
      language: 'en',
      days: 7,
      columns: 80,
      rows: 10,
    })
    for (const line of lines) assert.ok(measureWidth(line) <= 80, line)
    assert.match(lines.join('\n'), /31 other domains/)
    assert.match(lines.join('\n'), /For 3 more/)
  })

  test('an empty month is said to be empty', () => {
    assert.deepEqual(describeSummary(summarize([]), { language: 'en', days: 30 }), [
      'No verified mail in the last 30 days.',
    ])
  })
})
