/**
 * Messages drawn from what canonicalisation turns on (blanks, folds, line ends, octets of all kinds), signed, and then
 * changed on their way in what one canonicalisation allows and another does not.
 */
import { type Canon, makeKey, signField } from '../authentication/signing.ts'
import type { Zone } from '../authentication/world.ts'
import { makeDraw } from './draw.ts'

const key = makeKey('rsa')
const zone: Zone = { 's1._domainkey.a.example': { TXT: [key.record] } }

const bodyParts = [
  ...['a', 'b ', '  ', '\t', ' \t ', '\r\n', '\r\n\r\n', '\r\n ', '.', '請求', '\0', 'x'.repeat(80)],
  ...[';', '=', ':', '<b>', '-- \r\n', '\x1b$B'],
]
const fieldParts = [
  'a',
  'b ',
  '  ',
  '\t',
  '\r\n ',
  '\r\n\t',
  '\r\n \t x',
  'é',
  ';',
  '=',
  ':',
  '"q"',
  '(c)',
  'z'.repeat(70),
]
const canons: readonly Canon[] = ['simple', 'relaxed']
const afterName = [': ', ':', ':\t', ':  ', ':\r\n ']

export function drawMessages(count: number): { name: string; message: Buffer; zone: Zone }[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `draw ${index + 1}`,
    message: drawMessage(index + 1),
    zone,
  }))
}

function drawMessage(seed: number): Buffer {
  const draw = makeDraw(seed)
  const text = (most: number, parts: readonly string[]): string =>
    Array.from({ length: draw(Array.from({ length: most }, (_, length) => length)) }, () => draw(parts)).join(
      '',
    )
  const field = (name: string, value: string): string =>
    // A line of a header that is blank has no meaning that two programs share.
    `${name}${draw(afterName)}${value}`.replace(/\r\n[ \t]+(?=\r\n)/g, '').replace(/\r\n[ \t]*$/, '')
  const header = [
    field('From', 'x@a.example'),
    field('To', 'y@b.example'),
    field('Subject', text(8, fieldParts)),
    field('Date', 'Tue, 24 Nov 2026 09:00:00 +0900'),
    field('X-A', text(6, fieldParts)),
    field('X-A', text(6, fieldParts)),
    field(draw(['Message-ID', 'MESSAGE-ID', 'message-id']), '<1@a.example>'),
  ].join('\r\n')
  const end = draw(['', '\r\n', '\r\n\r\n', 'x\r\n', ' \r\n'])
  const message = Buffer.from(`${header}\r\n\r\n${text(14, bodyParts)}${end}`)
  const [headerCanon, bodyCanon] = [draw(canons), draw(canons)]
  const others = ['to', 'subject', 'date', 'x-a', 'x-a', 'x-a', 'message-id', 'cc', 'from']
  const names = ['from', ...others.filter(() => draw([true, false]))]
  const signed = signField(message, {
    field: `DKIM-Signature: v=1; a=rsa-sha256; c=${headerCanon}/${bodyCanon}; d=a.example; s=s1;\r\n\th=${names.join(':')}; bh={bh};\r\n\tb={b}`,
    key,
    names,
    headerCanon,
    bodyCanon,
  }).toString('latin1')
  const split = signed.indexOf('\r\n\r\n')
  const from = signed.indexOf('\r\nFrom')
  const change = draw([
    () => signed,
    () =>
      signed.slice(0, split) +
      signed.slice(split).replace(/[ \t]+/g, blanks => draw([blanks, ' ', `${blanks} `])),
    () =>
      signed.slice(0, from) +
      signed.slice(from, split).replace(/[ \t]+/g, blanks => draw([blanks, ' ', '\r\n ', `${blanks}\t`])) +
      signed.slice(split),
    () => signed + draw(['\r\n', '\r\n\r\n', ' \r\n', 'x']),
  ])
  return Buffer.from(change(), 'latin1')
}
