/**
 * Who looks after a mailbox: the daemon that writes down its mailboxes at its start, or pulls that come again and again.
 * That nobody does is recorded by nobody, so whoever looks finds it here.
 */
import type { TroubleEntry } from '../base/trouble.ts'
import type { Config } from '../config/config.ts'
import type { Journal, MailboxState, NoteKey } from '../journal/journal.ts'

type Books = Pick<Journal, 'note' | 'setNote' | 'troubles'>
type Configured = Pick<Config, 'mailboxes' | 'accounts'>

const attendedNote = 'attended'
/** Instants of pulls that nobody sat at, so that a timer's interval shows. */
const pullsNote = (mailbox: string): NoteKey => `pulls ${mailbox}`

const pullsKept = 5
const leastPatienceMs = 15 * 60_000
const patience = 3

/** The daemon begins: the trouble of its last end is over, and `status` sees which mailboxes it looks after. */
export async function beginAttending(journal: Books, config: Configured, atMs: number): Promise<void> {
  await forgetRemoved(journal, config, atMs)
  await journal.setNote(attendedNote, JSON.stringify(config.mailboxes.map(({ name }) => name)))
}

/** A pull by command begins. @param alone mailboxes that it pulls while nobody sits there: a timer's */
export async function recordPulls(
  journal: Books,
  config: Configured,
  alone: readonly string[],
  atMs: number,
): Promise<void> {
  await forgetRemoved(journal, config, atMs)
  // No daemon holds the lock that this pull holds.
  if ((await journal.note(attendedNote)) !== undefined) await journal.setNote(attendedNote, '[]')
  for (const name of alone) {
    const instants = readInstants(await journal.note(pullsNote(name)))
    await journal.setNote(pullsNote(name), JSON.stringify([...instants, atMs].slice(-pullsKept)), 'later')
  }
}

/** What is no longer configured is no trouble; and somebody is here, so the machine is not in trouble either. */
async function forgetRemoved(
  { troubles }: Books,
  { mailboxes, accounts }: Configured,
  atMs: number,
): Promise<void> {
  const names = (all: readonly { readonly name: string }[]): string[] => all.map(({ name }) => name)
  await troubles.keepOnly(names(mailboxes), names(accounts), atMs)
  await troubles.closed({ scope: 'machine', name: '', subject: '' }, 'success', atMs)
}

/**
 * The mailboxes that nobody looks after, as trouble.
 * @param journal undefined where there is none yet
 * @param running whether a process holds the state directory
 * @param sayInstant an instant as the owner is told it
 */
export async function findUnattended(
  journal: Journal | undefined,
  mailboxes: readonly string[],
  running: boolean,
  nowMs: number,
  sayInstant: (ms: number) => string,
): Promise<readonly TroubleEntry[]> {
  const attended = await journal?.note(attendedNote)
  const unattended: TroubleEntry[] = []
  for (const name of mailboxes) {
    const lastPullAtMs = (await journal?.mailbox(name))?.lastPullAtMs
    const pullsAtMs = readInstants(await journal?.note(pullsNote(name)))
    const isTheDaemons = readList(attended ?? '[]').includes(name)
    // Pulls of a daemon that has ended do not come again, however young the last one is.
    const isHeld = running
      ? attended === undefined || isTheDaemons || comesAgain(lastPullAtMs, pullsAtMs, nowMs)
      : !isTheDaemons && comesAgain(lastPullAtMs, pullsAtMs, nowMs)
    if (isHeld) continue
    const facts = lastPullAtMs === undefined ? {} : { since: sayInstant(lastPullAtMs) }
    unattended.push(unattendedTrouble(name, facts, lastPullAtMs ?? nowMs, nowMs))
  }
  return unattended
}

/**
 * Whether pulls come as often as they did: three times the usual interval between them is allowed, and a single pull
 * by hand is good for a quarter of an hour.
 */
function comesAgain(
  lastPullAtMs: MailboxState['lastPullAtMs'],
  pullsAtMs: readonly number[],
  nowMs: number,
): boolean {
  if (lastPullAtMs === undefined) return false
  const gaps = pullsAtMs.slice(1).map((ms, n) => ms - (pullsAtMs[n] ?? ms))
  const usualMs = [...gaps].sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0
  // An instant that lies ahead was written while the clock was wrong: it says nothing against anybody.
  return nowMs - lastPullAtMs <= Math.max(leastPatienceMs, patience * usualMs)
}

const readInstants = (note: string | undefined): readonly number[] =>
  readList(note ?? '[]').filter(value => typeof value === 'number')

function readList(note: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(note)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

/** Known to who looks, for nobody is there to record it. */
function unattendedTrouble(
  name: string,
  facts: TroubleEntry['facts'],
  sinceMs: number,
  nowMs: number,
): TroubleEntry {
  return {
    id: 0,
    scope: 'mailbox',
    name,
    subject: 'unattended',
    code: 'mailbox.unattended',
    facts,
    retry: 'owner',
    said: undefined,
    sinceMs,
    lastSeenMs: nowMs,
    times: 1,
    noticeAtMs: undefined,
    noticeCode: undefined,
    closedAtMs: undefined,
    closedBy: undefined,
    allClearAtMs: undefined,
    about: undefined,
    messages: 0,
    first: [],
    ids: [],
  }
}
