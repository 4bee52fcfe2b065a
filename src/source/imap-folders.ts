/** Folders of one IMAP connection: names, SELECT, and what stands in one. */
import { decodePath, encodePath } from 'imapflow/lib/tools.js'
import { Fault } from '../fault.ts'
import { imapAllowance, mostEntries, mostFolders, overBudget, searchStep } from './budget.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { isStateCode } from './imap-faults.ts'
import { type FetchRow, fetchRow, number32, okCode, textOf, uidSets } from './imap-parse.ts'
import { inOrder, inSlices } from './in-slices.ts'
import type { Listed } from './source.ts'

export interface FolderName {
  readonly name: string
  /** As the server spells it: what one server writes as base64 in modified UTF-7 another writes as it is. */
  readonly written: string
  readonly selectable: boolean
  /** What parts its levels; '' where it has none. */
  readonly delimiter: string
}

export interface Selected {
  readonly name: string
  /** undefined where the server gave none or 0: RFC 9051 section 2.3.1.1 forbids both, so its UIDs prove nothing. */
  readonly validity: number | undefined
  readonly exists: number
  readonly readOnly: boolean
}

/** The name as an argument: modified UTF-7 (RFC 3501 section 5.1.3), or UTF-8 where enabled (RFC 6855). */
export const folderWord = (connection: ImapConnection, name: string) =>
  ({ type: 'STRING', value: encodePath(connection.client, name) }) as const

/** All folders that LIST shows (RFC 9051 section 6.3.9). Rows that cannot be read are passed over. */
export async function listFolders(
  connection: ImapConnection,
  signal: AbortSignal,
): Promise<readonly FolderName[]> {
  const found: FolderName[] = []
  await connection.run(
    'LIST',
    [
      { type: 'STRING', value: '' },
      { type: 'STRING', value: '*' },
    ],
    {
      phase: 'folders',
      allowance: imapAllowance.folders,
      untagged: {
        LIST: async ({ attributes }) => {
          const name = textOf(attributes?.[2])
          if (name === undefined || found.length >= mostFolders) return
          const flags = Array.isArray(attributes?.[0])
            ? attributes[0].map(flag => textOf(flag)?.toLowerCase())
            : []
          const selectable = !flags.includes('\\noselect') && !flags.includes('\\nonexistent')
          const delimiter = textOf(attributes?.[1]) ?? ''
          found.push({ name: decodePath(connection.client, name), written: name, selectable, delimiter })
        },
      },
    },
    signal,
  )
  return found
}

export const sameName = (a: string, b: string): boolean =>
  a === b || (a.toUpperCase() === 'INBOX' && b.toUpperCase() === 'INBOX')

/**
 * SELECT, or EXAMINE where nothing is to be changed (RFC 9051 sections 6.3.2 and 6.3.3).
 * Faults: source.folder-missing (facts.folders: the names that exist, at most 50), and those of a refusal.
 * @param written the server's own spelling of the name, where ours was refused
 */
export async function selectFolder(
  connection: ImapConnection,
  name: string,
  how: 'SELECT' | 'EXAMINE',
  signal: AbortSignal,
  written?: string,
): Promise<Selected> {
  let validity: number | undefined
  let exists = 0
  try {
    const response = await connection.run(
      how,
      [written === undefined ? folderWord(connection, name) : { type: 'STRING', value: written }],
      {
        phase: 'select',
        facts: { folder: name },
        untagged: {
          OK: async response => {
            const value = okCode(response, 'UIDVALIDITY')
            if (value !== undefined) validity = number32({ type: 'ATOM', value }) || undefined
          },
          EXISTS: async ({ command }) => {
            exists = number32({ type: 'ATOM', value: command }) ?? exists
          },
        },
      },
      signal,
    )
    // A folder that says it holds more is not listed (mostEntries), and may not bring more unasked either.
    connection.exists = exists
    return {
      name,
      validity,
      exists,
      readOnly: how === 'EXAMINE' || okCode(response, 'READ-ONLY') !== undefined,
    }
  } catch (error) {
    if (!isRefused(error)) throw error
    const refusal = connection.refusal(error, { folder: name, phase: 'select' })
    if (error.status === 'BAD' || isStateCode(error.code)) throw refusal
    const folders = await listFolders(connection, signal)
    const listed = folders.find(folder => sameName(folder.name, name))
    if (listed?.selectable) {
      if (written === undefined && listed.written !== encodePath(connection.client, name))
        return await selectFolder(connection, name, how, signal, listed.written)
      throw refusal
    }
    const others = folders.filter(folder => folder.selectable).map(folder => folder.name)
    throw new Fault('source.folder-missing', {
      facts: { ...refusal.facts, folders: others.slice(0, 50).join(', ') },
      cause: error,
    })
  }
}

interface Asked {
  readonly facts: { readonly folder: string }
  readonly exists: number
  /** The instant (monotonic, ms) at which the whole listing must be done. */
  readonly untilMs: number
}

/**
 * All UIDs of the selected folder, in order. SEARCH is checked against EXISTS: where it is refused or comes short (a
 * limit on its results), FETCH 1:* tells them. Large folders are asked in steps by sequence numbers, so that no line
 * is long; were they to shift in between (EXPUNGE), the result comes short and FETCH tells.
 */
async function allUids(
  connection: ImapConnection,
  { facts, exists, untilMs }: Asked,
  signal: AbortSignal,
): Promise<Float64Array> {
  const uids = new Set<number>()
  const take = (uid: number | undefined): void => {
    if (uid === undefined || !Number.isInteger(uid) || uid <= 0 || uid > 0xffffffff) return
    uids.add(uid)
    if (uids.size > exists * 1.1 + 1000) {
      const fault = overBudget({ ...connection.facts, ...facts, phase: 'list' }, 'lines', exists)
      throw connection.end(fault)
    }
  }
  let refused = false
  try {
    for (let from = 1; from === 1 || from <= exists; from += searchStep) {
      const isLast = from + searchStep > exists
      const step = { type: 'SEQUENCE', value: `${from}:${isLast ? '*' : from + searchStep - 1}` } as const
      const isWhole = from === 1 && isLast
      await connection.run(
        'UID SEARCH',
        [isWhole ? { type: 'ATOM', value: 'ALL' } : step],
        {
          phase: 'list',
          facts,
          allowance: imapAllowance.search(Math.min(exists, searchStep), exists),
          untilMs,
          untagged: {
            SEARCH: async ({ numbers, attributes }) => {
              for (const uid of numbers ?? []) take(uid)
              for (const node of attributes ?? []) take(number32(node))
            },
          },
        },
        signal,
      )
    }
  } catch (error) {
    if (!isRefused(error)) throw error
    refused = true
  }
  if (refused || uids.size < exists) {
    const asked = { facts, exists, untilMs }
    await fetchRows(connection, '1:*', ['FLAGS'], exists, asked, row => take(row.uid), signal)
    // Both refused: that is no listing, and nothing has vanished.
    if (refused && uids.size === 0 && exists > 0) {
      throw new Fault('source.server-temporary', { facts: { ...connection.facts, ...facts, phase: 'list' } })
    }
  }
  return inOrder(uids)
}

/** @param most rows that may come */
async function fetchRows(
  connection: ImapConnection,
  set: string,
  items: readonly string[],
  most: number,
  { facts, exists, untilMs }: Asked,
  onRow: (row: FetchRow) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    await connection.run(
      'UID FETCH',
      [{ type: 'SEQUENCE', value: set }, ['UID', ...items].map(value => ({ type: 'ATOM', value }) as const)],
      {
        phase: 'list',
        facts,
        allowance: imapAllowance.rows(most, exists),
        untilMs,
        untagged: {
          FETCH: async response => onRow(fetchRow(response)),
        },
      },
      signal,
    )
  } catch (error) {
    if (!isRefused(error)) throw error
    // A NO after some rows: another client expunged meanwhile (RFC 2180 section 4.1.2). What came is good; what
    // did not is listed without its data.
    if (error.status === 'BAD') throw connection.refusal(error, { ...facts, phase: 'list' })
  }
}

/** The folder's messages in the order of their UIDs; data only for those that `known` does not know. */
export async function listMessages(
  connection: ImapConnection,
  selected: Selected,
  known: (uid: string) => boolean,
  signal: AbortSignal,
): Promise<Listed[]> {
  const { name, validity, exists } = selected
  const { clock, deadlines } = connection
  const facts = { folder: name }
  if (exists > mostEntries)
    throw overBudget({ ...connection.facts, ...facts, phase: 'list' }, 'lines', mostEntries)
  const beganMs = clock.monotonicMs()
  const asked = { facts, exists, untilMs: beganMs + deadlines.list }
  const uids = await allUids(connection, asked, signal)
  const lasting = (uid: number): string | undefined =>
    validity === undefined ? undefined : `${validity}.${uid}`
  const fresh: number[] = []
  await inSlices(uids.length, (from, to) => {
    for (const uid of uids.subarray(from, to)) {
      const lastingUid = lasting(uid)
      if (lastingUid === undefined || !known(lastingUid)) fresh.push(uid)
    }
  })
  const data = new Map<number, FetchRow>()
  const sets = uidSets(fresh)
  const untilMs = beganMs + deadlines.list + sets.length * deadlines.listStep
  for (const { set, uids: some } of sets) {
    const wanted = new Set(some)
    const takeRow = (row: FetchRow): void => {
      // Rows of flags alone, and of others, come unasked (RFC 9051 section 7.5.2).
      if (row.uid === undefined || !wanted.has(row.uid)) return
      const before = data.get(row.uid)
      if (before === undefined || row.arrivedAtMs !== undefined) data.set(row.uid, row)
    }
    const items = ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE']
    await fetchRows(connection, set, items, some.length, { ...asked, untilMs }, takeRow, signal)
  }
  const entries: Listed[] = []
  await inSlices(uids.length, (from, to) => {
    for (const uid of uids.subarray(from, to)) {
      const row = data.get(uid)
      entries.push({
        folder: name,
        uid: lasting(uid),
        octets: row?.size,
        arrivedAtMs: row?.arrivedAtMs,
        seen: row?.flags?.some(flag => flag.toLowerCase() === '\\seen'),
        handle: uid,
      })
    }
  })
  return entries
}
