/** Lists every folder and matches it with the journal. A folder that cannot be listed stops no other one. */
import { asFault, Fault } from '../base/fault.ts'
import { inSlices } from '../base/in-slices.ts'
import type { NoteKey } from '../journal/journal.ts'
import type { Listed, Listing } from '../source/source.ts'
import { asRecord, type PullContext, type RowPlaces } from './context.ts'
import { identifyListing } from './identify.ts'
import { labelSubjectsOf } from './label-wishes.ts'
import { leaveFolders } from './listing-record.ts'
import { countUnchanged } from './quiet.ts'
import { takeBackRuled } from './rule-wishes.ts'
import { takeBack } from './take-back.ts'

export interface ListedFolders {
  readonly at: RowPlaces
  /** Of single folders. */
  readonly faults: Fault[]
  /** Evidence had to be asked for, or a listing is in doubt. */
  readonly inDoubt: boolean
  readonly listed: readonly string[]
  /** Of `listed`, those whose listing is in doubt. */
  readonly doubtful: ReadonlySet<string>
}

/** Throws what ends the session, and where no folder could be listed the fault of the first. */
export async function listFolders(context: PullContext): Promise<ListedFolders> {
  const { journal, mailbox, session, count, ending, log, clock } = context
  const at = new Map<number, Listed>()
  const faults: Fault[] = []
  const listed: string[] = []
  const doubtful = new Set<string>()
  let failed = 0
  let inDoubt = false
  for (const folder of session.folders) {
    const key = { scope: 'folder', name: mailbox.name, subject: folder } as const
    const whole = await isWholeListingDue(context, folder)
    const beganMs = clock.monotonicMs()
    try {
      const unchanged = whole ? undefined : await countUnchanged(context, folder, ending)
      if (unchanged !== undefined) {
        count.listed += unchanged
        listed.push(folder)
        await journal.troubles.closed(key, 'success', clock.nowMs())
        const ms = clock.monotonicMs() - beganMs
        log.listed({ mailbox: mailbox.name, folder, total: unchanged, fresh: 0, ms })
        continue
      }
      const standing = await journal.standing(mailbox.name, folder)
      const uids = new Set<string | undefined>()
      await inSlices(whole ? 0 : standing.length, (from, to) => {
        for (const { uid } of standing.slice(from, to)) uids.add(uid)
      })
      const known = (uid: string): boolean => uids.has(uid)
      const listing = await session.list(folder, known, ending)
      const freshBefore = count.fresh
      const identified = await identifyListing(context, listing, standing)
      for (const [id, entry] of identified.at) at.set(id, entry)
      await takeBack(context, listing, standing, identified.at)
      if (listing.doubt === undefined) await takeBackRuled(context, folder, identified.at)
      if (!identified.inDoubt) listing.noteRecorded?.()
      inDoubt ||= identified.inDoubt
      listed.push(folder)
      if (listing.doubt === undefined) {
        if (whole) await journal.setNote(wholeListingNote(mailbox.name, folder), String(clock.nowMs()))
        await journal.troubles.closed(key, 'success', clock.nowMs())
      } else {
        // What was understood goes on; only what follows from a gap waits for a listing without doubt.
        faults.push(listing.doubt)
        doubtful.add(folder)
        await journal.troubles.opened(key, asRecord(listing.doubt, clock.nowMs()))
        log.fault(listing.doubt, { mailbox: mailbox.name })
      }
      log.listed({
        mailbox: mailbox.name,
        folder,
        total: listing.entries.length,
        fresh: count.fresh - freshBefore,
        ms: clock.monotonicMs() - beganMs,
      })
      if (identified.at.size !== listing.entries.length - identified.held) {
        throw new Fault('bug', {
          facts: { what: `${folder}: ${listing.entries.length} listed, not all accounted for` },
        })
      }
    } catch (error) {
      const fault = asFault(error)
      // A folder that is missing or cannot be read stops no other folder.
      if (!session.usable || fault.scope !== 'mailbox' || fault.facts.folder !== folder) throw error
      faults.push(fault)
      failed += 1
      await journal.troubles.opened(key, asRecord(fault, clock.nowMs()))
      log.fault(fault, { mailbox: mailbox.name })
    }
  }
  await journal.troubles.keepFolders(mailbox.name, session.folders, labelSubjectsOf(mailbox), clock.nowMs())
  if (failed > 0 && failed === session.folders.length && faults[0] !== undefined) throw faults[0]
  if (faults.length === 0) await leaveFolders(context)
  return { at, faults, inDoubt, listed, doubtful }
}

/**
 * Records what came since the last listing. Undefined where it may be something else than new mail, and where the folder
 * was never listed as a whole: then everything is to be listed.
 * @param startedFolders those that were, as the journal had them when the pull began
 */
export async function listNews(
  context: PullContext,
  news: Listing,
  startedFolders: readonly string[],
): Promise<RowPlaces | undefined> {
  const { journal, mailbox, count, log, clock } = context
  const { folder, entries } = news
  if (!startedFolders.includes(folder)) return undefined
  const beganMs = clock.monotonicMs()
  for (const { uid } of entries) {
    // What the journal knows already is not new, and may have to be resolved first.
    if (uid === undefined || (await journal.byUid(mailbox.name, folder, uid)) !== undefined) return undefined
  }
  const { at, inDoubt } = await identifyListing(context, news, [])
  // It may be a message that stood elsewhere before: that is for a listing of everything.
  if (inDoubt) return undefined
  const ms = clock.monotonicMs() - beganMs
  const { fresh } = count
  // Told a moment later: until the upload has left each tenth of a millisecond is one of the mail's.
  setTimeout(() => log.listed({ mailbox: mailbox.name, folder, total: entries.length, fresh, ms }), untoldMs)
  return at
}

/** What came is recorded, and on its way, within so long, ms. */
const untoldMs = 5

const wholeListingNote = (mailbox: string, folder: string): NoteKey =>
  `whole-listing ${JSON.stringify([mailbox, folder])}`
const wholeListingEveryMs = 24 * 3600_000

/**
 * Once a day sizes and dates of known messages are asked for, too: some servers give a UID that fell free to
 * another message, against RFC 9051 section 2.3.1.1.
 */
async function isWholeListingDue(
  { journal, mailbox, clock }: Pick<PullContext, 'journal' | 'mailbox' | 'clock'>,
  folder: string,
): Promise<boolean> {
  const sinceMs = clock.nowMs() - Number((await journal.note(wholeListingNote(mailbox.name, folder))) ?? 0)
  return sinceMs < 0 || sinceMs >= wholeListingEveryMs
}
