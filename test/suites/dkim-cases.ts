/**
 * Signed messages, each with what the RFCs ask of a verifier: RFC 6376, 8301 and 8463. All are signed rightly over what
 * they say; what is odd is the field, the key's record, or what happened to the message on its way.
 */
import { type Canon, makeKey, type SigningKey, signField } from '../authentication/signing.ts'
import { crlf, type Zone } from '../authentication/world.ts'
import { type Edit, inText, put } from './edits.ts'

export interface DkimCase {
  readonly name: string
  readonly clause: string
  readonly verdict: 'pass' | 'fail'
  readonly message: Buffer
  readonly zone: Zone
}

const rsa = makeKey('rsa')
const rsa1024 = makeKey('rsa', 1024)
const rsa512 = makeKey('rsa', 512)
const ed25519 = makeKey('ed25519')
const keyName = 's1._domainkey.a.example'

/** When the messages are verified, seconds since 1970. */
const nowSeconds = Math.floor(Date.now() / 1000)
const at = (offset: number): string => String(nowSeconds + offset)
const hour = 3600

const plain = crlf(`Received: from a by b; Tue, 24 Nov 2026 09:00:00 +0900
Received: from c by d; Tue, 24 Nov 2026 08:00:00 +0900
From: Someone <someone@a.example>
To: owner@shop.example
Subject: Greetings from  far away
Date: Tue, 24 Nov 2026 09:00:00 +0900
Message-ID: <1@a.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello  there.
Second line.
`)
const withBody = (body: Buffer | string): Buffer =>
  Buffer.concat([plain.subarray(0, plain.indexOf('\r\n\r\n') + 4), Buffer.from(body as string)])
const withSubject = (subject: Buffer): Buffer => {
  const at = plain.indexOf('Subject:')
  return Buffer.concat([plain.subarray(0, at), subject, plain.subarray(plain.indexOf('\r\nDate:'))])
}

const add = (tag: string): Edit => put('; bh=', `; ${tag}; bh=`)
const tagless = (tag: string): Edit => put(new RegExp(`([ \\t])${tag}=[^;]*(?:;|$)`), '$1')

interface Making {
  readonly field?: Edit
  readonly key?: SigningKey
  readonly message?: Buffer
  readonly canon?: readonly [header: Canon, body: Canon]
  readonly names?: readonly string[]
  readonly hash?: 'sha1'
  readonly bodyLength?: number
  readonly fold?: number
  /** On its way. */
  readonly after?: Edit
  /** The key's record; null where there is none. */
  readonly record?: string | readonly string[] | null
}

type Given = readonly [verdict: 'pass' | 'fail', clause: string, name: string, making?: Making]

const names = ['from', 'to', 'subject', 'date', 'message-id']
const canons = (['simple', 'relaxed'] as const).flatMap(header =>
  (['simple', 'relaxed'] as const).map((body): [Canon, Canon] => [header, body]),
)

const canonical: readonly Given[] = [
  ...canons.map((canon): Given => ['pass', '6376 3.4', `rsa-sha256, ${canon.join('/')}`, { canon }]),
  ...canons.map(
    (canon): Given => ['pass', '8463 3', `ed25519-sha256, ${canon.join('/')}`, { canon, key: ed25519 }],
  ),
  [
    'pass',
    '6376 3.5',
    'no c=, signed as simple/simple',
    { field: put(/ c=[^;]*;/, ''), canon: ['simple', 'simple'] },
  ],
  ['fail', '6376 3.5', 'no c=, signed as relaxed/relaxed', { field: put(/ c=[^;]*;/, '') }],
  [
    'pass',
    '6376 3.5',
    'c= of the header alone',
    { field: put('relaxed/simple', 'relaxed'), canon: ['relaxed', 'simple'] },
  ],
  ['fail', '6376 3.5', 'an unknown c=', { field: put('relaxed/relaxed', 'nofws/relaxed') }],
  [
    'pass',
    '6376 3.4.2',
    'a field folded anew, relaxed',
    { after: put('Greetings from', 'Greetings\r\n\tfrom') },
  ],
  [
    'fail',
    '6376 3.4.1',
    'a field folded anew, simple',
    { canon: ['simple', 'simple'], after: put('Greetings from', 'Greetings\r\n\tfrom') },
  ],
  ['pass', '6376 3.4.2', 'a field name in other letters, relaxed', { after: put('Subject:', 'SUBJECT:') }],
  [
    'fail',
    '6376 3.4.1',
    'a field name in other letters, simple',
    { canon: ['simple', 'simple'], after: put('Subject:', 'SUBJECT:') },
  ],
  [
    'pass',
    '6376 3.4.4',
    'blanks at the end of a line, relaxed',
    { after: put('there.\r\n', 'there. \t\r\n') },
  ],
  [
    'fail',
    '6376 3.4.3',
    'blanks at the end of a line, simple',
    { canon: ['simple', 'simple'], after: put('there.\r\n', 'there. \t\r\n') },
  ],
  [
    'pass',
    '6376 3.4.4',
    'fewer blanks between words, relaxed',
    { after: put('Hello  there', 'Hello there') },
  ],
  [
    'pass',
    '6376 3.4.3',
    'empty lines added at the end, simple',
    { canon: ['simple', 'simple'], after: text => `${text}\r\n\r\n` },
  ],
  ['pass', '6376 3.4.4', 'empty lines added at the end, relaxed', { after: text => `${text}\r\n\r\n` }],
  ['pass', '6376 3.4.3', 'no body, simple', { canon: ['simple', 'simple'], message: withBody('') }],
  ['pass', '6376 3.4.4', 'no body, relaxed', { message: withBody('') }],
  ['pass', '6376 3.4.4', 'a body of empty lines alone, relaxed', { message: withBody('\r\n\r\n\r\n') }],
  [
    'pass',
    '6376 3.4.3',
    'a body of empty lines alone, simple',
    { canon: ['simple', 'simple'], message: withBody('\r\n\r\n') },
  ],
  ['pass', '6376 3.4', 'a UTF-8 body', { message: withBody('こんにちは、世界。\r\n') }],
  [
    'pass',
    '6376 3.4',
    'a Shift_JIS body',
    { message: withBody(Buffer.from([0x82, 0xb1, 0x82, 0xf1, 0x82, 0xc9, 0x0d, 0x0a])) },
  ],
  ['pass', '6376 3.4', 'an ISO-2022-JP body', { message: withBody('\x1b$B$3$s\x1b(B\r\n') }],
  [
    'pass',
    '6376 3.4',
    'octets beyond ASCII in a signed field',
    { message: withSubject(Buffer.from('Subject: 請求書')) },
  ],
  [
    'pass',
    '6376 3.4',
    'a Shift_JIS subject',
    { message: withSubject(Buffer.from([...Buffer.from('Subject: '), 0x90, 0xbf, 0x8b, 0x81])) },
  ],
  ['pass', '6376 3.4', 'a body line of 3,000 characters', { message: withBody(`${'x'.repeat(3000)}\r\n`) }],
  ['pass', '6376 3.4', 'a line that begins with a dot', { message: withBody('.\r\n..\r\n') }],
  [
    'pass',
    '6376 3.4',
    'a subject over many lines',
    { message: withSubject(Buffer.from(`Subject: a${'\r\n word'.repeat(30)}`)) },
  ],
]

const withField = (field: string): Buffer => Buffer.concat([Buffer.from(`${field}\r\n`), plain])

const odd: readonly Given[] = [
  [
    'pass',
    '6376 3.4.3',
    'a last line without its end, simple',
    { canon: ['simple', 'simple'], message: withBody('no end') },
  ],
  ['pass', '6376 3.4.4', 'a last line without its end, relaxed', { message: withBody('no end') }],
  [
    'pass',
    '6376 3.4.4',
    'lines of blanks alone at the end, relaxed',
    { message: withBody('x\r\n \t\r\n  \r\n') },
  ],
  [
    'fail',
    '6376 3.4.3',
    'and one more of them, simple',
    { canon: ['simple', 'simple'], message: withBody('x\r\n'), after: text => `${text} \r\n` },
  ],
  ['pass', '6376 3.4', 'NUL in the body', { message: withBody('a\0b\r\n') }],
  ['pass', '6376 3.4', 'a bare CR in the body', { message: withBody('a\rb\r\n') }],
  [
    'pass',
    '6376 3.4.2',
    'blanks before the colon of a signed field',
    { message: withSubject(Buffer.from('Subject : Greetings')) },
  ],
  [
    'pass',
    '6376 3.4.2',
    'no blank after the colon',
    { message: withSubject(Buffer.from('Subject:Greetings')), after: put('Subject:G', 'Subject: \t G') },
  ],
  ['pass', '6376 3.4.2', 'an empty subject', { message: withSubject(Buffer.from('Subject:')) }],
  [
    'pass',
    '6376 3.4.2',
    'tabs in a signed field',
    { message: withSubject(Buffer.from('Subject:\tGreetings\tto\tyou')) },
  ],
  ['pass', '6376 5.4.2', 'two subjects, the lower signed', { message: withField('Subject: upper') }],
  [
    'fail',
    '6376 5.4.2',
    'two subjects, and the lower taken away',
    { message: withField('Subject: upper'), after: put(/Subject: Greetings.*\r\n/, '') },
  ],
  [
    'pass',
    '6376 5.4',
    'a field whose value has colons and semicolons',
    { names: [...names, 'x-odd'], message: withField('X-Odd: a:b; c=d; b=e') },
  ],
]

const fields: readonly Given[] = [
  ...['v', 'a', 'd', 's', 'h', 'bh', 'b'].map(
    (tag): Given => ['fail', '6376 6.1.1', `no ${tag}=`, { field: tagless(tag) }],
  ),
  ['fail', '6376 6.1.1', 'v=2', { field: put('v=1', 'v=2') }],
  ['fail', '6376 6.1.1', 'v=1.0', { field: put('v=1', 'v=1.0') }],
  ['fail', '6376 3.2', 'd= twice', { field: add('d=a.example') }],
  ['fail', '6376 3.2', 'h= twice', { field: add('h=from') }],
  ['fail', '6376 3.2', 'an empty tag amid the others', { field: put('; bh=', ';; bh=') }],
  ['fail', '6376 3.2', 'D= for d=', { field: put('d=', 'D=') }],
  ['fail', '6376 3.2', 'a tag name that is none', { field: add('x-y=1') }],
  ['pass', '6376 3.2', 'an unknown tag', { field: add('later=1') }],
  ['pass', '6376 3.2', 'a semicolon at the end', { field: text => `${text};` }],
  ['pass', '6376 3.2', 'white space around = and ;', { field: put('; d=', ' ;\r\n\td = ') }],
  ['pass', '6376 3.5', 'folds amid b= and bh=', { fold: 24 }],
  [
    'pass',
    '6376 3.5',
    'blanks around the colons of h=',
    { field: put(/h=([^;]*)/, `h=${names.join(' : ')}`) },
  ],
  [
    'pass',
    '6376 3.5',
    'names of h= in capitals',
    { field: put(/h=([^;]*)/, `h=${names.join(':').toUpperCase()}`) },
  ],
  ['fail', '6376 6.1.1', 'h= without From', { names: ['to', 'subject'] }],
  ['fail', '6376 3.5', 'an empty h=', { field: put(/h=([^;]*)/, 'h=') }],
  ['pass', '6376 5.4.2', 'From signed once more than it is there', { names: [...names, 'from'] }],
  [
    'fail',
    '6376 5.4.2',
    'and a second From added',
    { names: [...names, 'from'], after: put('From:', 'From: b@b.example\r\nFrom:') },
  ],
  ['pass', '6376 5.4', 'a field signed that is not there', { names: [...names, 'cc'] }],
  [
    'fail',
    '6376 5.4',
    'and it is added',
    { names: [...names, 'cc'], after: put('To:', 'Cc: x@b.example\r\nTo:') },
  ],
  ['pass', '6376 5.4.2', 'both of two fields of a name', { names: [...names, 'received', 'received'] }],
  [
    'fail',
    '6376 5.4.2',
    'and they are swapped',
    {
      names: [...names, 'received', 'received'],
      after: put(/(Received: from a.*\r\n)(Received: from c.*\r\n)/, '$2$1'),
    },
  ],
  [
    'pass',
    '6376 5.4.2',
    'the lower of two fields of a name, and the upper is changed',
    { names: [...names, 'received'], after: put('from a by b', 'from x by y') },
  ],
  ['pass', '6376 3.5', 'q=dns/txt', { field: add('q=dns/txt') }],
  ['fail', '6376 3.5', 'q= of another method', { field: add('q=http/x') }],
  ['pass', '6376 3.5', 'q= of another method and dns/txt', { field: add('q=http/x:dns/txt') }],
  ['pass', '6376 3.5', 'i= of the domain', { field: add('i=@a.example') }],
  ['pass', '6376 3.5', 'i= of a user below the domain', { field: add('i=ann@sub.a.example') }],
  ['fail', '6376 6.1.1', 'i= of another domain', { field: add('i=ann@bank.example') }],
  ['fail', '6376 6.1.1', 'i= of a domain that only ends alike', { field: add('i=@bad-a.example') }],
  ['fail', '6376 3.5', 'i= without @', { field: add('i=a.example') }],
  [
    'pass',
    '6376 3.5',
    'z= with the fields as they were',
    { field: add('z=From:someone@a.example|Subject:Greetings=20from') },
  ],
  ['pass', '6376 3.5', 'l= of the whole body', { field: add('l=28'), bodyLength: 28 }],
  [
    'pass',
    '6376 3.5',
    'l= of the first line, and more below',
    { field: add('l=14'), bodyLength: 14, after: text => `${text}Added.\r\n` },
  ],
  ['pass', '6376 3.5', 'l=0', { field: add('l=0'), bodyLength: 0 }],
  ['fail', '6376 3.5', 'l= longer than the body', { field: add('l=2800') }],
  ['fail', '6376 3.5', 'l= that is no number', { field: add('l=all') }],
  ['pass', '6376 3.5', 't= an hour ago', { field: add(`t=${at(-hour)}`) }],
  [
    'pass',
    '6376 3.5',
    't= in the future, which a verifier may but need not refuse',
    { field: add(`t=${at(24 * hour)}`) },
  ],
  ['fail', '6376 3.5', 't= that is no number', { field: add('t=soon') }],
  ['pass', '6376 3.5', 'x= an hour ahead', { field: add(`t=${at(-hour)}; x=${at(hour)}`) }],
  ['fail', '6376 3.5', 'x= an hour ago', { field: add(`t=${at(-2 * hour)}; x=${at(-hour)}`) }],
  ['fail', '6376 3.5', 'x= before t=', { field: add(`t=${at(-hour)}; x=${at(-2 * hour)}`) }],
  ['fail', '6376 3.5', 'x= the same as t=', { field: add(`t=${at(hour)}; x=${at(hour)}`) }],
  ['fail', '6376 3.5', 'x= that is no number', { field: add('x=never') }],
]

const record = (kind: SigningKey = rsa): string => kind.record
const keys: readonly Given[] = [
  ['pass', '8301 3.2', 'a key of 1,024 bits', { key: rsa1024 }],
  ['fail', '8301 3.2', 'a key of 512 bits', { key: rsa512 }],
  ['fail', '8301 3.1', 'rsa-sha1', { field: put('rsa-sha256', 'rsa-sha1'), hash: 'sha1' }],
  ['fail', '6376 6.1.1', 'an algorithm that nobody knows', { field: put('rsa-sha256', 'rsa-md5') }],
  ['fail', '6376 6.1.2', 'a= of another kind than the key', { field: put('rsa-sha256', 'ed25519-sha256') }],
  ['fail', '6376 6.1.2', 'no record', { record: null }],
  ['fail', '6376 6.1.2', 'a key that was withdrawn', { record: 'v=DKIM1; k=rsa; p=' }],
  ['fail', '6376 6.1.2', 'a record without p=', { record: 'v=DKIM1; k=rsa' }],
  ['fail', '6376 6.1.2', 'a key that cannot be read', { record: 'v=DKIM1; k=rsa; p=AAAA' }],
  ['fail', '6376 3.6.1', 'the key of somebody else', { record: makeKey('rsa').record }],
  ['pass', '6376 3.6.1', 'a record without v=', { record: record().replace('v=DKIM1; ', '') }],
  ['pass', '6376 3.6.1', 'a record without k=', { record: record().replace('k=rsa; ', '') }],
  ['fail', '6376 3.6.1', 'a record of version 2', { record: record().replace('DKIM1', 'DKIM2') }],
  [
    'fail',
    '6376 3.6.1',
    'a record with v= at its end',
    { record: `${record().replace('v=DKIM1; ', '')}; v=DKIM1` },
  ],
  [
    'fail',
    '6376 3.6.1',
    'a record whose v= is in small letters',
    { record: record().replace('DKIM1', 'dkim1') },
  ],
  [
    'fail',
    '6376 3.2',
    'a record with its tags in capitals',
    { record: record().replace('p=', 'P=').replace('k=', 'K=') },
  ],
  ['fail', '6376 3.2', 'a record with p= twice', { record: `${record()}; p=AAAA` }],
  ['fail', '6376 3.6.1', 'a key of a kind that nobody knows', { record: record().replace('k=rsa', 'k=dsa') }],
  ['pass', '6376 3.6.1', 'h=sha256', { record: `${record()}; h=sha256` }],
  ['fail', '6376 3.6.1', 'h=sha1', { record: `${record()}; h=sha1` }],
  ['pass', '6376 3.6.1', 's=email', { record: `${record()}; s=email` }],
  ['pass', '6376 3.6.1', 's=*', { record: `${record()}; s=*` }],
  ['fail', '6376 3.6.1', 's= of another service', { record: `${record()}; s=tlsrpt` }],
  ['pass', '6376 3.6.1', 't=y', { record: `${record()}; t=y` }],
  [
    'pass',
    '6376 3.6.1',
    't=s, and i= of the domain',
    { record: `${record()}; t=s`, field: add('i=@a.example') },
  ],
  [
    'fail',
    '6376 3.6.1',
    't=s, and i= below the domain',
    { record: `${record()}; t=s`, field: add('i=@sub.a.example') },
  ],
  ['pass', '6376 3.6.1', 'notes and an unknown tag', { record: `${record()}; n=a note; later=1` }],
  ['pass', '6376 3.6.2.2', 'a record in several strings', { record: record().match(/.{1,100}/g) ?? [] }],
  ['pass', '6376 3.6.1', 'a record with a semicolon at its end', { record: `${record()};` }],
  [
    'pass',
    '6376 3.6.1',
    'a record with blanks around its tags and amid the key',
    {
      record: record()
        .replace('; k=rsa; p=', ' ;  k = rsa ; p = ')
        .replace(/(.{90})/, '$1 '),
    },
  ],
  ['fail', '6376 3.2', 'a record with an empty tag', { record: record().replace('; ', ';; ') }],
  ['fail', '6376 3.2', 'a record with a word that is no tag', { record: record().replace('k=rsa', 'rsa') }],
  ['pass', '6376 3.6.1', 'a record with an empty note', { record: record().replace('p=', 'n=; p=') }],
  ['pass', '6376 3.6.1', 't= of a flag that nobody knows', { record: `${record()}; t=later` }],
  [
    'pass',
    '6376 3.6.1',
    'h= and s= as lists with blanks',
    { record: `${record()}; h=sha1 : sha256; s=email : other` },
  ],
]

const changed: readonly Given[] = [
  ['fail', '6376 6.1.3', 'the body changed', { after: put('Second', 'Third') }],
  ['fail', '6376 6.1.3', 'the subject changed', { after: put('Greetings', 'Farewell') }],
  ['fail', '6376 6.1.3', 'a line added to the body', { after: text => `${text}Added.\r\n` }],
  ['fail', '6376 6.1.3', 'a signed field taken away', { after: put(/Subject:.*\r\n/, '') }],
  ['fail', '6376 6.1.3', 'the b= changed', { after: put(/(\tb=.{9})./, '$1%') }],
  ['fail', '6376 6.1.3', 'the d= changed', { after: put('d=a.example', 'd=b.example') }],
  ['pass', '6376 5.4', 'a field added that is not signed', { after: text => `X-Seen: yes\r\n${text}` }],
]

export function makeDkimCases(): DkimCase[] {
  return [...canonical, ...odd, ...fields, ...keys, ...changed].map(
    ([verdict, clause, name, making = {}]) => {
      const { key = rsa, canon = ['relaxed', 'relaxed'], message = plain, after } = making
      const field =
        `DKIM-Signature: v=1; a=${key.algorithm}; c=${canon.join('/')}; d=a.example; s=s1;\r\n` +
        `\th=${(making.names ?? names).join(':')}; bh={bh};\r\n\tb={b}`
      const { fold, hash, bodyLength } = making
      const signed = signField(message, {
        field: making.field?.(field) ?? field,
        key,
        names: making.names ?? names,
        headerCanon: canon[0],
        bodyCanon: canon[1],
        bodyLength,
        ...(fold === undefined ? {} : { fold }),
        ...(hash === undefined ? {} : { hash }),
      })
      const text = making.record === undefined ? key.record : making.record
      return {
        name,
        clause: `RFC ${clause}`,
        verdict,
        message: after === undefined ? signed : inText(signed, after),
        zone: {
          ...(text === null ? {} : { [keyName]: { TXT: [typeof text === 'string' ? [text] : text] } }),
          'a.example': {},
        },
      }
    },
  )
}
