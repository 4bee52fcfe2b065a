/**
 * The mail events that the log has a function for. Each has its level and its fields, the same in every line, so
 * that one `grep` tells a message's story; its sentence is the one of the same name in `words.log`.
 */
import type { Fault } from '../base/fault.ts'
import type { PullCounts } from '../base/pull-counts.ts'

/** What a field holds. Message bodies and secrets have none. */
interface FieldTypes extends PullCounts {
  readonly mailbox: string
  readonly account: string
  /** The journal's row number. */
  readonly messageId: number
  readonly folder: string
  readonly uid: string
  readonly octets: number
  readonly gmailId: string
  /** How long the step took, or how long the loop waits. */
  readonly ms: number
  readonly inMs: number
  readonly reason: string
  readonly why: string
  /** Entries of a listing. */
  readonly total: number
  /** The row or Gmail id that holds the same octets. */
  readonly into: number | string
  /** 'keep', 'delete', 'move:FOLDER' or 'left'. */
  readonly as: string
}

export type AnyEvent = Partial<FieldTypes> & { readonly fault?: Fault }

export interface EventKind {
  readonly level: 'debug' | 'info' | 'warn'
  /** In the order of the line; with `?` where it may not be known, which is null in JSON. */
  readonly fields: readonly (keyof FieldTypes | `${keyof FieldTypes}?`)[]
  /** The fault that brought it about stands in the same line. */
  readonly hasFault?: true
  /** Not worth more than a line for debugging. */
  readonly isIdle?: (e: AnyEvent) => boolean
  /** What a source can bring about for each message that it names, as often as it likes. */
  readonly isBounded?: (e: AnyEvent) => boolean
}

const ofMessage = [
  'mailbox',
  'account?',
  'messageId',
  'folder?',
  'uid?',
  'octets?',
  'gmailId?',
  'ms?',
] as const
const done = ['imported', 'merged', 'refused', 'deferred', 'settled', 'gone'] as const
const ofPull = ['mailbox', 'account?', 'fresh', ...done, 'pending', 'ms'] as const

const always = (): boolean => true
const didNothing = (e: AnyEvent): boolean => done.every(count => e[count] === 0)

export const mailEvents = {
  pullStarted: { level: 'debug', fields: ['mailbox', 'account?', 'reason'] },
  listed: {
    level: 'info',
    fields: ['mailbox', 'folder', 'total', 'fresh', 'ms'],
    isIdle: e => e.fresh === 0,
  },
  /** It stays at the source, by a rule of the owner's. */
  leftByRule: { level: 'info', fields: ofMessage, isBounded: always },
  /** What earlier rules left, and the present ones may not. */
  rulesChanged: { level: 'info', fields: ['mailbox', 'folder', 'total'] },
  /** What an earlier START_FROM left, and the present one does not. */
  takenBack: { level: 'info', fields: ['mailbox', 'folder', 'total'] },
  retrieved: { level: 'debug', fields: ofMessage },
  imported: { level: 'info', fields: ofMessage },
  merged: { level: 'info', fields: [...ofMessage, 'into?'], isBounded: always },
  refused: { level: 'warn', fields: ofMessage, hasFault: true },
  deferred: { level: 'warn', fields: [...ofMessage, 'inMs?'], hasFault: true, isBounded: always },
  settled: { level: 'info', fields: [...ofMessage, 'as'], isBounded: e => e.as === 'left' },
  gone: { level: 'warn', fields: ofMessage, isBounded: always },
  /** An import repeated without knowing the outcome of the one before. */
  repeated: { level: 'warn', fields: ofMessage },
  pullDone: { level: 'info', fields: ofPull, isIdle: didNothing },
  /** A pull that a fault ended: what was done before. The fault has a line of its own. */
  pullEnded: { level: 'info', fields: ofPull, isIdle: didNothing },
  /** The loop waits before the next try. */
  waiting: { level: 'info', fields: ['mailbox', 'ms', 'why'] },
  /** A mailbox works again, after so many ms. */
  recovered: { level: 'info', fields: ['mailbox', 'ms'] },
  /** The owner paused the mailbox, or had paused it before the start; and resumed it. */
  paused: { level: 'info', fields: ['mailbox'] },
  resumed: { level: 'info', fields: ['mailbox'] },
  /** The machine slept or was too busy at a time of the schedule: told once until it keeps time again. */
  scheduleLate: { level: 'info', fields: ['mailbox'] },
} as const satisfies Readonly<Record<string, EventKind>>

export type EventName = keyof typeof mailEvents

type Named<Fields extends string> = { readonly [Name in keyof FieldTypes & Fields]: FieldTypes[Name] } & {
  readonly [Name in keyof FieldTypes as `${Name}?` extends Fields ? Name : never]?:
    | FieldTypes[Name]
    | undefined
}

/** What the log is told of an event. */
export type MailEvent<Name extends EventName> = Named<(typeof mailEvents)[Name]['fields'][number]> &
  ((typeof mailEvents)[Name] extends { readonly hasFault: true } ? { readonly fault: Fault } : unknown)

/** One message in the log. */
export type MessageEvent = MailEvent<'retrieved'>

/** The fields of an event's line, in their order. */
export function fieldsOf({ fields }: EventKind, e: AnyEvent): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    fields.map(field => field.replace('?', '') as keyof FieldTypes).map(name => [name, e[name]]),
  )
}
