/**
 * What a message that does not come calls itself: date, From, Subject and Message-ID from its header section, so that
 * the owner knows which one it is. For people only; nothing of it is ever used to recognise or to import a message.
 */
import { asFault } from '../base/fault.ts'
import type { MessageAbout } from '../base/trouble.ts'
import { readAbout } from '../message/about.ts'
import type { PullContext, RowPlaces } from './context.ts'
import { keyOfEntry } from './poison.ts'

/** What comes by itself soon needs no description. */
const afterMs = 3600_000
const aPull = 5

/** Describes a few messages that have been in trouble for an hour or are set aside. Changes nothing at the source. */
export async function describeTroubled(
  context: Pick<
    PullContext,
    'journal' | 'mailbox' | 'clock' | 'session' | 'stopping' | 'signal' | 'underWay'
  >,
  at: RowPlaces,
): Promise<void> {
  const { journal, mailbox, clock, session, stopping, signal, underWay } = context
  if (at.size === 0) return
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
      const about = header === undefined ? nothing : readAbout(header)
      await journal.troubles.describe(id, mailbox.keepSubjects ? about : nameless(about))
    } catch (error) {
      const fault = asFault(error)
      if (fault.scope === 'everything') throw error
      // Trouble of the connection shows in what follows; a refusal of this message is not asked for again.
      if (session.usable) await journal.troubles.describe(id, nothing)
    }
  }
}

/** Of an owner who wants neither From nor Subject to be kept. */
const nameless = ({ messageId, date }: MessageAbout): MessageAbout => ({ ...nothing, messageId, date })

const nothing: MessageAbout = { from: undefined, subject: undefined, date: undefined, messageId: undefined }
