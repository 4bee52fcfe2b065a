import assert from 'node:assert/strict'
import { it } from 'node:test'
import { decodeWords, readAbout } from '../../src/message/about.ts'

it('a header’s fields are read for people: encoded words, raw UTF-8, and what cannot be decoded', () => {
  assert.equal(decodeWords('=?UTF-8?B?5rOo5paH?= =?utf-8?q?=E7=A2=BA_x?= y'), '注文確 x y')
  assert.equal(decodeWords('=?ISO-2022-JP?B?GyRCQ21KOBsoQg==?='), '注文')
  assert.equal(decodeWords(Buffer.from('注文').toString('latin1')), '注文')
  assert.equal(decodeWords('=?nonsense?B?5rOo?='), '=?nonsense?B?5rOo?=')
  const about = readAbout(Buffer.from(`From: a@b\r\nSubject: ${'x'.repeat(5000)}\r\n\r\n`))
  assert.deepEqual([about.from, about.subject?.length, about.date], ['a@b', 200, undefined])
})
