/**
 * The byte corpus: messages that a mail path corrupts sooner or later, each with its exact octets. What we
 * upload must be these octets, whatever is in them; none is ever "repaired".
 */
import { readFileSync } from 'node:fs'
import { signedMessage } from './signed.ts'

export interface CorpusMessage {
  readonly name: string
  readonly octets: Buffer
  /** What makes it special. */
  readonly about: string
  /** Gmail's words of refusal on `import` (HTTP 400), where it refuses the message as it stands. */
  readonly refused?: string
  /** Whether a real server gives it back over POP3 and IMAP as it is stored: all lines end in CRLF, no NUL. */
  readonly plain: boolean
}

const file = (name: string): Buffer => readFileSync(new URL(name, import.meta.url))

/** Header section with one valid From; `more` are whole lines. */
function header(name: string, ...more: string[]): string {
  const lines = ['From: sender@example.jp', 'To: owner@example.jp', `Subject: ${name}`]
  return [...lines, `Message-ID: <${name}@corpus.example>`, ...more, ''].join('\r\n')
}

interface More {
  readonly header?: readonly string[]
  readonly refused?: string
}

/** One code unit is one octet in all of these, as in latin1. */
function message(name: string, about: string, body: string, more: More = {}): CorpusMessage {
  return whole(name, about, `${header(name, ...(more.header ?? []))}\r\n${body}`, more)
}

function whole(name: string, about: string, text: string | Buffer, more: More = {}): CorpusMessage {
  const octets = typeof text === 'string' ? Buffer.from(text, 'latin1') : text
  const refused = more.refused === undefined ? {} : { refused: more.refused }
  return { name, octets, about, plain: isPlain(octets), ...refused }
}

/** CRLF at the end of every line and of the message, no bare CR or LF, no NUL. */
function isPlain(octets: Buffer): boolean {
  const text = octets.toString('latin1')
  return text.endsWith('\r\n') && !/\0|\r(?!\n)|(?<!\r)\n/.test(text)
}

const oneFrom = "Expected a single 'From' header"
const mixed = 'MIME-Version: 1.0'

/** Charsets: header and body octets that are no UTF-8 must not be decoded on the way. */
const charsets = (): CorpusMessage[] => [
  whole('iso-2022-jp', 'ESC sequences in the body, RFC 2047 in the header', file('iso-2022-jp.eml')),
  whole(
    'shift-jis',
    'raw Shift_JIS in From, Subject and body; second octets 0x5c and 0x7c',
    file('shift-jis.eml'),
  ),
  whole('euc-jp', 'raw EUC-JP in From, Subject and body', file('euc-jp.eml')),
  whole('utf-8', 'raw UTF-8 in From, Subject and body', file('utf-8.eml')),
  message('every-octet', 'all octets but NUL, CR and LF, four times over', `${everyOctet().repeat(4)}\r\n`),
  message(
    'utf-8-broken',
    'overlong, cut and lone UTF-8 octets, and a byte order mark',
    '\xc0\xaf\xe3\x81\r\n\x80\xef\xbb\xbf\xff\xfe\r\n',
  ),
]

function everyOctet(): string {
  const octets = Array.from({ length: 256 }, (_, octet) => octet)
  return String.fromCharCode(...octets.filter(octet => ![0, 10, 13].includes(octet)))
}

/** RFC 1939 section 3: lines that begin with a dot travel with one more. */
const dots = (): CorpusMessage[] => [
  message(
    'dots',
    'lines that begin with one, two and three dots; a lone dot inside',
    '.a\r\n..b\r\n...c\r\n.\r\nafter\r\n..\r\n.\r\n',
  ),
  message('dot-first', 'the body is a lone dot', '.\r\n'),
  message('dot-last', 'the last line is a dot without a line end', 'text\r\n.'),
  message('dot-after-lf', 'dots after a bare LF', 'a\n.b\n..c\n.\n.\r\nend\r\n'),
  whole('dot-header', 'the message begins with a dot', `.X-Dot: 1\r\n${header('dot-header')}\r\ntext\r\n`),
]

const lineEnds = (): CorpusMessage[] => [
  message('no-final-crlf', 'the last line has no end', 'first\r\nlast without end'),
  message('final-cr', 'ends in a bare CR', 'text\r'),
  message('blank-lines', 'ends in many empty lines', 'text\r\n\r\n\r\n\r\n'),
  message('bare-lf', 'bare LF in the body', 'one\ntwo\n\nthree\r\n'),
  whole('all-lf', 'no CR anywhere', `${header('all-lf')}\ntext\n`.replaceAll('\r\n', '\n')),
  message('bare-cr', 'bare CR in the body, CR CR LF', 'one\rtwo\r\r\nthree\r\n'),
  message('nul', 'NUL within the body', 'a\0b\r\n\0\r\nend\r\n'),
  whole('nul-first', 'NUL is the first octet', `\0X-Nul: 1\r\n${header('nul-first')}\r\ntext\r\n`),
]

const shapes = (): CorpusMessage[] => [
  message('empty-body', 'nothing after the empty line', ''),
  whole('no-empty-line', 'a header section and no empty line', header('no-empty-line')),
  message(
    'long-lines',
    'lines of 998, 999, 2,048 and 2,049 octets (RFC 5322 section 2.1.1)',
    [998, 999, 2048, 2049].map(length => `${'x'.repeat(length)}\r\n`).join(''),
  ),
  message('line-of-1-mib', 'one line of 1,048,576 octets', `${'0123456789abcdef'.repeat(65_536)}\r\n`),
  message('long-header', 'one header field of 20,000 octets on one line', 'text\r\n', {
    header: [`X-Long: ${'y'.repeat(20_000)}`],
  }),
  message('boundary', 'looks like multipart framing', '--\r\n--boundary\r\n\r\n--boundary--\r\n--=_\r\n', {
    header: [mixed, 'Content-Type: multipart/mixed; boundary=boundary'],
  }),
  message(
    'mime-version',
    'MIME-Version and Content-Type lines in the body',
    'MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\nMIME-Version: 1.0\r\n',
  ),
  message(
    'upload-framing',
    "the text of a multipart upload's own framing",
    '--hikyaku\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{"labelIds":["INBOX"]}\r\n--hikyaku\r\nContent-Type: message/rfc822\r\n\r\n--hikyaku--\r\n',
  ),
  message(
    'imap-literals',
    'looks like an IMAP answer',
    ')\r\na1 OK FETCH completed\r\n* 2 FETCH (UID 2 BODY[] {3}\r\nabc)\r\n',
  ),
  message('pop3-answers', 'looks like POP3 answers', '+OK 12 octets\r\n-ERR [IN-USE] no\r\n.\r\n+OK\r\n'),
]

const headers = (): CorpusMessage[] => [
  whole(
    'no-message-id',
    'no Message-ID: Gmail cannot merge a second import',
    'From: a@example.jp\r\nSubject: no id\r\n\r\ntext\r\n',
  ),
  message('two-from', 'two From fields', 'text\r\n', {
    header: ['From: second@example.jp'],
    refused: oneFrom,
  }),
  whole('no-from', 'no From field', 'To: owner@example.jp\r\nSubject: no from\r\n\r\ntext\r\n', {
    refused: oneFrom,
  }),
  whole(
    'mbox-line',
    'an mbox "From " line on top, as some old spools leave it',
    `From sender Tue Nov 24 09:00:00 2026\r\n${header('mbox-line')}\r\nFrom here\r\n>From there\r\n`,
  ),
  message('odd-names', 'fields in odd case and without a space, a field without value', 'text\r\n', {
    header: ['x-oDD:1', 'X-Empty:', 'X-Blank: \t'],
  }),
  whole(
    'results-stamped',
    'Authentication-Results, Received-SPF and ARC fields in odd foldings',
    file('results-stamped.eml'),
  ),
  whole('results-forged', 'the same, written by the sender', file('results-forged.eml')),
  whole('signed', 'DKIM over an 8-bit Japanese body: one octet changed and it fails', signedMessage()),
]

/** All of them; names are unique. */
export function corpus(): readonly CorpusMessage[] {
  return [...charsets(), ...dots(), ...lineEnds(), ...shapes(), ...headers()]
}
