/**
 * What a fleet's operator is told: the notices of one machine (rules.ts), those alike as one, and what is due at once as one
 * digest. Pure: no clock, no I/O.
 *
 * Invariant: a mail server that is away costs one notice, however many mailboxes it has, and one all-clear when all of them
 * are well again; those that join it later are told an hour after the last notice of it.
 */
import { nameThisComputer } from '../base/this-computer.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import { printable } from '../base/untrusted.ts'
import { fleetNoticeWords } from '../locale/fleet-notice-words.ts'
import type { Words } from '../locale/locale.ts'
import { type Notice, noticesDue, type View } from './rules.ts'

/** Trouble that others join is told once none has joined for so long, ms, and after the latter at the latest. */
export interface Gathering {
  readonly quietMs: number
  readonly mostMs: number
}

const hour = 3_600_000
/** So many of a group are named, and so many groups are told at length. */
const mostNamed = 5
const mostGroups = 10

/** Of one host, account or code: whoever mends it mends it for all of them. */
const groupOf = ({ scope, code, subject, facts, retry, closedBy }: TroubleEntry): string =>
  JSON.stringify([
    scope,
    code,
    facts.host ?? '',
    scope === 'mailbox' ? subject : '',
    scope === 'message' ? retry === 'owner' : '',
    scope === 'message' ? (closedBy ?? '') : '',
  ])

/** @returns at most one notice of troubles and one of their ends */
export function digestsDue(view: View, gathering: Gathering): readonly Notice[] {
  // The footer stands once, under all of it.
  const words = { ...view.words, notice: { ...view.words.notice, footer: () => '' } }
  const due = noticesDue({ ...view, words })
  const entries = new Map(
    [...view.open, ...view.untold, ...view.uncleared].flatMap(entry =>
      entry.ids.map(id => [id, entry] as const),
    ),
  )
  const groups = Map.groupBy(due, ({ kind, ids: [id] }) => {
    const entry = id === undefined ? undefined : entries.get(id)
    return `${kind} ${entry === undefined ? '' : groupOf(entry)}`
  })
  const told = [...groups.values()].flatMap(group => {
    const members = group.flatMap(({ ids: [id] }) => entries.get(id ?? -1) ?? [])
    const [first] = members
    if (first === undefined) return []
    if (group[0]?.kind === 'allClear')
      return isAllOver(first, members, view) ? [joinAlike(group, members, view)] : []
    const joined = joinAll(members, view)
    return isGathered(first, joined, view, gathering) ? [joinAlike(group, joined, view)] : []
  })
  return (['allClear', 'trouble'] as const).flatMap(kind =>
    joinNotices(
      told.filter(notice => notice.kind === kind),
      view.words,
    ),
  )
}

/** With those that are in the same trouble for a shorter time than one is told after. */
function joinAll(due: readonly TroubleEntry[], { untold }: View): readonly TroubleEntry[] {
  const [first] = due
  const known = new Set(due.flatMap(({ ids }) => ids))
  const others = untold.filter(
    entry => first !== undefined && groupOf(entry) === groupOf(first) && !entry.ids.some(id => known.has(id)),
  )
  return [...due, ...others]
}

/** Whether nobody has joined for a while, and the last notice of the same is not of just now. */
function isGathered(
  first: TroubleEntry,
  joined: readonly TroubleEntry[],
  { open, uncleared, nowMs }: View,
  { quietMs, mostMs }: Gathering,
): boolean {
  const lastNoticeMs = Math.max(
    ...[...open, ...uncleared].flatMap(entry =>
      groupOf(entry) === groupOf(first) ? (entry.noticeAtMs ?? []) : [],
    ),
    Number.NEGATIVE_INFINITY,
  )
  if (lastNoticeMs <= nowMs && nowMs - lastNoticeMs < hour) return false
  const since = joined.map(({ sinceMs }) => sinceMs)
  return nowMs - Math.max(...since) >= quietMs || nowMs - Math.min(...since) >= mostMs
}

/** Whether none of those that were told with these is in trouble still, or these have waited for the others for an hour. */
function isAllOver(first: TroubleEntry, ended: readonly TroubleEntry[], { open, nowMs }: View): boolean {
  const isLeft = open.some(entry => entry.noticeAtMs !== undefined && groupOf(entry) === groupOf(first))
  return !isLeft || ended.some(({ closedAtMs = nowMs }) => nowMs - closedAtMs >= hour)
}

/** The notice of the first, with how many are like it. */
function joinAlike(
  group: readonly Notice[],
  members: readonly TroubleEntry[],
  { words: { language } }: View,
): Notice {
  const [first] = group as readonly [Notice, ...Notice[]]
  const names = [...new Set(members.map(({ name }) => name))]
  const [, ...others] = names
  if (others.length === 0 && group.length === 1) return first
  const own = fleetNoticeWords[language]
  const shown = others.slice(0, mostNamed).map(name => printable(name, 80))
  const alike = own.alike(names.length, shown.join(', '), others.length - shown.length)
  return {
    ...first,
    subject: others.length === 0 ? first.subject : `${first.subject}${own.andMore(others.length)}`,
    text: others.length === 0 ? first.text : insertSecond(first.text, alike),
    ids: members.flatMap(({ ids }) => ids),
  }
}

/** Behind the first paragraph. */
function insertSecond(text: string, paragraph: string): string {
  const [head = '', ...rest] = text.trimEnd().split('\n\n')
  return [head, paragraph, ...rest].join('\n\n')
}

/** One for all of these, or none. */
export function joinNotices(told: readonly Notice[], { language }: Words): readonly Notice[] {
  const [first, ...others] = told
  if (first === undefined) return []
  const own = fleetNoticeWords[language]
  const blocks = told.slice(0, mostGroups).map(({ text }) => text.trimEnd())
  const further = told.length - blocks.length
  const parts = [...blocks, ...(further > 0 ? [own.further(further)] : []), own.footer(nameThisComputer())]
  return [
    {
      ...first,
      key: JSON.stringify(told.map(({ key, ids }) => [key, ids.length])),
      subject: others.length === 0 ? first.subject : `${first.subject}${own.andMore(others.length)}`,
      text: `${parts.join('\n\n')}\n`,
      urgent: told.some(({ urgent }) => urgent),
      ids: told.flatMap(({ ids }) => ids),
    },
  ]
}
