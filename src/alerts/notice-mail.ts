/**
 * A notice to the owner as a message (RFC 5322) of our own, put into Gmail by the same import as all mail. It never
 * enters the journal and never passes a source, so it cannot come round again.
 */
import { createHash } from 'node:crypto'
import type { Gmail } from '../gmail/gmail.ts'
import { octetLimit } from '../message/message.ts'
import type { Spooler } from '../message/spool.ts'

export interface NoticeMail {
  /** The owner's address; undefined where the configuration does not know it (`me`). */
  readonly address: string | undefined
  readonly subject: string
  readonly text: string
  readonly atMs: number
  /** What makes this notice this notice: the same key makes the same Message-ID, which Gmail merges. */
  readonly key: string
}

/** RFC 2047 section 2: a line with encoded words has at most 76 characters, the field's name included. */
const wordOctets = 39

/** Header text: as it is where it is printable ASCII, else as RFC 2047 encoded words, none of which cuts a character. */
export function encodeWords(text: string): string[] {
  const clean = text.replace(/\p{Cc}+/gu, ' ').trim()
  // `=?` would be read as the begin of an encoded word.
  if (/^[\x20-\x7e]*$/.test(clean) && !clean.includes('=?')) return [clean]
  const words: string[] = []
  let word = ''
  for (const character of clean.toWellFormed()) {
    if (Buffer.byteLength(word + character) > wordOctets) {
      words.push(word)
      word = ''
    }
    word += character
  }
  return [...words, word].map(text => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`)
}

/** The octets: 7-bit, CRLF, lines of at most 76 characters. */
export function composeNotice(notice: NoticeMail): Buffer {
  const { address, subject, text, atMs, key } = notice
  const id = createHash('sha256').update(key).digest('hex').slice(0, 32)
  const body = Buffer.from(text.replace(/\r?\n/g, '\r\n').toWellFormed()).toString('base64')
  const ascii = address !== undefined && /^[\x21-\x7e]+@[\x21-\x7e]+$/.test(address) ? address : undefined
  const lines = [
    `From: hikyaku <${ascii ?? 'hikyaku@hikyaku.invalid'}>`,
    // RFC 5322 section 3.4: a group without members says "to somebody" where there is no address to name.
    `To: ${ascii === undefined ? 'undisclosed-recipients:;' : `<${ascii}>`}`,
    `Subject: ${encodeWords(subject).join('\r\n ')}`,
    `Date: ${new Date(atMs).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@notice.hikyaku.invalid>`,
    // RFC 3834 section 5: no machine shall answer it.
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    ...(body.match(/.{1,76}/g) ?? []),
    '',
  ]
  return Buffer.from(lines.join('\r\n'), 'latin1')
}

/** Puts the notice into the owner's inbox, unread. Throws what `Gmail.import` throws. */
export async function mailNotice(
  ports: { readonly gmail: Gmail; readonly spooler: Spooler },
  notice: NoticeMail,
  signal: AbortSignal,
): Promise<void> {
  const { gmail, spooler } = ports
  const spool = spooler.take(octetLimit(1 << 20))
  try {
    await spool.write(composeNotice(notice))
    const raw = await spool.seal()
    await gmail.import(
      raw,
      {
        labelIds: await gmail.labelIds(['INBOX', 'UNREAD'], signal),
        internalDateSource: 'dateHeader',
        // A notice that lands in the spam folder tells nobody.
        neverMarkSpam: true,
        processForCalendar: false,
        method: 'import',
      },
      signal,
    )
  } finally {
    await spool.discard()
  }
}
