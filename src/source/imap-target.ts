/** The folder that messages are moved to: found, made, and where the server wants other names, made under one of those. */
import { Fault } from '../base/fault.ts'
import { imapAllowance } from './budget.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import type { Refused } from './imap-faults.ts'
import { type FolderName, sameName } from './imap-folder-name.ts'
import { folderWord, listFolders } from './imap-folders.ts'
import { readText } from './imap-parse.ts'

export interface Target {
  readonly name: string
  /** It was not there before: nothing that was copied earlier is in it. */
  readonly isNew: boolean
}

/** A personal namespace (RFC 9051 section 6.3.10): what names begin with, and what parts them. */
interface Namespace {
  readonly prefix: string
  readonly delimiter: string
}

/**
 * Faults: source.target-refused with the server's words and, in facts.possible, names that would be possible; those of
 * the connection.
 */
export async function makeTarget(
  connection: ImapConnection,
  name: string,
  signal: AbortSignal,
): Promise<Target> {
  const folders = await listFolders(connection, signal)
  const hasFolder = (wanted: string): boolean =>
    folders.some(folder => folder.selectable && sameName(folder.name, wanted))
  if (hasFolder(name)) return { name, isNew: false }
  const names = namesFor(name, await namespacesOf(connection, folders, signal))
  for (const other of names) if (hasFolder(other)) return { name: other, isNew: false }
  let refusal: Refused | undefined
  for (const wanted of [name, ...names]) {
    const refused = await createFolder(connection, wanted, signal)
    if (refused === undefined) return { name: wanted, isNew: true }
    // The first answer is the one to the owner's own name.
    refusal ??= refused
  }
  throw new Fault('source.target-refused', {
    facts: {
      ...connection.facts,
      phase: 'settle',
      target: name,
      words: refusal?.words ?? '',
      possible: listPossible(name, names, folders),
    },
    cause: refusal,
  })
}

/** @returns the refusal, or undefined where the folder is there now */
async function createFolder(
  connection: ImapConnection,
  name: string,
  signal: AbortSignal,
): Promise<Refused | undefined> {
  try {
    const options = { phase: 'settle', facts: { folder: name } }
    await connection.run('CREATE', [folderWord(connection, name)], options, signal)
    return undefined
  } catch (error) {
    if (!isRefused(error)) throw error
    // Another client was faster (RFC 5530 section 3, ALREADYEXISTS).
    return error.code === 'ALREADYEXISTS' ? undefined : error
  }
}

/** The same name in each personal namespace, with its delimiter. */
function namesFor(name: string, namespaces: readonly Namespace[]): string[] {
  const names = namespaces.flatMap(({ prefix, delimiter }) => {
    const inside = name.startsWith(prefix) ? name.slice(prefix.length) : name
    // "Done/2026" on a server that parts by dots, and the other way round.
    const parted = delimiter === '' ? inside : inside.replace(/[./]/g, delimiter)
    return [`${prefix}${inside}`, `${prefix}${parted}`]
  })
  return [...new Set(names)].filter(other => other !== name).slice(0, 4)
}

/** At most three names that could be made, and some that are there. */
function listPossible(name: string, names: readonly string[], folders: readonly FolderName[]): string {
  const there = folders.filter(folder => folder.selectable && folder.name.toUpperCase() !== 'INBOX')
  const existing = there.map(folder => folder.name).filter(other => other !== name)
  return [...new Set([...names.slice(0, 3), ...existing])].slice(0, 8).join(', ')
}

async function namespacesOf(
  connection: ImapConnection,
  folders: readonly FolderName[],
  signal: AbortSignal,
): Promise<Namespace[]> {
  const announced: Namespace[] = []
  if (connection.has('NAMESPACE')) {
    try {
      const options = {
        phase: 'settle',
        allowance: imapAllowance.folders,
        untagged: {
          NAMESPACE: async ({ attributes }: { attributes?: unknown }) => {
            const [personal] = Array.isArray(attributes) ? attributes : []
            for (const each of Array.isArray(personal) ? personal.slice(0, 4) : []) {
              const [prefix, delimiter] = Array.isArray(each) ? each : []
              announced.push({ prefix: readText(prefix) ?? '', delimiter: readText(delimiter) ?? '' })
            }
          },
        },
      }
      await connection.run('NAMESPACE', false, options, signal)
    } catch (error) {
      if (!isRefused(error)) throw error
    }
  }
  if (announced.length > 0 && announced.some(({ prefix }) => prefix !== '')) return announced
  // Not told, or told wrongly: servers that want names below INBOX show such names, or part by what LIST says.
  const delimiter =
    announced[0]?.delimiter || folders.find(folder => folder.delimiter !== '')?.delimiter || '.'
  return [...announced, { prefix: `INBOX${delimiter}`, delimiter }]
}
