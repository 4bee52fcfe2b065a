/**
 * What the set-up counts of its logins while there is no journal yet, or no mailbox in it: refused ones, and those at
 * hosts that take only so many. A file of the state directory, which whoever opens the journal next takes into it, so
 * that a limit holds over both.
 */
import { join } from 'node:path'
import { removeFile } from '../base/durable-file.ts'
import { readPrivate, writePrivate } from '../base/private-file.ts'
import type { LoginBooks } from './journal.ts'
import type { NoteKey } from './notes.ts'
import { noMailbox } from './records.ts'
import type { MailboxState } from './row.ts'

export interface EarlyLogins {
  /** Refused logins by the mailbox's name, wall clock, ms. */
  readonly refusedAtMs: Readonly<Record<string, readonly number[]>>
  readonly notes: Readonly<Partial<Record<NoteKey, string>>>
}

const version = 1
const dayMs = 24 * 3600_000
const mostNames = 50
const fileOf = (stateDir: string): string => join(stateDir, 'setup-logins.json')

/** A file that is damaged or of a later version holds nothing that could be relied on. */
export async function readEarlyLogins(stateDir: string, env: NodeJS.ProcessEnv): Promise<EarlyLogins> {
  const octets = await readPrivate(fileOf(stateDir), env).catch(() => undefined)
  try {
    const json = JSON.parse(octets?.toString('utf8') ?? '{}') as Record<string, unknown>
    if (json.version === version) return { refusedAtMs: refusalsIn(json.refused), notes: textsIn(json.notes) }
  } catch {
    // As if there were none.
  }
  return { refusedAtMs: {}, notes: {} }
}

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === 'object' && value !== null ? Object.entries(value).slice(-mostNames) : []

const refusalsIn = (value: unknown): EarlyLogins['refusedAtMs'] =>
  Object.fromEntries(
    entriesOf(value).map(([name, times]) => [
      name,
      Array.isArray(times) ? times.filter(Number.isFinite) : [],
    ]),
  )

const textsIn = (value: unknown): EarlyLogins['notes'] =>
  Object.fromEntries(
    entriesOf(value).filter((entry): entry is [NoteKey, string] => typeof entry[1] === 'string'),
  )

/** The books of the set-up: kept at each change, before the login that they are of is made. */
export async function openEarlyBooks(
  stateDir: string,
  env: NodeJS.ProcessEnv,
  nowMs: number,
): Promise<LoginBooks> {
  const early = await readEarlyLogins(stateDir, env)
  const states = new Map<string, MailboxState>()
  for (const [name, times] of Object.entries(early.refusedAtMs)) {
    const failedLoginsAtMs = times.filter(at => at <= nowMs && nowMs - at < dayMs)
    if (failedLoginsAtMs.length > 0) states.set(name, { ...noMailbox, name, failedLoginsAtMs })
  }
  const notes = new Map(Object.entries(early.notes) as [NoteKey, string][])
  const stateOf = (name: string): MailboxState => states.get(name) ?? { ...noMailbox, name }
  const keep = (): Promise<void> => {
    const refused = Object.fromEntries(
      [...states]
        .filter(([, state]) => state.failedLoginsAtMs.length > 0)
        .map(([name, state]) => [name, state.failedLoginsAtMs]),
    )
    return writePrivate(
      fileOf(stateDir),
      Buffer.from(
        `${JSON.stringify({ version, refused, notes: Object.fromEntries(notes) }, undefined, 2)}\n`,
      ),
    )
  }
  return {
    mailbox: async name => stateOf(name),
    note: async key => notes.get(key),
    async setNote(key, value) {
      notes.set(key, value)
      await keep()
    },
    async changeNote(key, change) {
      const [after, answer] = change(notes.get(key))
      if (after !== undefined) {
        notes.set(key, after)
        await keep()
      }
      return answer
    },
    async updateMailbox(name, patch) {
      states.set(name, { ...stateOf(name), ...patch })
    },
    async changeMailbox(name, change) {
      states.set(name, { ...stateOf(name), ...change(stateOf(name)) })
      await keep()
    },
  }
}

/** What is in the journal now need not be taken up again. */
export function forgetEarlyLogins(stateDir: string): void {
  removeFile(fileOf(stateDir))
}
