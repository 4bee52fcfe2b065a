/**
 * What a message calls itself: date, From, Subject and Message-ID of its header section. For people only; nothing of it is
 * ever used to recognise or to import a message.
 */
import type { MessageAbout } from '../base/trouble.ts'
import { fieldValue } from './header.ts'

const longest = 200

/** The four fields as text for people, each bounded. */
export function readAbout(header: Buffer): MessageAbout {
  const read = (name: string): string | undefined => {
    const value = fieldValue(header, name)
    if (value === undefined || value === '') return undefined
    return decodeWords(value.slice(0, 4 * longest)).slice(0, longest)
  }
  return {
    from: read('from'),
    subject: read('subject'),
    date: read('date'),
    messageId: read('message-id'),
  }
}

/**
 * RFC 2047 encoded words decoded, and raw octets (given as Latin-1) read as UTF-8 where they are (RFC 6532). What
 * cannot be decoded stays as it stands.
 */
export function decodeWords(value: string): string {
  const raw = Buffer.from(value, 'latin1')
  const text = isUtf8(raw) ? raw.toString('utf8') : value
  // RFC 2047 section 6.2: white space between encoded words is not shown.
  const joined = text.replace(/(=\?[^?\s]+\?[bq]\?[^?\s]*\?=)\s+(?==\?[^?\s]+\?[bq]\?)/gi, '$1')
  return joined.replace(
    /=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bq])\?([^?\s]*)\?=/gi,
    (whole, charset: string, kind: string, body: string) => {
      const octets =
        kind.toLowerCase() === 'b'
          ? Buffer.from(body, 'base64')
          : Buffer.from(
              body
                .replace(/_/g, ' ')
                .replace(/=([0-9a-f]{2})/gi, (_, hex: string) =>
                  String.fromCharCode(Number.parseInt(hex, 16)),
                ),
              'latin1',
            )
      try {
        return new TextDecoder(charset).decode(octets)
      } catch {
        return whole
      }
    },
  )
}

function isUtf8(octets: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(octets)
    return true
  } catch {
    return false
  }
}
