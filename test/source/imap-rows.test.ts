import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parser } from 'imapflow/lib/handler/imap-handler.js'
import { type FetchRow, readFetchRow } from '../../src/source/imap-parse.ts'
import { RowReader, readUsualRow } from '../../src/source/imap-rows.ts'

interface Read {
  readonly rows: FetchRow[]
  readonly counts: string[]
  readonly statuses: string[]
  readonly passed: Buffer
}

/** What a reader makes of these octets, cut at these places. */
async function read(octets: Buffer, cuts: readonly number[]): Promise<Read> {
  const passed: Buffer[] = []
  const rows: FetchRow[] = []
  const counts: string[] = []
  const statuses: string[] = []
  const reader = new RowReader(piece => void passed.push(Buffer.from(piece)))
  reader.begin(new Set(['R1', 'R2']), {
    onRow: row => void rows.push(row),
    onTold: (word, number) => void counts.push(`${number} ${word}`),
    onStatus: (tag, status, words) => void statuses.push(`${tag} ${status} ${words}`),
  })
  const places = [0, ...cuts.map(cut => cut % octets.length).sort((a, b) => a - b), octets.length]
  for (const [at, place] of places.slice(1).entries()) {
    const chunk = Buffer.from(octets.subarray(places[at], place))
    // Its memory is not read again.
    if (reader.take(chunk)) chunk.fill('!')
  }
  await reader.settle()
  return { rows, counts, statuses, passed: Buffer.concat(passed) }
}

const body = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map(octets => Buffer.from(octets).toString('latin1')),
  fc.constantFrom(
    'R1 OK done\r\n',
    ')\r\n* 1 FETCH (UID 2)\r\n',
    '{5}\r\nabcde',
    '* BYE\r\n',
    '',
    '\r\n{3}\r\n',
  ),
)
const literalOf = (text: string): string => `{${text.length}}\r\n${text}`
const row = fc
  .tuple(fc.integer({ min: 1, max: 99 }), body, fc.constantFrom('[]', '[]<0>', '[HEADER]', '[1.MIME]'))
  .map(
    ([uid, text, section]) =>
      `* ${uid} FETCH (UID ${uid} RFC822.SIZE 5 BODY${section} ${literalOf(text)})\r\n`,
  )
const line = fc.oneof(
  row,
  fc.constantFrom(
    '* 5 EXISTS\r\n',
    '* 2 expunge\r\n',
    '* OK [ALERT] hello {3}\r\nabc more\r\n',
    '* 7 FETCH (FLAGS (\\Seen) UID 7)\r\n',
    'R1 OK [X Y] done\r\n',
    'R2 NO [EXPUNGEISSUED] some\r\n',
    'BAD huh\r\n',
    'BAD OK an IDLE of that tag ended\r\n',
    '* OK [UIDVALIDITY 4294967295] UIDs are valid\r\n',
    '7 OK not ours\r\n',
    '* X (\r\n',
    '\r\n',
  ),
  body.map(text => `* LIST () NIL ${literalOf(text)}\r\n`),
)

test('rows, statuses and what goes on to imapflow are the same however the wire cuts them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      async (lines, cuts) => {
        const octets = Buffer.from(lines.join(''), 'latin1')
        const whole = await read(octets, [])
        const cut = await read(octets, cuts)
        // Those that imapflow's parser reads come a moment later.
        const inOrder = (rows: readonly FetchRow[]): string[] => rows.map(each => JSON.stringify(each)).sort()
        assert.deepEqual(inOrder(cut.rows), inOrder(whole.rows))
        assert.deepEqual({ ...cut, rows: [] }, { ...whole, rows: [] })
        const isOurs = (text: string): boolean => /^\* \d+ FETCH |^R[12] |^BAD huh/.test(text)
        const others = lines.filter(text => !isOurs(text)).join('')
        assert.equal(cut.passed.toString('latin1'), others)
        assert.equal(cut.statuses.length, lines.filter(text => /^R[12] |^BAD huh/.test(text)).length)
      },
    ),
    { numRuns: 500 },
  )
})

const value = fc.oneof(
  fc.constantFrom(
    '5',
    '0',
    '4294967296',
    'NIL',
    '"a b"',
    '"a\\"b"',
    '""',
    '(\\Seen $x)',
    '()',
    '((a))',
    '{2}\r\n',
    '"17-Jul-1996 02:44:25 -0700"',
  ),
  fc.nat().map(String),
)
const key = fc.constantFrom(
  'UID',
  'uid',
  'FLAGS',
  'INTERNALDATE',
  'RFC822.SIZE',
  'MODSEQ',
  'BODY[]',
  'BODY[]<7>',
  'BODY[HEADER]',
  'ENVELOPE',
  'X',
)

test('a row that is read without imapflow is read as imapflow does', async () => {
  let usual = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, value), { maxLength: 5 }), async items => {
      const text = `* 3 FETCH (${items.map(([name, content]) => `${name} ${content}`).join(' ')})\r\n`
      const literals = items
        .filter(([, content]) => content.startsWith('{'))
        .map(() => Buffer.from('\0\xff', 'latin1'))
      const read = readUsualRow(text, literals)
      if (read === undefined) return
      usual += 1
      const payload = Buffer.from(text.slice(0, -2), 'latin1')
      assert.deepEqual(read, readFetchRow(await parser(payload, { literals: [...literals] })))
    }),
    { numRuns: 3000 },
  )
  assert.ok(usual > 100, String(usual))
})

test('a line that comes octet by octet is read in one pass', async () => {
  const octets = Buffer.from(`* 1 FETCH (UID 1 FLAGS (${'a '.repeat(20_000)}b))\r\nR1 OK done\r\n`)
  const every = Array.from({ length: octets.length }, (_, at) => at)
  const { rows, statuses } = await read(octets, every)
  assert.equal(rows[0]?.flags?.length, 20_001)
  assert.deepEqual(statuses, ['R1 OK done'])
})
