/**
 * Who is to blame for an answer of Gmail that does not say it: the message or the account. Told by evidence alone.
 *
 * - The same unexplained answer to the first three different messages, with no success in between, is the account's
 *   (to six messages, if the answers differ). The breaker is open then: whatever is not explained is the account's,
 *   one message at a time is tried, and a success closes it.
 * - An answer of the account's kind (a server error, a refusal of the account) that comes back for one message after
 *   another one of the account went in is that message's.
 * - A message may be set aside for good as unexplained only after another one went in since its first failure.
 *
 * What is remembered is a note of the journal for each account, so that a pull by a timer knows it, too.
 */
import { createHash } from 'node:crypto'
import { Fault, type FaultCode } from '../base/fault.ts'
import type { AccountState, Journal, NoteKey } from '../journal/journal.ts'

const sameAnswers = 3
const anyAnswers = 6
/** So many messages are remembered; one that is forgotten is not proved to be to blame. */
const mostBlamed = 500

/** A message with which something ambiguous was met, the latest last. */
interface Blamed {
  readonly id: number
  /** Of the answer; ids in it do not count. */
  readonly signature: string
  /** Nothing of the account went in since its latest failure. */
  readonly isFresh: boolean
  /** Another message of the account went in since its first failure with this answer. */
  readonly isProved: boolean
}

interface State {
  readonly open: boolean
  readonly blamed: readonly Blamed[]
}

export interface Verdict {
  /** What was met, with the scope that the evidence gives it. */
  readonly fault: Fault
  /** The account was shown to work since the message first failed so. */
  readonly isProved: boolean
  /** Messages that were blamed for what is the account's, this one not among them. */
  readonly released: readonly number[]
}

/** Answers about one message that do not say what is wrong with it. */
const unexplained: readonly FaultCode[] = [
  'gmail.message-unexplained',
  'gmail.unknown-answer',
  'gmail.label',
  'gmail.outcome-unknown',
  // Of a message of any size (set-aside.ts): somebody else may say so of every request.
  'message.too-large',
]
/** Answers about the account that one message alone may call forth all the same. */
const doubtful: readonly FaultCode[] = ['gmail.account-refused', 'gmail.outcome-unknown', 'gmail.server']

const noteOf = (account: string): NoteKey => `breaker ${account}`

/**
 * Judges what an upload met, and remembers it.
 * @returns undefined where the answer is not ambiguous
 */
export async function judgeUpload(
  journal: Journal,
  account: string,
  id: number,
  thrown: Fault,
): Promise<Verdict | undefined> {
  const isOfMessage = thrown.scope === 'message' && unexplained.includes(thrown.code)
  // What the sign-in met says nothing of any message.
  const isOfAccount =
    thrown.scope === 'account' && doubtful.includes(thrown.code) && thrown.facts.phase !== 'token'
  if (!isOfMessage && !isOfAccount) return undefined
  const signature = signatureOf(thrown)
  return journal.changeNote(noteOf(account), text => {
    const state = readState(text)
    const earlier = state.blamed.find(blamed => blamed.id === id && blamed.signature === signature)
    const isProved = earlier?.isProved === true
    const others = state.blamed.filter(other => other.id !== id)
    const blamed: readonly Blamed[] = [...others, { id, signature, isFresh: true, isProved }]
    if (isOfAccount) {
      const open = state.open || (!isProved && thrown.code === 'gmail.account-refused')
      const fault = isProved ? ofMessage(thrown) : thrown
      return [writeState({ open, blamed }), { fault, isProved, released: [] }]
    }
    const streak = blamed.filter(other => other.isFresh && !other.isProved)
    const alike = streak.filter(other => other.signature === signature)
    const opens = !isProved && (alike.length >= sameAnswers || streak.length >= anyAnswers)
    const open = state.open || opens
    const after = writeState({ open, blamed })
    if (!open) return [after, { fault: thrown, isProved, released: [] }]
    const released = streak.flatMap(other => (other.id === id ? [] : [other.id]))
    return [after, { fault: ofAccount(thrown), isProved, released }]
  })
}

/** A message went in: the account works, and what others met since is theirs until the opposite is shown. */
export async function noteSuccess(journal: Journal, account: string, id: number): Promise<void> {
  await journal.changeNote(noteOf(account), text => {
    const state = readState(text)
    const isKnown = ({ id: other, isFresh, isProved }: Blamed): boolean =>
      other !== id && !isFresh && isProved
    if (!state.open && state.blamed.every(isKnown)) return [undefined, undefined]
    const others = state.blamed.filter(blamed => blamed.id !== id)
    const blamed = others.map(other => ({ ...other, isFresh: false, isProved: true }))
    return [writeState({ open: false, blamed }), undefined]
  })
}

/** The message is set aside for the owner: another try begins anew. */
export async function forgetBlame(journal: Journal, account: string, id: number): Promise<void> {
  await journal.changeNote(noteOf(account), text => {
    const state = readState(text)
    const blamed = state.blamed.filter(other => other.id !== id)
    return [blamed.length === state.blamed.length ? undefined : writeState({ ...state, blamed }), undefined]
  })
}

/** How an account stands before its mail is taken up. */
export interface Standing {
  /** One message is to be tried before the others follow. */
  readonly mustProbe: boolean
  /** Messages with which something ambiguous was met, the latest last. */
  readonly blamed: readonly { readonly id: number }[]
}

/** @param state of the account, where it was read just now */
export async function readStanding(
  journal: Journal,
  account: string,
  state?: AccountState,
): Promise<Standing> {
  const { failures } = state ?? (await journal.accountState(account))
  const { open, blamed } = readState(await journal.note(noteOf(account)))
  return { mustProbe: failures > 0 || open, blamed }
}

/** Those that met nothing ambiguous first, then those with which it is longest ago: each probe is another message. */
export function blamedLast<M extends { readonly id: number }>(
  { blamed }: Standing,
  messages: readonly M[],
): readonly M[] {
  if (blamed.length === 0) return messages
  const rank = new Map(blamed.map(({ id }, index) => [id, index]))
  const rankOf = ({ id }: M): number => rank.get(id) ?? -1
  return [...messages].sort((left, right) => rankOf(left) - rankOf(right))
}

function ofAccount(thrown: Fault): Fault {
  const { facts, notBeforeMs, cause = thrown } = thrown
  // Where there was no answer at all, it is the way to Gmail.
  const code = facts.status === undefined ? 'gmail.unreachable' : 'gmail.account-unexplained'
  return new Fault(code, { facts, cause, ...(notBeforeMs === undefined ? {} : { notBeforeMs }) })
}

function ofMessage(thrown: Fault): Fault {
  const { facts, notBeforeMs, cause = thrown } = thrown
  const code = thrown.code === 'gmail.outcome-unknown' ? thrown.code : 'gmail.unknown-answer'
  const options = { scope: 'message', retry: 'later', facts, cause } as const
  return new Fault(code, { ...options, ...(notBeforeMs === undefined ? {} : { notBeforeMs }) })
}

/** The same answer to another message has the same signature: what is quoted or looks like an id is masked. */
export function signatureOf({ code, facts }: Fault): string {
  const { status = '', reason = '', phase = '', what = '', words = '' } = facts
  const masked = String(words)
    .toLowerCase()
    .replace(/["'“”‘’«»「」<>][^"'“”‘’«»「」<>]{0,200}["'“”‘’«»「」<>]/g, '"')
    .replace(/\S*@\S*/g, '@')
    .replace(/[\w.:+/=-]*\d[\w.:+/=-]*|[\w+/=-]{20,}/g, '#')
  const text = JSON.stringify([code, status, reason, phase, what, masked])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** What cannot be read is as good as nothing: then nobody is blamed. */
function readState(text: string | undefined): State {
  const none: State = { open: false, blamed: [] }
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    if (typeof value !== 'object' || value === null || !('blamed' in value)) return none
    const { blamed } = value
    return Array.isArray(blamed) ? { open: 'open' in value && value.open === true, blamed } : none
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return none
  }
}

const writeState = ({ open, blamed }: State): string =>
  JSON.stringify({ open, blamed: blamed.slice(-mostBlamed) })
