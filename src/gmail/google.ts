/** The Gmail adapter: puts tokens, pace, labels, uploads and look-ups together. The contract stands in gmail.ts. */
import { orAbort } from '../base/deadline.ts'
import { asFault, Fault } from '../base/fault.ts'
import { scopesAllow } from '../google/scopes.ts'
import { checkAccount, findByMessageId, readMessage } from './find.ts'
import type { Gmail } from './gmail.ts'
import { importMessage } from './import.ts'
import { makeLabels } from './labels.ts'
import { type GmailOptions, openSession } from './session.ts'
import { units } from './units.ts'

export { makeProjectQuotas, type ProjectQuotas } from './project-quota.ts'
export type { GmailOptions } from './session.ts'

/** After a preparation that failed, the next import comes first, or this much time, ms. */
const preparePauseMs = 30_000

/** One Gmail account. Connections are made when needed, or when it is told that they will be. */
export function makeGmail(options: GmailOptions): Gmail {
  const { account } = options
  const session = openSession(options)
  const { tokens, connections, clock, pace, closing } = session
  const labels = makeLabels(session)
  /** The access token whose account was last found to be the configured one. */
  let checked: string | undefined

  const canRead = async (signal: AbortSignal): Promise<boolean> => {
    const { scopes } = await tokens.get(undefined, signal)
    return scopes !== undefined && scopesAllow(scopes, 'read')
  }
  let checking: { readonly token: string; readonly done: Promise<void> } | undefined
  let notReadyBeforeMs = Number.NEGATIVE_INFINITY
  /** Where the token may say whose it is, nothing goes into an account that is not the configured one. */
  const guardAccount = async (signal: AbortSignal): Promise<void> => {
    if (!account.address.includes('@')) return
    const token = await tokens.get('insert', signal)
    if (token.value === checked || token.scopes === undefined || !scopesAllow(token.scopes, 'read')) return
    if (checking?.token !== token.value) {
      // For all who wait: one who gives up stops no other.
      const done = checkAccount(session, account.address, closing)
        .then(
          () => {
            checked = token.value
          },
          thrown => {
            throw closing.aborted ? new Fault('gmail.unreachable', { facts: { reason: 'closed' } }) : thrown
          },
        )
        .finally(() => {
          checking = undefined
        })
      checking = { token: token.value, done }
    }
    await orAbort(checking.done, signal)
  }
  const prepare = async (): Promise<void> => {
    try {
      await tokens.get('insert', closing)
      await guardAccount(closing)
    } catch {
      notReadyBeforeMs = clock.monotonicMs() + preparePauseMs
    }
  }

  return {
    account: account.name,
    prepareImport() {
      if (closing.aborted || pace.isHeld || clock.monotonicMs() < notReadyBeforeMs) return
      connections.openAhead(new URL(session.apiRoot), pace.inFlightLimit)
      void prepare()
    },
    noteEarlierImports(atMs) {
      const nowMs = clock.nowMs()
      pace.addEarlier(
        units.import,
        atMs.map(instantMs => Math.max(0, nowMs - instantMs)),
      )
    },
    import: (raw, request, signal) =>
      onlyFaults(signal, async () => {
        await guardAccount(signal)
        try {
          const answer = await importMessage(session, raw, request, signal)
          notReadyBeforeMs = Number.NEGATIVE_INFINITY
          return answer
        } catch (thrown) {
          if (thrown instanceof Fault && thrown.code === 'gmail.label') labels.forget()
          throw thrown
        }
      }),
    labelIds: (names, signal) => onlyFaults(signal, () => labels.idsFor(names, signal)),
    canRead: signal => onlyFaults(signal, () => canRead(signal)),
    findByMessageId: (messageId, signal) =>
      onlyFaults(signal, () => findByMessageId(session, messageId, signal)),
    read: (id, signal) => onlyFaults(signal, () => readMessage(session, id, signal)),
    get consentEndsAtMs() {
      return tokens.consentEndsAtMs
    },
    get quota() {
      return { used: pace.unitsUsed, perMinute: pace.unitsPerMinute, perImport: units.import }
    },
    async close() {
      session.close()
    },
  }
}

/** The port's promise: a fault, or the reason of an abort; anything else is a bug and is said to be one. */
async function onlyFaults<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (signal.aborted && thrown === signal.reason) throw thrown
    throw asFault(thrown)
  }
}
