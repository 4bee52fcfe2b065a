/**
 * ARC chains clause by clause: RFC 8617 and, for what it takes from there, RFC 6376, 8301 and 8463. Keys and signatures
 * are made when the test runs.
 */
import { makeKey } from '../authentication/signing.ts'
import { crlf, type Zone } from '../authentication/world.ts'
import { type ArcSet, buildChain, domainAt, signedNames } from './arc-chain.ts'
import { type Edit, inText, put } from './edits.ts'

export interface ArcCase {
  readonly name: string
  readonly clause: string
  /** What the clause asks of a validator. */
  readonly verdict: 'none' | 'pass' | 'fail'
  readonly message: Buffer
  /** Beside the keys of all domains. */
  readonly zone: Zone
}

const rsa = makeKey('rsa')
const other = makeKey('rsa')
const weak = makeKey('rsa', 512)
const ed25519 = makeKey('ed25519')

const plain = crlf(`From: Someone <someone@a.example>
To: owner@shop.example
Subject: Greetings
Date: Tue, 24 Nov 2026 09:00:00 +0900
Message-ID: <1@a.example>

Hello  there.
Second line.
`)

const keyName = (place: number): string => `arc._domainkey.${domainAt(place)}`
const allKeys: Zone = Object.fromEntries(
  Array.from({ length: 11 }, (_, index) => [keyName(index + 1), { TXT: [rsa.record] }]),
)
const keyRecord = (place: number, record: string): Zone => ({ [keyName(place)]: { TXT: [record] } })

const without = (name: string, instance: number): Edit =>
  put(new RegExp(`^${name}: i=${instance};(?:.|\\r\\n[ \\t])*\\r\\n`, 'm'), '')
const tagless = (tag: string): Edit => put(new RegExp(`\\s${tag}=[^;]*(?:;|$)`), '')

type Given = readonly [
  verdict: ArcCase['verdict'],
  clause: string,
  name: string,
  sets: readonly ArcSet[],
  after?: Edit | undefined,
  zone?: Zone,
]

const many = (count: number): ArcSet[] => Array.from({ length: count }, () => ({}))
const seal = (edit: Edit, more: ArcSet = {}): ArcSet[] => [{ seal: edit, ...more }]
const signature = (edit: Edit, more: ArcSet = {}): ArcSet[] => [{ signature: edit, ...more }]

const structure: readonly Given[] = [
  ['none', '5.2 step 1', 'no ARC field at all', []],
  [
    'none',
    '5.2 step 1',
    'fields whose names only end like those of ARC',
    [],
    put(/^/, 'X-ARC-Seal: i=1; cv=none\r\n'),
  ],
  ...[1, 2, 3, 5, 10].map((count): Given => ['pass', '5.2 step 7', `${count} sets in order`, many(count)]),
  ['fail', '5.2 step 1', 'an instance beyond 50', [{ instance: '51' }]],
  ['fail', '4.2.1', 'an instance of three digits', [{ instance: '100' }]],
  ['fail', '4.2.1', 'instance 0', [{ instance: '0' }]],
  ['fail', '4.2.1', 'a negative instance', [{ instance: '-1' }]],
  ['fail', '4.2.1', 'an instance that is no number', [{ instance: 'a' }]],
  ['fail', '4.2.1', 'an instance with a fraction', [{ instance: '1.0' }]],
  ['fail', '4.2.1', 'an empty instance', [{ instance: '' }]],
  ['pass', '4.2.1', 'an instance of two digits below ten', [{ instance: '01' }]],
  ...(
    [
      ['ARC-Seal', 'seal'],
      ['ARC-Message-Signature', 'signature'],
      ['ARC-Authentication-Results', 'results'],
    ] as const
  ).flatMap(([field, part]): Given[] => [
    ['fail', '5.2 step 3.A', `${field} missing in a chain of one`, many(1), without(field, 1)],
    ['fail', '5.2 step 3.A', `${field} missing in the older of two sets`, many(2), without(field, 1)],
    ['fail', '5.2 step 3.A', `${field} missing in the newer of two sets`, many(2), without(field, 2)],
    [
      'fail',
      '5.2 step 3.A',
      `${field} there twice, the same`,
      many(1),
      put(new RegExp(`^${field}:(?:.|\\r\\n[ \\t])*\\r\\n`, 'm'), '$&$&'),
    ],
    [
      'fail',
      '5.2 step 3.A',
      `${field} of the older set there twice`,
      many(2),
      put(new RegExp(`^${field}: i=1;(?:.|\\r\\n[ \\t])*\\r\\n`, 'm'), '$&$&'),
    ],
    ['fail', '4.2.1', `${field} without its instance`, [{ [part]: put(/ i=1;/, '') }]],
    [
      'fail',
      '5.2 step 3.B',
      `${field} with another instance than its set`,
      [{ [part]: put('i=1;', 'i=2;') }],
    ],
  ]),
  [
    'fail',
    '5.2 step 3.B',
    'a whole set twice',
    many(1),
    text => `${text.slice(0, text.indexOf('From:'))}${text}`,
  ],
  ['fail', '5.2 step 3.B', 'a chain that begins at 2', [{ instance: '2', seal: put('cv=none', 'cv=pass') }]],
  ['fail', '5.2 step 3.B', 'a gap between 1 and 3', [{}, { instance: '3' }]],
  [
    'fail',
    '5.2 step 3.B',
    'the oldest set taken away',
    many(3),
    text =>
      ['ARC-Seal', 'ARC-Message-Signature', 'ARC-Authentication-Results'].reduce(
        (left, field) => without(field, 1)(left),
        text,
      ),
  ],
  [
    'fail',
    '4.1.1',
    'results with the instance not in front',
    [{ results: put('i=1; l1.example;', 'l1.example; i=1;') }],
  ],
  ['fail', '4.1.1', 'results without the semicolon after the instance', [{ results: put('i=1;', 'i=1') }]],
  ['pass', '4.1.1', 'results with a comment before the instance', [{ results: put('i=1;', '(first) i=1;') }]],
  [
    'pass',
    '5.2 step 3',
    'the fields of a set in another order',
    [{ arrange: (a, b, c) => [c, a, b] }, { arrange: (a, b, c) => [b, c, a] }],
  ],
  [
    'pass',
    '5.2 step 3',
    'other trace fields between the fields of a set',
    [{ arrange: (a, b, c) => [a, 'Received: by l1.example; Tue, 24 Nov 2026 09:00:00 +0900', b, c] }],
  ],
  [
    'pass',
    '5.2 step 3',
    'the newer set below the older',
    many(2),
    text => {
      const [newer = '', older = '', rest = ''] = text.split(/(?=ARC-Seal: i=1;|From: )/)
      return older + newer + rest
    },
  ],
]

const states: readonly Given[] = [
  ['fail', '5.2 step 3.C', 'the first set says pass', seal(put('cv=none', 'cv=pass'))],
  ['fail', '5.2 step 2', 'the first set says fail', seal(put('cv=none', 'cv=fail'))],
  [
    'fail',
    '5.2 step 2',
    'the newest of two says fail, sealed alone',
    [{}, { seal: put('cv=pass', 'cv=fail'), alone: true }],
  ],
  ['fail', '5.2 step 3.C', 'the newest of two says none', [{}, { seal: put('cv=pass', 'cv=none') }]],
  [
    'fail',
    '5.2 step 3.C',
    'the middle one of three says fail',
    [{}, { seal: put('cv=pass', 'cv=fail') }, {}],
  ],
  [
    'fail',
    '5.2 step 3.C',
    'the middle one of three says none',
    [{}, { seal: put('cv=pass', 'cv=none') }, {}],
  ],
  ['fail', '4.1.3', 'no cv=', seal(tagless('cv'))],
  ['fail', '4.1.3', 'an empty cv=', seal(put('cv=none', 'cv='))],
  ['fail', '4.4', 'a cv= of another word', seal(put('cv=none', 'cv=maybe'))],
  ['fail', '4.4', 'a cv= that only begins like one', seal(put('cv=none', 'cv=nonesuch'))],
]

const tags: readonly Given[] = [
  ['fail', '4.1.3', 'h= in a seal', seal(put('; b=', '; h=from; b='))],
  ['fail', '4.1.3', 'an empty h= in a seal', seal(put('; b=', '; h=; b='))],
  ...['a', 'd', 's', 'b'].map(
    (tag): Given => ['fail', '4.1.3', `a seal without ${tag}=`, seal(tagless(tag))],
  ),
  ...['a', 'd', 's'].map(
    (tag): Given => [
      'fail',
      '4.1.3',
      `a seal with an empty ${tag}=`,
      seal(put(new RegExp(` ${tag}=[^;]*`), ` ${tag}=`)),
    ],
  ),
  ...['a', 'd', 's', 'b', 'bh', 'h'].map(
    (tag): Given => ['fail', '4.1.2, RFC 6376 6.1.1', `a signature without ${tag}=`, signature(tagless(tag))],
  ),
  ...['a', 'd', 's', 'h'].map(
    (tag): Given => [
      'fail',
      '4.1.2, RFC 6376 6.1.1',
      `a signature with an empty ${tag}=`,
      signature(put(new RegExp(`([ \\t])${tag}=[^;]*`), `$1${tag}=`)),
    ],
  ),
  ['fail', 'RFC 6376 3.2', 'a tag twice in a seal', seal(put('; b=', '; d=l1.example; b='))],
  ['fail', 'RFC 6376 3.2', 'a tag twice in a signature', signature(put('; bh=', '; d=l1.example; bh='))],
  ['fail', 'RFC 6376 3.2', 'a tag of a seal in capitals', seal(put(' s=', ' S='))],
  ['fail', 'RFC 6376 3.2', 'a tag of a signature in capitals', signature(put(' s=', ' S='))],
  ['fail', 'RFC 6376 3.2', 'a seal with a tag name that is none', seal(put('; b=', '; 1x=y; b='))],
  [
    'fail',
    'RFC 6376 3.2',
    'a signature with a tag name that is none',
    signature(put('; bh=', '; x-y=z; bh=')),
  ],
  ['fail', 'RFC 6376 3.2', 'an empty tag amid a seal', seal(put('; b=', ';; b='))],
  ['fail', 'RFC 6376 3.2', 'an empty tag amid a signature', signature(put('; bh=', ';; bh='))],
  ['fail', '4.1.3, RFC 6376 3.5', 'a seal whose t= is no number', seal(put('t=1795000000', 't=soon'))],
  ['fail', '4.1.3, RFC 6376 3.5', 'a seal with an empty t=', seal(put('t=1795000000', 't='))],
  [
    'fail',
    '4.1.2, RFC 6376 3.5',
    'a signature whose t= is no number',
    signature(put('t=1795000000', 't=soon')),
  ],
  ['pass', '4.1.3', 'a seal without t=', seal(tagless('t'))],
  ['pass', '4.1.2', 'a signature without t=', signature(tagless('t'))],
  ['pass', 'RFC 6376 3.2', 'an unknown tag in a seal', seal(put('; b=', '; later=1; b='))],
  ['pass', 'RFC 6376 3.2', 'an unknown tag in a signature', signature(put('; bh=', '; later=1; bh='))],
  ['pass', '4.1.2', 'v= in a signature, which is to be ignored', signature(put('; bh=', '; v=2; bh='))],
  [
    'pass',
    'RFC 6376 3.2',
    'a semicolon at the end',
    [{ seal: field => `${field};`, signature: field => `${field};` }],
  ],
  [
    'pass',
    'RFC 6376 3.2',
    'white space around = and ;',
    [{ seal: put('; cv=none', ' ;\t cv = none'), signature: put('; bh=', ' ; bh = ') }],
  ],
  ['pass', 'RFC 6376 3.5', 'folds amid b= and bh=', [{ fold: 20 }]],
  ['pass', '4.1.2, RFC 6376 3.4', 'c= simple/simple', [{ canon: ['simple', 'simple'] }]],
  ['pass', '4.1.2, RFC 6376 3.4', 'c= simple/relaxed', [{ canon: ['simple', 'relaxed'] }]],
  ['pass', '4.1.2, RFC 6376 3.4', 'c= relaxed/simple', [{ canon: ['relaxed', 'simple'] }]],
  [
    'pass',
    '4.1.2, RFC 6376 3.5',
    'no c=, signed as simple/simple',
    signature(put(/ c=[^;]*;/, ''), { canon: ['simple', 'simple'] }),
  ],
  ['fail', '4.1.2, RFC 6376 3.5', 'no c=, signed as relaxed/relaxed', signature(put(/ c=[^;]*;/, ''))],
  [
    'pass',
    '4.1.2, RFC 6376 3.5',
    'c=relaxed, whose body is simple',
    signature(put('relaxed/simple', 'relaxed'), { canon: ['relaxed', 'simple'] }),
  ],
  ['fail', '4.1.2, RFC 6376 6.1.1', 'an unknown c=', signature(put('relaxed/relaxed', 'relaxed/none'))],
  [
    'pass',
    '4.1.2, RFC 6376 3.5',
    'l= as long as the body',
    signature(put('; bh=', '; l=28; bh='), { bodyLength: 28 }),
  ],
  ['fail', '4.1.2, RFC 6376 3.5', 'l= longer than the body', signature(put('; bh=', '; l=2800; bh='))],
  ['fail', '4.1.2, RFC 6376 3.5', 'l= that is no number', signature(put('; bh=', '; l=all; bh='))],
  [
    'pass',
    '4.1.2, RFC 6376 3.5',
    'names in h= in capitals and with blanks',
    signature(put(/h=([^;]*)/, 'h=FROM : To : subject : Date : message-id')),
  ],
  [
    'pass',
    '4.1.2, RFC 6376 3.5',
    'h= with fields that are not there',
    [{ names: [...signedNames, 'cc', 'from'] }],
  ],
  [
    'pass',
    '4.1.2',
    'h= with the results of its own set, which only sealers are told not to do',
    [{ names: [...signedNames, 'arc-authentication-results'] }],
  ],
  ['fail', '4.1.2', 'h= with a seal', [{}, { names: [...signedNames, 'arc-seal'] }]],
  ['fail', '4.1.2, RFC 6376 6.1.1', 'h= without From', [{ names: ['to', 'subject'] }]],
  ['fail', '4.1.3, RFC 6376 3.5', 'a seal whose d= is no domain', seal(put('d=l1.example', 'd=l1 example'))],
  [
    'fail',
    '4.1.2, RFC 6376 3.5',
    'a signature whose d= is no domain',
    signature(put('d=l1.example', 'd=l1 example')),
  ],
  ['fail', '4.1.3, RFC 6376 3.5', 'a seal whose b= is no base64', [{}], put(/ b=.*/, ' b=****')],
  ['fail', '4.1.2, RFC 6376 3.5', 'a signature whose b= is no base64', [{}], put(/\tb=.*/, '\tb=****')],
  ['fail', '4.1.2, RFC 6376 3.5', 'a signature whose bh= is no base64', signature(put('bh={bh}', 'bh=****'))],
  [
    'fail',
    '4.1.2, RFC 6376 3.7',
    'the names in h= in another order than they were signed',
    signature(put('h=from:to', 'h=to:from')),
  ],
  [
    'pass',
    '4.1.2, RFC 6376 5.4.2',
    'a field in h= as often as it is there, from below',
    [
      {
        names: [...signedNames, 'x-a', 'x-a'],
        before: message => inText(message, put('To:', 'X-A: 1\r\nX-A: 2\r\nTo:')),
      },
    ],
  ],
  [
    'fail',
    '4.1.2, RFC 6376 5.4.2',
    'and they are swapped',
    [
      {
        names: [...signedNames, 'x-a', 'x-a'],
        before: message => inText(message, put('To:', 'X-A: 1\r\nX-A: 2\r\nTo:')),
      },
    ],
    put('X-A: 1\r\nX-A: 2', 'X-A: 2\r\nX-A: 1'),
  ],
  [
    'fail',
    '4.1.2, RFC 6376 5.4',
    'a field that is signed as not there, and is added',
    [{ names: [...signedNames, 'cc'] }],
    put('To:', 'Cc: x@b.example\r\nTo:'),
  ],
  [
    'pass',
    '4.1.2',
    'h= with a DKIM-Signature',
    [
      {
        names: [...signedNames, 'dkim-signature'],
        before: message =>
          inText(
            message,
            put(/^/, 'DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=none; h=from; bh=x; b=x\r\n'),
          ),
      },
    ],
  ],
  [
    'fail',
    '4.1.2',
    'and that is taken away',
    [
      {
        names: [...signedNames, 'dkim-signature'],
        before: message =>
          inText(
            message,
            put(/^/, 'DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=none; h=from; bh=x; b=x\r\n'),
          ),
      },
    ],
    put(/DKIM-Signature:.*\r\n/, ''),
  ],
  [
    'pass',
    '4.1.2, RFC 6376 3.5',
    'x= of a signature far ahead',
    signature(put('; bh=', '; x=4000000000; bh=')),
  ],
  [
    'fail',
    '4.1.2, RFC 6376 3.5',
    'x= of a signature in the past',
    signature(put('; bh=', '; x=1795000001; bh=')),
  ],
]

const signatures: readonly Given[] = [
  ['pass', 'RFC 8463', 'ed25519', [{ key: ed25519 }], undefined, keyRecord(1, ed25519.record)],
  ['pass', 'RFC 8463', 'ed25519 above RSA', [{}, { key: ed25519 }], undefined, keyRecord(2, ed25519.record)],
  [
    'fail',
    'RFC 8301 3.1',
    'a signature made with rsa-sha1',
    signature(put('rsa-sha256', 'rsa-sha1'), { hash: 'sha1' }),
  ],
  ['fail', 'RFC 8301 3.1', 'a seal that says rsa-sha1', seal(put('rsa-sha256', 'rsa-sha1'))],
  ['fail', 'RFC 6376 3.3', 'a seal of an unknown algorithm', seal(put('rsa-sha256', 'rsa-md5'))],
  ['fail', 'RFC 6376 3.3', 'a signature of an unknown algorithm', signature(put('rsa-sha256', 'dsa-sha256'))],
  ['fail', 'RFC 8301 3.2', 'a key of 512 bits', [{ key: weak }], undefined, keyRecord(1, weak.record)],
  ['fail', '5.2 step 4', 'the body changed', many(1), put('Second', 'Third')],
  ['fail', '5.2 step 4', 'a signed field changed', many(1), put('Greetings', 'Farewell')],
  [
    'fail',
    '5.2 step 4',
    'a second From above one that is signed as the only one',
    [{ names: [...signedNames, 'from'] }],
    put('From:', 'From: b@b.example\r\nFrom:'),
  ],
  ['pass', '5.2 step 4', 'a field changed that is not signed', many(1), put('To:', 'X-Other: 1\r\nTo:')],
  ['fail', '5.2 step 4', 'the body changed above two sets', many(2), put('Second', 'Third')],
  [
    'pass',
    '5.2 step 4',
    'the body changed between the first and the second seal',
    [{}, { before: message => inText(message, put('Second', 'Third')) }],
  ],
  ['fail', '5.2 step 4', 'the bh= changed', many(1), put(/bh=./, 'bh=')],
  ['fail', '5.2 step 4', 'the b= of the newest signature changed', many(1), put(/(\tb=.{9})./, '$1%')],
  ['fail', '5.2 step 4', 'another key made the newest signature', [{ key: other, sealKey: rsa }]],
  [
    'pass',
    '5.2 step 6',
    'another key made the older signature, which only its seal vouches for',
    [{ key: other, sealKey: rsa }, {}],
  ],
  ['fail', '5.2 step 6', 'the b= of the newest seal changed', many(2), put(/(i=2;.* b=.{9})./, '$1%')],
  [
    'fail',
    '5.2 step 6',
    'the b= of the older seal changed',
    many(2),
    put(/(ARC-Seal: i=1;.* b=.{9})./, '$1%'),
  ],
  [
    'fail',
    '5.2 step 6',
    'the newest results changed',
    many(2),
    put(/(Results: i=2;.*)spf=pass/, '$1spf=fail'),
  ],
  [
    'fail',
    '5.2 step 6',
    'the older results changed',
    many(2),
    put(/(Results: i=1;.*)spf=pass/, '$1spf=fail'),
  ],
  ['fail', '5.2 step 6', 'the older signature changed', many(2), put(/(Signature: i=1;.*)s=arc/, '$1s=ark')],
  ['fail', '5.2 step 6', 'the newest seal made by another key', [{ sealKey: other }]],
  ['fail', '5.2 step 6', 'the older seal made by another key', [{ sealKey: other }, {}]],
  ['fail', '5.1.1', 'a seal over its fields in another order', [{ sealed: chain => chain.toReversed() }]],
  ['fail', '5.1.1', 'a seal that leaves the results out', [{ sealed: chain => chain.slice(1) }]],
  ['fail', '5.1.1', 'a newer seal over its own set alone, saying pass', [{}, { alone: true }]],
  [
    'fail',
    '5.1.1',
    'a seal over the sets from the newest to the oldest',
    [{}, { sealed: ([a, b, c, d, e]) => [d, e, a, b, c].filter(part => part !== undefined) }],
  ],
  [
    'pass',
    '4.1.3, RFC 6376 3.4.2',
    'names of the fields in other letters, as relaxed allows',
    many(1),
    text => text.replace('ARC-Seal', 'arc-seal').replace('ARC-Message-Signature', 'Arc-Message-Signature'),
  ],
  [
    'pass',
    '4.1.3, RFC 6376 3.4.2',
    'a seal folded elsewhere, as relaxed allows',
    many(1),
    put('; cv=none', ';\r\n\t  cv=none'),
  ],
  [
    'pass',
    '4.1.3, RFC 6376 3.4.2',
    'blanks at the end of a sealed line, as relaxed allows',
    many(1),
    put('dkim=none\r\n', 'dkim=none  \t\r\n'),
  ],
  [
    'fail',
    '4.1.3, RFC 6376 3.4.2',
    'a blank amid a word of the results',
    many(1),
    put('spf=pass', 'spf=pa ss'),
  ],
]

const keys: readonly Given[] = [
  ['fail', 'RFC 6376 6.1.2', 'no key for the only set', many(1), undefined, { [keyName(1)]: {} }],
  ['fail', 'RFC 6376 6.1.2', 'no key for the older set', many(2), undefined, { [keyName(1)]: {} }],
  [
    'fail',
    'RFC 6376 3.6.1',
    'a key that was withdrawn',
    many(1),
    undefined,
    keyRecord(1, 'v=DKIM1; k=rsa; p='),
  ],
  [
    'fail',
    'RFC 6376 3.6.1',
    'a key that cannot be read',
    many(1),
    undefined,
    keyRecord(1, 'v=DKIM1; k=rsa; p=????'),
  ],
  ['fail', 'RFC 6376 3.6.1', 'a record without p=', many(1), undefined, keyRecord(1, 'v=DKIM1; k=rsa')],
  [
    'fail',
    'RFC 6376 3.6.1',
    'a record of another version',
    many(1),
    undefined,
    keyRecord(1, rsa.record.replace('DKIM1', 'DKIM2')),
  ],
  [
    'fail',
    'RFC 6376 6.1.2',
    'a key of another kind than a=',
    many(1),
    undefined,
    keyRecord(1, ed25519.record),
  ],
  [
    'fail',
    'RFC 6376 3.6.1',
    'a key for another hash',
    many(1),
    undefined,
    keyRecord(1, `${rsa.record}; h=sha1`),
  ],
  [
    'fail',
    'RFC 6376 3.6.1',
    'a key for another service',
    many(1),
    undefined,
    keyRecord(1, `${rsa.record}; s=other`),
  ],
  [
    'pass',
    'RFC 6376 3.6.1',
    'a record without v= and k=',
    many(1),
    undefined,
    keyRecord(1, rsa.record.replace('v=DKIM1; k=rsa; ', '')),
  ],
  ['pass', 'RFC 6376 3.6.1', 'a key under test', many(1), undefined, keyRecord(1, `${rsa.record}; t=y`)],
]

/** A chain of so many sets that nothing is wrong with, and its keys. */
export const makeChain = (count: number): Pick<ArcCase, 'message' | 'zone'> => ({
  message: buildChain(plain, many(count), rsa),
  zone: allKeys,
})

export function makeArcCases(): ArcCase[] {
  return [...structure, ...states, ...tags, ...signatures, ...keys].map(
    ([verdict, clause, name, sets, after, zone = {}]) => {
      const chain = buildChain(plain, sets, rsa)
      return {
        name,
        clause: /^RFC/.test(clause) ? clause : `RFC 8617 ${clause}`,
        verdict,
        message: after === undefined ? chain : inText(chain, after),
        zone: { ...allKeys, ...zone },
      }
    },
  )
}
