/** Folders of one IMAP connection: names, SELECT, and what stands in one. */
import { decodePath, encodePath } from 'imapflow/lib/tools.js'
import { Fault } from '../fault.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { isStateCode } from './imap-faults.ts'
import { type FetchRow, fetchRow, number32, okCode, textOf, uidSets } from './imap-parse.ts'
import type { Listed } from './source.ts'

export interface FolderName {
  readonly name: string
  readonly selectable: boolean
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
      untagged: {
        LIST: async ({ attributes }) => {
          const name = textOf(attributes?.[2])
          if (name === undefined || found.length >= 10_000) return
          const flags = Array.isArray(attributes?.[0])
            ? attributes[0].map(flag => textOf(flag)?.toLowerCase())
            : []
          const selectable = !flags.includes('\\noselect') && !flags.includes('\\nonexistent')
          found.push({ name: decodePath(connection.client, name), selectable })
        },
      },
    },
    signal,
  )
  return found
}

const sameName = (a: string, b: string): boolean =>
  a === b || (a.toUpperCase() === 'INBOX' && b.toUpperCase() === 'INBOX')

/**
 * SELECT, or EXAMINE where nothing is to be changed (RFC 9051 sections 6.3.2 and 6.3.3).
 * Faults: source.folder-missing (facts.folders: the names that exist, at most 50), and those of a refusal.
 */
export async function selectFolder(
  connection: ImapConnection,
  name: string,
  how: 'SELECT' | 'EXAMINE',
  signal: AbortSignal,
): Promise<Selected> {
  let validity: number | undefined
  let exists = 0
  try {
    const response = await connection.run(
      how,
      [folderWord(connection, name)],
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
    if (listed?.selectable) throw refusal
    const others = folders.filter(folder => folder.selectable).map(folder => folder.name)
    throw new Fault('source.folder-missing', {
      facts: { ...refusal.facts, folders: others.slice(0, 50).join(', ') },
      cause: error,
    })
  }
}

/**
 * All UIDs of the selected folder. SEARCH is checked against EXISTS: where it is refused or comes short (a limit
 * on its results), FETCH 1:* tells them.
 */
async function allUids(
  connection: ImapConnection,
  selected: Selected,
  signal: AbortSignal,
): Promise<number[]> {
  const uids = new Set<number>()
  const take = (uid: number | undefined): void => {
    if (uid !== undefined && Number.isInteger(uid) && uid > 0 && uid <= 0xffffffff) uids.add(uid)
  }
  const facts = { folder: selected.name }
  let refused = false
  try {
    await connection.run(
      'UID SEARCH',
      [{ type: 'ATOM', value: 'ALL' }],
      {
        phase: 'list',
        facts,
        untagged: {
          SEARCH: async ({ numbers, attributes }) => {
            for (const uid of numbers ?? []) take(uid)
            for (const node of attributes ?? []) take(number32(node))
          },
        },
      },
      signal,
    )
  } catch (error) {
    if (!isRefused(error)) throw error
    refused = true
  }
  if (refused || uids.size < selected.exists) {
    for (const row of await fetchRows(connection, '1:*', ['FLAGS'], facts, signal)) take(row.uid)
    // Both refused: that is no listing, and nothing has vanished.
    if (refused && uids.size === 0 && selected.exists > 0) {
      throw new Fault('source.server-temporary', { facts: { ...connection.facts, ...facts, phase: 'list' } })
    }
  }
  return [...uids].sort((a, b) => a - b)
}

async function fetchRows(
  connection: ImapConnection,
  set: string,
  items: readonly string[],
  facts: { readonly folder: string },
  signal: AbortSignal,
): Promise<FetchRow[]> {
  const rows: FetchRow[] = []
  try {
    await connection.run(
      'UID FETCH',
      [{ type: 'SEQUENCE', value: set }, ['UID', ...items].map(value => ({ type: 'ATOM', value }) as const)],
      {
        phase: 'list',
        facts,
        untagged: {
          FETCH: async response => {
            rows.push(fetchRow(response))
          },
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
  return rows
}

/** The folder's messages in the order of their UIDs; data only for those that `known` does not know. */
export async function listMessages(
  connection: ImapConnection,
  selected: Selected,
  known: (uid: string) => boolean,
  signal: AbortSignal,
): Promise<Listed[]> {
  const { name, validity } = selected
  const uids = await allUids(connection, selected, signal)
  const lasting = (uid: number): string | undefined =>
    validity === undefined ? undefined : `${validity}.${uid}`
  const fresh = uids.filter(uid => {
    const lastingUid = lasting(uid)
    return lastingUid === undefined || !known(lastingUid)
  })
  const data = new Map<number, FetchRow>()
  for (const { set, uids: asked } of uidSets(fresh)) {
    const wanted = new Set(asked)
    const rows = await fetchRows(
      connection,
      set,
      ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'],
      { folder: name },
      signal,
    )
    for (const row of rows) {
      // Rows of flags alone, and of others, come unasked (RFC 9051 section 7.5.2).
      if (row.uid === undefined || !wanted.has(row.uid)) continue
      const before = data.get(row.uid)
      if (before === undefined || row.arrivedAtMs !== undefined) data.set(row.uid, row)
    }
  }
  return uids.map(uid => {
    const row = data.get(uid)
    return {
      folder: name,
      uid: lasting(uid),
      octets: row?.size,
      arrivedAtMs: row?.arrivedAtMs,
      seen: row?.flags?.some(flag => flag.toLowerCase() === '\\seen'),
      handle: uid,
    }
  })
}
