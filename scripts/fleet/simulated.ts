/**
 * Mailboxes and a Gmail without sockets, for what the scheduler and the database of a fleet cost: the pulls, the daemon and
 * the journal are the real ones.
 */
import { createHash } from 'node:crypto'
import type { Gmail } from '../../src/gmail/gmail.ts'
import type { Listed, Listing, Source, SourceSession } from '../../src/source/source.ts'

/** An IMAP mailbox whose watch tells of news at once, and which says in one answer that nothing came. */
export interface SimulatedMailbox {
  readonly source: Source
  deliver(octets: Buffer): void
}

const validity = 7

export function makeSimulatedMailbox(): SimulatedMailbox {
  const messages: Buffer[] = []
  /** How many were there when a listing was recorded last. */
  let recorded: number | undefined
  let ring = (): void => {}
  const entryOf = (octets: Buffer, index: number): Listed => ({
    folder: 'INBOX',
    uid: `${validity}.${index + 1}`,
    octets: octets.length,
    arrivedAtMs: undefined,
    seen: false,
    handle: index + 1,
  })
  const list = async (folder: string): Promise<Listing> => {
    const count = messages.length
    const noteRecorded = (): void => {
      recorded = count
    }
    return { folder, entries: messages.map(entryOf), noteRecorded }
  }
  const session: SourceSession = {
    abilities: {
      protocol: 'imap',
      capabilities: ['IDLE', 'UIDPLUS'],
      tls: undefined,
      canDelete: true,
      namesLast: true,
      loginDelayMs: undefined,
    },
    folders: ['INBOX'],
    usable: true,
    droppedAtMessage: false,
    list,
    async standsUnchanged() {
      return recorded === messages.length ? recorded : undefined
    },
    async retrieve({ handle }, sink) {
      const octets = messages[handle - 1] ?? Buffer.alloc(0)
      await sink.write(octets)
      return octets.length
    },
    peekHeader: async () => undefined,
    settle: async () => [],
    close: async () => {},
    abandon() {},
  }
  return {
    source: {
      protocol: 'imap',
      countsLogins: false,
      open: async () => session,
      watch: (onNews, onAlive, signal) => {
        ring = onNews
        onAlive()
        const alive = setInterval(onAlive, 120_000)
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            clearInterval(alive)
            reject(signal.reason)
          }),
        )
      },
    },
    deliver(octets) {
      messages.push(octets)
      ring()
    },
  }
}

/** Takes everything at once. */
export function makeSimulatedGmail(account: string): Gmail {
  let count = 0
  return {
    account,
    prepareImport() {},
    noteEarlierImports() {},
    async import(raw) {
      const digest = createHash('sha256')
      for await (const chunk of raw.chunks()) digest.update(chunk)
      count += 1
      const id = `${process.pid.toString(16)}${count.toString(16).padStart(10, '0')}`
      return { id, threadId: undefined, labelIds: [], sentSha256: digest.digest('hex') }
    },
    labelIds: async names => names,
    canRead: async () => false,
    findByMessageId: async () => [],
    read: async () => undefined,
    consentEndsAtMs: undefined,
    quota: { used: 0, perMinute: 1_200_000, perImport: 25 },
    close: async () => {},
  }
}
