/** What can be learned of an account by IMAP without touching mail: for `doctor` and `setup`. */
import { Fault } from '../../base/fault.ts'
import { openStore, type StorageQuota } from '../../source/imap-store.ts'
import { faultOfCall } from './answers.ts'
import { Folders, type Places } from './folders.ts'
import { type AppendOptions, storeOptions } from './settings.ts'

export interface InspectedImap {
  /** TLS version; undefined without TLS. */
  readonly tls: string | undefined
  /** Whether it is Gmail's server, by its extensions. */
  readonly isGmail: boolean
  /** Largest message, octets; undefined where the server does not say. */
  readonly appendLimit: number | undefined
  readonly places: Places
  readonly quota: StorageQuota | undefined
  /** From the name to the login that has worked, ms. */
  readonly loginMs: number
}

/**
 * One login, the folders and the quota. Nothing is selected, made or put there.
 * @throws Fault whatever stands in the way, as the account's own (answers.ts)
 */
export async function inspectAppend(options: AppendOptions, signal: AbortSignal): Promise<InspectedImap> {
  const { clock } = options
  const beganMs = clock.monotonicMs()
  try {
    const store = await openStore(storeOptions(options, {}), signal)
    try {
      const loginMs = clock.monotonicMs() - beganMs
      const { tls, isGmail, appendLimit } = store
      const places = await new Folders().places(store, signal)
      const quota = await store.readQuota('INBOX', signal)
      return { tls, isGmail, appendLimit, places, quota, loginMs }
    } finally {
      await store.logout()
    }
  } catch (thrown) {
    const fault = faultOfCall(thrown, clock.nowMs())
    throw fault instanceof Fault || signal.aborted ? fault : new Fault('bug', { cause: thrown })
  }
}
