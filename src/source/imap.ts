/** IMAP as a source (RFC 3501, RFC 9051), on imapflow's grammar; see imap-client.ts for what of it is used and why. */
import type { Clock } from '../base/clock.ts'
import { orAbort, within } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import type { DialMemory } from './dial.ts'
import { type ConnectOptions, connectImap, isRefused } from './imap-connection.ts'
import { type ImapDeadlines, usualImapDeadlines } from './imap-deadlines.ts'
import { ImapSession } from './imap-session.ts'
import { ImapTurns } from './imap-turns.ts'
import { type WatchCalls, watchFolder } from './imap-watch.ts'
import type { MailboxSettings } from './settings.ts'
import {
  type IdleMemory,
  type IdleWay,
  type LoginGate,
  type Patience,
  type Source,
  ungated,
} from './source.ts'

export interface ImapSourceOptions {
  readonly mailbox: MailboxSettings
  readonly clock: Clock
  /** In ms; what is not given is as in usualImapDeadlines. */
  readonly deadlines?: Partial<ImapDeadlines>
  /** Longer deadlines where a phase needed them. */
  readonly patience?: Patience
  /** What every login passes through. */
  readonly gate?: LoginGate
  /** What is known of IDLE; default: learned anew by each source. */
  readonly idleMemory?: IdleMemory
}

/** Hosts allow few connections of one user (Zoho about three): more folders than this are left to the poll. */
const mostWatched = 2

/** See source.ts for the contract, and `imap-connection.ts`, `imap-retrieve.ts`, `imap-settle.ts` for the faults. */
export function makeImapSource(given: ImapSourceOptions): Source {
  const { mailbox, clock, deadlines, patience, gate = ungated, idleMemory = makeOwnMemory() } = given
  const memory: DialMemory = {}
  const options: ConnectOptions = {
    mailbox,
    clock,
    deadlines: { ...usualImapDeadlines, ...deadlines },
    memory,
    patience,
  }
  const folders = mailbox.folders.map(folder => folder.name)
  const connect: Connect = async signal =>
    new ImapTurns(await gate.login(() => connectImap(options, signal), signal))
  /** The connection of the first folder's watch serves the pulls, too. */
  const warm: Warm = { turns: undefined, isOnlyTold: true, mayLookMs: Number.NEGATIVE_INFINITY }
  return {
    protocol: 'imap',
    countsLogins: false,
    open: async (signal, look) => {
      const session = await borrowSession(warm, folders, look, signal)
      return session ?? new ImapSession(await connect(signal), folders)
    },
    watch: (onNews, onAlive, signal) =>
      watchFolders(connect, folders, { onNews, onAlive }, idleMemory, warm, signal),
  }
}

interface Warm {
  turns: ImapTurns | undefined
  /** All news since the last session were told of by IDLE in its folder. */
  isOnlyTold: boolean
  /** From when on news may be taken with the end of IDLE, monotonic, ms. */
  mayLookMs: number
}

/** A server that does not answer what leaves with DONE is spared it for so long, ms. */
const noLookMs = 3600_000

/** A session on the connection that idles; undefined where there is none, or where it proved dead. */
async function borrowSession(
  warm: Warm,
  folders: readonly string[],
  look: 'news' | undefined,
  signal: AbortSignal,
): Promise<ImapSession | undefined> {
  const { turns, isOnlyTold } = warm
  warm.isOnlyTold = true
  if (turns?.isWatched !== true || !turns.connection.usable) return undefined
  const { connection } = turns
  const { clock, deadlines } = connection
  const facts = { ...connection.facts, phase: 'idle', seconds: deadlines.proof / 1000 }
  const late = (): Fault => new Fault('source.timeout', { facts })
  const session = new ImapSession(turns, folders)
  const isLook = look !== undefined && isOnlyTold && clock.monotonicMs() >= warm.mayLookMs
  try {
    await within(session.begin(isLook ? look : undefined, signal), deadlines.proof, clock, signal, late)
    return session
  } catch (error) {
    session.abandon()
    signal.throwIfAborted()
    if (isLook) warm.mayLookMs = clock.monotonicMs() + noLookMs
    if (isRefused(error) || error instanceof Fault) return undefined
    throw error
  }
}

function makeOwnMemory(): IdleMemory {
  const ways = new Map<string, IdleWay>()
  return {
    wayOf: async folder => ways.get(folder),
    noteWay: async (folder, way) => void ways.set(folder, way),
  }
}

type Connect = (signal: AbortSignal) => Promise<ImapTurns>

/** IDLE sees one folder per connection (RFC 2177 section 3). The first watcher that fails ends all. */
async function watchFolders(
  connect: Connect,
  folders: readonly string[],
  { onNews, onAlive }: { readonly onNews: () => void; readonly onAlive: () => void },
  idleMemory: IdleMemory,
  warm: Warm,
  signal: AbortSignal,
): Promise<never> {
  const others = new AbortController()
  const both = AbortSignal.any([signal, others.signal])
  const watched = folders.slice(0, mostWatched)
  const missing: Fault[] = []
  // One login after the other: where one is refused, the next would be too, and both would count.
  let loggedIn: Promise<unknown> = Promise.resolve()
  const watchOne = async (folder: string): Promise<never> => {
    const login = loggedIn.then(() => connect(both))
    loggedIn = login
    const turns = await login
    const isFirst = folder === watched[0]
    if (isFirst) warm.turns = turns
    const calls: WatchCalls = {
      onAlive,
      onNews: how => {
        if (!isFirst || how !== 'told') warm.isOnlyTold = false
        onNews()
      },
    }
    try {
      return await watchFolder(turns, folder, calls, idleMemory, both)
    } catch (error) {
      // A folder that is missing is told by each pull; it must not keep the other one from being watched.
      if (!(error instanceof Fault) || error.code !== 'source.folder-missing') throw error
      missing.push(error)
      if (missing.length === watched.length) throw error
      return await orAbort(new Promise<never>(() => {}), both)
    }
  }
  const all = watched.map(watchOne)
  try {
    return await Promise.race(all)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    others.abort()
    await Promise.allSettled(all)
  }
}
