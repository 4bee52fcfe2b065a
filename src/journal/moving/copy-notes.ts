/**
 * Notes from one journal into another. What of each note is a name stands in one table here, so that whoever adds a note
 * says whether it goes along.
 */
import type { NoteKey, NoteName } from '../notes.ts'
import type { Statements } from '../sql.ts'
import { readNote, writeNote } from '../state.ts'
import type { MoveOptions, Renaming, RowIds } from './copy-rows.ts'

/**
 * Whose a note is by its key; 'behind': it is of the machine, or of what happens there, and stays. 'logins': of whichever
 * mailboxes stand in it. 'apart': whoever moves a mailbox says so of each (`copySteadyClock`, copy-under-way.ts).
 */
type NoteKind = 'mailbox' | 'folder' | 'account' | 'logins' | 'behind' | 'apart'

const kinds: Readonly<Record<NoteName, NoteKind>> = {
  'steady-clock': 'apart',
  'under-way': 'apart',
  'check-now': 'behind',
  paused: 'behind',
  breaker: 'account',
  patience: 'mailbox',
  'login-delay': 'mailbox',
  'host-logins': 'logins',
  // Made with a key of the machine: as if no login had been accepted yet, and no wait been recorded.
  'accepted-login': 'behind',
  'wait-of': 'behind',
  'whole-listing': 'folder',
  'wish-wait': 'folder',
  idle: 'folder',
  watch: 'behind',
  told: 'account',
  teller: 'behind',
  attended: 'behind',
  'login-key': 'behind',
  pulls: 'behind',
  'told-quietly': 'behind',
  rules: 'folder',
  'named-by': 'mailbox',
  'left-fleet': 'behind',
  'database-history': 'behind',
  'in-doubt': 'mailbox',
}

const toldPrefix = 'told/account/'
const nameOf = (key: NoteKey): NoteName => (/^[a-z-]+/.exec(key)?.[0] ?? '') as NoteName
/** Undefined where another version wrote it. */
const kindOf = (key: NoteKey): NoteKind | undefined => kinds[nameOf(key)]

/** The name that a key holds behind the note's: what follows the first space or stroke. */
const restOf = (key: NoteKey): string => key.slice(nameOf(key).length + 1)

export type Note = readonly [key: NoteKey, value: string]

/** A mailbox's key: `NAME mailbox` or `NAME/mailbox`. */
const renameMailbox = (key: NoteKey, mailbox: Renaming['mailbox']): NoteKey =>
  `${key.slice(0, nameOf(key).length + 1)}${mailbox(restOf(key))}` as NoteKey

/** A folder's key: `NAME ["mailbox","folder"]`. */
function renameFolder(key: NoteKey, mailbox: Renaming['mailbox']): NoteKey {
  const [name, ...folder] = JSON.parse(restOf(key)) as [string, ...unknown[]]
  return `${nameOf(key)} ${JSON.stringify([mailbox(name), ...folder])}`
}

/** breaker.ts: the messages that met something ambiguous, by their rows. */
function renameBlamed(value: string, ids: RowIds): string {
  const state = JSON.parse(value) as { readonly blamed?: readonly { readonly id: number }[] }
  const blamed = (state.blamed ?? []).flatMap(entry => {
    const id = ids.find(entry.id)
    return id === undefined ? [] : [{ ...entry, id }]
  })
  return JSON.stringify({ ...state, blamed })
}

/** The same note in the other journal; undefined where it stays behind. What nobody can read stays, too. */
function renameNote([key, value]: Note, ids: RowIds, renaming: Renaming): Note | undefined {
  try {
    switch (kindOf(key)) {
      case 'mailbox':
        return [renameMailbox(key, renaming.mailbox), value]
      case 'folder':
        return [renameFolder(key, renaming.mailbox), value]
      case 'account':
        return key.startsWith(toldPrefix)
          ? [`${toldPrefix}${renaming.account(key.slice(toldPrefix.length))}`, value]
          : [`breaker ${renaming.account(restOf(key))}`, renameBlamed(value, ids)]
      case 'logins':
        return renameLogins(key, value, renaming)
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}

/**
 * The same note in the same journal, where a mailbox has another name; undefined where nobody can read it. What stays behind
 * when a mailbox goes elsewhere is its own here, too; what is an account's stays the account's.
 */
export function renameHere([key, value]: Note, mailbox: Renaming['mailbox']): Note | undefined {
  const kind = kindOf(key)
  if (kind === undefined || kind === 'account') return undefined
  try {
    if (kind === 'folder') return [renameFolder(key, mailbox), value]
    if (kind === 'logins') return renameLogins(key, value, { mailbox })
    return [renameMailbox(key, mailbox), value]
  } catch {
    return undefined
  }
}

/** host-logins.ts: instants with the mailbox that logged in then; '' for what is no pull's. */
function renameLogins(key: NoteKey, value: string, { mailbox }: Pick<Renaming, 'mailbox'>): Note {
  const [preset = '', ...name] = restOf(key).split(' ')
  const logins = (JSON.parse(value) as [number, string][]).map(([atMs, who]) => [
    atMs,
    who === '' ? '' : mailbox(who),
  ])
  const ofMailbox = name.length === 0 ? '' : ` ${mailbox(name.join(' '))}`
  return [`host-logins/${preset}${ofMailbox}`, JSON.stringify(logins)]
}

/** Whether it may say something of one of these mailboxes or accounts. */
function isNoteOf(key: NoteKey, mailboxes: ReadonlySet<string>, accounts: ReadonlySet<string>): boolean {
  switch (kindOf(key)) {
    case 'mailbox':
      return mailboxes.has(restOf(key))
    case 'folder':
      try {
        return mailboxes.has(String((JSON.parse(restOf(key)) as unknown[])[0]))
      } catch {
        return false
      }
    case 'account':
      return accounts.has(key.startsWith(toldPrefix) ? key.slice(toldPrefix.length) : restOf(key))
    case 'logins':
      return true
    default:
      return false
  }
}

/** Copies the notes of these mailboxes and accounts; one that is there already stays as it is, but for logins, which add up. */
export async function copyNotes(from: Statements, to: Statements, options: MoveOptions): Promise<void> {
  const { mailboxes, accounts, ids, renaming } = options
  for (const row of await from.all('SELECT key, value FROM note ORDER BY key')) {
    const key = String(row.key) as NoteKey
    if (!isNoteOf(key, mailboxes, accounts)) continue
    const note = renameNote([key, String(row.value)], ids, renaming)
    if (note === undefined) continue
    if (kindOf(key) === 'logins') await addLogins(to, note)
    else await to.run('INSERT INTO note (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING', ...note)
  }
}

async function addLogins(to: Statements, [key, value]: Note): Promise<void> {
  const before = await readNote(to, key)
  let logins = JSON.parse(value) as unknown[]
  try {
    logins = [...(JSON.parse(before ?? '[]') as unknown[]), ...logins]
  } catch {
    // What nobody can read counts nothing.
  }
  await writeNote(to, key, JSON.stringify(logins))
}

export const steadyKey: NoteKey = 'steady-clock'

/** What has passed since an import (pull/steady-clock.ts) has passed wherever the mailbox is, and not a moment more. */
export async function copySteadyClock(
  from: Statements,
  to: Statements,
  here: NoteKey,
  there: NoteKey,
): Promise<void> {
  const text = await readNote(from, here)
  if (text !== undefined) await writeNote(to, there, text)
}
