/** Looking for a copy that may have been made before: by its UID where the server told it, else by what it is. */
import type { ImapAttribute } from 'imapflow'
import { imapAllowance } from './budget.ts'
import { type ImapConnection, isRefused, type RunOptions } from './imap-connection.ts'
import { selectFolder } from './imap-folders.ts'
import { readFetchRow, readNumber32, readText, readValidity } from './imap-parse.ts'
import { peekMessageHeader } from './imap-retrieve.ts'
import type { Target } from './imap-target.ts'
import type { CopyBook, Listed } from './source.ts'

/** So many messages of the target folder are looked at for one copy; the newest first. */
const mostCandidates = 20

/**
 * Which of these stand in the target already. Those that a COPY was answered OK for do, unless the folder was made anew
 * since; of those whose COPY may have been lost the copy is looked for. Leaves the target selected where it had to look.
 */
export async function findCopies(
  connection: ImapConnection,
  entries: readonly Listed[],
  target: Target,
  copies: CopyBook,
  signal: AbortSignal,
): Promise<{ there: Listed[]; looked: boolean }> {
  const recorded = entries.filter(entry => copies.find(entry)?.folder === target.name)
  if (recorded.length === 0 || target.isNew) return { there: [], looked: false }
  const { validity } = await selectFolder(connection, target.name, signal)
  const there: Listed[] = []
  for (const entry of recorded) {
    const record = copies.find(entry)
    const isSameFolder = record?.uid === undefined || record.uid.startsWith(`${validity}.`)
    const isMade = record?.state === 'made' && isSameFolder
    if (isMade || (await isInSelected(connection, entry, target.name, validity, copies, signal)))
      there.push(entry)
  }
  const lost = there.filter(entry => copies.find(entry)?.state === 'asked')
  await copies.noteMade(lost, target.name, () => undefined)
  return { there, looked: true }
}

async function isInSelected(
  connection: ImapConnection,
  entry: Listed,
  folder: string,
  validity: string | undefined,
  copies: CopyBook,
  signal: AbortSignal,
): Promise<boolean> {
  const messageId = copies.messageId(entry)
  const { octets } = entry
  const bySize = [
    { type: 'ATOM', value: 'LARGER' },
    { type: 'ATOM', value: String(Math.max(0, (octets ?? 0) - 1024)) },
    { type: 'ATOM', value: 'SMALLER' },
    { type: 'ATOM', value: String((octets ?? 0) + 1024) },
  ] as const
  const byName = [
    { type: 'ATOM', value: 'HEADER' },
    { type: 'ATOM', value: 'Message-ID' },
    { type: 'STRING', value: messageId ?? '' },
  ] as const
  const isAscii = messageId !== undefined && /^[\x21-\x7e]+$/.test(messageId)
  const words = isAscii ? byName : octets === undefined ? ([{ type: 'ATOM', value: 'ALL' }] as const) : bySize
  const uids: number[] = []
  const options: RunOptions = {
    phase: 'settle',
    facts: { folder },
    allowance: imapAllowance.search(connection.exists, connection.exists),
    untagged: {
      SEARCH: async ({ numbers, attributes }) => {
        for (const uid of numbers ?? []) uids.push(uid)
        for (const node of attributes ?? []) uids.push(readNumber32(node) ?? 0)
      },
    },
  }
  try {
    await connection.run('UID SEARCH', words, options, signal)
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
  const candidates = uids.filter(uid => uid > 0).sort((a, b) => b - a)
  for (const handle of candidates.slice(0, mostCandidates)) {
    const uid = validity === undefined ? undefined : `${validity}.${handle}`
    const header = await peekMessageHeader(connection, { ...entry, folder, uid, handle }, signal)
    const size = await sizeOf(connection, handle, folder, signal)
    if (header !== undefined && copies.isCopy(entry, header, size)) return true
  }
  return false
}

async function sizeOf(
  connection: ImapConnection,
  handle: number,
  folder: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  let size: number | undefined
  const words = [
    { type: 'SEQUENCE', value: String(handle) },
    [{ type: 'ATOM', value: 'RFC822.SIZE' }],
  ] as const
  await connection.run(
    'UID FETCH',
    words,
    {
      phase: 'settle',
      facts: { folder },
      allowance: imapAllowance.rows(1, connection.exists),
      untagged: {
        FETCH: async response => {
          const row = readFetchRow(response)
          if (row.uid === handle) size = row.size
        },
      },
    },
    signal,
  )
  return size
}

/** `UIDVALIDITY.UID` of each copy by the UID of its message, from COPYUID (RFC 4315 section 3); empty where not told. */
export function copyUids(section: readonly ImapAttribute[] | undefined): ReadonlyMap<number, string> {
  const [code, validityText, from, to] = (section ?? []).map(node => readText(node) ?? '')
  const validity = readValidity(validityText)
  if (code?.toUpperCase() !== 'COPYUID' || validity === undefined) return new Map()
  const before = numbersIn(from ?? '')
  const after = numbersIn(to ?? '')
  if (before.length !== after.length) return new Map()
  return new Map(before.map((uid, at) => [uid, `${validity}.${after[at]}`]))
}

/** The numbers of a uid-set in its order, 1,000 at most. */
function numbersIn(set: string): number[] {
  const numbers: number[] = []
  for (const part of set.split(',')) {
    const [, low = '', high = low] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(part) ?? []
    const step = Number(high) < Number(low) ? -1 : 1
    if (low === '' || Math.abs(Number(high) - Number(low)) > 1000) return []
    for (let uid = Number(low); uid !== Number(high) + step; uid += step) numbers.push(uid)
    if (numbers.length > 1000) return []
  }
  return numbers
}
