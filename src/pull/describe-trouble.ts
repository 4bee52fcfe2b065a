/**
 * What a message that does not come calls itself: date, From, Subject and Message-ID from its header section, so that
 * the owner knows which one it is. For people only; nothing of it is ever used to recognise or to import a message.
 */
import { asFault } from '../base/fault.ts'
import type { MessageAbout } from '../base/trouble.ts'
import { fieldValue } from '../message/header.ts'
import type { PullContext, RowPlaces } from './context.ts'
import { keyOfEntry } from './poison.ts'

/** What comes by itself soon needs no description. */
const afterMs = 3600_000
const aPull = 5
const longest = 200

/** Describes a few messages that have been in trouble for an hour or are set aside. Changes nothing at the source. */
export async function describeTroubled(
  context: Pick<
    PullContext,
    'journal' | 'mailbox' | 'clock' | 'session' | 'stopping' | 'signal' | 'underWay'
  >,
  at: RowPlaces,
): Promise<void> {
  const { journal, mailbox, clock, session, stopping, signal, underWay } = context
  for (const id of await journal.troubles.undescribed(mailbox.name, clock.nowMs() - afterMs, aPull)) {
    const entry = at.get(id)
    if (stopping.aborted || signal.aborted || !session.usable) return
    if (entry === undefined) continue
    try {
      // Undefined also where the process has ended at it (under-way.ts).
      const header = await underWay.guard(
        keyOfEntry(context, entry),
        () => [],
        () => session.peekHeader(entry, signal),
      )
      await journal.troubles.describe(id, header === undefined ? nothing : aboutOf(header))
    } catch (error) {
      const fault = asFault(error)
      if (fault.scope === 'everything') throw error
      // Trouble of the connection shows in what follows; a refusal of this message is not asked for again.
      if (session.usable) await journal.troubles.describe(id, nothing)
    }
  }
}

const nothing: MessageAbout = { from: undefined, subject: undefined, date: undefined, messageId: undefined }

/** The four fields as text for people, each bounded. */
export function aboutOf(header: Buffer): MessageAbout {
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
