/** What stands in a mailbox: its folders and what they are for (RFC 6154), and how much mail waits there. */
import type { Clock } from '../base/clock.ts'
import { makeSource } from '../bridge.ts'
import type { MailboxConfig } from '../config/config.ts'
import { inspectFolders } from '../source/inspect.ts'

export type FolderUse = 'inbox' | 'spam' | 'sent' | 'drafts' | 'trash' | 'all' | 'other'

export interface FolderSeen {
  readonly name: string
  readonly use: FolderUse
}

export interface Looked {
  /** News come by themselves (RFC 2177). Always false for POP3. */
  readonly idle: boolean
  /** Of IMAP; empty for POP3. Only those that can be opened. */
  readonly folders: readonly FolderSeen[]
  /** POP3 only: counted in the same session, since hosts count logins. */
  readonly waiting: Waiting | undefined
}

const uses: Readonly<Record<string, FolderUse>> = {
  '\\junk': 'spam',
  '\\sent': 'sent',
  '\\drafts': 'drafts',
  '\\trash': 'trash',
  '\\all': 'all',
}

/** Names where the server says nothing; the last part of a path. */
const names: readonly (readonly [RegExp, FolderUse])[] = [
  [/^inbox$/i, 'inbox'],
  [/^(junk|junk e-?mail|spam|bulk( mail)?|迷惑メール(フォルダー?)?)$/i, 'spam'],
  [/^(sent|sent (items|messages|mail)|送信済み?(メール|トレイ|アイテム)?)$/i, 'sent'],
  [/^(drafts?|下書き)$/i, 'drafts'],
  [/^(trash|deleted( items| messages)?|ゴミ箱|ごみ箱)$/i, 'trash'],
]

function useOf(name: string, delimiter: string, flags: readonly string[]): FolderUse {
  const declaredUse = flags.map(flag => uses[flag]).find(use => use !== undefined)
  if (declaredUse !== undefined) return declaredUse
  const last = delimiter ? (name.split(delimiter).at(-1) ?? name) : name
  const inInbox = last !== name && /^inbox$/i.test(last)
  return inInbox ? 'other' : (names.find(([pattern]) => pattern.test(last))?.[1] ?? 'other')
}

/** Logs in and looks at the folders; changes nothing. Throws the faults of the source. */
export async function lookInto(mailbox: MailboxConfig, clock: Clock, signal: AbortSignal): Promise<Looked> {
  if (mailbox.protocol === 'pop3')
    return { idle: false, folders: [], waiting: await countWaiting(mailbox, clock, signal) }
  const { idle, folders } = await inspectFolders(mailbox, clock, signal)
  const seen = folders
    .filter(({ selectable }) => selectable)
    .map(({ name, delimiter, attributes }) => ({ name, use: useOf(name, delimiter, attributes) }))
  return { idle, folders: seen.slice(0, 1_000), waiting: undefined }
}

export interface Waiting {
  readonly messages: number
  /** Undefined where the server does not say. */
  readonly octets: number | undefined
  /** When each message came, ms since 1970; undefined for POP3. */
  readonly arrivedAtMs: readonly number[] | undefined
}

/** Counts what waits in the folders of the mailbox. Throws the faults of the source. */
export async function countWaiting(
  mailbox: MailboxConfig,
  clock: Clock,
  signal: AbortSignal,
): Promise<Waiting> {
  const session = await (await makeSource({ mailbox, clock })).open(signal)
  try {
    let octets: number | undefined = 0
    let messages = 0
    let arrived: number[] | undefined = []
    for (const folder of session.folders) {
      const { entries } = await session.list(folder, () => false, signal)
      messages += entries.length
      for (const entry of entries) {
        octets = octets === undefined || entry.octets === undefined ? undefined : octets + entry.octets
        if (entry.arrivedAtMs === undefined) arrived = undefined
        else arrived?.push(entry.arrivedAtMs)
      }
    }
    await session.close()
    return { messages, octets, arrivedAtMs: arrived }
  } finally {
    session.abandon()
  }
}
