/**
 * Deleting and moving exactly our own messages. A plain EXPUNGE also takes what other clients marked \Deleted
 * (RFC 9051 section 6.4.3), so without UIDPLUS nothing is deleted at all.
 */
import { Fault, type FaultFacts } from '../fault.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import type { Refused } from './imap-faults.ts'
import { folderWord, listFolders } from './imap-folders.ts'
import { uidSets } from './imap-parse.ts'

/** RFC 4315; part of IMAP4rev2. */
export const canExpungeByUid = (connection: ImapConnection): boolean => connection.has('UIDPLUS')

const sequence = (value: string) => ({ type: 'SEQUENCE', value }) as const

function refusedFault(connection: ImapConnection, refused: Refused, facts: FaultFacts): Fault {
  if (refused.code === 'READ-ONLY' || /read.?only/i.test(refused.words)) {
    return new Fault('source.read-only', { facts: { ...facts, words: refused.words }, cause: refused })
  }
  const fault = connection.refusal(refused, facts)
  // A command that this server does not know or does not allow will not do better later.
  if (refused.status === 'BAD' || refused.code === 'NOPERM' || refused.code === 'CANNOT') {
    return new Fault('source.cannot-settle', { facts: fault.facts, cause: refused })
  }
  return fault
}

async function act(
  connection: ImapConnection,
  verb: string,
  words: Parameters<ImapConnection['run']>[1],
  facts: FaultFacts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await connection.run(verb, words, { phase: 'settle', facts }, signal)
  } catch (error) {
    throw isRefused(error) ? refusedFault(connection, error, { ...facts, phase: 'settle' }) : error
  }
}

/** Faults: source.cannot-settle (no UIDPLUS), source.read-only, and those of the connection. */
export async function deleteMessages(
  connection: ImapConnection,
  uids: readonly number[],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const facts = { folder }
  if (!canExpungeByUid(connection)) {
    throw new Fault('source.cannot-settle', {
      facts: { ...connection.facts, ...facts, reason: 'no UIDPLUS' },
    })
  }
  for (const { set } of uidSets(uids)) {
    const store = [
      sequence(set),
      { type: 'ATOM', value: '+FLAGS.SILENT' } as const,
      [{ type: 'ATOM', value: '\\Deleted' } as const],
    ]
    await act(connection, 'UID STORE', store, facts, signal)
    await act(connection, 'UID EXPUNGE', [sequence(set)], facts, signal)
  }
}

/**
 * MOVE (RFC 6851), or COPY and then deletion where there is no MOVE or it does not work (Exchange 2013). COPY is
 * all or nothing (RFC 9051 section 6.4.7), so nothing is deleted that was not copied.
 */
export async function moveMessages(
  connection: ImapConnection,
  uids: readonly number[],
  folder: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const facts = { folder, target }
  let canMove = connection.has('MOVE')
  if (!canMove && !canExpungeByUid(connection)) {
    throw new Fault('source.cannot-settle', {
      facts: { ...connection.facts, ...facts, reason: 'no MOVE and no UIDPLUS' },
    })
  }
  await makeFolder(connection, target, signal)
  for (const { set, uids: some } of uidSets(uids)) {
    const words = [sequence(set), folderWord(connection, target)]
    if (canMove) {
      try {
        await connection.run('UID MOVE', words, { phase: 'settle', facts }, signal)
        continue
      } catch (error) {
        if (!isRefused(error)) throw error
        if (error.status !== 'BAD' || !canExpungeByUid(connection)) {
          throw refusedFault(connection, error, { ...facts, phase: 'settle' })
        }
        canMove = false
      }
    }
    await act(connection, 'UID COPY', words, facts, signal)
    await deleteMessages(connection, some, folder, signal)
  }
}

async function makeFolder(connection: ImapConnection, name: string, signal: AbortSignal): Promise<void> {
  const folders = await listFolders(connection, signal)
  if (
    folders.some(
      folder =>
        folder.name === name ||
        (folder.name.toUpperCase() === name.toUpperCase() && name.toUpperCase() === 'INBOX'),
    )
  )
    return
  try {
    await connection.run(
      'CREATE',
      [folderWord(connection, name)],
      { phase: 'settle', facts: { folder: name } },
      signal,
    )
  } catch (error) {
    if (!isRefused(error)) throw error
    // Another client was faster (RFC 5530 section 3, ALREADYEXISTS).
    if (error.code !== 'ALREADYEXISTS')
      throw refusedFault(connection, error, { folder: name, phase: 'settle' })
  }
}
