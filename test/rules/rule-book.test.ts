/** Which rule takes a message: what an owner means by an address, where it is looked for, and what is not known. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, headerOf, makeBook, plainFacts, takenBy } from './rule-makers.ts'

const recipient = (pattern: unknown, ...lines: string[]): boolean =>
  takenBy([{ recipient: pattern, labels: 'x' }], lines).length > 0

describe('an address', () => {
  test('is matched whole, without regard to case, with its plus addresses', () => {
    assert.ok(recipient('Info@Example.JP', 'To: INFO@example.jp'))
    assert.ok(recipient('info@example.jp', 'To: info+shop@example.jp'))
    assert.ok(!recipient('info+shop@example.jp', 'To: info@example.jp'))
    assert.ok(!recipient('info+shop@example.jp', 'To: info+other@example.jp'))
    assert.ok(recipient('info+*@example.jp', 'To: info+other@example.jp'))
    assert.ok(!recipient('info@example.jp', 'To: xinfo@example.jp'))
    assert.ok(!recipient('info@example.jp', 'To: info@example.jp.evil.example'))
    assert.ok(!recipient('info@example.jp', 'To: "info@example.jp" <other@example.net>'), 'a display name')
  })

  test('may have stars in its local part, and a name may stand at any domain', () => {
    assert.ok(recipient('sales-*@example.jp', 'To: sales-2026@example.jp'))
    assert.ok(!recipient('sales-*@example.jp', 'To: presales-2026@example.jp'))
    assert.ok(recipient('*-info@example.jp', 'Delivered-To: 12345-info@example.jp'))
    assert.ok(recipient('a*b*c@example.jp', 'To: aXbbYc@example.jp'))
    assert.ok(!recipient('ab*ba@example.jp', 'To: aba@example.jp'), 'pieces do not overlap')
    assert.ok(recipient('postmaster@', 'To: postmaster@anywhere.example'))
    assert.ok(recipient('*', 'To: anybody@anywhere.example'))
  })

  test('of a domain is of that one alone, unless it begins with a dot', () => {
    assert.ok(recipient('@example.jp', 'To: a@example.jp'))
    assert.ok(!recipient('@example.jp', 'To: a@shop.example.jp'))
    assert.ok(recipient('@.example.jp', 'To: a@b.shop.example.jp'))
    assert.ok(recipient('@.example.jp', 'To: a@example.jp'))
    assert.ok(!recipient('@.example.jp', 'To: a@notexample.jp'))
    assert.ok(recipient('info@.example.jp', 'To: info@shop.example.jp'))
  })

  test('is the same in Unicode and in its ASCII form', () => {
    for (const pattern of ['info@日本語.jp', 'info@xn--wgv71a119e.jp'])
      for (const written of ['info@日本語.jp', 'info@XN--WGV71A119E.jp', 'info@日本語.jp.'])
        assert.ok(recipient(pattern, `To: ${written}`), `${pattern} ${written}`)
    assert.ok(recipient('かな@example.jp', 'To: かな@example.jp'))
    assert.ok(recipient('CAFE\u0301@example.jp', 'To: café@example.jp'), 'composed or not')
  })

  test('is found in whatever form a header writes it', () => {
    for (const value of [
      '<info@example.jp>',
      'Shop <info@example.jp>',
      '"Shop, the (best)" <info@example.jp>, x@example.net',
      'x@example.net, info@example.jp',
      'Friends: a@example.net, info@example.jp;, b@example.net',
      'info@example.jp (a comment (in a comment) with <b@c>)',
      '(a) info (b) @ (c) example.jp',
      '"info"@example.jp',
      '<@a.example,@b.example:info@example.jp>',
      'undisclosed-recipients:;, info@example.jp',
      '=?utf-8?B?44GC?= <info@example.jp>',
      '\r\n info@example.jp',
      'broken <a@b, info@example.jp',
      'John Doe info@example.jp',
      '<info@example.jp',
    ])
      assert.ok(recipient('info@example.jp', `To: ${value}`), value)
    for (const value of ['', ';', '<>', '@', 'a@', '@example.jp', '"info@example.jp"', '(info@example.jp)'])
      assert.ok(!recipient('info@example.jp', `To: ${value}`), value)
  })
})

describe('the recipient', () => {
  const rules = [
    { recipient: 'alice@example.jp', labels: 'Alice' },
    { recipient: 'bob@example.jp', labels: 'Bob' },
    { recipient: '@example.jp', labels: 'Rest' },
  ]

  test('is what the server wrote of the envelope, whoever stands in To', () => {
    const to = 'To: alice@example.jp, bob@example.jp'
    for (const field of ['Delivered-To', 'X-Original-To', 'Envelope-to', 'X-Envelope-To'])
      assert.deepEqual(takenBy(rules, [`${field}: <bob@example.jp>`, to]), [2], field)
    assert.deepEqual(takenBy(rules, ['Delivered-To: carol@example.jp', to]), [3], 'one of the catch-all')
  })

  test('is not the mailbox’s own name: a catch-all says nothing by it', () => {
    const lines = ['Delivered-To: catchall@example.jp', 'To: bob@example.jp']
    assert.deepEqual(takenBy(rules, lines), [2])
    assert.deepEqual(takenBy(rules, ['X-Original-To: alice@example.jp', ...lines]), [1])
    assert.deepEqual(takenBy(rules, ['Delivered-To: catchall@example.jp', 'To: x@example.net']), [3])
    assert.deepEqual(takenBy(rules, ['Delivered-To: u17@host.internal', 'Cc: alice@example.jp']), [1])
  })

  test('is in To and Cc where the server wrote nothing of the rules’ domains', () => {
    assert.deepEqual(takenBy(rules, ['To: x@example.net', 'Cc: Alice <ALICE@example.jp>']), [1])
    assert.deepEqual(takenBy(rules, ['Bcc: alice@example.jp']), [])
  })
})

describe('the first rule that matches', () => {
  test('takes the message, and the rules below are asked only where it says continue', () => {
    const star = { sender: '@boss.example', star: 'yes', continue: 'yes' }
    const rules = [
      star,
      { recipient: 'info@example.jp', labels: ['Info', 'Work'], archive: 'yes' },
      { everything: 'yes', labels: 'Rest', archive: 'no', star: 'no' },
    ]
    assert.deepEqual(takenBy(rules, ['To: info@example.jp']), [2])
    const { wish } = decide(rules, ['From: a@boss.example', 'To: info@example.jp'])
    assert.deepEqual(wish?.rules, [{ place: 1 }, { place: 2 }])
    assert.deepEqual([wish?.labels, wish?.archive, wish?.star], [['Info', 'Work'], true, true])
    assert.deepEqual(takenBy(rules, ['From: a@boss.example']), [1, 3])
    const { wish: both } = decide(rules, ['From: a@boss.example'])
    assert.deepEqual([both?.star, both?.archive], [true, false], 'the first that says it is heard')
  })

  test('wants all of its conditions, and any value of each', () => {
    const rules = [{ recipient: ['a@example.jp', 'b@example.jp'], sender: '@x.example', larger: '1 kB' }]
    assert.deepEqual(takenBy(rules, ['To: b@example.jp', 'From: q@x.example']), [1])
    assert.deepEqual(takenBy(rules, ['To: b@example.jp', 'From: q@y.example']), [])
    assert.deepEqual(takenBy(rules, ['To: b@example.jp', 'From: q@x.example'], { octets: 1024 }), [])
  })

  test('knows lists, folders, flags, sizes and the text of any field', () => {
    const facts = { folder: 'Orders', flags: ['\\Flagged', '$Label1'], seen: true, octets: 5 << 20 }
    const takes = (rule: object, ...lines: string[]): boolean => takenBy([rule], lines, facts).length > 0
    assert.ok(takes({ list: 'dev.lists.example.org' }, 'List-Id: Developers <Dev.lists.example.org>'))
    assert.ok(takes({ list: '*.example.org' }, 'List-Id: dev.lists.example.org'))
    assert.ok(!takes({ list: 'lists.example.org' }, 'List-Id: <dev.lists.example.org>'))
    assert.ok(takes({ folder: ['Other', 'Orders'] }) && !takes({ folder: 'inbox' }))
    assert.ok(takes({ flags: 'flagged' }) && takes({ flags: 'seen' }) && takes({ flags: '$label1' }))
    assert.ok(!takes({ flags: 'unseen' }) && !takes({ flags: 'junk' }) && !takes({ flags: 'answered' }))
    assert.ok(takes({ larger: '4 MB' }) && !takes({ larger: '5MB' }) && takes({ smaller: '6 MB' }))
    assert.ok(takes({ header: 'X-Spam-Flag: yes' }, 'X-Spam-Flag: YES'))
    assert.ok(takes({ header: 'Subject: 楽天' }, 'Subject: =?UTF-8?B?44CQ5qW95aSp44CR5pyI5qyh?='))
    assert.ok(takes({ header: ['Subject: a, b', 'X-Y:'] }, 'X-Y: anything'))
    assert.ok(!takes({ header: 'X-Y: z' }, 'X-Z: z', 'X-YY: z'))
  })

  test('says nothing of POP3’s flags, which are not there', () => {
    for (const flags of ['seen', 'unseen', 'flagged'])
      assert.deepEqual(takenBy([{ flags, import: 'no' }], [], { seen: undefined, flags: undefined }), [])
  })
})

describe('what cannot be read within the bounds', () => {
  const rules = [
    { recipient: 'boss@example.jp', labels: 'Boss' },
    { everything: 'yes', import: 'no' },
  ]
  const padding = `X-Padding: ${'x'.repeat(300 * 1024)}`

  test('is not known, so nothing below is asked and the mail is imported', () => {
    const { wish, isLeft, undecided } = decide(rules, [padding, 'To: boss@example.jp'])
    assert.deepEqual([wish, isLeft, undecided], [undefined, false, { place: 1 }])
    const many = `To: ${Array.from({ length: 10_000 }, (_, i) => `a${i}@example.net`).join(', ')}, boss@example.jp`
    assert.deepEqual(decide(rules, [many]).undecided, { place: 1 })
    assert.equal(decide(rules, [many]).isLeft, false)
    const million = `To: ${'a'.repeat(1 << 20)}@example.net`
    assert.equal(decide(rules, [million]).isLeft, false)
  })

  test('is known all the same where what was read says yes', () => {
    assert.deepEqual(takenBy(rules, ['Delivered-To: boss@example.jp', padding]), [1])
    const sender = [{ sender: 'a@spam.example', import: 'no' }]
    assert.equal(decide(sender, ['From: a@spam.example', padding]).isLeft, true)
    assert.equal(decide(sender, ['From: b@spam.example', padding]).isLeft, false)
    assert.equal(decide(sender, [padding, 'From: a@spam.example']).isLeft, false)
  })

  test('keeps what rules above have said', () => {
    const above = [{ header: 'X-Mark: 1', star: 'yes', continue: 'yes' }, ...rules]
    const { wish, undecided } = decide(above, ['X-Mark: 1', padding])
    assert.deepEqual([wish?.star, wish?.left, undecided], [true, undefined, { place: 2 }])
  })
})

describe('a rule that leaves mail at the source', () => {
  const leave = { sender: '@news.example', import: 'no' }
  const news = ['From: a@news.example']

  test('is the same rule until what decides about it changes', () => {
    const print = decide([{ recipient: 'x@example.jp', labels: 'X' }, leave], news).wish?.left
    assert.ok(print)
    const stillLeaves = (...rules: object[]): boolean => makeBook(rules).leaves(print)
    assert.ok(
      stillLeaves({ recipient: 'x@example.jp', labels: 'Y', star: 'yes' }, leave),
      'other labels above',
    )
    assert.ok(
      stillLeaves({ recipient: 'x@example.jp', labels: 'X' }, leave, { everything: 'yes' }),
      'a rule below',
    )
    assert.ok(!stillLeaves({ recipient: 'y@example.jp', labels: 'X' }, leave), 'another condition above')
    assert.ok(!stillLeaves(leave), 'a rule above is gone')
    assert.ok(!stillLeaves({ recipient: 'x@example.jp', labels: 'X' }))
  })

  test('is passed over for what the owner asked for', () => {
    const book = makeBook([leave, { sender: '@news.example', labels: 'News' }])
    assert.equal(book.decide(plainFacts, headerOf(...news)).isLeft, true)
    const { wish, isLeft } = book.decide(plainFacts, headerOf(...news), true)
    assert.deepEqual([isLeft, wish?.labels, wish?.byOwner], [false, ['News'], true])
  })

  test('is decided without a header where it asks for none, and no rule above does', () => {
    const read = { flags: 'seen', import: 'no' }
    const facts = { ...plainFacts, seen: true }
    assert.equal(makeBook([read]).decideEarly(facts)?.isLeft, true)
    assert.equal(makeBook([read]).decideEarly(plainFacts)?.isLeft, false)
    assert.equal(makeBook([{ sender: 'a@b.example' }, read]).decideEarly(facts), undefined)
    assert.equal(
      makeBook([{ sender: 'a@b.example', flags: 'unseen' }, read]).decideEarly(facts)?.isLeft,
      true,
    )
  })
})
