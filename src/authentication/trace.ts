/**
 * Which header lines did the receiving host write, and from whom did it take the message? Trace fields are put
 * on top (RFC 5321 section 4.4), so the topmost Received line is the host's. It goes on being the host's only as far
 * as that is proved: each line names the client from which its machine took the message, and only where that client
 * is surely a machine of the host is the line below the host's, too. Otherwise it is the border.
 *
 * A registered domain proves nothing (neighbours at the same provider stand under it), nor does a name that a client
 * gave, nor a private address alone (a proxy shows the same one for every stranger).
 */
import { isLoopback } from '../base/loopback.ts'
import type { HeaderField } from './header-fields.ts'
import {
  isExchangeOnline,
  isExchangeOnlineInside,
  isGoogleInside,
  isLocalName,
  isPrivate,
  isSister,
} from './names.ts'
import { type ReceivedLine, readReceived } from './received.ts'

export interface Trace {
  /** The last line that is surely the host's; undefined without any Received line. */
  readonly border: ReceivedLine | undefined
  /** The line below it, whoever wrote that. */
  readonly next: ReceivedLine | undefined
  /** Index of the Received line below it, which others may have written; Infinity where there is none. */
  readonly firstForeignIndex: number
  /** Lower-case names under which the host wrote its lines. */
  readonly ownNames: readonly string[]
  /** How many Received lines there are. */
  readonly lines: number
  /**
   * Whether the client of the border line is the one from outside. `no-address`: the line tells none, or its machine's
   * own customer logged in there. `hidden`: an address of the host's own network, which may be a proxy's. `near`: its
   * name looks like one of the host's, so it may be another machine of the host, or a neighbour.
   */
  readonly client: 'outside' | 'no-address' | 'hidden' | 'near'
  /** Whether the host is Exchange Online, whose own lines bear no name. */
  readonly isExchange: boolean
}

/** What the owner or set-up knows of the host's machines. */
export interface KnownMachines {
  /** Exact names and addresses, any case, that are the host's own machines behind its border. */
  readonly machines: readonly string[]
  /** Other exact names of the host: the mailbox's server. Good only for a client whose name the host has confirmed. */
  readonly names: readonly string[]
}

const linesLimit = 200

export function readTrace(received: readonly HeaderField[], known: KnownMachines): Trace {
  const lines = received.slice(0, linesLimit).map(readReceived)
  const machines = lowerCase(known.machines)
  const names = new Set([...lowerCase(known.names), ...machines])
  const own = new Set<string>()
  let at = 0
  for (; at < lines.length; at += 1) {
    const [upper, lower] = [lines[at], lines[at + 1]]
    if (upper?.by !== undefined) own.add(upper.by)
    if (upper === undefined || lower === undefined) break
    if (!isHandedOver({ upper, lower, own, machines, names })) break
  }
  const border = lines[Math.min(at, lines.length - 1)]
  return {
    border,
    next: lines[at + 1],
    firstForeignIndex: border === undefined ? 0 : (lines[at + 1]?.index ?? Number.POSITIVE_INFINITY),
    ownNames: [...own],
    lines: received.length,
    client: border === undefined ? 'no-address' : clientOf(border, lines[at + 1], own),
    isExchange: [...own].some(isExchangeOnline),
  }
}

const lowerCase = (words: readonly string[]): Set<string> => new Set(words.map(word => word.toLowerCase()))

interface Hop {
  readonly upper: ReceivedLine
  readonly lower: ReceivedLine
  /** Names of the lines from the top down to `upper`. */
  readonly own: ReadonlySet<string>
  readonly machines: ReadonlySet<string>
  readonly names: ReadonlySet<string>
}

/** Whether the machine that wrote `upper`, which is the host's, took the message from the one that wrote `lower`. */
function isHandedOver(hop: Hop): boolean {
  const { upper, lower, own, machines, names } = hop
  if (upper.isNetworkNote) return true
  if (lower.by === undefined || lower.authenticated) return false
  if (!upper.hasFrom) {
    // A pipe or a local submission may be anybody's on that machine. Google's own machines write no `from`.
    const isGoogles = upper.by !== undefined && isGoogleInside(upper.by)
    return isGoogles && (lower.by === 'mx.google.com' || isGoogleInside(lower.by))
  }
  const { clientAddress, reverseName } = upper
  const helo = upper.helo?.toLowerCase()
  const isOwnOrLocal = own.has(lower.by) || isLocalName(lower.by)
  // RFC 2033 section 5: LMTP is not spoken over wide area networks, so its client is the host's and says its own name.
  const isLmtp = upper.protocol?.startsWith('LMTP') === true
  if (isLmtp && (clientAddress === undefined || isPrivate(clientAddress)))
    return isOwnOrLocal || machines.has(lower.by) || lower.by === helo || lower.by === reverseName
  if (clientAddress === undefined || upper.authenticated) return false
  if (machines.has(clientAddress)) return isOwnOrLocal || machines.has(lower.by) || lower.by === helo
  if (isExchangeOnlineInside(clientAddress) && isExchangeOnline(upper.by ?? ''))
    return isExchangeOnline(lower.by)
  if (isLoopback(clientAddress)) {
    const saysItself = [helo, reverseName].some(
      name => name !== undefined && (isLocalName(name) || own.has(name)),
    )
    return saysItself && (isOwnOrLocal || machines.has(lower.by))
  }
  if (isPrivate(clientAddress)) {
    if (own.has(lower.by)) return false
    // Nobody outside can have a name for a private address; the name that a client gives is good for known machines.
    return lower.by === reverseName || (machines.has(lower.by) && lower.by === helo)
  }
  if (reverseName === undefined || !upper.confirmsNames || !names.has(reverseName)) return false
  return lower.by === reverseName || isOwnOrLocal
}

function clientOf(
  border: ReceivedLine,
  lower: ReceivedLine | undefined,
  own: ReadonlySet<string>,
): Trace['client'] {
  const { clientAddress, reverseName } = border
  // A customer who logged in was not asked whether his address may send (RFC 6409 section 3).
  if (clientAddress === undefined || border.authenticated) return 'no-address'
  if (isPrivate(clientAddress)) return 'hidden'
  const name = reverseName ?? (border.confirmsNames ? undefined : border.helo)
  const looksLikeOne = name !== undefined && isSister(name, own)
  const goesOn = lower?.by !== undefined && (isSister(lower.by, own) || isLocalName(lower.by))
  return looksLikeOne && goesOn ? 'near' : 'outside'
}
