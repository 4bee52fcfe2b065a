/** IMAP as a source (RFC 3501, RFC 9051), on imapflow's grammar; see imap-client.ts for what of it is used and why. */
import type { AccessTokens } from '../base/access-tokens.ts'
import type { Clock } from '../base/clock.ts'
import { orAbort, within } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import { AheadRoom } from './ahead-room.ts'
import type { DialMemory } from './dial.ts'
import { type AheadMemory, makeAheadMemory } from './imap-ahead.ts'
import { type ConnectOptions, connectImap, type ImapConnection, isRefused } from './imap-connection.ts'
import { type ImapDeadlines, usualImapDeadlines } from './imap-deadlines.ts'
import { EarlySession } from './imap-early.ts'
import { placeByUse } from './imap-folders.ts'
import { mayLook } from './imap-news.ts'
import { ImapSession } from './imap-session.ts'
import { ImapTurns } from './imap-turns.ts'
import { type WatchCalls, watchFolders } from './imap-watch.ts'
import type { OpenSockets } from './open-sockets.ts'
import { logInByToken } from './sasl-token.ts'
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
  /** Where the mailbox is logged in to with access tokens. */
  readonly tokens?: AccessTokens | undefined
  readonly clock: Clock
  /** In ms; what is not given is as in usualImapDeadlines. */
  readonly deadlines?: Partial<ImapDeadlines>
  /** Longer deadlines where a phase needed them. */
  readonly patience?: Patience
  /** What every login passes through. */
  readonly gate?: LoginGate
  /** What is known of IDLE; default: learned anew by each source. */
  readonly idleMemory?: IdleMemory
  /** Shared by all mailboxes of the process; default: a room of its own. */
  readonly aheadRoom?: AheadRoom
  /** Those of the mailbox, for who closes it. */
  readonly sockets?: OpenSockets
}

/** See source.ts for the contract, and `imap-connection.ts`, `imap-retrieve.ts`, `imap-settle.ts` for the faults. */
export function makeImapSource(given: ImapSourceOptions): Source {
  const { mailbox, clock, deadlines, patience, gate = ungated, idleMemory = makeOwnMemory() } = given
  const { aheadRoom = new AheadRoom(), tokens, sockets } = given
  const memory: DialMemory = {}
  const options: ConnectOptions = {
    mailbox,
    clock,
    deadlines: { ...usualImapDeadlines, ...deadlines },
    memory,
    patience,
    sockets,
  }
  const folders = mailbox.folders.map(folder => folder.name)
  const aheadMemory = makeAheadMemory(aheadRoom)
  /** The watch's connection serves the pulls, and one that a pull has made the watch. */
  const warm: Warm = {
    turns: undefined,
    watchUntil: undefined,
    connecting: undefined,
    isOnlyTold: true,
    mayLookMs: Number.NEGATIVE_INFINITY,
    lateMs: 0,
  }
  const early = new EarlySession()
  const logIn = async (signal: AbortSignal): Promise<ImapTurns> => {
    const logInOnce = (token?: string): Promise<ImapConnection> =>
      gate.login(() => connectImap({ ...options, token }, signal), signal)
    const connection =
      tokens === undefined ? await logInOnce() : await logInByToken(tokens, mailbox.user, signal, logInOnce)
    await placeByUse(connection, folders, signal).catch((thrown: unknown) => {
      connection.abandon()
      throw isRefused(thrown) ? connection.refusal(thrown, { phase: 'folders' }) : thrown
    })
    const turns = new ImapTurns(connection)
    if (warm.watchUntil !== undefined) {
      warm.turns?.release()
      warm.turns = turns
      turns.keep(warm.watchUntil)
    }
    return turns
  }
  const connect = (signal: AbortSignal): Promise<ImapTurns> => {
    const connecting = logIn(signal)
    const over = (): void => {
      if (warm.connecting === ended) warm.connecting = undefined
    }
    const ended = connecting.then(over, over)
    if (warm.watchUntil !== undefined) warm.connecting = ended
    return connecting
  }
  return {
    protocol: 'imap',
    countsLogins: false,
    expectWatch: signal => {
      warm.watchUntil = signal
    },
    open: async (signal, look) => {
      if (look === undefined) await early.drop()
      let session =
        (await early.take(signal)) ?? (await borrowSession(warm, folders, aheadMemory, look, signal))
      // Pull and watch come at the same moment where a connection was lost: one login is for both.
      if (session === undefined && warm.connecting !== undefined) {
        await orAbort(warm.connecting, signal)
        session = await borrowSession(warm, folders, aheadMemory, undefined, signal)
      }
      return session ?? new ImapSession(await connect(signal), folders, aheadMemory)
    },
    watch: async (onNews, onAlive, signal, isAwaited) => {
      if (warm.connecting !== undefined) await orAbort(warm.connecting, signal)
      const { turns } = warm
      const isFree = turns?.stays === true && !turns.isWatched && turns.connection.usable
      warm.turns = isFree ? turns : await connect(signal)
      const calls: WatchCalls = {
        onAlive,
        onNews: how => {
          if (how !== 'told') warm.isOnlyTold = false
          if (early.isThere || isAwaited?.() !== true || !mayLookNow(warm)) return onNews()
          // The pull is called once the question has left, which its reading would hold up.
          let isTold = false
          const tell = (): void => {
            if (isTold) return
            isTold = true
            onNews()
          }
          const opening = borrowSession(warm, folders, aheadMemory, 'news', signal, tell)
          early.keep(opening)
          opening.then(tell, tell)
        },
      }
      return watchFolders(warm.turns, folders, calls, idleMemory, signal).finally(() => early.drop())
    },
  }
}

interface Warm {
  turns: ImapTurns | undefined
  /** A watch is to come until this aborts. */
  watchUntil: AbortSignal | undefined
  /** Resolves when the login that is under way has ended, well or not. */
  connecting: Promise<void> | undefined
  /** All news since the last session were told of by IDLE in its folder. */
  isOnlyTold: boolean
  /** From when on news may be taken with the end of IDLE, monotonic, ms. */
  mayLookMs: number
  /** The server needs so long, ms, to end an IDLE, as far as was seen; 0 while it was seen to be quicker than usual. */
  lateMs: number
}

/** A server that does not answer what leaves with DONE is spared it for so long, ms. */
const noLookMs = 3600_000

/** Whether what came may be asked for with the end of IDLE. */
const mayLookNow = ({ turns, isOnlyTold, mayLookMs }: Warm): boolean =>
  isOnlyTold &&
  turns?.stays === true &&
  turns.connection.usable &&
  turns.connection.clock.monotonicMs() >= mayLookMs &&
  mayLook(turns)

/**
 * A session on the connection that idles; undefined where there is none, or where it proved dead.
 * @param onAsked is called when the question for news has left, where there is one
 */
async function borrowSession(
  warm: Warm,
  folders: readonly string[],
  aheadMemory: AheadMemory,
  look: 'news' | undefined,
  signal: AbortSignal,
  onAsked?: () => void,
): Promise<ImapSession | undefined> {
  const { turns } = warm
  const isLook = look !== undefined && mayLookNow(warm)
  warm.isOnlyTold = true
  if (turns?.stays !== true || !turns.connection.usable) return undefined
  const { connection } = turns
  const { clock, deadlines } = connection
  // Some answer DONE late, and live.
  const learnedMs = Math.max(warm.lateMs, 2 * turns.answeredInMs)
  const proofMs = Math.max(deadlines.proof, Math.min(learnedMs, deadlines.silence))
  const facts = { ...connection.facts, phase: 'idle', seconds: proofMs / 1000 }
  const late = (): Fault => new Fault('source.timeout', { facts })
  const session = new ImapSession(turns, folders, aheadMemory)
  const beganMs = clock.monotonicMs()
  try {
    await within(session.begin(isLook ? look : undefined, signal, onAsked), proofMs, clock, signal, late)
    warm.lateMs = 2 * (clock.monotonicMs() - beganMs)
    return session
  } catch (error) {
    session.abandon()
    signal.throwIfAborted()
    if (isLook) warm.mayLookMs = clock.monotonicMs() + noLookMs
    if (error instanceof Fault && error.code === 'source.timeout') warm.lateMs = 2 * proofMs
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
