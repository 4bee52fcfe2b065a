/**
 * The other adapter of the Gmail port: an app password and IMAP APPEND. The contract stands in gmail.ts.
 *
 * What it costs against users.messages.import: no spam scan, no categories, no merging of doubles, and a password that can
 * read and delete everything. What it gains: no Google project, no consent that ends, a look-up of every unknown outcome.
 */
import { asFault, Fault } from '../../base/fault.ts'
import type { Gmail } from '../gmail.ts'
import { faultOfCall } from './answers.ts'
import { findByMessageId, findByOctets, readMessage } from './find.ts'
import { Folders, isSystemLabel } from './folders.ts'
import { finishMessage, putMessage } from './put.ts'
import { Sessions } from './sessions.ts'
import type { AppendOptions } from './settings.ts'

/** After a login that failed beside, the next message comes first, or this much time, ms. */
const warmPauseMs = 60_000

/** One Gmail account by IMAP. Sessions are made when needed, or when it is told that they will be. */
export function makeAppendGmail(options: AppendOptions): Gmail {
  const { account, clock } = options
  const sessions = new Sessions(options)
  const folders = new Folders()
  const context = { sessions, folders, clock }
  let notWarmBeforeMs = Number.NEGATIVE_INFINITY
  /** Labels are looked up one after the other, so that two never make the same one. */
  let last: Promise<unknown> = Promise.resolve()

  /** The port's promise: a fault, or the reason of an abort. */
  const onlyFaults = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (thrown) {
      if (signal.aborted && thrown === signal.reason) throw thrown
      if (sessions.closing.aborted && thrown === sessions.closing.reason)
        throw new Fault('gmail.unreachable', { facts: { reason: 'closed' } })
      throw asFault(thrown)
    }
  }
  const idsFor = async (names: readonly string[], signal: AbortSignal): Promise<readonly string[]> => {
    if (names.every(isSystemLabel)) return [...new Set(names)]
    try {
      return await sessions.use(false, signal, async ({ store }) => {
        const ids = new Set<string>()
        for (const name of names) ids.add(await folders.labelFor(store, name, signal, clock.nowMs()))
        return [...ids]
      })
    } catch (thrown) {
      throw faultOfCall(thrown, clock.nowMs())
    }
  }

  return {
    account: account.name,
    prepareImport() {
      if (clock.monotonicMs() < notWarmBeforeMs) return
      sessions.warm().catch(() => {
        notWarmBeforeMs = clock.monotonicMs() + warmPauseMs
      })
    },
    // Gmail counts octets of a day here, and says itself when there were too many.
    noteEarlierImports() {},
    import: (raw, request, signal) =>
      onlyFaults(signal, async () => {
        const answer = await putMessage(context, raw, request, signal)
        notWarmBeforeMs = Number.NEGATIVE_INFINITY
        return answer
      }),
    finishImport: (id, labelIds, signal) =>
      onlyFaults(signal, () => finishMessage(context, id, labelIds, signal)),
    labelIds: (names, signal) =>
      onlyFaults(signal, () => {
        const mine = last.then(() => {
          signal.throwIfAborted()
          return idsFor(names, signal)
        })
        last = mine.catch(() => {})
        return mine
      }),
    canRead: async () => true,
    findByMessageId: (messageId, signal) =>
      onlyFaults(signal, async () => findByMessageId(context, messageId, signal)),
    findByOctets: (octets, isSame, signal) =>
      onlyFaults(signal, () => findByOctets(context, octets, isSame, signal)),
    read: (id, signal) => onlyFaults(signal, () => readMessage(context, id, signal)),
    consentEndsAtMs: undefined,
    quota: { used: 0, perMinute: account.unitsPerMinute, perImport: 0 },
    close: () => sessions.close(),
  }
}
