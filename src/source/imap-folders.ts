/** Folders of one IMAP connection: names, LIST, SELECT. */
import { Fault } from '../base/fault.ts'
import { imapAllowance, mostFolders } from './budget.ts'
import type { CommandWord } from './imap-client.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { isStateCode } from './imap-faults.ts'
import { type FolderName, isCalled, isUse } from './imap-folder-name.ts'
import { readNumber32, readOkCode, readText, readValidity } from './imap-parse.ts'
import { decodePath, encodePath } from './imapflow.ts'

export type { FolderName } from './imap-folder-name.ts'

export interface Selected {
  readonly name: string
  /** undefined where the server gave none or 0: RFC 9051 section 2.3.1.1 forbids both, so its UIDs prove nothing. */
  readonly validity: string | undefined
  /** undefined where the server announced no count, or one that can be none. */
  readonly exists: number | undefined
  /** UIDNEXT, where it can be one. */
  readonly uidNext: number | undefined
  /** Why nothing can be changed in it: the server says that it can only be read, or refused to open it otherwise. */
  readonly readOnly: Fault | undefined
}

/** The name as an argument: modified UTF-7 (RFC 3501 section 5.1.3), or UTF-8 where enabled (RFC 6855). */
export function folderWord(connection: ImapConnection, name: string) {
  const found = connection.byUse.get(name)
  if (found !== undefined) return writtenWord(found.written)
  return { type: 'STRING', value: encodePath(connection.client, name) } as const
}

/**
 * Finds the folders that are named by what they are for, whatever the server calls them. One that no folder is for is
 * asked for by that name, and so is told to be missing.
 */
export async function placeByUse(
  connection: ImapConnection,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const wanted = names.filter(isUse)
  if (wanted.length === 0) return
  const folders = await listFolders(connection, signal, true)
  for (const use of wanted) {
    const found = folders.find(folder => isCalled(folder, use) && folder.selectable)
    if (found === undefined) connection.byUse.delete(use)
    else connection.byUse.set(use, found)
  }
}

/** A name as its server spells it. What is not ASCII there was raw UTF-8, and goes as a literal (RFC 3501 section 4.3). */
export const writtenWord = (written: string) =>
  /[\u0080-\uffff]/.test(written)
    ? ({ type: 'LITERAL', value: written } as const)
    : ({ type: 'STRING', value: written } as const)

/**
 * All folders that LIST shows (RFC 9051 section 6.3.9). Rows that cannot be read are passed over.
 * @param withUses ask what they are for where the server can say it (RFC 6154 section 5.2, in the LIST of RFC 5258)
 */
export async function listFolders(
  connection: ImapConnection,
  signal: AbortSignal,
  withUses = false,
): Promise<readonly FolderName[]> {
  const folders: FolderName[] = []
  const quoted = (value: string): CommandWord => ({ type: 'STRING', value })
  const atom = (value: string): CommandWord => ({ type: 'ATOM', value })
  const knowsUses = connection.has('SPECIAL-USE') && connection.has('LIST-EXTENDED')
  await connection.run(
    'LIST',
    [quoted(''), quoted('*'), ...(withUses && knowsUses ? [atom('RETURN'), [atom('SPECIAL-USE')]] : [])],
    {
      phase: 'folders',
      allowance: imapAllowance.folders,
      untagged: {
        LIST: async ({ attributes }) => {
          const written = readText(attributes?.[2])
          if (written === undefined || folders.length >= mostFolders) return
          const [listed] = attributes ?? []
          const names = Array.isArray(listed)
            ? listed.flatMap(word => readText(word)?.toLowerCase() ?? [])
            : []
          folders.push({
            name: decodePath(connection.client, written),
            written,
            attributes: names,
            selectable: !names.includes('\\noselect') && !names.includes('\\nonexistent'),
            delimiter: readText(attributes?.[1]) ?? '',
          })
        },
      },
    },
    signal,
  )
  return folders
}

/**
 * SELECT (RFC 9051 section 6.3.2), also where nothing is to be changed. EXAMINE lets nothing be written, and Courier then
 * keeps not even the UIDs that it has shown: until somebody selects the folder it has another UIDVALIDITY at each look, and
 * a message that came with an earlier file name takes the UID of one that was fetched. Only where SELECT is refused is the
 * folder examined: mail comes from it all the same.
 * Faults: source.folder-missing (facts.folders: the names that exist, at most 50), and those of a refusal.
 */
export async function selectFolder(
  connection: ImapConnection,
  name: string,
  signal: AbortSignal,
): Promise<Selected> {
  const asked = connection.byUse.get(name)?.written ?? encodePath(connection.client, name)
  try {
    return await openFolder(connection, 'SELECT', name, folderWord(connection, name), signal)
  } catch (error) {
    if (!isRefused(error)) throw error
    const refusal = connection.refusal(error, { folder: name, phase: 'select' })
    if (error.status === 'BAD' || isStateCode(error.code)) throw refusal
    const folders = await listFolders(connection, signal, isUse(name))
    const listed = folders.find(folder => isCalled(folder, name) && folder.selectable)
    if (listed === undefined) {
      const others = folders.filter(folder => folder.selectable).map(folder => folder.name)
      throw new Fault('source.folder-missing', {
        facts: { ...refusal.facts, folders: others.slice(0, 50).join(', ') },
        cause: error,
      })
    }
    if (isUse(name)) connection.byUse.set(name, listed)
    for (const how of listed.written === asked ? (['EXAMINE'] as const) : (['SELECT', 'EXAMINE'] as const)) {
      try {
        const selected = await openFolder(connection, how, name, writtenWord(listed.written), signal)
        return how === 'SELECT' ? selected : { ...selected, readOnly: refusal }
      } catch (again) {
        if (!isRefused(again)) throw again
      }
    }
    throw refusal
  }
}

async function openFolder(
  connection: ImapConnection,
  how: 'SELECT' | 'EXAMINE',
  name: string,
  word: CommandWord,
  signal: AbortSignal,
): Promise<Selected> {
  let validity: string | undefined
  let uidNext: number | undefined
  let exists: number | undefined
  const facts = { folder: name }
  const response = await connection.run(
    how,
    [word],
    {
      phase: 'select',
      facts,
      untagged: {
        OK: async response => {
          const value = readOkCode(response, 'UIDVALIDITY')
          if (value !== undefined) validity = readValidity(value)
          const next = readOkCode(response, 'UIDNEXT')
          if (next !== undefined) uidNext = readNumber32({ type: 'ATOM', value: next }) || undefined
        },
        EXISTS: async ({ command }) => {
          exists = readNumber32({ type: 'ATOM', value: command })
        },
      },
    },
    signal,
  )
  // A folder that says it holds more is not listed (mostEntries), and may not bring more unasked either.
  connection.exists = exists ?? 0
  const isReadOnly = readOkCode(response, 'READ-ONLY') !== undefined
  const readOnly = isReadOnly
    ? new Fault('source.read-only', { facts: { ...connection.facts, ...facts } })
    : undefined
  return { name, validity, exists, uidNext, readOnly }
}
