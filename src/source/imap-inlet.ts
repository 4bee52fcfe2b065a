/**
 * Between the socket and imapflow: FETCH commands of our own, several on the way at a time, whose answers are read here.
 * imapflow has one command on the way at a time and is not to have any while these run, but for an IDLE that they end;
 * all else that the server says meanwhile goes on to it.
 */
import type { Socket } from 'node:net'
import { Transform, type TransformCallback, type Writable } from 'node:stream'
import { giveBack } from '../base/give-back.ts'
import type { ExecError } from './imap-client.ts'
import { Refused } from './imap-faults.ts'
import type { FetchRow } from './imap-parse.ts'
import { RowReader } from './imap-rows.ts'

export interface RowQuestion {
  /** Commands without tags. */
  readonly commands: readonly string[]
  readonly onRow: (row: FetchRow) => void
  /** EXISTS and EXPUNGE with their number, UIDVALIDITY without one. */
  readonly onTold?: ((word: string, number: string) => void) | undefined
  /** A command was answered, by its place; all its rows were told of. */
  readonly onAnswered?: ((at: number, refused: Refused | undefined) => void) | undefined
}

export class ImapInlet extends Transform {
  readonly #reader = new RowReader(octets => void this.push(octets))
  readonly #isOpen: () => boolean
  #serial = 0
  #fail: ((error: ExecError) => void) | undefined

  /** @param isOpen false once nothing that comes is of interest any more */
  constructor(isOpen: () => boolean) {
    super()
    this.#isOpen = isOpen
  }

  /** Takes its place, once nothing is under way. */
  join(socket: Socket, streamer: Writable): void {
    socket.unpipe(streamer)
    socket.pipe(this).pipe(streamer)
    // A farewell that came before is read first.
    socket.once('close', () => setImmediate(() => this.destroy()))
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#fail?.(Object.assign(new Error('Connection closed'), { code: 'NoConnection' }))
    callback(error)
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, next: TransformCallback): void {
    // It is a chunk of the socket's own, which nobody behind us has seen: the collector would keep 100 MiB of them waiting.
    if (this.#isOpen() && this.#reader.take(chunk)) giveBack(chunk)
    next()
  }

  /**
   * Asks all at once. Resolves to the refusal of each, where it was refused; rejects where the connection ends.
   * @param write sends lines
   */
  async ask(
    { commands, onRow, onTold, onAnswered }: RowQuestion,
    write: (lines: string) => void,
  ): Promise<readonly (Refused | undefined)[]> {
    const answers = new Map<string, Refused | undefined>()
    const tags = commands.map(() => {
      this.#serial += 1
      return `R${this.#serial}`
    })
    let told = Promise.resolve()
    const answered = new Promise<void>((resolve, reject) => {
      this.#fail = reject
      /** What is thrown here would end the process, since the socket calls: it ends the question. */
      const tell = (what: () => void): void => {
        try {
          what()
        } catch (thrown) {
          this.#reader.end()
          reject(thrown)
        }
      }
      this.#reader.begin(new Set(tags), {
        onRow: row => tell(() => onRow(row)),
        onTold: (word, number) => tell(() => onTold?.(word, number)),
        onStatus: (tag, status, words) => {
          // Without a tag it is the answer to the one that waits for one.
          const of = tag === '' ? tags.find(each => !answers.has(each)) : tag
          if (of === undefined || answers.has(of)) return
          const refused = status === 'OK' ? undefined : refusalOf(status, words)
          answers.set(of, refused)
          told = told.then(async () => {
            await this.#reader.settle()
            tell(() => onAnswered?.(tags.indexOf(of), refused))
          })
          if (answers.size === tags.length) told.then(resolve, reject)
        },
      })
    })
    try {
      write(tags.map((tag, at) => `${tag} ${commands[at]}`).join('\r\n'))
      await answered
    } finally {
      this.#fail = undefined
      this.#reader.end()
    }
    return tags.map(tag => answers.get(tag))
  }
}

function refusalOf(status: 'NO' | 'BAD', line: string): Refused | undefined {
  const [, code = '', words = ''] = /^(?:\[([^\]\s]+)[^\]]*\] *)?(.*)$/s.exec(line) ?? []
  // Exchange: the others came (RFC 2180 section 4.1.2).
  if (status === 'NO' && words.includes('Some of the requested messages no longer exist')) return undefined
  const [, throttledMs] = /Request is throttled.*Backoff Time[:=\s]+(\d+)/is.exec(words) ?? []
  return new Refused(
    status,
    code.toUpperCase(),
    words,
    throttledMs === undefined ? undefined : Number(throttledMs),
  )
}
