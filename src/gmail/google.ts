/** The Gmail adapter: puts tokens, pace, labels, uploads and look-ups together. The contract stands in gmail.ts. */
import { asFault, Fault } from '../base/fault.ts'
import { scopesAllow } from '../google/scopes.ts'
import { checkAccount, findByMessageId, readMessage } from './find.ts'
import type { Gmail } from './gmail.ts'
import { importMessage } from './import.ts'
import { makeLabels } from './labels.ts'
import { type GmailOptions, openSession } from './session.ts'

export type { GmailOptions } from './session.ts'

/** One Gmail account. Connections are made when needed and kept warm. */
export function makeGmail(options: GmailOptions): Gmail {
  const { account } = options
  const session = openSession(options)
  const { tokens } = session
  const labels = makeLabels(session)
  /** The access token whose account was last found to be the configured one. */
  let checked: string | undefined

  const canRead = async (signal: AbortSignal): Promise<boolean> => {
    const { scopes } = await tokens.get(undefined, signal)
    return scopes !== undefined && scopesAllow(scopes, 'read')
  }
  /** Where the token may say whose it is, nothing goes into an account that is not the configured one. */
  const guardAccount = async (signal: AbortSignal): Promise<void> => {
    if (!account.address.includes('@')) return
    const token = await tokens.get('insert', signal)
    if (token.value === checked || token.scopes === undefined || !scopesAllow(token.scopes, 'read')) return
    await checkAccount(session, account.address, signal)
    checked = token.value
  }

  return {
    account: account.name,
    import: (raw, request, signal) =>
      onlyFaults(signal, async () => {
        await guardAccount(signal)
        try {
          return await importMessage(session, raw, request, signal)
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
