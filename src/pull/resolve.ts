/**
 * Unknown outcomes. A row in `importing` at the begin of a pull means that an upload may or may not have reached
 * Gmail: the process was killed, the connection ended, or the answer could not be read. It is resolved before
 * anything else happens to that message.
 *
 * With gmail.readonly Gmail is asked (rfc822msgid, then the octets). Its index lags, so "not found" counts only
 * after several look-ups over some time. Without it, or without a Message-ID, the import is repeated: Gmail merges
 * a second import with the same Message-ID, and the row says that it was repeated. Where there is no Message-ID the
 * owner chose between repeating and being asked.
 */
import { isWaitOver } from '../base/backoff.ts'
import { Fault } from '../base/fault.ts'
import type { FoundMessage } from '../gmail/gmail.ts'
import type { MessageRow } from '../journal/journal.ts'
import { sameBelowTop, sameButLineEnds } from '../message/read-back.ts'
import { asRecord, eventOf, type PullContext, type RowPlaces } from './context.ts'
import { countDeferred, countImported, countImportedElsewhere } from './count.ts'
import { contextOf, heldUntilMs, postponeElsewhere } from './elsewhere.ts'
import type { WishesByAccount } from './label-wishes.ts'
import { postpone, suspectPauseMs } from './poison.ts'
import { keyOf } from './under-way.ts'
import { requestFor } from './upload.ts'

type Needs = Pick<
  PullContext,
  | 'journal'
  | 'mailbox'
  | 'gmail'
  | 'clock'
  | 'steady'
  | 'count'
  | 'log'
  | 'underWay'
  | 'uploads'
  | 'stopping'
  | 'signal'
  | 'others'
> & { readonly wishes: WishesByAccount }

/** As the account sees it into which the message goes. */
type NeedsThere = Needs & { readonly isElsewhere: boolean }

const lookUpsNeeded = 3
const lookUpPauseMs = 30_000

/**
 * Resolves every row of unknown outcome that is due. Those that must be repeated stay `importing` and due; those
 * that Gmail could not be asked about wait, and hold up nothing else.
 */
export async function resolveUnknown(context: Needs, at: RowPlaces): Promise<void> {
  const { journal, mailbox, clock, uploads } = context
  /** Accounts that did not answer. */
  const silences = new Map<string, Fault>()
  // What is on its way in this process is not unknown, also where it comes to its end meanwhile.
  const onTheirWay = new Set(uploads.ids(mailbox.name))
  // All of them together: mail that came since is behind them.
  const waiting = AbortSignal.any([context.signal, context.stopping, AbortSignal.timeout(suspectPauseMs)])
  for (const row of await journal.inStages(mailbox.name, ['importing'])) {
    if (context.stopping.aborted) return
    const atMs = clock.nowMs()
    if (!isWaitOver(row.notBeforeMs, atMs) || onTheirWay.has(row.id)) continue
    const account = row.wish?.account ?? mailbox.account
    const heldMs = account === mailbox.account ? undefined : await heldUntilMs(context, account)
    if (heldMs !== undefined) {
      await postponeElsewhere(context, row, heldMs)
      continue
    }
    let silent = silences.get(account)
    try {
      if (silent === undefined && !(await resolveGuarded(contextOf(context, account), at, row, waiting)))
        continue
    } catch (error) {
      if (!(error instanceof Fault) || (error.scope !== 'message' && error.scope !== 'account')) throw error
      // Whether the account is really in trouble is shown by the imports that follow.
      silent = error
    }
    if (silent === undefined) continue
    await journal.move(row.id, 'importing', {
      notBeforeMs: silent.notBeforeMs ?? atMs + lookUpPauseMs,
      fault: asRecord(silent, atMs),
    })
    countDeferred(context.count, row.id)
    if (silent.scope !== 'message') silences.set(account, silent)
  }
}

/** False where another message at which the process may have ended is in hand: this one waits a little. */
async function resolveGuarded(
  context: NeedsThere | undefined,
  at: RowPlaces,
  row: MessageRow,
  waiting: AbortSignal,
): Promise<boolean> {
  // An account that is in the configuration no more cannot be asked: it is tried, and set aside then.
  if (context === undefined) return true
  const { folder, uid, octetsListed: octets } = row
  const key = keyOf(row.mailbox, { folder, uid, octets })
  const resolve = (): Promise<true> => resolveOne(context, at, row).then(() => true)
  // Where Gmail cannot be searched no message is touched by it.
  if (context.underWay.ends(key) > 0 && !(await context.gmail.canRead(context.signal))) return resolve()
  // Also one that was set aside, now that its time has come.
  const isDone = await context.underWay.guard(key, () => [], resolve, { endsAtMost: Infinity, waiting })
  if (isDone === undefined) await postpone(context, [row.id])
  return isDone === true
}

async function resolveOne(context: NeedsThere, at: RowPlaces, row: MessageRow): Promise<void> {
  const { journal, mailbox, clock, log } = context
  const atMs = clock.nowMs()
  const copies = await lookUp(context, row)
  if (copies !== undefined) {
    const copy = copies.find(candidate => isCopyOf(candidate, row))
    if (copy !== undefined) {
      await finishLabels(context, row, copy.id)
      await journal.move(row.id, 'imported', {
        gmailId: copy.id,
        importedAtMs: atMs,
        importedSteadyMs: await context.steady.readMs(),
        notBeforeMs: null,
        fault: null,
        outcomeUnknown: false,
      })
      if (context.isElsewhere) countImportedElsewhere(context.count)
      else countImported(context.count, atMs)
      log.imported({ ...eventOf(row), gmailId: copy.id })
      return
    }
    const lookUps = row.lookUps + 1
    if (lookUps < lookUpsNeeded) {
      await journal.move(row.id, 'importing', { lookUps, notBeforeMs: atMs + lookUpPauseMs })
      countDeferred(context.count, row.id)
      return
    }
  }
  if (!at.has(row.id)) {
    if (row.present) return // its folder could not be listed in this pull
    const fault = new Fault('gmail.outcome-unknown', { retry: 'owner', facts: { id: row.id } })
    await journal.move(row.id, 'gone', { fault: asRecord(fault, atMs) })
    context.count.gone += 1
    log.gone(eventOf(row))
    return
  }
  if (row.messageId === undefined && mailbox.whenOutcomeUnknown === 'ask') {
    const fault = new Fault('gmail.ask-owner', { facts: { id: row.id } })
    await journal.move(row.id, 'refused', { fault: asRecord(fault, atMs) })
    context.count.refused += 1
    log.refused({ ...eventOf(row), fault })
  }
}

/** Labels that are given behind the message: the process may have ended between the two. */
async function finishLabels(context: Needs, row: MessageRow, gmailId: string): Promise<void> {
  const { gmail, mailbox, signal } = context
  const wishes = context.wishes.of(mailbox.account)
  if (gmail.finishImport === undefined || wishes === undefined) return
  const request = await requestFor({ mailbox, signal, wishes }, row, row.wish)
  await wishes.imported(request, await gmail.finishImport(gmailId, request.labelIds, signal))
}

/** The copies that Gmail has, or undefined where it cannot be asked. */
async function lookUp(context: Needs, row: MessageRow): Promise<readonly FoundMessage[] | undefined> {
  const { gmail, signal } = context
  if (!(await gmail.canRead(signal))) return undefined
  if (row.messageId === undefined) return lookBySize(context, row)
  try {
    return await gmail.findByMessageId(row.messageId, signal)
  } catch (error) {
    // A Message-ID that cannot be searched for is merged by Gmail's import all the same.
    if (error instanceof Fault && error.code === 'gmail.ask-owner') return lookBySize(context, row)
    throw error
  }
}

async function lookBySize(
  { gmail, signal }: Needs,
  row: MessageRow,
): Promise<readonly FoundMessage[] | undefined> {
  if (row.octets === undefined) return undefined
  return gmail.findByOctets?.(row.octets, message => isCopyOf(message, row), signal)
}

/** Below the lines that Gmail puts on top stand exactly our octets, or it is another message. */
const isCopyOf = ({ raw }: FoundMessage, { sha256, octets }: MessageRow): boolean =>
  sha256 !== undefined &&
  octets !== undefined &&
  (sameBelowTop(raw, sha256, octets) || sameButLineEnds(raw, sha256, octets))
