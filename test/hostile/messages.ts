/**
 * Messages that a stranger may send to cost us time: each repeats something that some reader of mail takes more
 * than linear time over. All lines that the kind allows are within RFC 5322's 998 octets, so that any host passes
 * them on. None bears a Message-ID: whatever is imported twice stands in Gmail twice.
 */
import type { Complexity } from '../../src/authentication/complexity.ts'

export interface HostileMessage {
  readonly name: string
  /** Which bound it breaks; undefined: it is within all of them, and is looked at. */
  readonly complexity: Complexity | undefined
  readonly octets: () => Buffer
}

const kib = 1024
const mib = 1024 * kib
/** The line by which the receiving host took it in, and an author. */
const top =
  'Received: from evil.example (evil.example [203.0.113.66])\r\n\tby mx.host.example with ESMTP id 1; Tue, 24 Nov 2026 09:00:00 +0900\r\n'
const from = 'From: Mallory <mallory@evil.example>\r\nSubject: hello\r\n'
const body = '\r\nhello\r\n'

const message = (header: string, text: string | Buffer = body): Buffer =>
  Buffer.concat([Buffer.from(top + from + header, 'latin1'), Buffer.from(text)])

const tags = (more = '', l = ''): string =>
  `v=1; a=rsa-sha256; c=relaxed/relaxed; d=evil.example; s=s1;${l} h=from:subject; bh=${'A'.repeat(43)}=; b=${'A'.repeat(344)}${more}`
const signature = (more = '', l = ''): string => `DKIM-Signature: ${tags(more, l)}\r\n`
/** `unit` again and again, `octets` in all. */
const fill = (unit: string, octets: number): string =>
  unit.repeat(Math.ceil(octets / unit.length)).slice(0, octets)
/** Words in lines of at most 900 octets, each fold an honest one. */
const folded = (word: string, octets: number): string => {
  const line = `${word.repeat(Math.floor(900 / word.length))}\r\n `
  return line.repeat(Math.ceil(octets / line.length))
}
const many = (times: number, part: (serial: number) => string): string =>
  Array.from({ length: times }, (_, serial) => part(serial)).join('')

/** A set of ARC fields (RFC 8617 section 4.1). */
const arcSet = (i: number): string =>
  `ARC-Seal: i=${i}; a=rsa-sha256; cv=${i === 1 ? 'none' : 'pass'}; d=evil.example; s=s1; b=${'A'.repeat(344)}\r\n` +
  `ARC-Message-Signature: i=${i}; a=rsa-sha256; c=relaxed/relaxed; d=evil.example; s=s1; h=from:subject; bh=${'A'.repeat(43)}=; b=${'A'.repeat(344)}\r\n` +
  `ARC-Authentication-Results: i=${i}; evil.example; spf=pass\r\n`

const blanks = ' '.repeat(300)

/** A header of exactly these octets, its empty line included. */
function headerOf(octets: number, part: string): string {
  const empty = message('', '\r\n').length
  return fill(part, octets - empty - 2).replace(/\r$/, 'x')
}

/** The kinds; those of many megabytes stand in `largeMessages`. */
export const hostileMessages: readonly HostileMessage[] = [
  {
    name: 'one signature with 47 kB of folded blanks in a=',
    complexity: 'white-space',
    octets: () =>
      message(`DKIM-Signature: v=1; a=${fill(`\r\n${blanks}`, 47_000)}rsa-sha256; d=evil.example; s=s1\r\n`),
  },
  {
    name: 'one signature with 47 kB of blanks in one line',
    complexity: 'white-space',
    octets: () => message(`DKIM-Signature: v=1; a=${' '.repeat(47_000)}rsa-sha256; d=evil.example; s=s1\r\n`),
  },
  {
    name: 'h= with 128,000 names over 64,000 fields',
    complexity: 'header-octets',
    octets: () =>
      message(`DKIM-Signature: v=1; h=${folded('x:', 256_000)}x; b=A\r\n${'x:\r\n'.repeat(64_000)}`),
  },
  {
    name: 'h= with 20,000 names in 40 kB',
    complexity: 'signed-names',
    octets: () => message(`DKIM-Signature: v=1; h=${folded('x:', 40_000)}x; b=A\r\n${'x:\r\n'.repeat(900)}`),
  },
  {
    name: 'the same names spread over 30 signatures',
    complexity: 'header-octets',
    octets: () =>
      message(
        many(30, () => `DKIM-Signature: v=1; h=${folded('x:', 8_000)}x; b=A\r\n`) + 'x:\r\n'.repeat(60_000),
      ),
  },
  {
    name: '5 fields of 33,000 folds, each below the limit of Postfix',
    complexity: 'header-octets',
    octets: () => message(many(5, serial => `X-F${serial}: a${'\r\n '.repeat(33_000)}\r\n`)),
  },
  {
    name: '5 signatures of 97 kB, each below the limit of Postfix',
    complexity: 'header-octets',
    octets: () => message(many(5, () => `DKIM-Signature: v=1; a=${fill(`\r\n${blanks}`, 97_000)}x; b=A\r\n`)),
  },
  {
    name: 'one field of 170,000 folds and no signature',
    complexity: 'header-octets',
    octets: () => message(`X-F: a${'\r\n '.repeat(170_000)}\r\n`),
  },
  {
    name: 'one field of 20,000 folds in 60 kB',
    complexity: 'field-lines',
    octets: () => message(`X-F: a${'\r\n '.repeat(20_000)}\r\n`),
  },
  {
    name: '20,000 lines that are no field, which a library takes for folds',
    complexity: 'field-lines',
    octets: () => message(`X-F: a\r\n${'x\r\n'.repeat(20_000)}`),
  },
  ...[
    ['blanks', ' '],
    ['tabs', '\t'],
    ['form feeds', '\f'],
    ['no-break spaces', '\xa0'],
  ].map(
    ([what = '', unit = '']): HostileMessage => ({
      name: `a signature of 500 kB of ${what}`,
      complexity: 'header-octets',
      octets: () => message(`DKIM-Signature: v=1; a=${fill(`${unit.repeat(900)}\r\n `, 500_000)}x; b=A\r\n`),
    }),
  ),
  {
    name: 'signatures of 60 kB of rubbish',
    complexity: undefined,
    octets: () =>
      message(many(6, () => `DKIM-Signature: ${fill(`${'=\\"(x'.repeat(150)}\r\n `, 9_000)}\r\n`)),
  },
  {
    name: 'Content-Type in pieces of RFC 2231, and as many signatures as may be',
    complexity: undefined,
    octets: () =>
      message(
        `Content-Type: multipart/mixed${many(95, i => `;\r\n b*${i}*=${'%41'.repeat(150)}`)}\r\n${many(10, i => signature('', ` l=${i};`))}`,
      ),
  },
  {
    name: '30 signatures',
    complexity: 'signatures',
    octets: () => message(many(30, i => signature('', ` l=${i};`))),
  },
  {
    name: 'an ARC chain of 10 links',
    complexity: undefined,
    octets: () => message(many(10, i => arcSet(i + 1))),
  },
  {
    name: 'an ARC chain of 50 links',
    complexity: 'arc-fields',
    octets: () => message(many(50, i => arcSet(i + 1))),
  },
  {
    name: '40,000 Received lines',
    complexity: 'header-octets',
    octets: () => message('Received: from a by b; x\r\n'.repeat(40_000)),
  },
  {
    name: '1,001 fields',
    complexity: 'fields',
    octets: () => message('X:\r\n'.repeat(999)),
  },
  {
    name: 'Authentication-Results of nested comments',
    complexity: undefined,
    octets: () =>
      message(
        `Authentication-Results: mx.host.example ${folded('(', 30_000)}${folded(')', 30_000)}; spf=pass\r\n`,
      ),
  },
  {
    name: 'a To with 60 kB of addresses',
    complexity: undefined,
    octets: () => message(`To: ${folded('"a\\"" <b@c.example>, ', 60_000)}d@e.example\r\n`),
  },
  {
    name: 'a From of open brackets and quotes',
    complexity: undefined,
    octets: () => Buffer.from(`${top}From: ${folded('<"(:@,', 60_000)}\r\n${body}`),
  },
  {
    name: 'encoded words of RFC 2047 without an end',
    complexity: undefined,
    octets: () => message(`Subject: ${folded('=?utf-8?Q?=41', 60_000)}\r\nX: ${folded('=?', 2_000)}\r\n`),
  },
  {
    name: 'multiparts in multiparts, 2 MB of boundaries',
    complexity: undefined,
    octets: () =>
      message(
        `Content-Type: multipart/mixed; boundary="-"\r\n${many(4, i => signature('', ` l=${i};`))}`,
        `\r\n${many(20_000, i => `---\r\nContent-Type: multipart/mixed; boundary="-${i}-"\r\n\r\n----${i}-\r\n`)}`,
      ),
  },
  {
    name: 'a base64 body of 2 MB whose end is all blank lines',
    complexity: undefined,
    octets: () =>
      message(signature(), `\r\n${fill(`${'QUFB'.repeat(19)}\r\n`, mib)}${' \t\r\n'.repeat(mib / 4)}`),
  },
  {
    name: 'a signature of 100,000 tags',
    complexity: 'header-octets',
    octets: () => message(`DKIM-Signature: ${folded('a=b;', 400_000)}\r\n`),
  },
  {
    name: 'a signature of 15,000 tags in 60 kB',
    complexity: 'signature-tags',
    octets: () => message(`DKIM-Signature: ${folded('a=b;', 60_000)}\r\n`),
  },
  {
    name: 'a header of exactly 64 KiB',
    complexity: undefined,
    octets: () => message(`${headerOf(64 * kib, `X-A: ${'a'.repeat(191)}\r\n`)}\r\n`, body),
  },
  {
    name: 'folds hidden behind a line of CR CR LF, which only some take for the end of the header',
    complexity: undefined,
    octets: () => message('', `\r\r\n${`X: a${'\r\n '.repeat(160_000)}\r\n`}\r\nhello\r\n`),
  },
  {
    name: 'a body in one line of 3 MB',
    complexity: undefined,
    octets: () => message(signature(), `\r\n${'a'.repeat(3 * mib)}`),
  },
  {
    name: 'nothing but folds',
    complexity: 'field-lines',
    octets: () => Buffer.from('\t\r\n '.repeat(15_000)),
  },
  { name: 'nothing but line feeds', complexity: undefined, octets: () => Buffer.alloc(mib, 0x0a) },
]

/** Many megabytes: what costs by its length. */
export const largeMessages: readonly HostileMessage[] = [
  {
    name: '30 signatures over 50 MB',
    complexity: 'signatures',
    octets: () =>
      message(
        many(30, i => signature('', ` l=${i * 1000};`)),
        `\r\n${fill(`${'a b'.repeat(300)}\r\n`, 50 * mib)}`,
      ),
  },
  {
    name: '10 signatures over 25 MB, each hashed in its own way',
    complexity: undefined,
    octets: () =>
      message(
        many(10, i => signature('', ` l=${24 * mib + i};`)),
        `\r\n${fill(`${' a b'.repeat(200)}\r\n`, 25 * mib)}`,
      ),
  },
  {
    name: '10 signatures over 26 MB of 1 MiB lines',
    complexity: 'signed-octets',
    octets: () =>
      message(
        many(10, i => signature('', ` l=${i * 1000};`)),
        `\r\n${fill(`${'a'.repeat(mib - 2)}\r\n`, 26 * mib)}`,
      ),
  },
  {
    name: 'a header of 10 MB',
    complexity: 'header-octets',
    octets: () => message(fill(`X-A: ${'a'.repeat(191)}\r\n`, 10 * mib)),
  },
]
