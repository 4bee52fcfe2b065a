/** Rules read what strangers wrote: they never throw, never change an octet, and cost little however it is written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { everyKind, headerOf, makeBook, plainFacts } from './rule-makers.ts'

const piece = fc.oneof(
  fc.constantFrom(
    ...['To: ', 'Cc:', 'From:', 'Delivered-To: ', 'X-Original-To :', 'List-Id:', 'Subject: ', 'X-Any:'],
    ...['\r\n', '\n', '\r', '\r\n ', '\r\n\t', ',', ';', ':', '<', '>', '(', ')', '"', '\\', '@', '.', ' '],
    ...['=?utf-8?B?', '?=', '=?x?q?=', '=?iso-2022-jp?B?GyRC?=', 'a@example.jp', 'undisclosed-recipients:;'],
    ...['日本', '\u0000', 'xn--', '[192.0.2.1]', '+', '*'],
  ),
  fc.string({ maxLength: 8 }),
)

test('whatever stands in a header, nothing is thrown and no octet is changed', () => {
  const book = makeBook(everyKind)
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.string({ maxLength: 20 }), { maxLength: 4 }),
      (texts, octets, flags) => {
        const section = Buffer.concat([Buffer.from(texts.join('')), octets])
        const before = Buffer.from(section)
        const facts = { ...plainFacts, flags }
        const decision = book.decide(facts, section)
        assert.deepEqual(book.decide(facts, section), decision, 'the same each time')
        assert.ok(section.equals(before))
        assert.equal(decision.isLeft, decision.wish?.left !== undefined)
        book.explain(facts, section)
      },
    ),
    { numRuns: 2000 },
  )
})

/** CPU time, ms; the best of three. */
function timeOf(work: () => void): number {
  const times = [1, 2, 3].map(() => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  })
  return Math.min(...times)
}

/** Below this a time says nothing, ms. */
const least = 4
const hostile: Readonly<Record<string, (count: number) => string>> = {
  'addresses in To': count => `To: ${'a@example.org, '.repeat(count)}`,
  'fields Delivered-To': count => 'Delivered-To: a@example.org\r\n'.repeat(count),
  'nested comments': count => `To: ${'('.repeat(count)}a@b`,
  'comments that end': count => `To: ${'(a)'.repeat(count)}x@y`,
  groups: count => `To: ${'g: a@b;'.repeat(count)}`,
  'quotation marks': count => `To: ${'"\\"'.repeat(count)}`,
  'angle brackets': count => `To: ${'<a@b'.repeat(count)}`,
  routes: count => `To: <${'@a,'.repeat(count)}:b@c>`,
  'folded lines': count => `To:${'\r\n a@b,'.repeat(count)}`,
  'stars’ pieces': count => `To: ${'b'.repeat(count)}@example.jp`,
  'dots in a domain': count => `To: a@${'b.'.repeat(count)}c`,
  'encoded words': count => `Subject: ${'=?utf-8?B?44GC?= '.repeat(count)}`,
  'broken encoded words': count => `Subject: ${'=?a?b?'.repeat(count)}`,
  'white space between encoded words': count => `Subject: =?a?b?c?=${' '.repeat(count)}x`,
  'brackets of a list': count => `List-Id: ${'<'.repeat(count)}`,
  'letters of a list': count => `List-Id: ${'ab'.repeat(count)}`,
  'other scripts': count => `To: ${'日本@日本, '.repeat(count)}`,
}

test('twice as much costs at most about twice the time, up to bounds that cost little', t => {
  const book = makeBook(everyKind)
  const decide = (lines: string) => (): void => void book.decide(plainFacts, headerOf(lines))
  for (const [name, make] of Object.entries(hostile)) {
    const [once, twice, most] = [make(4000), make(8000), make(200_000)]
    decide(once)()
    const [onceMs, twiceMs, mostMs] = [timeOf(decide(once)), timeOf(decide(twice)), timeOf(decide(most))]
    t.diagnostic(`${name}: ${onceMs} ms, ${twiceMs} ms; ${Math.round(most.length / 1024)} KiB ${mostMs} ms`)
    assert.ok(twiceMs <= Math.max(least, onceMs * 3), `${name}: ${onceMs} -> ${twiceMs} ms`)
    assert.ok(mostMs <= 150, `${name}: ${mostMs} ms`)
  }
})

test('10,000 messages with 50 rules cost far less than a millisecond each', t => {
  const rules = Array.from({ length: 50 }, (_, index) => {
    const condition = [
      { recipient: [`box${index}@example.jp`, `box${index}-*@example.jp`] },
      { sender: [`@news${index}.example`, `news-*@sender${index}.example`] },
      { list: `list${index}.*.example.org` },
      { header: [`Subject: number ${index} of`, 'X-Campaign: summer'] },
      { flags: 'flagged', larger: '3 MB' },
    ][index % 5]
    return { ...condition, labels: `Label ${index}` }
  })
  const book = makeBook(rules)
  const messages = Array.from({ length: 10_000 }, (_, index) =>
    headerOf(
      `Return-Path: <bounce+${index}@sender.example>`,
      `Delivered-To: catchall@example.jp`,
      ...Array.from(
        { length: 6 },
        (_unused, hop) => `Received: from a${hop} by b${hop};\r\n Thu, 26 Nov 2026 10:00:00 +0900`,
      ),
      `DKIM-Signature: v=1; a=rsa-sha256; d=sender.example; b=${'x'.repeat(340)}`,
      `From: "A sender" <news-${index}@sender${index % 80}.example>`,
      `To: Box <box${index % 80}@example.jp>, ${'someone@example.net, '.repeat(index % 7)}other@example.com`,
      `Subject: =?UTF-8?B?44GC44GE44GG?= number ${index % 90} of them`,
      `List-Id: <list${index % 70}.north.example.org>`,
      `Message-ID: <${index}@sender.example>`,
    ),
  )
  let taken = 0
  const ms = timeOf(() => {
    taken = messages.filter(section => book.decide(plainFacts, section).wish !== undefined).length
  })
  t.diagnostic(`${taken} of ${messages.length} taken, ${(ms / messages.length).toFixed(4)} ms each`)
  assert.ok(taken > 1000 && taken < 10_000)
  assert.ok(ms / messages.length < 0.5, `${ms / messages.length} ms each`)
})
