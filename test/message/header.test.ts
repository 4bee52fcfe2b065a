import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fieldValue, readHeader, withoutKeptLines } from '../../src/message/header.ts'
import { corpus } from '../messages/corpus.ts'

const of = (...lines: string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')

describe('facts of a header section', () => {
  test('the Message-ID is read in any case, folded, with comments around it', () => {
    assert.equal(readHeader(of('message-ID:<a@b>')).messageId, '<a@b>')
    assert.equal(
      readHeader(of('Subject: x', 'MESSAGE-ID:', ' <long@example.jp>')).messageId,
      '<long@example.jp>',
    )
    assert.equal(readHeader(of('Message-Id \t: (c) <a@b> (d)')).messageId, '<a@b>')
  })

  test('the first of two Message-IDs counts, as it does for Gmail', () => {
    assert.equal(readHeader(of('Message-ID: <one@x>', 'Message-ID: <two@x>')).messageId, '<one@x>')
  })

  test('no Message-ID, an empty one and one of a thousand octets are none', () => {
    assert.equal(readHeader(of('Subject: Message-ID: <no@x>')).messageId, undefined)
    assert.equal(readHeader(of('X-Message-ID: <no@x>')).messageId, undefined)
    assert.equal(readHeader(of('Message-ID:', 'Subject: <no@x>')).messageId, undefined)
    assert.equal(readHeader(of(`Message-ID: <${'m'.repeat(1000)}@x>`)).messageId, undefined)
  })

  test('a Message-ID without angle brackets is taken as it stands', () => {
    assert.equal(readHeader(of('Message-ID: broken@x')).messageId, 'broken@x')
  })

  test('the topmost Received line says when it arrived, before the Date that the sender wrote', () => {
    const header = of(
      'Received: from a by b; Tue, 24 Nov 2026 09:00:00 +0900 (JST)',
      'Received: from x by a; Mon, 23 Nov 2026 09:00:00 +0900',
      'Date: Sun, 22 Nov 2026 00:00:00 +0000',
    )
    assert.equal(readHeader(header).arrivedAtMs, Date.UTC(2026, 10, 24))
  })

  test('without a usable Received line the Date counts, and without both nothing does', () => {
    const date = 'Date: Sun, 22 Nov 2026 00:00:00 +0000'
    const at = Date.UTC(2026, 10, 22)
    assert.equal(readHeader(of(date)).arrivedAtMs, at)
    assert.equal(readHeader(of('Received: from a by b; yesterday', date)).arrivedAtMs, at)
    assert.equal(readHeader(of('Subject: x')).arrivedAtMs, undefined)
    assert.equal(readHeader(of('Date: when it suits')).arrivedAtMs, undefined)
  })

  test("only a mailbox format's own bookkeeping is a pseudo message", () => {
    const subject = "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA"
    assert.equal(readHeader(of(subject, 'X-IMAP: 1 2')).pseudo, true)
    assert.equal(readHeader(of(subject, 'X-IMAPbase: 1 2')).pseudo, true)
    assert.equal(readHeader(of(subject)).pseudo, false, 'anyone may write this subject')
    assert.equal(readHeader(of('Subject: hello', 'X-IMAPbase: 1 2')).pseudo, false)
  })

  test('the digest is that of exactly these octets, also of a view into a larger buffer', () => {
    const whole = Buffer.concat([Buffer.from('before'), of('Message-ID: <a@b>'), Buffer.from('after')])
    const view = new Uint8Array(whole.buffer, whole.byteOffset + 6, whole.length - 11)
    const facts = readHeader(view)
    assert.equal(facts.sha256, createHash('sha256').update(of('Message-ID: <a@b>')).digest('hex'))
    assert.equal(facts.messageId, '<a@b>')
  })

  test('bare LF ends a line as well', () => {
    const header = Buffer.from('Subject: a\n b\nMessage-ID: <a@b>\n\n')
    assert.equal(readHeader(header).messageId, '<a@b>')
    assert.equal(fieldValue(header, 'subject'), 'a b')
  })

  test('no octets, however hostile, make it throw or take long', () => {
    for (const { octets } of corpus()) readHeader(octets)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), octets => void readHeader(octets)))
    const hostile = Buffer.from(`Received: ${'('.repeat(200_000)}\r\nDate: ${'() '.repeat(60_000)}\r\n\r\n`)
    readHeader(hostile)
    readHeader(Buffer.from(`Message-ID: ${'<'.repeat(200_000)}\r\n\r\n`))
  })
})

describe('lines that servers keep for themselves', () => {
  const own = of('Subject: x', 'Message-ID: <a@b>')

  test('are left out in any case, with their folds, wherever they stand', () => {
    const served = of(
      'X-UIDL: abc',
      'Subject: x',
      'STATUS : RO',
      'x-keywords:',
      ' NonJunk',
      '\t$Forwarded',
      'Message-ID: <a@b>',
      'X-Mozilla-Status2: 0',
      'Content-Length: 12',
    )
    const { bare, octets, lines } = withoutKeptLines(served)
    assert.deepEqual(bare, own)
    assert.deepEqual([octets, lines], [served.length - own.length, 7])
    assert.equal(readHeader(served).sha256, readHeader(own).sha256)
    assert.notEqual(readHeader(served).wholeSha256, readHeader(own).wholeSha256)
    assert.equal(readHeader(own).sha256, readHeader(own).wholeSha256, 'as journals held it before')
  })

  test('and others whose names only look like them are the message', () => {
    for (const line of [
      'X-Status-Page: up',
      'X-UIDLs: 1',
      'Content-Length-Old: 1',
      ' Status: RO',
      'X-Mozilla: 1',
    ])
      assert.equal(withoutKeptLines(of('Subject: x', line)).octets, 0, line)
  })
})
