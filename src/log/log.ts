/**
 * The log: one function for each mail event, with the same fields each time, so that one `grep` tells a
 * message's story. Redaction lives here: what `hide` was given is masked in everything that leaves, and text
 * from outside is made printable. Message bodies cannot get in: no function takes them.
 *
 * A log that cannot be written never stops mail: lines are dropped and counted.
 */
import type { Writable } from 'node:stream'
import { pino } from 'pino'
import { asFault, type Fault, type FaultFacts } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import { makeMask } from '../base/mask.ts'
import { ConfigFault } from '../base/problem.ts'
import type { PullCounts } from '../base/pull-counts.ts'
import { printable } from '../base/untrusted.ts'
import { type FaultText, faultText, wordsFor } from '../locale/locale.ts'
import { cleanFields, faultFields, localTime, underJournald } from './fields.ts'
import { makeFloodGate, perMinute } from './flood.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** One message in the log. Every field stands in every line about a message; null in JSON where not known. */
export interface MessageEvent {
  /** The journal's row number. */
  readonly messageId: number
  readonly mailbox: string
  readonly account?: string | undefined
  readonly folder?: string | undefined
  readonly uid?: string | undefined
  readonly octets?: number | undefined
  readonly gmailId?: string | undefined
  /** How long the step took. */
  readonly ms?: number | undefined
}

/** Where a fault happened. */
export interface FaultContext {
  readonly mailbox?: string | undefined
  readonly account?: string | undefined
  readonly folder?: string | undefined
  readonly messageId?: number | undefined
  /** When it is tried again, ms from now, where that is decided. */
  readonly inMs?: number | undefined
  /** How often in a row. */
  readonly count?: number | undefined
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Log {
  pullStarted(e: { readonly mailbox: string; readonly account?: string; readonly reason: string }): void
  listed(e: {
    readonly mailbox: string
    readonly folder: string
    /** Entries of the listing, and how many of them are new. */
    readonly total: number
    readonly fresh: number
    readonly ms: number
  }): void
  retrieved(e: MessageEvent): void
  imported(e: MessageEvent): void
  /** `into`: the row or Gmail id that holds the same octets. */
  merged(e: MessageEvent & { readonly into?: number | string | undefined }): void
  /** The fault that refused or deferred it stands in the same line. */
  refused(e: MessageEvent & { readonly fault: Fault }): void
  deferred(e: MessageEvent & { readonly fault: Fault; readonly inMs?: number | undefined }): void
  /** `as`: 'keep', 'delete', 'move:FOLDER' or 'left'. */
  settled(e: MessageEvent & { readonly as: string }): void
  gone(e: MessageEvent): void
  /** An import repeated without knowing the outcome of the one before. */
  repeated(e: MessageEvent): void
  pullDone(e: PullCounts & { readonly mailbox: string; readonly account?: string; readonly ms: number }): void
  /** A pull that a fault ended: what was done before. The fault has a line of its own. */
  pullEnded(
    e: PullCounts & { readonly mailbox: string; readonly account?: string; readonly ms: number },
  ): void
  /** The loop waits before the next try. */
  waiting(e: { readonly mailbox: string; readonly ms: number; readonly why: string }): void
  /** Code, scope, retry, facts, and the text in the owner's language. Anything thrown may be handed in. */
  fault(thrown: unknown, context?: FaultContext): void
  /** A mailbox works again after it had failed for `afterMs`. */
  recovered(e: { readonly mailbox: string; readonly afterMs: number }): void
  /** The machine slept or was too busy at a time of the schedule: told once until it keeps time again. */
  scheduleLate(e: { readonly mailbox: string }): void
  /** Anything else. `event` is a stable name for programs, `text` is for people. */
  say(level: Exclude<LogLevel, 'silent'>, event: string, text: string, fields?: LogFields): void
  /** Masks this value from now on in every line, also where it stands JSON-escaped, in base64 or percent-encoded. */
  hide(secret: string): void
  /** Lines lost so far because the stream failed or was full. */
  readonly lost: number
}

export interface LogOptions {
  readonly level?: LogLevel
  /** 'text' for people (one line each), 'json' for programs. */
  readonly format?: 'text' | 'json'
  readonly language?: Language
  /** Default: standard error. */
  readonly stream?: Writable
  /** Under journald the time is left out and the priority put in front (sd-daemon(3)). Default: found out. */
  readonly journald?: boolean
  readonly nowMs?: () => number
}

const priority: Readonly<Record<string, string>> = { debug: '<7>', info: '<6>', warn: '<4>', error: '<3>' }
/** Octets that may wait in a stream that takes no more, before lines are dropped. */
const mostWaiting = 1 << 20

const ignore = (): void => {}

/** @returns a log that never throws */
export function makeLog(options: LogOptions = {}): Log {
  const { level = 'info', format = 'text', language = 'en', nowMs = Date.now } = options
  const stream = options.stream ?? process.stderr
  const journald = options.journald ?? (stream === process.stderr && underJournald(2, process.env))
  const words = wordsFor(language)
  const mask = makeMask()
  let lost = 0
  let toldLost = 0

  // EPIPE and ENOSPC come as events too; without a listener they would end the process.
  if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore)

  const put = (line: string): void => {
    if (stream.writableLength > mostWaiting || stream.destroyed) {
      lost += 1
      return
    }
    try {
      stream.write(line, error => {
        if (error) lost += 1
      })
    } catch {
      lost += 1
    }
  }

  const json = pino(
    {
      level,
      base: null,
      formatters: { level: label => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(nowMs()).toISOString()}"`,
    },
    { write: put },
  )

  const clean = (text: string, limit: number): string => printable(mask.apply(text), limit)

  const emit = (
    at: Exclude<LogLevel, 'silent'>,
    event: string,
    text: string,
    fields: Readonly<Record<string, unknown>>,
  ): void => {
    if (!json.isLevelEnabled(at)) return
    if (lost > toldLost && event !== 'dropped') {
      const lines = lost - toldLost
      toldLost = lost
      emit('warn', 'dropped', words.log.dropped({ lines }), { lines })
    }
    const said = clean(text, 4000)
    if (format === 'json') {
      json[at]({ event, ...cleanFields(fields, clean) }, said)
      return
    }
    const mailbox = typeof fields.mailbox === 'string' ? `[${clean(fields.mailbox, 100)}] ` : ''
    const when = journald ? priority[at] : `${localTime(nowMs())} ${at.padEnd(5)} `
    put(`${when}${mailbox}${said}\n`)
  }

  const mayWrite = makeFloodGate(nowMs)
  /** What a source can bring about for each message that it names, as often as it likes. */
  const bounded: typeof message = (at, event, text, e, more) => {
    const { passes, held } = mayWrite(`${event} ${e.mailbox}`)
    if (held > 0)
      emit('warn', 'held', words.log.held({ lines: held, perMinute }), { mailbox: e.mailbox, lines: held })
    if (passes) message(at, event, text, e, more)
  }
  const message = (
    at: 'debug' | 'info' | 'warn',
    event: string,
    text: string,
    e: MessageEvent,
    more: Readonly<Record<string, unknown>> = {},
  ): void => {
    const { messageId, mailbox, account, folder, uid, octets, gmailId, ms } = e
    emit(at, event, text, { mailbox, account, messageId, folder, uid, octets, gmailId, ms, ...more })
  }

  // The text cuts long facts short, so they are masked before: half a secret would not be recognised.
  const textOf = (fault: Fault): FaultText =>
    faultText(
      fault instanceof ConfigFault ? fault : { code: fault.code, facts: maskFacts(fault.facts) },
      language,
    )
  const maskFacts = (facts: FaultFacts): FaultFacts =>
    Object.fromEntries(
      Object.entries(facts).map(([key, value]) => [
        key,
        typeof value === 'string' ? mask.apply(value) : value,
      ]),
    )

  const withFault = (sentence: string, fault: Fault): string => {
    const { what, next } = textOf(fault)
    return `${sentence} — ${words.sentences([what, next])}`
  }

  const emitCounts = (event: string, text: string, e: Parameters<Log['pullDone']>[0]): void => {
    const { mailbox, account, fresh, imported, merged, refused, deferred, settled, gone, pending, ms } = e
    const busy = imported + merged + refused + deferred + settled + gone > 0
    const counts = { fresh, imported, merged, refused, deferred, settled, gone, pending, ms }
    emit(busy ? 'info' : 'debug', event, text, { mailbox, account, ...counts })
  }

  return {
    pullStarted: e =>
      emit('debug', 'pullStarted', words.log.pullStarted(e), {
        mailbox: e.mailbox,
        account: e.account,
        reason: e.reason,
      }),
    listed: e => {
      const { mailbox, folder, total, fresh, ms } = e
      emit(fresh > 0 ? 'info' : 'debug', 'listed', words.log.listed(e), { mailbox, folder, total, fresh, ms })
    },
    retrieved: e => message('debug', 'retrieved', words.log.retrieved(e), e),
    imported: e => message('info', 'imported', words.log.imported(e), e),
    merged: e => bounded('info', 'merged', words.log.merged({ ...e, into: e.into }), e, { into: e.into }),
    refused: e =>
      message('warn', 'refused', withFault(words.log.refused(e), e.fault), e, faultFields(e.fault)),
    deferred: e =>
      bounded('warn', 'deferred', withFault(words.log.deferred({ ...e, inMs: e.inMs }), e.fault), e, {
        inMs: e.inMs,
        ...faultFields(e.fault),
      }),
    settled: e =>
      (e.as === 'left' ? bounded : message)('info', 'settled', words.log.settled(e), e, { as: e.as }),
    gone: e => bounded('warn', 'gone', words.log.gone(e), e),
    repeated: e => message('warn', 'repeated', words.log.repeated(e), e),
    pullDone: e => emitCounts('pullDone', words.log.pullDone(e), e),
    pullEnded: e => emitCounts('pullEnded', words.log.pullEnded(e), e),
    waiting: e => emit('info', 'waiting', words.log.waiting(e), { mailbox: e.mailbox, ms: e.ms, why: e.why }),
    fault: (thrown, context = {}) => {
      const fault = asFault(thrown)
      const { what, mail, next } = textOf(fault)
      const { mailbox, account, folder, messageId, inMs, count } = context
      const again = count !== undefined && count > 1 ? words.log.again({ count }) : ''
      const spoken = fault.code === 'config.invalid' ? what.split('\n').join(' ') : what
      emit(
        fault.retry === 'owner' || fault.code === 'bug' ? 'error' : 'warn',
        'fault',
        words.sentences([spoken, again, mail, next]),
        {
          mailbox,
          account,
          messageId,
          folder,
          ...faultFields(fault),
          what,
          mail,
          next,
          inMs,
          count,
          // Our own stack, never another program's words: only where we are to blame.
          stack: fault.code === 'bug' && fault.cause instanceof Error ? fault.cause.stack : undefined,
        },
      )
    },
    recovered: e =>
      emit('info', 'recovered', words.daemon.recovered(e.mailbox, e.afterMs), {
        mailbox: e.mailbox,
        ms: e.afterMs,
      }),
    scheduleLate: e => emit('info', 'scheduleLate', words.daemon.scheduleLate, { mailbox: e.mailbox }),
    say: (at, event, text, fields = {}) => emit(at, event, text, fields),
    hide: secret => mask.add(secret),
    get lost() {
      return lost
    },
  }
}
