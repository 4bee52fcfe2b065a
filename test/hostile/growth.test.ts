/**
 * Every reader of somebody else's text on the thread that carries mail, held to linear time: random patterns, each
 * repeated to a length n and to 4 n. Linear readers take four times as long, quadratic ones sixteen times; CPU time of
 * this thread counts, the best of several, and what is too short to be measured is no trouble.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { withoutVerification } from '../../src/authentication/authenticate.ts'
import {
  readAuthenticationResults,
  readReceivedSpf,
  readSpamStatus,
} from '../../src/authentication/authentication-results.ts'
import { findComplexity } from '../../src/authentication/complexity.ts'
import { readFields } from '../../src/authentication/header-fields.ts'
import { readReceived } from '../../src/authentication/received.ts'
import { readStamped, wantedFields } from '../../src/authentication/results.ts'
import { unknownHost } from '../../src/authentication/stamped.ts'
import { Tokenizer } from '../../src/authentication/tokens.ts'
import { makeMask } from '../../src/base/mask.ts'
import { printable } from '../../src/base/untrusted.ts'
import { readAutoconfig } from '../../src/discovery/autoconfig.ts'
import { readSpfNames } from '../../src/discovery/spf.ts'
import { parseXml } from '../../src/discovery/xml.ts'
import { readHeader } from '../../src/message/header.ts'
import { countCorrespondents } from '../../src/rules/correspondents.ts'
import { readInternalDateMs } from '../../src/source/imap-parse.ts'
import { everyKind, makeBook, plainFacts } from '../rules/rule-makers.ts'

const book = makeBook(everyKind)
const mask = makeMask()
mask.add('correct horse battery staple')
mask.add('abc')

const fieldOf = (value: Buffer): Parameters<typeof readReceived>[0] => ({ index: 0, name: 'received', value })

const readers: Readonly<Record<string, (octets: Buffer) => unknown>> = {
  'header.ts': octets => readHeader(octets),
  'complexity.ts': octets => findComplexity(octets.subarray(0, 64 * 1024), octets.length),
  'header-fields.ts': octets => readFields(octets, wantedFields),
  'tokens.ts': octets => {
    const tokens = new Tokenizer(octets)
    while (tokens.next() !== undefined);
  },
  'authentication-results.ts': octets => readAuthenticationResults(octets),
  'authentication-results.ts, ARC': octets => readAuthenticationResults(octets, true),
  'authentication-results.ts, Received-SPF': octets => readReceivedSpf(octets),
  'authentication-results.ts, X-Spam-Status': octets => readSpamStatus(octets),
  'trace.ts': octets => readReceived(fieldOf(octets)),
  'results.ts': octets => readStamped(octets, unknownHost),
  'authentication.ts': octets => withoutVerification(octets, unknownHost, { state: 'off' }),
  'discover-xml.ts': octets => parseXml(octets.toString('latin1')),
  'discover-autoconfig.ts': octets => readAutoconfig(octets.toString('latin1'), 'ispdb', 'a@b.example'),
  'discover-spf.ts': octets => readSpfNames([[`v=spf1 ${octets.toString('latin1')}`]]),
  'rule-book.ts': octets => book.decide(plainFacts, octets),
  'rule-book.ts, To': octets => book.decide(plainFacts, Buffer.concat([Buffer.from('To: '), octets])),
  'correspondents.ts': octets => countCorrespondents([octets], 'a@example.jp'),
  'untrusted.ts': octets => printable(octets.toString('latin1'), octets.length),
  'mask.ts': octets => mask.apply(octets.toString('latin1')),
  'imap-parse.ts': octets => readInternalDateMs(octets.toString('latin1')),
}

/** What some parser may take more than linear time over. */
const piece = fc.constantFrom(
  ...['\r\n ', '\r\n\t', '\r\n', '\n', ' ', '\t', ',', ';', ':', '=', '(', ')', '<', '>', '[', ']', '{', '}'],
  ...[
    '"',
    "'",
    '\\',
    '@',
    '&',
    '&#',
    '!',
    '--',
    '<!--',
    '<![CDATA[',
    '<a',
    '</a>',
    '<a b="',
    '/>',
    '?',
    '%',
    '=?',
  ],
  ...[
    'a',
    'aa.',
    '1',
    '.1',
    '\0',
    '\xa0',
    '\xe3\x80\x80',
    'i=1',
    'spf=pass',
    'from ',
    'by ',
    'for ',
    '1.2.3.4',
  ],
  ...[
    'Received: ',
    'Received:',
    'Authentication-Results: mx.host.example; ',
    'ARC-Seal: i=1; ',
    'Message-ID',
    'Date: ',
  ],
  ...['helo=', 'envelope-from ', '%EMAILADDRESS%', 'abc', 'correct horse battery'],
)
const prefix = fc.constantFrom(
  ...[
    '',
    'Received: from a (b [1.2.3.4]) by mx.host.example; ',
    'Message-ID: <',
    'Date: (',
    'Subject: ',
    '<',
  ],
  ...['Authentication-Results: mx.host.example; ', 'i=1; mx.host.example; spf=pass (', '<clientConfig a="'],
)
const pattern = fc.tuple(prefix, fc.array(piece, { minLength: 1, maxLength: 4 }))

function octetsOf([begin, pieces]: readonly [string, readonly string[]], octets: number): Buffer {
  const unit = pieces.join('')
  return Buffer.from((begin + unit.repeat(Math.ceil(octets / unit.length))).slice(0, octets), 'latin1')
}

function cpuMs(work: () => unknown): number {
  const began = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(began)
  return (user + system) / 1000
}

const best = (times: number, work: () => unknown): number =>
  Math.min(...Array.from({ length: times }, () => cpuMs(work)))

/** Why a reader is worse than linear over a pattern, or undefined. */
function trouble(
  read: (octets: Buffer) => unknown,
  shape: readonly [string, readonly string[]],
  shortOctets = 48 * 1024,
): string | undefined {
  const long = octetsOf(shape, 4 * shortOctets)
  // 192 kB in less than this is no trouble to anybody, whatever its curve.
  if (cpuMs(() => read(long)) < 15) return undefined
  const whole = best(3, () => read(long))
  if (whole < 15) return undefined
  const short = octetsOf(shape, shortOctets)
  const quarter = best(3, () => read(short))
  if (whole <= 9 * quarter) return undefined
  // A short reading may end before the collector of memory runs, and a longer one not: what is that little is held
  // to its next four times as well, where the collector runs in both.
  if (whole < 250) {
    const longer = octetsOf(shape, 16 * shortOctets)
    if (best(3, () => read(longer)) <= 9 * best(3, () => read(long))) return undefined
  }
  return `${quarter} ms for n, ${whole} ms for 4 n`
}

describe('readers on the thread that carries mail take linear time', () => {
  const runs = Math.min(2000, Number(process.env.HIKYAKU_FUZZ_RUNS ?? 100))
  for (const [name, read] of Object.entries(readers)) {
    test(name, () => {
      fc.assert(
        fc.property(pattern, shape => {
          const found = trouble(read, shape)
          assert.equal(found, undefined, found)
        }),
        { numRuns: runs },
      )
    })
  }

  test('the measure finds a reader that takes the square', () => {
    const blanksAtTheEnd = (octets: Buffer): unknown => / +$/.test(`${octets.toString('latin1')}x`)
    assert.match(trouble(blanksAtTheEnd, ['', [' ']], 4096) ?? '', /ms for 4 n$/)
    assert.equal(
      trouble(octets => octets.toString('latin1').trimEnd(), ['', [' ']]),
      undefined,
    )
  })
})
