/**
 * A TCP connection to a source's server. Addresses are tried in the way of RFC 8305 (Happy Eyeballs): a dead
 * IPv6 route costs a quarter of a second, and a slow good route is never cut for another's sake, which is what
 * Node's own autoSelectFamily does after 250 ms.
 */
import { lookup as systemLookup } from 'node:dns/promises'
import { connect, type Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { noLonger, within } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import { isLoopback } from '../base/loopback.ts'
import { networkFault } from './network-fault.ts'
import type { OpenSockets } from './open-sockets.ts'
import type { ServerSettings } from './settings.ts'

export interface Address {
  readonly address: string
  readonly family: number
}

/** Resolves a host name to its addresses in the system's order of preference. */
export type Lookup = (host: string) => Promise<readonly Address[]>

/** What one source remembers from one connection to the next: the family that answered last. */
export interface DialMemory {
  family?: number
}

export interface DialOptions {
  readonly clock: Clock
  /** Deadline for name and connection together, ms. */
  readonly connectMs: number
  readonly signal: AbortSignal
  readonly memory?: DialMemory
  readonly lookup?: Lookup
  /** Where the sockets of its mailbox are known. */
  readonly sockets?: OpenSockets | undefined
}

/** RFC 8305 section 5: the recommended pause before the next address is tried beside the first. */
const attemptDelayMs = 250
const mostAddresses = 8

const lookupAll: Lookup = host => systemLookup(host, { all: true, verbatim: true })

/**
 * Connects to the server. The socket has TCP_NODELAY and keep-alive set, and no listener on it: the caller adds
 * an 'error' listener at once.
 * Faults: source.unknown-host, source.unreachable, source.timeout; config.invalid where it would be without TLS and to
 * another computer than this one.
 */
export async function dialServer(server: ServerSettings, options: DialOptions): Promise<Socket> {
  const { clock, connectMs, signal, memory = {}, lookup = lookupAll, sockets } = options
  signal.throwIfAborted()
  refuseClearText(server, server.host)
  const where = { host: server.host, port: server.port, phase: 'connect' }
  sockets?.assertMayOpen(where)
  const stop = new AbortController()
  const open = ({ address, family }: Address): Socket => {
    const socket = connect({ host: address, port: server.port, family, autoSelectFamily: false })
    sockets?.add(socket)
    return socket
  }
  const work = lookup(server.host).then(
    addresses => raceAddresses(orderAddresses(addresses, memory.family), open, clock, stop.signal),
    error => {
      throw networkFault(error, { ...where, phase: 'lookup' })
    },
  )
  try {
    const late = () => new Fault('source.timeout', { facts: { ...where, seconds: connectMs / 1000 } })
    const socket = await within(work, connectMs, clock, signal, late)
    refuseClearText(server, socket.remoteAddress ?? '')
    memory.family = socket.remoteFamily === 'IPv6' ? 6 : 4
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    return socket
  } catch (error) {
    // It may connect in the same turn in which it is given up.
    work.then(
      socket => socket.destroy(),
      () => {},
    )
    if (error instanceof Fault || signal.aborted) throw error
    throw networkFault(error, where)
  } finally {
    stop.abort(noLonger)
  }
}

function refuseClearText({ host, security }: ServerSettings, leadsTo: string): void {
  if (security !== 'none' || isLoopback(leadsTo)) return
  const facts = { what: 'MAIL_SECURITY', reason: 'none is for loopback only', host }
  throw new Fault('config.invalid', { scope: 'mailbox', facts })
}

/** RFC 8305 section 4: families alternate, beginning with the one that answered last or stood first. */
function orderAddresses(addresses: readonly Address[], first = addresses[0]?.family): readonly Address[] {
  const liked = addresses.filter(entry => entry.family === first)
  const others = addresses.filter(entry => entry.family !== first)
  const turns: Address[] = []
  for (let at = 0; at < Math.max(liked.length, others.length); at += 1) {
    turns.push(...liked.slice(at, at + 1), ...others.slice(at, at + 1))
  }
  return turns.slice(0, mostAddresses)
}

/** The first address that answers wins; all other sockets are destroyed, also when `stop` is aborted. */
function raceAddresses(
  addresses: readonly Address[],
  connectTo: (address: Address) => Socket,
  clock: Clock,
  stop: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (addresses.length === 0) {
      reject(Object.assign(new Error('the name has no address'), { code: 'ENOTFOUND' }))
      return
    }
    const waiting = [...addresses]
    const open = new Set<Socket>()
    const over = new AbortController()
    let firstError: unknown
    const end = (winner?: Socket): void => {
      over.abort(noLonger)
      stop.removeEventListener('abort', onStop)
      for (const socket of open) if (socket !== winner) socket.destroy()
    }
    const onStop = (): void => {
      end()
      reject(stop.reason)
    }
    const tryNext = (): void => {
      const next = waiting.shift()
      if (next === undefined || over.signal.aborted) return
      const socket = connectTo(next)
      open.add(socket)
      const onError = (error: unknown): void => {
        open.delete(socket)
        // The refusal of the preferred address says more than the missing route of the other.
        firstError ??= error
        if (waiting.length > 0) tryNext()
        else if (open.size === 0 && !over.signal.aborted) {
          end()
          reject(firstError)
        }
      }
      socket.on('error', onError)
      socket.once('connect', () => {
        if (over.signal.aborted) return
        end(socket)
        socket.removeListener('error', onError)
        resolve(socket)
      })
      if (waiting.length > 0) clock.sleep(attemptDelayMs, over.signal).then(tryNext, () => {})
    }
    if (stop.aborted) onStop()
    else {
      stop.addEventListener('abort', onStop, { once: true })
      tryNext()
    }
  })
}
