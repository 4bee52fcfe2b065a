import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { boundaryOf, MalformedMultipart, MultipartReader } from './multipart.ts'

interface Part {
  headers: ReadonlyMap<string, string>
  octets: Buffer
}

function parse(boundary: string, chunks: readonly Buffer[]): Part[] {
  const parts: { headers: ReadonlyMap<string, string>; octets: Buffer[] }[] = []
  const reader = new MultipartReader(boundary, {
    start: (_part, headers) => parts.push({ headers, octets: [] }),
    data: (part, octets) => parts[part]?.octets.push(Buffer.from(octets)),
  })
  for (const chunk of chunks) reader.write(chunk)
  assert.equal(reader.end(), parts.length)
  return parts.map(({ headers, octets }) => ({ headers, octets: Buffer.concat(octets) }))
}

const frame = (message: Buffer, boundary = 'b'): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Type: application/json\r\n\r\n{}\r\n--${boundary}\r\nContent-Type: message/rfc822\r\n\r\n`,
    ),
    message,
    Buffer.from(`\r\n--${boundary}--`),
  ])

const cut = (octets: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(octets.length / size) }, (_, n) => octets.subarray(n * size, (n + 1) * size))

describe('the multipart reader', () => {
  it('gives back every part octet for octet, wherever the chunks are cut', () => {
    // An alphabet rich in what delimiters are made of, so that near misses are common.
    const near = fc.array(
      fc.constantFrom('\r\n', '\r', '\n', '-', '--', '--a', '\r\n--', '\0', '\xff', 'b', ' '),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(near, fc.integer({ min: 1, max: 9 }), (pieces, size) => {
        const message = Buffer.from(pieces.join(''), 'latin1')
        fc.pre(!`\r\n${message.toString('latin1')}`.includes('\r\n--b'))
        const [json, mail] = parse('b', cut(frame(message), size))
        assert.equal(json?.octets.toString(), '{}')
        assert.deepEqual(mail?.octets, message)
        assert.equal(mail?.headers.get('content-type'), 'message/rfc822')
      }),
      { numRuns: 2000 },
    )
  })

  it('takes a body whose framing ends its lines with LF, and keeps to the one that came first', () => {
    const framed = (end: string, message: string): Buffer =>
      Buffer.from(
        `--b${end}Content-Type: application/json${end}${end}{}${end}--b${end}Content-Type: message/rfc822${end}MIME-Version: 1.0${end}${end}${message}${end}--b--${end}`,
      )
    for (const size of [1, 3, 1000])
      for (const end of ['\n', '\r\n'])
        for (const message of [
          '',
          'a: b\r\n\r\ntext\r\n',
          'a: b\n\ntext',
          '\r\n',
          '\n',
          'x\r\n\r\ny\r\n\r\n',
        ]) {
          const [json, mail] = parse('b', cut(framed(end, message), size))
          assert.equal(json?.octets.toString(), '{}')
          assert.equal(mail?.octets.toString(), message)
          assert.equal(mail?.headers.get('mime-version'), '1.0')
        }
    const mixed = framed('\n', 'x').toString().replace('rfc822\n', 'rfc822\r\n')
    assert.throws(() => parse('b', [Buffer.from(mixed)]), MalformedMultipart)
    const other = framed('\r\n', 'x').toString().replace('{}\r\n--b\r\n', '{}\r\n--b\n')
    assert.throws(() => parse('b', [Buffer.from(other)]), MalformedMultipart)
  })

  it('leaves the CRLF before a delimiter to the delimiter', () => {
    for (const end of ['', '\r\n', '\r\n\r\n', '\n', '\r']) {
      const message = Buffer.from(`a: b\r\n\r\ntext${end}`)
      assert.deepEqual(parse('b', [frame(message)])[1]?.octets, message)
    }
  })

  it('refuses framing that a lenient reader would let pass', () => {
    const good = frame(Buffer.from('text')).toString('latin1')
    const bad = {
      'text before the first delimiter': `preamble\r\n${good}`,
      'text after the last delimiter': `${good}\r\nepilogue`,
      'a bare LF before the delimiter': good.replace('text\r\n--b', 'text\n--b'),
      'a bare LF after the delimiter': good.replace(
        '--b\r\nContent-Type: application',
        '--b\nContent-Type: application',
      ),
      'other text on the delimiter line': good.replace('\r\n--b\r\n', '\r\n--bb\r\n'),
      'no closing delimiter': good.slice(0, -2),
      'no delimiter at all': 'text',
      'a part whose headers do not end': '--b\r\nContent-Type: text/plain\r\n--b--',
      'a header line without a name': good.replace('Content-Type: application', ': application'),
    }
    for (const [what, body] of Object.entries(bad))
      assert.throws(() => parse('b', [Buffer.from(body, 'latin1')]), MalformedMultipart, what)
  })

  it('takes a delimiter after a bare LF for part of the text', () => {
    const body = frame(Buffer.from('text')).toString('latin1').replace('{}\r\n', '{}\n')
    assert.equal(parse('b', [Buffer.from(body, 'latin1')]).length, 1)
  })

  it('reads the boundary as a token or quoted, and none that RFC 2046 does not allow', () => {
    assert.equal(boundaryOf('multipart/related; boundary=abc'), 'abc')
    assert.equal(boundaryOf('multipart/related; charset=x; BOUNDARY="a b\\c"'), 'a bc')
    assert.equal(boundaryOf('multipart/related'), undefined)
    assert.equal(boundaryOf(`multipart/related; boundary=${'x'.repeat(71)}`), undefined)
    assert.equal(boundaryOf('multipart/related; boundary="ends in a blank "'), undefined)
  })
})
