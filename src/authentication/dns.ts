/**
 * DNS for verification: time-outs, a cache and bounds around an injectable look-up, so that a slow or hostile
 * zone can neither hold a message nor fill memory. Failures keep node's codes, for they mean different things:
 * ENOTFOUND and ENODATA are answers ("there is none"), everything else is "not known".
 */
import { Resolver } from 'node:dns/promises'
import type { Clock } from '../base/clock.ts'
import { orAbort } from '../base/deadline.ts'

/** As node:dns `resolve`: TXT rows are lists of strings, MX rows have exchange and priority, A and AAAA are text. */
export type Lookup = (name: string, type: string) => Promise<readonly unknown[]>

export interface DnsOptions {
  readonly lookup: Lookup
  readonly clock: Clock
  /** Deadline of one question, ms. */
  readonly timeoutMs?: number
  /** How long answers are kept, ms; node does not tell the TTL of TXT records. */
  readonly keepMs?: number
  /** Most answers kept. */
  readonly entries?: number
  /** Most questions under way at once; others wait, and their wait counts against their deadline. */
  readonly inFlight?: number
}

interface Entry {
  readonly untilMs: number
  readonly answer: Promise<readonly unknown[]>
}

export class DnsError extends Error {
  override readonly name = 'DnsError'
  readonly code: string
  constructor(code: string, what: string) {
    super(what)
    this.code = code
  }
}

/** Whether an error says that there is no such name or record, which is an answer and no failure. */
export function isAbsence(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code
  return code === 'ENOTFOUND' || code === 'ENODATA'
}

/** The operating system's resolver, or the given DNS servers (`address` or `address:port`). */
export function systemLookup(servers?: readonly string[]): Lookup {
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  if (servers !== undefined && servers.length > 0) resolver.setServers([...servers])
  return async (name, type) => {
    const answer: unknown = await resolver.resolve(name, type)
    return Array.isArray(answer) ? answer : [answer]
  }
}

/** A look-up that remembers, waits no longer than it may, and asks each question once at a time. */
export function makeDns(options: DnsOptions): Lookup {
  const { lookup, clock, timeoutMs = 4000, keepMs = 300_000, entries = 2000, inFlight = 32 } = options
  const cache = new Map<string, Entry>()
  const waiting: (() => void)[] = []
  let running = 0

  const ask = async (name: string, type: string): Promise<readonly unknown[]> => {
    const turn = async (): Promise<readonly unknown[]> => {
      if (running >= inFlight) await new Promise<void>(resolve => waiting.push(resolve))
      else running += 1
      try {
        return await lookup(name, type)
      } finally {
        const next = waiting.shift()
        if (next === undefined) running -= 1
        else next()
      }
    }
    // A message's own deadline keeps the process alive while it waits; a question's must not do so beyond that.
    const late = AbortSignal.timeout(timeoutMs)
    return orAbort(turn(), late).catch(error => {
      if (error !== late.reason) throw error
      throw new DnsError('ETIMEOUT', `no answer for ${type} ${name} within ${timeoutMs} ms`)
    })
  }

  return (name, type) => {
    const key = `${type} ${name.toLowerCase()}`
    const known = cache.get(key)
    const nowMs = clock.monotonicMs()
    if (known !== undefined && known.untilMs > nowMs) {
      cache.delete(key)
      cache.set(key, known)
      return known.answer
    }
    const answer = ask(name, type)
    cache.set(key, { untilMs: nowMs + keepMs, answer })
    // Only answers are remembered: what failed may be well in a moment.
    answer.catch(error => {
      if (!isAbsence(error) && cache.get(key)?.answer === answer) cache.delete(key)
    })
    while (cache.size > entries) {
      const oldest = cache.keys().next()
      if (oldest.done === true) break
      cache.delete(oldest.value)
    }
    return answer
  }
}

/** A look-up for one message; `close` when done, which frees its timer. */
export interface MessageDns {
  readonly lookup: Lookup
  /** Names whose questions failed, other than by the answer that there is nothing. */
  readonly failed: ReadonlySet<string>
  close(): void
}

/**
 * The look-up for one message: at most `questions` different ones and none after `deadlineMs`. A signature can name any
 * zone, so a message must not be able to keep us asking (RFC 7208 section 11.1). What was asked before costs nothing:
 * SPF is checked twice, as the message came and as it would have been forwarded.
 */
export function boundForMessage(
  dns: Lookup,
  clock: Clock,
  questions: number,
  deadlineMs: number,
  signal?: AbortSignal,
): MessageDns {
  const end = new AbortController()
  const asked = new Map<string, Promise<readonly unknown[]>>()
  const failed = new Set<string>()
  const stop = signal === undefined ? end.signal : AbortSignal.any([end.signal, signal])
  const late = new AbortController()
  const isLate = new DnsError('ETIMEOUT', `no answer within ${deadlineMs} ms for the whole message`)
  void clock
    .sleep(deadlineMs, stop)
    .catch(() => {})
    .then(() => late.abort(isLate))
  return {
    failed,
    async lookup(name, type) {
      try {
        const key = `${type} ${name.toLowerCase()}`
        let answer = asked.get(key)
        if (answer === undefined) {
          if (asked.size >= questions)
            throw new DnsError('ETOOMANY', `more than ${questions} questions for one message`)
          answer = dns(name, type)
          asked.set(key, answer)
        }
        return await orAbort(answer, late.signal)
      } catch (error) {
        if (!isAbsence(error)) failed.add(name.toLowerCase())
        throw error
      }
    },
    close: () => end.abort(),
  }
}

/** Answers from a table `name -> type -> rows`, in node's shapes: for tests, the sandbox and demonstrations. */
export function tableLookup(
  table: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>,
): Lookup {
  return async (name, type) => {
    const types = table[name.toLowerCase().replace(/\.$/, '')]
    if (types === undefined) throw new DnsError('ENOTFOUND', `${type} ${name}: no such name`)
    const rows = types[type]
    if (rows === undefined) throw new DnsError('ENODATA', `${type} ${name}: no such record`)
    return rows.map(row => (type === 'TXT' && typeof row === 'string' ? [row] : row))
  }
}
