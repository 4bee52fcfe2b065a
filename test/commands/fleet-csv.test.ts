/** CSV files of mailboxes: what is read of them, and that a line that is wrong costs itself alone and shows nothing of it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { chmod, open, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../src/base/fault.ts'
import { parseFields, readCsv } from '../../src/commands/fleet/csv.ts'
import { columns, readHeader, readMember } from '../../src/commands/fleet/csv-columns.ts'
import { openCsvFile } from '../../src/commands/fleet/csv-file.ts'
import { describeFault } from '../../src/locale/locale.ts'

const folder = mkdtempSync(join(tmpdir(), 'hikyaku-test-csv-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'mailboxes.csv')

/** As RFC 4180 wants it written. */
const write = (fields: readonly string[]): string =>
  fields.map(field => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')

async function readAll(octets: string | Buffer) {
  await writeFile(file, octets)
  const handle = await open(file)
  try {
    const lines = []
    for await (const { endsAt: _, ...line } of readCsv(handle)) lines.push(line)
    return lines
  } finally {
    await handle.close()
  }
}

describe('a CSV file', () => {
  test('gives back whatever fields were written, as RFC 4180 has it', () => {
    const field = fc.string({ unit: 'binary' }).map(text => text.replace(/[\r\n]/g, ''))
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), fields => {
        assert.deepEqual(parseFields(write(fields)), fields)
      }),
      { numRuns: 60 },
    )
  })

  test('is read with or without a byte order mark, with either line end, over whatever borders of reading', async () => {
    const rows = Array.from({ length: 9000 }, (_, row) => [`名前${row}`, `p,${row}"`, 'x'.repeat(60)])
    for (const [mark, end] of [
      ['', '\n'],
      ['\ufeff', '\r\n'],
    ] as const) {
      const lines = await readAll(`${mark}${rows.map(write).join(end)}`)
      assert.deepEqual(
        lines,
        rows.map((fields, at) => ({ line: at + 1, fields })),
      )
    }
    assert.deepEqual(await readAll('a,b\n\n\nc,d\n'), [
      { line: 1, fields: ['a', 'b'] },
      { line: 4, fields: ['c', 'd'] },
    ])
    assert.deepEqual(await readAll(''), [])
  })

  test('loses the line that is wrong and none below it', async () => {
    const long = 'x'.repeat(70_000)
    const octets = Buffer.concat([
      Buffer.from('host,password\na,"open\nb,right\nc,st"ray\nd,"behind"x\n'),
      Buffer.from(`e,${long}\nf,${long}${long}${long}${long}\n`),
      Buffer.from([0x67, 0x2c, 0x93, 0xfa, 0x0a]),
      Buffer.from('h,last\r\n'),
    ])
    assert.deepEqual(await readAll(octets), [
      { line: 1, fields: ['host', 'password'] },
      { line: 2, flaw: 'unclosed', column: 2 },
      { line: 3, fields: ['b', 'right'] },
      { line: 4, flaw: 'stray-quote', column: 2 },
      { line: 5, flaw: 'behind-quote', column: 2 },
      { line: 6, flaw: 'too-long', column: undefined },
      { line: 7, flaw: 'too-long', column: undefined },
      { line: 8, flaw: 'not-utf-8', column: undefined },
      { line: 9, fields: ['h', 'last'] },
    ])
  })
})

describe('the columns', () => {
  test('are the keys of a mailbox and a few more, in any case; what is none is told by its place', () => {
    assert.deepEqual(readHeader(['Tenant', ' HOST ', 'user', 'afterimport']), [
      'tenant',
      'host',
      'user',
      'afterImport',
    ])
    assert.deepEqual(readHeader(['host;user;password']), { flaw: 'semicolons' })
    assert.deepEqual(readHeader(['host\tuser']), { flaw: 'tabs' })
    assert.deepEqual(readHeader(['', '']), { flaw: 'empty' })
    assert.deepEqual(readHeader(['host', 'user', 'pasword']), {
      ...{ flaw: 'unknown', column: 3, meant: 'password' },
    })
    assert.deepEqual(readHeader(['host', 'user', 'HOST']), { flaw: 'twice', name: 'host' })
    assert.deepEqual(readHeader(['host', 'password']), { flaw: 'missing', name: 'user' })
    assert.ok(!columns.includes('rules'))
  })

  test('make a mailbox: secrets apart, a name of its own, and an account by its address', () => {
    const header = ['tenant', 'host', 'user', 'password', 'gmail', 'labels']
    assert.deepEqual(
      readMember(header, [' acme ', 'mail.example.jp', 'Shop', ' p w ', 'Info@Example.jp', '']),
      {
        tenant: 'acme',
        name: 'shop@mail.example.jp',
        gmail: 'Info@Example.jp',
        settings: { protocol: 'imap', host: 'mail.example.jp', user: 'Shop', account: 'info@example.jp' },
        // To the letter.
        secrets: { password: ' p w ' },
      },
    )
    assert.equal(readMember(['host', 'user'], ['h', 'A@Example.jp']).name, 'a@example.jp')
    assert.equal(readMember(['host', 'user', 'name'], ['h', 'a@example.jp', 'shop']).name, 'shop')
  })
})

describe('a file of mailboxes', () => {
  const header = 'host,user,labels\n'
  const shiftJis = Buffer.concat([Buffer.from(`${header}h,u,`), Buffer.from([0x93, 0xfa, 0x96, 0x7b, 0x0a])])
  const files: readonly (readonly [text: string | Buffer, en: RegExp, ja: RegExp, mode?: number])[] = [
    [shiftJis, /Shift_JIS.*CSV UTF-8.*iconv -f CP932/s, /文字コードが Shift_JIS です.*CSV UTF-8/s],
    [Buffer.from(`\ufeff${header}`, 'utf16le'), /UTF-16.*CSV UTF-8/s, /UTF-16 です/],
    [Buffer.from([0x68, 0x2c, 0xff, 0xfe, 0x0a]), /not saved as UTF-8.*CSV UTF-8/s, /CSV UTF-8/],
    ['host;user\n', /semicolons.*commas/s, /セミコロン/],
    ['host\tuser\n', /tabs.*commas/s, /タブ/],
    [
      'host,user,pasword\n',
      /column 3 is no such name \(did you mean “password”\?\)/,
      /3 列目は使える名前ではありません/,
    ],
    // A list without its first line, and one with the line ends of an old Macintosh.
    ['sesame,mail.example.jp,anna\n', /column 1 is no such name/, /1 列目/],
    ['host,user,password\rmail.example.jp,anna,sesame\r', /column 3 is no such name/, /3 列目/],
    ['host,password,user\rmail.example.jp,sesame,anna', /column 3 is no such name/, /3 列目/],
    ['password\rsesame', /column 1 is no such name/, /1 列目/],
    ['host,"user\n', /first line, which names the columns/, /1 行目を読み取れません/],
    ['host,password\n', /no column “user”/, /必要な列「user」/],
    ['host,user,password\nh,u,p\n', /other users can read it.*chmod 600/s, /chmod 600/, 0o644],
    ['', /it is empty/, /空/],
  ]

  test('is not taken in another encoding, open to others, or without its columns; and what to do is said', async () => {
    for (const [text, en, ja, mode = 0o600] of files) {
      await writeFile(file, text)
      await chmod(file, mode)
      const thrown: unknown = await openCsvFile(file).catch((error: unknown) => error)
      assert.ok(thrown instanceof Fault)
      assert.deepEqual([thrown.code, thrown.exitCode], ['fleet.import-file', 2])
      assert.match(Object.values(describeFault(thrown, 'en')).join('\n'), en)
      assert.match(Object.values(describeFault(thrown, 'ja')).join('\n'), ja)
      assert.doesNotMatch(JSON.stringify(thrown.facts), /sesame/)
    }
    await writeFile(file, `\ufeff${header}`)
    await chmod(file, 0o644)
    const taken = await openCsvFile(file)
    assert.deepEqual(taken.header, ['host', 'user', 'labels'])
    await taken.handle.close()
  })
})
