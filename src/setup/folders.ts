/** What stands in a mailbox: its folders and what they are for (RFC 6154), and how much mail waits there. */
import type { Clock } from '../base/clock.ts'
import { makeAccessTokens, makeSource } from '../bridge.ts'
import type { MailboxConfig } from '../config/config.ts'
import type { Preset } from '../discovery/presets.ts'
import { type FolderName, inspectFolders } from '../source/inspect.ts'
import type { Listed, SourceSession } from '../source/source.ts'
import type { SetupContext } from './context.ts'

/** `wanted`: the host sorts wanted mail into it, beside the inbox. */
export type FolderUse = 'inbox' | 'wanted' | 'spam' | 'sent' | 'drafts' | 'trash' | 'all' | 'other'

export interface FolderSeen {
  readonly name: string
  readonly use: FolderUse
  /** What it is for by the server's own word, as the settings name it: `\\Sent` (RFC 6154 section 2). */
  readonly byUse: string | undefined
}

/** Whether the settings mean this folder, by its name or by what it is for. */
export const isMeant = ({ name, byUse }: FolderSeen, written: string): boolean =>
  name === written || byUse === written

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

/** The first that the server says, begun with a capital. */
function declaredUse({ attributes }: FolderName): string | undefined {
  const declared = attributes.find(attribute => Object.hasOwn(uses, attribute))
  return declared && `\\${declared.slice(1, 2).toUpperCase()}${declared.slice(2)}`
}

/** Names where the server says nothing; the last part of a path. */
const names: readonly (readonly [RegExp, FolderUse])[] = [
  [/^inbox$/i, 'inbox'],
  [
    /^(junk|junk e-?mail|spam|bulk( mail)?|spamverdacht|courrier indésirable|pourriel|(posta )?indesiderata|correo no deseado|ongewenste e-?mail|迷惑メール(フォルダー?)?)$/i,
    'spam',
  ],
  [
    /^(sent|sent (items|messages|mail)|gesendet(e (objekte|elemente|nachrichten))?|((messages|éléments) )?envoyés|(posta )?inviat[ai]|((mensajes|elementos) )?enviados|verzonden( items)?|送信済み?(メール|トレイ|アイテム)?)$/i,
    'sent',
  ],
  [/^(drafts?|entwürfe|brouillons|bozze|borradores|concepten|下書き)$/i, 'drafts'],
  [
    /^(trash|deleted( items| messages)?|papierkorb|gelöschte (objekte|elemente)|corbeille|cestino|papelera|prullenbak|ゴミ箱|ごみ箱|削除済み(アイテム|メール)?)$/i,
    'trash',
  ],
]

/** What is known of a host's folders. */
type HostFolders = Pick<Preset, 'spamFolders' | 'wantedFolders'>

function useOf({ name, delimiter, attributes: flags }: FolderName, host: HostFolders | undefined): FolderUse {
  const isOf = (list: readonly string[] | undefined): boolean =>
    list?.some(known => known.toLowerCase() === name.toLowerCase()) === true
  if (isOf(host?.wantedFolders)) return 'wanted'
  const declaredUse = flags.map(flag => uses[flag]).find(use => use !== undefined)
  if (declaredUse !== undefined) return declaredUse
  if (isOf(host?.spamFolders)) return 'spam'
  const last = delimiter ? (name.split(delimiter).at(-1) ?? name) : name
  const inInbox = last !== name && /^inbox$/i.test(last)
  return inInbox ? 'other' : (names.find(([pattern]) => pattern.test(last))?.[1] ?? 'other')
}

/** Logs in and looks at the folders; changes nothing. Throws the faults of the source and of the gate. */
export async function lookInto(
  mailbox: MailboxConfig,
  { clock, signal, gateOf }: Pick<SetupContext, 'clock' | 'signal' | 'gateOf'>,
  host?: HostFolders,
): Promise<Looked> {
  if (mailbox.protocol === 'pop3')
    return { idle: false, folders: [], waiting: await countWaiting(mailbox, { clock, signal, gateOf }) }
  const gate = await gateOf(mailbox)
  const tokens = await makeAccessTokens(mailbox, clock)
  const { idle, folders } = await gate.login(() => inspectFolders(mailbox, clock, signal, tokens), signal)
  const seen = folders
    .filter(({ selectable }) => selectable)
    .map(folder => ({ name: folder.name, use: useOf(folder, host), byUse: declaredUse(folder) }))
  return { idle, folders: seen.slice(0, 1_000), waiting: undefined }
}

export interface Waiting {
  readonly messages: number
  /** Undefined where the server does not say. */
  readonly octets: number | undefined
  /** When each message came, ms since 1970; undefined for POP3. */
  readonly arrivedAtMs: readonly number[] | undefined
  /** Header sections of the newest messages, as many as could be had in a short time. */
  readonly headers: readonly Buffer[]
}

/** Counts what waits in the folders of the mailbox. Throws the faults of the source and of the gate. */
export async function countWaiting(
  mailbox: MailboxConfig,
  { clock, signal, gateOf }: Pick<SetupContext, 'clock' | 'signal' | 'gateOf'>,
): Promise<Waiting> {
  const source = await makeSource({ mailbox, clock, gate: await gateOf(mailbox) })
  const session = await source.open(signal)
  try {
    let octets: number | undefined = 0
    let messages = 0
    let arrived: number[] | undefined = []
    let newest: readonly Listed[] = []
    for (const [place, folder] of session.folders.entries()) {
      const { entries } = await session.list(folder, () => false, signal)
      if (place === 0) newest = entries.slice(-mostHeaders)
      messages += entries.length
      for (const entry of entries) {
        octets = octets === undefined || entry.octets === undefined ? undefined : octets + entry.octets
        if (entry.arrivedAtMs === undefined) arrived = undefined
        else arrived?.push(entry.arrivedAtMs)
      }
    }
    const headers = await peekHeaders(session, newest, clock, signal)
    if (session.usable) await session.close()
    return { messages, octets, arrivedAtMs: arrived, headers }
  } finally {
    session.abandon()
  }
}

const mostHeaders = 40
const mostHeaderOctets = 64 * 1024
const peekMs = 8_000

/** They are extra: where the server will not give them, or takes long, set-up goes on without. */
async function peekHeaders(
  session: SourceSession,
  entries: readonly Listed[],
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Buffer[]> {
  const headers: Buffer[] = []
  const endMs = clock.monotonicMs() + peekMs
  try {
    for (const entry of entries) {
      const header = await session.peekHeader(entry, signal)
      if (header === undefined || clock.monotonicMs() > endMs) break
      // A copy: a slice would keep the whole of it.
      headers.push(Buffer.from(header.subarray(0, mostHeaderOctets)))
    }
  } catch {
    signal.throwIfAborted()
  }
  return headers
}
