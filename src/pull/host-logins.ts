/**
 * Logins at a host that takes only so many an hour from one address, whichever of its mailboxes they are for: HostGator
 * answers the 31st as if the password were wrong. They stand in one note of the journal, so that pulls, watches, the
 * doctor and the set-up share what there is, in whichever process they run. Hosts that count each mailbox by itself have
 * a note for each.
 *
 * Invariants: a login is written down before it is made, whatever comes of it. In any window of the limit's length there
 * are never more than `mostShare` of what the host takes, and pulls plan with less (`plannedShare`), for the owner's
 * other mail programs may log in from the same address.
 */
import { Fault } from '../base/fault.ts'
import { type LoginLimit, type Preset, presetById, presetForServer } from '../discovery/presets.ts'
import type { Journal, NoteKey } from '../journal/journal.ts'

const mostShare = 0.9
const plannedShare = 0.8

/** What is needed of a mailbox to know its host. */
export interface LoginPlace {
  readonly name: string
  readonly protocol: 'imap' | 'pop3'
  readonly server: { readonly host: string }
  /** The host by its preset's id, where the server's name does not tell. */
  readonly provider: string | undefined
}

export interface HostLimit {
  readonly preset: Preset
  readonly limit: LoginLimit
  /** The most logins of ours in any `limit.perMs`. */
  readonly most: number
  /** How far apart pulls are planned, divided by nobody: of one mailbox alone, ms. */
  readonly apartMs: number
}

/** Of each mailbox, looked up once: three questions of each look at a maildrop go over all presets otherwise. */
const known = new WeakMap<object, HostLimit | 'none'>()

/** What the host of a mailbox takes; undefined where nothing is known, or where it does not count this protocol. */
export function hostLimitOf(place: Omit<LoginPlace, 'name'>): HostLimit | undefined {
  const limit = known.get(place) ?? findLimit(place) ?? 'none'
  known.set(place, limit)
  return limit === 'none' ? undefined : limit
}

function findLimit({ protocol, server, provider }: Omit<LoginPlace, 'name'>): HostLimit | undefined {
  const preset = (provider === undefined ? undefined : presetById(provider)) ?? presetForServer(server.host)
  const limit = preset?.loginLimit
  if (preset === undefined || limit === undefined || !limit.protocols.includes(protocol)) return undefined
  const planned = Math.max(1, Math.floor(limit.most * plannedShare))
  const most = Math.max(planned, Math.floor(limit.most * mostShare))
  return { preset, limit, most, apartMs: limit.perMs / planned }
}

/** When a login was begun, wall clock, ms, and for which mailbox; '' for one that is no pull's. */
type Login = readonly [atMs: number, mailbox: string]

type Books = Pick<Journal, 'note' | 'changeNote'>

const noteOf = ({ preset, limit }: HostLimit, name: string): NoteKey =>
  limit.per === 'address' ? `host-logins/${preset.id}` : `host-logins/${preset.id} ${name}`

function parseLogins(text: string | undefined): readonly Login[] {
  let list: unknown
  try {
    list = JSON.parse(text ?? '[]')
  } catch {
    return []
  }
  if (!Array.isArray(list)) return []
  return list.filter(
    (entry): entry is Login =>
      Array.isArray(entry) && Number.isFinite(entry[0]) && typeof entry[1] === 'string',
  )
}

/** Those of the last window, oldest first. What lies ahead was written before the clock was set back: it is just now. */
const readLogins = (text: string | undefined, { limit }: HostLimit, nowMs: number): readonly Login[] =>
  parseLogins(text)
    .map(([atMs, mailbox]): Login => [Math.min(atMs, nowMs), mailbox])
    .filter(([atMs]) => nowMs - atMs < limit.perMs)
    .sort(([one], [other]) => one - other)

/** From when on the host has room for a login, wall clock, ms. */
function roomFromMs(logins: readonly Login[], { most, limit }: HostLimit, nowMs: number): number {
  const [oldestAtMs] = logins.at(-most) ?? []
  return oldestAtMs === undefined ? nowMs : oldestAtMs + limit.perMs
}

/**
 * From when on a mailbox is to be pulled again: each of the mailboxes that were pulled there lately has the same part.
 * IMAP stays logged in, so that it keeps no distance.
 */
function turnFromMs(
  logins: readonly Login[],
  host: HostLimit,
  { name, protocol }: LoginPlace,
  nowMs: number,
): number {
  if (protocol === 'imap') return nowMs
  const lastAtMs = logins.findLast(([, mailbox]) => mailbox === name)?.[0]
  return lastAtMs === undefined ? nowMs : lastAtMs + pauseOf(logins, host, name)
}

function pauseOf(logins: readonly Login[], { apartMs }: HostLimit, name: string): number {
  const mailboxes = new Set(logins.map(([, mailbox]) => mailbox).filter(mailbox => mailbox !== ''))
  return apartMs * mailboxes.add(name).size
}

/** Whether a login is a pull's, with its turn among the mailboxes, or one that a person waits for. */
export type LoginTurn = 'pull' | 'person'

/** From when on a mailbox may log in, wall clock, ms; undefined: now. */
export async function hostHeldUntilMs(
  journal: Books,
  mailbox: LoginPlace,
  nowMs: number,
  turn: LoginTurn = 'pull',
): Promise<number | undefined> {
  const host = hostLimitOf(mailbox)
  if (host === undefined) return undefined
  const text = await journal.note(noteOf(host, mailbox.name))
  const logins = readLogins(text, host, nowMs)
  // Or they would be just now for as long as the clock was set back.
  if (parseLogins(text).some(([atMs]) => atMs > nowMs))
    await journal.changeNote(noteOf(host, mailbox.name), later => [
      JSON.stringify(readLogins(later, host, nowMs)),
      undefined,
    ])
  return laterThan(nowMs, freeFromMs(logins, host, mailbox, nowMs, turn))
}

function freeFromMs(
  logins: readonly Login[],
  host: HostLimit,
  mailbox: LoginPlace,
  nowMs: number,
  turn: LoginTurn,
): number {
  const roomMs = roomFromMs(logins, host, nowMs)
  return turn === 'person' ? roomMs : Math.max(roomMs, turnFromMs(logins, host, mailbox, nowMs))
}

const laterThan = (nowMs: number, atMs: number): number | undefined => (atMs > nowMs ? atMs : undefined)

/** Writes down a login that begins now; where there is no room for it, says from when on there is, wall clock, ms. */
export async function beginHostLogin(
  journal: Books,
  mailbox: LoginPlace,
  nowMs: number,
  turn: LoginTurn,
): Promise<number | undefined> {
  const host = hostLimitOf(mailbox)
  if (host === undefined) return undefined
  return journal.changeNote(noteOf(host, mailbox.name), text => {
    const logins = readLogins(text, host, nowMs)
    const heldMs = laterThan(nowMs, freeFromMs(logins, host, mailbox, nowMs, turn))
    if (heldMs !== undefined) return [undefined, heldMs]
    const begun: Login = [nowMs, turn === 'pull' ? mailbox.name : '']
    return [JSON.stringify([...logins, begun]), undefined]
  })
}

/**
 * Takes a login back that was refused, where the host counts each mailbox by itself: it was none, and who mistyped a
 * password need not wait for its turn. Where it counts the address, refused ones are counted, too.
 */
export async function forgetRefusedLogin(journal: Books, mailbox: LoginPlace, nowMs: number): Promise<void> {
  const host = hostLimitOf(mailbox)
  if (host?.limit.per !== 'mailbox') return
  await journal.changeNote(noteOf(host, mailbox.name), text => [
    JSON.stringify(readLogins(text, host, nowMs).slice(0, -1)),
    undefined,
  ])
}

/** A host's limit, for the owner. */
export interface HostLimitView {
  readonly host: HostLimit
  /** The least time between two pulls of the mailbox, ms; undefined over IMAP, which stays logged in. */
  readonly everyMs: number | undefined
  /** So many of ours there were in the last `host.limit.perMs`. */
  readonly logins: number
}

/** @returns undefined where the host has no limit that is known */
export async function describeHostLimit(
  journal: Pick<Journal, 'note'>,
  mailbox: LoginPlace,
  nowMs: number,
): Promise<HostLimitView | undefined> {
  const host = hostLimitOf(mailbox)
  if (host === undefined) return undefined
  const logins = readLogins(await journal.note(noteOf(host, mailbox.name)), host, nowMs)
  const everyMs = mailbox.protocol === 'imap' ? undefined : pauseOf(logins, host, mailbox.name)
  return { host, everyMs, logins: logins.length }
}

/**
 * Two records joined, each entry as often as in the one that has it more often: a process may have died after the first
 * was written into the second, and two logins may have begun at the same moment.
 */
export function joinRecords<T>(one: readonly T[], other: readonly T[], keyOf: (entry: T) => unknown): T[] {
  const left = one.map(keyOf)
  const added = other.filter(entry => {
    const at = left.indexOf(keyOf(entry))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return [...one, ...added]
}

/** Adds logins that were counted elsewhere, before there was a journal: the note of a host there. */
export async function mergeHostLogins(journal: Books, key: NoteKey, text: string): Promise<void> {
  await journal.changeNote(key, before => {
    const logins = joinRecords(parseLogins(before), parseLogins(text), login => JSON.stringify(login))
    return [JSON.stringify(logins.sort(([one], [other]) => one - other)), undefined]
  })
}

/** @throws Fault config.invalid where a provider is named that nobody knows: its limit could not be kept */
export function assertProvider({ provider }: Pick<LoginPlace, 'provider'>): void {
  if (provider === undefined || presetById(provider) !== undefined) return
  throw new Fault('config.invalid', { scope: 'mailbox', facts: { what: `MAIL_PROVIDER ${provider}` } })
}
