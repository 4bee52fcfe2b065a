/**
 * The log: one function for each mail event (events.ts), and one for faults. Redaction lives here: what `hide` was given is masked in everything that leaves, and text
 * from outside is made printable. Message bodies cannot get in: no function takes them.
 *
 * A log that cannot be written never stops mail: lines are dropped and counted.
 */
import type { Writable } from 'node:stream'
import { asFault, type Fault, type FaultFacts } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import { makeMask } from '../base/mask.ts'
import { ConfigFault } from '../base/problem.ts'
import { printable } from '../base/untrusted.ts'
import { chooseWords, describeFault, type FaultText } from '../locale/locale.ts'
import {
  type AnyEvent,
  type EventKind,
  type EventName,
  fieldsOf,
  type MailEvent,
  mailEvents,
} from './events.ts'
import { cleanFields, faultFields, localTime, underJournald } from './fields.ts'
import { makeFloodGate, perMinute } from './flood.ts'

export type { MessageEvent } from './events.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

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
  /** The program ends by it: an error, whatever it is otherwise. */
  readonly isEnd?: true
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** One function for each mail event. */
type MailLog = { readonly [Name in EventName]: (e: MailEvent<Name>) => void }

export interface Log extends MailLog {
  /** Code, scope, retry, facts, and the text in the owner's language. Anything thrown may be handed in. */
  fault(thrown: unknown, context?: FaultContext): void
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

/** From the least to what silences all. */
const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent']

const ignore = (): void => {}

/** A number that JSON has no room for is text: a line is never lost for what stands in it. */
const writeJson = (line: object): string =>
  JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? String(value) : value))

/** @returns a log that never throws */
export function makeLog(options: LogOptions = {}): Log {
  const { level = 'info', format = 'text', language = 'en', nowMs = Date.now } = options
  const stream = options.stream ?? process.stderr
  const journald = options.journald ?? (stream === process.stderr && underJournald(2, process.env))
  const words = chooseWords(language)
  const mask = makeMask()
  let lost = 0
  let lostBefore = 0

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

  const clean = (text: string, limit: number): string => printable(mask.apply(text), limit)

  const isHidden = (at: LogLevel): boolean => levels.indexOf(at) < levels.indexOf(level)

  const emit = (
    at: Exclude<LogLevel, 'silent'>,
    event: string,
    text: string,
    fields: Readonly<Record<string, unknown>>,
  ): void => {
    if (isHidden(at)) return
    if (lost > lostBefore && event !== 'dropped') {
      const lines = lost - lostBefore
      lostBefore = lost
      emit('warn', 'dropped', words.logGaps.dropped(lines), { lines })
    }
    const sentence = clean(text, 4000)
    if (format === 'json') {
      const time = new Date(nowMs()).toISOString()
      put(`${writeJson({ level: at, time, event, ...cleanFields(fields, clean), msg: sentence })}\n`)
      return
    }
    const mailbox = typeof fields.mailbox === 'string' ? `[${clean(fields.mailbox, 100)}] ` : ''
    const when = journald ? priority[at] : `${localTime(nowMs())} ${at.padEnd(5)} `
    put(`${when}${mailbox}${sentence}\n`)
  }

  // The text cuts long facts short, so they are masked before: half a secret would not be recognised.
  const textOf = (fault: Fault): FaultText =>
    describeFault(
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

  const mayWrite = makeFloodGate(nowMs)
  // Held to the table of events by the compiler: a sentence for each, and of nothing that the event does not tell.
  const sentences: { readonly [Name in EventName]: (e: MailEvent<Name>) => string } = words.log

  const emitEvent = (name: EventName, e: AnyEvent): void => {
    const kind: EventKind = mailEvents[name]
    if (kind.isBounded?.(e)) {
      const { passes, held } = mayWrite(`${name} ${e.mailbox}`)
      if (held > 0)
        emit('warn', 'held', words.logGaps.held(held, perMinute), { mailbox: e.mailbox, lines: held })
      if (!passes) return
    }
    const at = kind.isIdle?.(e) ? 'debug' : kind.level
    if (isHidden(at)) return
    const sentence = (sentences[name] as (e: AnyEvent) => string)(e)
    const { fault } = e
    emit(at, name, fault === undefined ? sentence : withFault(sentence, fault), {
      ...fieldsOf(kind, e),
      ...(fault === undefined ? {} : faultFields(fault)),
    })
  }
  const names = Object.keys(mailEvents) as EventName[]
  const mailLog = Object.fromEntries(
    names.map(name => [name, (e: AnyEvent) => emitEvent(name, e)]),
  ) as unknown as MailLog

  return {
    ...mailLog,
    fault: (thrown, context = {}) => {
      const fault = asFault(thrown)
      const { what, mail, next } = textOf(fault)
      const { mailbox, account, folder, messageId, inMs, count, isEnd = false } = context
      const again = count !== undefined && count > 1 ? words.fault.again(count) : ''
      const inOneLine = fault.code === 'config.invalid' ? what.split('\n').join(' ') : what
      emit(
        isEnd || fault.retry === 'owner' || fault.code === 'bug' ? 'error' : 'warn',
        'fault',
        words.sentences([inOneLine, again, mail, next]),
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
    say: (at, event, text, fields = {}) => emit(at, event, text, fields),
    hide: secret => mask.add(secret),
    get lost() {
      return lost
    },
  }
}
