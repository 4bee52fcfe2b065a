/** Looking for a message in Gmail over IMAP: all mail, spam and trash. */
import { Fault } from '../../base/fault.ts'
import { type ImapStore, isRefused, type StoredRow } from '../../source/imap-store.ts'
import type { FoundMessage } from '../gmail.ts'
import { bareMessageId, isSearchable, mostCopies } from '../message-id.ts'
import { faultOfCall } from './answers.ts'
import type { AppendContext } from './context.ts'
import { atom, isGmailId, localId, readLocalId, type SearchWords, wordsForId, wordsForSize } from './names.ts'

interface Place {
  readonly folder: string
  /** SPAM or TRASH, where it is that. */
  readonly labels: readonly string[]
}

/** Where All Mail is not shown over IMAP, the inbox and what has labels stand for it. */
const mostLabelFolders = 50

async function placesToLook(
  { folders }: AppendContext,
  store: ImapStore,
  signal: AbortSignal,
): Promise<Place[]> {
  const { all, junk, trash, labels } = await folders.places(store, signal)
  const mail = all === undefined ? ['INBOX', ...labels.slice(0, mostLabelFolders)] : [all]
  return [
    ...mail.map(folder => ({ folder, labels: [] })),
    ...(junk === undefined ? [] : [{ folder: junk, labels: ['SPAM'] }]),
    ...(trash === undefined ? [] : [{ folder: trash, labels: ['TRASH'] }]),
  ]
}

/**
 * Searches each place. @param isWanted asked before a message is read
 * @returns at most `mostCopies`, each once
 */
async function findMessages(
  context: AppendContext,
  wordsFor: (store: ImapStore) => readonly SearchWords[],
  signal: AbortSignal,
  isLast: (message: FoundMessage) => boolean = () => false,
): Promise<readonly FoundMessage[]> {
  try {
    return await context.sessions.use(false, signal, async ({ store }) => {
      const messages = new Map<string, FoundMessage>()
      for (const place of await placesToLook(context, store, signal)) {
        const validity = await store.select(place.folder, signal)
        const uids = new Set<number>()
        for (const words of wordsFor(store))
          for (const uid of await store.search(words, signal)) uids.add(uid)
        for (const uid of [...uids].slice(0, mostCopies)) {
          const row = await store.look(uid, signal)
          const id = row?.gmailId ?? localId(validity ?? '0', uid)
          if (row === undefined || messages.has(id) || messages.size >= mostCopies) continue
          const message = await readRow(store, row, id, place.labels, signal)
          if (message === undefined) continue
          messages.set(id, message)
          if (isLast(message)) return [message]
        }
      }
      return [...messages.values()]
    })
  } catch (thrown) {
    throw faultOfCall(thrown, context.clock.nowMs())
  }
}

async function readRow(
  store: ImapStore,
  row: StoredRow,
  id: string,
  placeLabels: readonly string[],
  signal: AbortSignal,
): Promise<FoundMessage | undefined> {
  try {
    const raw = await store.read(row.uid, row.octets, signal)
    return { id, labelIds: [...placeLabels, ...labelIdsOf(row)], raw }
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === 'message.gone') return undefined
    throw thrown
  }
}

const idsOfLabels: Readonly<Record<string, string>> = {
  '\\inbox': 'INBOX',
  '\\important': 'IMPORTANT',
  '\\starred': 'STARRED',
}

const labelIdsOf = ({ labels = [], flags }: StoredRow): readonly string[] => [
  ...labels.map(label => idsOfLabels[label.toLowerCase()] ?? label),
  ...(flags.includes('\\Seen') ? [] : ['UNREAD']),
]

/**
 * Copies by Message-ID, spam and trash included: by rfc822msgid, and by the header where Gmail's search cannot be asked.
 * @throws Fault gmail.ask-owner where it cannot be searched for at all: "not known", never "not there"
 */
export function findByMessageId(
  context: AppendContext,
  messageId: string,
  signal: AbortSignal,
): Promise<readonly FoundMessage[]> {
  const bare = bareMessageId(messageId)
  if (!/^[\x20-\x7e]+$/.test(bare))
    throw new Fault('gmail.ask-owner', { facts: { what: 'a Message-ID that cannot be searched for' } })
  const byHeader: SearchWords = [atom('HEADER'), atom('Message-ID'), { type: 'STRING', value: bare }]
  const byGmail: SearchWords = [atom('X-GM-RAW'), { type: 'STRING', value: `rfc822msgid:${bare}` }]
  return findMessages(context, store => [store.isGmail && isSearchable(bare) ? byGmail : byHeader], signal)
}

/** Lines that a server may put on top, octets. */
const mostOnTop = 512

/**
 * The message of these very octets, for one without a Message-ID that can be searched for: by its size.
 * @param isSame whether what was read is it
 */
export function findByOctets(
  context: AppendContext,
  octets: number,
  isSame: (message: FoundMessage) => boolean,
  signal: AbortSignal,
): Promise<readonly FoundMessage[]> {
  return findMessages(context, () => [wordsForSize(octets, mostOnTop)], signal, isSame)
}

/** One message by its id, or undefined where Gmail no longer has it. */
export async function readMessage(
  context: AppendContext,
  id: string,
  signal: AbortSignal,
): Promise<FoundMessage | undefined> {
  const local = readLocalId(id)
  if (local === undefined && !isGmailId(id))
    throw new Fault('gmail.ask-owner', { facts: { what: 'a message without a name in Gmail' } })
  try {
    return await context.sessions.use(false, signal, async ({ store }) => {
      const places = await placesToLook(context, store, signal)
      const last = local === undefined ? [] : [{ folder: 'INBOX', labels: [] }]
      for (const place of [...places, ...last]) {
        const validity = await store.select(place.folder, signal)
        if (local !== undefined && validity !== local.validity) continue
        const [uid] =
          local !== undefined
            ? [local.uid]
            : await store.search(wordsForId(id), signal).catch(thrown => {
                // Not Gmail, or no such number: it is not here.
                if (isRefused(thrown) && thrown.status === 'BAD') return []
                throw thrown
              })
        const row = uid === undefined ? undefined : await store.look(uid, signal)
        if (row !== undefined) return await readRow(store, row, id, place.labels, signal)
      }
      return undefined
    })
  } catch (thrown) {
    throw faultOfCall(thrown, context.clock.nowMs())
  }
}
