import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BodyReader, type LineEnd, LineReader, ProtocolBreach } from '../../src/source/pop3-reader.ts'
import { servedOctets, stuff } from '../servers/pop3-maildrop.ts'

const numRuns = Number(process.env.HIKYAKU_FUZZ_RUNS ?? 300)

interface Outcome {
  readonly octets: Buffer
  readonly left: Buffer
  readonly done: boolean
}

/** Feeds the chunks until the terminator; what is behind it comes back as `left`. */
function readAll(chunks: readonly Buffer[], lineEnd: LineEnd = 'crlf'): Outcome {
  const reader = new BodyReader(lineEnd)
  const out: Uint8Array[] = []
  for (const [at, chunk] of chunks.entries()) {
    const { octets, used, done } = reader.feed(chunk)
    if (octets !== undefined) out.push(Buffer.from(octets))
    if (done) {
      const left = Buffer.concat([chunk.subarray(used), ...chunks.slice(at + 1)])
      return { octets: Buffer.concat(out), left, done }
    }
    assert.equal(used, chunk.length)
  }
  return { octets: Buffer.concat(out), left: Buffer.alloc(0), done: false }
}

/** Each a copy of its own: the reader moves octets within them. */
function cutAt(wire: Buffer, positions: readonly number[]): Buffer[] {
  const cuts = [0, ...[...positions].sort((a, b) => a - b), wire.length]
  return cuts.slice(1).map((to, at) => Buffer.from(wire.subarray(cuts[at], to)))
}

const bodies: Readonly<Record<string, string>> = {
  'stuffed dots': '.\r\n..\r\n.a\r\n...\r\n',
  'a dot alone on the last line': 'a\r\n.\r\n',
  'only a dot line': '.\r\n',
  'empty lines around dots': '\r\n.\r\n\r\n.\r\n\r\n',
  'bare LF, also before a dot': 'a\nb\n.c\n.\nd\r\n',
  'bare CR, also before a dot': 'a\rb\r.c\r.\rd\r\r\n.\r\n',
  'CR CR LF before a dot': 'a\r\r\n.b\r\n',
  'NUL first and in the middle': '\0a\r\n\0.\0\r\n\0',
  'no final CRLF': 'a\r\n.b',
  'a CR at the very end': 'a\r\n.b\r',
  '8-bit octets': '\xff\xfe\r\n.\x82\xa0\x1b$B\r\n',
  nothing: '',
}

for (const [name, text] of Object.entries(bodies)) {
  test(`a body with ${name} is the same wherever its packets are cut`, () => {
    const message = Buffer.from(text, 'latin1')
    const wire = Buffer.concat([stuff(message), Buffer.from('+OK next\r\n')])
    const expected = { octets: servedOctets(message), left: Buffer.from('+OK next\r\n'), done: true }
    for (let first = 0; first <= wire.length; first += 1) {
      for (let second = first; second <= wire.length; second += 1) {
        assert.deepEqual(readAll(cutAt(wire, [first, second])), expected, `cut at ${first} and ${second}`)
      }
    }
    const single = cutAt(wire, Array.from(wire.keys()).slice(1))
    assert.deepEqual(readAll(single), expected, 'one octet at a time')
  })
}

const octet = fc.oneof(fc.constantFrom(0x0d, 0x0a, 0x2e, 0x00), fc.integer({ min: 0, max: 255 }))
const hostile = fc.array(octet, { maxLength: 60 }).map(octets => Buffer.from(octets))
const cuts = fc.array(fc.nat({ max: 80 }), { maxLength: 12 })

test('any message comes out as it was served, however it is cut', () => {
  fc.assert(
    fc.property(hostile, cuts, (message, positions) => {
      const wire = stuff(message)
      const at = positions.map(position => Math.min(position, wire.length))
      const { octets, left, done } = readAll(cutAt(wire, at))
      assert.ok(done)
      assert.equal(left.length, 0)
      assert.deepEqual(octets, servedOctets(message))
    }),
    { numRuns },
  )
})

test('hostile octets give the same answer, breach or waiting, in one chunk as in many', () => {
  const outcome = (chunks: readonly Buffer[]): unknown => {
    try {
      return readAll(chunks)
    } catch (error) {
      assert.ok(error instanceof ProtocolBreach)
      return 'breach'
    }
  }
  fc.assert(
    fc.property(hostile, cuts, (wire, positions) => {
      const at = positions.map(position => Math.min(position, wire.length))
      assert.deepEqual(outcome(cutAt(wire, at)), outcome([wire]))
    }),
    { numRuns },
  )
})

/** What a body is, line by line in its whole; undefined for a breach. */
function readSlowly(wire: string, lineEnd: LineEnd): Outcome | undefined {
  const ending = lineEnd === 'crlf' ? '\r\n' : '\n'
  const lastLines = lineEnd === 'crlf' ? ['.\r\n'] : lineEnd === 'lf' ? ['.\n'] : ['.\n', '.\r\n']
  let octets = ''
  for (let at = 0; ; ) {
    const endAt = wire.indexOf(ending, at)
    const line = wire.slice(at, endAt < 0 ? wire.length : endAt + ending.length)
    const isDone = lastLines.includes(line)
    if (isDone || endAt < 0 || line[0] === '.') {
      const mayEnd = endAt < 0 && (line === '.' || (line === '.\r' && lineEnd !== 'lf'))
      const isBreach = line[1] !== '.' && (at > 0 || (line[1] === '\r' && lineEnd !== 'lf'))
      if (line[0] !== '.') octets += line
      else if (!isDone && !mayEnd) {
        if (isBreach) return undefined
        octets += line[1] === '.' ? line.slice(1) : line
      }
    } else octets += line
    at += line.length
    if (isDone || endAt < 0) {
      const left = Buffer.from(isDone ? wire.slice(at) : '', 'latin1')
      return { octets: Buffer.from(octets, 'latin1'), left, done: isDone }
    }
  }
}

const stretch = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('\r\n..', '\r\n', '.\r\n..', '.', '..\r\n') },
  { weight: 2, arbitrary: fc.nat({ max: 200 }).map(octets => 'A'.repeat(octets)) },
  { weight: 1, arbitrary: fc.constantFrom('\r', '\n', '\n..', '\r\r\n', 'a.b. c', '\r\n.', '\0', '\xff') },
  { weight: 1, arbitrary: fc.constantFrom('\r\n.\r\n', '\n.\n', '.\r\n.\r\n', '\n.\r\n') },
)

test('any body is what it is line by line, however it is cut and wherever its dots stand', () => {
  const wires = fc.array(stretch, { maxLength: 40 }).map(stretches => stretches.join(''))
  const places = fc.array(fc.nat({ max: 3000 }), { maxLength: 20 })
  const lineEnds = fc.constantFrom<LineEnd>('crlf', 'crlf', 'lf', 'either')
  fc.assert(
    fc.property(wires, places, lineEnds, (wire, positions, lineEnd) => {
      const octets = Buffer.from(wire, 'latin1')
      const chunks = cutAt(
        octets,
        positions.map(position => position % (octets.length + 1)),
      )
      const expected = readSlowly(wire, lineEnd)
      if (expected === undefined) assert.throws(() => readAll(chunks, lineEnd), ProtocolBreach)
      else assert.deepEqual(readAll(chunks, lineEnd), expected)
    }),
    { numRuns: 10 * numRuns },
  )
})

for (const wire of ['a\r\n.b\r\n.\r\n', '\r\n.b\r\n', '..\r\n.b', 'a\r\n.\n', 'a\r\n.\rb']) {
  test(`${JSON.stringify(wire)} is a breach: the dot is not stuffed`, () => {
    assert.throws(() => readAll([Buffer.from(wire)]), ProtocolBreach)
    assert.throws(() => readAll(cutAt(Buffer.from(wire), [1, 2, 3, 4, 5])), ProtocolBreach)
  })
}

test('a dot that begins the whole body is content when it is not stuffed, as by Dovecot and Courier', () => {
  const wire = Buffer.from('.X-Dot: 1\r\n\r\n..b\r\n.\r\n')
  for (let cut = 0; cut <= wire.length; cut += 1) {
    const { octets, done } = readAll(cutAt(wire, [cut]))
    assert.equal(octets.toString(), '.X-Dot: 1\r\n\r\n.b\r\n')
    assert.ok(done)
  }
  assert.equal(readAll(cutAt(wire, Array.from(wire.keys()))).octets.length, wire.length - 4)
  assert.equal(readAll([Buffer.from('.\r\n')]).octets.length, 0)
})

test('the end is found only behind CRLF', () => {
  for (const wire of ['a\n.\r\n', 'a\r.\r\n', 'a.\r\n', 'a\r\n..\r\n', 'a\r\n.']) {
    assert.equal(readAll([Buffer.from(wire)]).done, false, JSON.stringify(wire))
  }
})

test('a line of 1 MiB in packets of 1,460 octets is read in well under a second', () => {
  const message = Buffer.concat([Buffer.alloc(1 << 20, 0x61), Buffer.from('\r\n')])
  const wire = stuff(message)
  const started = process.cpuUsage()
  const positions = Array.from({ length: Math.floor(wire.length / 1460) }, (_, at) => (at + 1) * 1460)
  assert.ok(readAll(cutAt(wire, positions)).octets.equals(message))
  assert.ok(process.cpuUsage(started).user < 1_000_000)
})

test('lines are the same however they are cut, and only the limit of them is kept', () => {
  const wire = Buffer.from('+OK\r\nbare\nempty next\r\n\r\na far too long line\r\nend\r\n')
  const lines = (chunks: readonly Buffer[]): unknown[] => {
    const reader = new LineReader(12)
    const found: unknown[] = []
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) {
        const { line, used, cut } = reader.feed(chunk, at)
        at += used
        if (line !== undefined) found.push([line.toString('latin1').slice(0, 12), cut])
      }
    }
    return found
  }
  const whole = [
    ['+OK', false],
    ['bare', false],
    ['empty next', false],
    ['', false],
    ['a far too lo', true],
    ['end', false],
  ]
  for (let cut = 0; cut <= wire.length; cut += 1) assert.deepEqual(lines(cutAt(wire, [cut])), whole)
  assert.deepEqual(lines(cutAt(wire, Array.from(wire.keys()))), whole)
})
