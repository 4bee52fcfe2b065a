/** CSV files of mailboxes: what is read of them, and that a line that is wrong costs itself alone and shows nothing of it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { parseFields, readCsv } from '../../src/commands/fleet/csv.ts'
import { columns, readHeader, readMember } from '../../src/commands/fleet/csv-columns.ts'

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
  test('are the keys of a mailbox and a few more, in any case; what is none is named', () => {
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
      ...{ flaw: 'unknown', name: 'pasword', meant: 'password' },
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
