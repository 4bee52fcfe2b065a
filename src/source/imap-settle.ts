/**
 * Deleting and moving exactly our own messages. A plain EXPUNGE also takes what other clients marked \Deleted
 * (RFC 9051 section 6.4.3), so without UIDPLUS nothing is deleted at all.
 */
import { Fault, type FaultFacts } from '../base/fault.ts'
import { type ImapConnection, isRefused } from './imap-connection.ts'
import { copyUids, findCopies } from './imap-copies.ts'
import { isStateCode, type Refused } from './imap-faults.ts'
import { folderWord } from './imap-folders.ts'
import { makeUidSets } from './imap-parse.ts'
import { makeTarget, type Target } from './imap-target.ts'
import type { CopyBook, Listed, RefusedEntry } from './source.ts'

/** RFC 4315; part of IMAP4rev2. */
export const canExpungeByUid = (connection: ImapConnection): boolean => connection.has('UIDPLUS')

const sequence = (value: string) => ({ type: 'SEQUENCE', value }) as const

/** So many messages refused one by one and none done: it is the folder, not the messages. */
const refusedInARow = 3

export class Settling {
  readonly #connection: ImapConnection
  readonly #signal: AbortSignal
  readonly #facts: FaultFacts
  /** Selects the folder for writing again, where another one was looked at meanwhile. */
  readonly #reselect: () => Promise<void>
  readonly refused: RefusedEntry[] = []

  constructor(
    connection: ImapConnection,
    folder: string,
    reselect: () => Promise<void>,
    signal: AbortSignal,
  ) {
    this.#connection = connection
    this.#reselect = reselect
    this.#signal = signal
    this.#facts = { folder, phase: 'settle' }
  }

  /** Faults: source.cannot-settle (no UIDPLUS), source.read-only, those of a refusal and of the connection. */
  async delete(entries: readonly Listed[]): Promise<void> {
    if (!canExpungeByUid(this.#connection)) throw this.#cannot('no UIDPLUS')
    const flag = [
      { type: 'ATOM', value: '+FLAGS.SILENT' } as const,
      [{ type: 'ATOM', value: '\\Deleted' } as const],
    ]
    const marked = await this.#inParts(entries, async set => {
      await this.#run('UID STORE', [sequence(set), ...flag])
    })
    await this.#inParts(marked, async set => {
      await this.#run('UID EXPUNGE', [sequence(set)])
    })
  }

  /**
   * MOVE (RFC 6851), or COPY and then deletion where there is no MOVE or it does not work (Exchange 2013). COPY is
   * all or nothing (RFC 9051 section 6.4.7), so nothing is deleted that was not copied; and it is recorded, so that
   * nothing is copied again that was not deleted.
   */
  async move(entries: readonly Listed[], name: string, copies: CopyBook | undefined): Promise<void> {
    const canCopy = canExpungeByUid(this.#connection)
    const canMove = this.#connection.has('MOVE')
    if (!canMove && !canCopy) throw this.#cannot('no MOVE and no UIDPLUS')
    let target = await makeTarget(this.#connection, name, this.#signal)
    /** Once more where the folder went away in between ([TRYCREATE], RFC 9051 section 7.1). */
    const into = async <T>(work: (target: Target) => Promise<T>): Promise<T> => {
      try {
        return await work(target)
      } catch (error) {
        if (!isRefused(error) || !['TRYCREATE', 'NONEXISTENT'].includes(error.code)) throw error
        target = await makeTarget(this.#connection, name, this.#signal)
        if (!target.isNew) throw error
        return work(target)
      }
    }
    let rest = entries
    if (copies !== undefined) {
      const { there, looked } = await findCopies(this.#connection, entries, target, copies, this.#signal)
      if (looked) await this.#reselect()
      if (there.length > 0) {
        await this.delete(there)
        rest = entries.filter(entry => !there.includes(entry))
      }
    }
    if (canMove) {
      const word = (): ReturnType<typeof folderWord> => folderWord(this.#connection, target.name)
      try {
        const move = (set: string) => into(() => this.#run('UID MOVE', [sequence(set), word()]))
        await this.#inParts(rest, move, canCopy)
        return
      } catch (error) {
        if (!isRefused(error)) throw error
        rest = rest.filter(
          entry => !this.#done.has(entry) && !this.refused.some(refusal => refusal.entry === entry),
        )
      }
    }
    const copied = await this.#inParts(rest, (set, some) =>
      into(async ({ name: folder }) => {
        await copies?.noteAsked(some, folder)
        try {
          const { attributes } = await this.#run('UID COPY', [
            sequence(set),
            folderWord(this.#connection, folder),
          ])
          const uids = copyUids(attributes?.[0]?.section)
          await copies?.noteMade(some, folder, entry => uids.get(entry.handle))
        } catch (error) {
          if (isRefused(error)) await copies?.noteRefused(some)
          throw error
        }
      }),
    )
    await this.delete(copied)
  }

  readonly #done = new Set<Listed>()

  #run(verb: string, words: Parameters<ImapConnection['run']>[1]) {
    return this.#connection.run(verb, words, { phase: 'settle', facts: this.#facts }, this.#signal)
  }

  /**
   * In commands of bounded length, and where one is refused, in halves, until it is known which messages are meant.
   * @returns those for which it was done
   * Throws where nothing could be done at all, or where the command is not understood (Refused BAD, for a MOVE).
   */
  async #inParts(
    entries: readonly Listed[],
    work: (set: string, entries: readonly Listed[]) => Promise<unknown>,
    hasAnotherWay = false,
  ): Promise<Listed[]> {
    const byUid = new Map(entries.map(entry => [entry.handle, entry]))
    const done: Listed[] = []
    const waiting = makeUidSets([...byUid.keys()]).map(({ uids }) => uids)
    let refusals = 0
    for (let uids = waiting.shift(); uids !== undefined; uids = waiting.shift()) {
      const some = uids.flatMap(uid => byUid.get(uid) ?? [])
      const [{ set } = { set: '' }] = makeUidSets(uids)
      try {
        await work(set, some)
        done.push(...some)
        for (const entry of some) this.#done.add(entry)
      } catch (error) {
        if (!isRefused(error)) throw error
        if (error.status === 'BAD' && hasAnotherWay) throw error
        const fault = this.#faultOf(error)
        const isOfAll = error.status === 'BAD' || isOfFolder(error)
        if (uids.length > 1 && !isOfAll) {
          const half = Math.ceil(uids.length / 2)
          waiting.unshift(uids.slice(0, half), uids.slice(half))
          continue
        }
        refusals += 1
        const isHopeless = done.length === 0 && (isOfAll || waiting.length === 0 || refusals >= refusedInARow)
        if (isHopeless) throw fault
        const others = isOfAll ? waiting.splice(0).flat() : []
        for (const uid of [...uids, ...others]) {
          const entry = byUid.get(uid)
          if (entry !== undefined) this.refused.push({ entry, fault })
        }
      }
    }
    return done
  }

  #cannot(reason: string): Fault {
    return new Fault('source.cannot-settle', {
      facts: { ...this.#connection.facts, ...this.#facts, reason },
    })
  }

  #faultOf(refused: Refused): Fault {
    const facts = { ...this.#connection.facts, ...this.#facts, words: refused.words }
    if (refused.code === 'READ-ONLY' || /read.?only/i.test(refused.words))
      return new Fault('source.read-only', { facts, cause: refused })
    // A command that this server does not know or does not allow will not do better later.
    if (refused.status === 'BAD' || refused.code === 'NOPERM' || refused.code === 'CANNOT')
      return new Fault('source.settle-failed', { retry: 'owner', facts, cause: refused })
    return this.#connection.refusal(refused, this.#facts)
  }
}

/** What the server says of itself or of the folder, whichever message was asked for. */
const isOfFolder = ({ code, words }: Refused): boolean =>
  isStateCode(code) || ['READ-ONLY', 'TRYCREATE', 'NONEXISTENT'].includes(code) || /read.?only/i.test(words)
