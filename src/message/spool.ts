/**
 * Where a message's octets wait between retrieval and import: in memory while small, else in a temporary file
 * that has no name any more once it is open, so that even SIGKILL leaves nothing behind (POSIX unlink semantics;
 * where the system refuses to unlink an open file it is swept at the next start). It is a buffer, not a store:
 * the source keeps the message.
 */
import { createHash, type Hash, hash } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import { diskFault } from '../base/disk-fault.ts'
import { Fault } from '../base/fault.ts'
import { giveBack } from '../base/give-back.ts'
import { smallOctets } from '../base/in-flight.ts'
import type { ChunkLasting, OctetLimit, OctetSink, RawMessage } from './message.ts'
import { openSpoolFile, type SpoolFile, sweepSpoolFiles } from './spool-file.ts'

/** So much of the file system is left to the journal and the rest of the machine: the smaller of the two. */
const reserveOctets = 256 * 1024 * 1024
const reserveShare = 0.05
const readOctets = 64 * 1024

export interface Spool extends OctetSink {
  /** No more octets will come: the message, sealed. */
  seal(): Promise<RawMessage>
  /** Gives up: frees everything. May be called more than once, also after seal. */
  discard(): Promise<void>
}

export interface Spooler {
  /** A place for one message. `limit`: the most octets taken; one more rejects with Fault message.too-large. */
  take(limit: OctetLimit): Spool
  /** Removes what an earlier process left behind. */
  sweep(): Promise<void>
}

/** @param directory where large messages wait; made with mode 0700 when first needed */
export function makeSpooler(directory: string): Spooler {
  return {
    take: limit => new MessageSpool(directory, limit),
    sweep: async () => sweepSpoolFiles(directory),
  }
}

class MessageSpool implements Spool {
  readonly #directory: string
  readonly #limit: number
  /** Of what went into the file: what is small is hashed as a whole. */
  #hash: Hash | undefined
  #parts: Uint8Array[] = []
  #inMemory = 0
  #octets = 0
  #file: SpoolFile | undefined
  #written = 0
  #discarded = false

  constructor(directory: string, limit: number) {
    this.#directory = directory
    this.#limit = limit
  }

  write(chunk: Uint8Array): void | Promise<void> {
    this.#octets += chunk.length
    if (this.#octets > this.#limit) {
      throw new Fault('message.too-large', { facts: { octets: this.#octets, limit: this.#limit } })
    }
    this.#parts.push(chunk)
    this.#inMemory += chunk.length
    if (this.#inMemory > smallOctets) return this.#flush()
  }

  /** Memory to file. The source waits for it, so no more than one chunk beyond the limit is held. */
  async #flush(): Promise<void> {
    const parts = this.#parts
    const octets = this.#inMemory
    this.#parts = []
    this.#inMemory = 0
    this.#hash ??= createHash('sha256')
    for (const part of parts) this.#hash.update(part)
    try {
      this.#file ??= openSpoolFile(this.#directory)
      await keepReserve(this.#directory, octets)
      await this.#file.write(parts, this.#written)
      this.#written += octets
      for (const part of parts) giveBack(part)
    } catch (error) {
      throw error instanceof Fault ? error : diskFault(error, this.#file?.path ?? this.#directory)
    }
  }

  async seal(): Promise<RawMessage> {
    if (this.#file !== undefined && this.#inMemory > 0) await this.#flush()
    const whole = this.#file === undefined ? Buffer.concat(this.#parts) : undefined
    const sha256 = whole === undefined ? this.#hash?.digest('hex') : hash('sha256', whole)
    if (sha256 === undefined) throw new Fault('bug', { facts: { what: 'a file without its digest' } })
    this.#parts = []
    const octets = this.#octets
    const chunks = (lasting?: ChunkLasting): AsyncIterable<Uint8Array> =>
      whole === undefined ? this.#readFile(lasting) : once(whole)
    return {
      octets,
      sha256,
      chunks,
      header: async limit => (whole === undefined ? readHeader(chunks(), limit) : headerOf(whole, limit)),
      discard: () => this.discard(),
    }
  }

  async *#readFile(lasting: ChunkLasting = 'kept'): AsyncGenerator<Uint8Array> {
    let buffer: Buffer | undefined
    for (let position = 0; position < this.#octets; ) {
      if (this.#file === undefined)
        throw new Fault('bug', { facts: { what: 'a discarded message was read' } })
      const length = Math.min(readOctets, this.#octets - position)
      if (buffer === undefined || lasting === 'kept') buffer = Buffer.allocUnsafeSlow(length)
      let bytesRead = 0
      try {
        bytesRead = await this.#file.read(buffer.subarray(0, length), position)
      } catch (error) {
        throw diskFault(error, this.#file?.path ?? this.#directory)
      }
      if (bytesRead === 0)
        throw new Fault('state.io', { facts: { file: this.#file.path, reason: 'short read' } })
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  async discard(): Promise<void> {
    if (this.#discarded) return
    this.#discarded = true
    this.#parts = []
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => {})
  }
}

/**
 * Throws state.disk-full of this message alone: what is small enough to need no file goes on, and so does the
 * journal, which records why the message waits.
 */
async function keepReserve(directory: string, octets: number): Promise<void> {
  const { bsize, blocks, bavail } = await statfs(directory)
  const reserve = Math.min(reserveOctets, blocks * bsize * reserveShare)
  const free = bavail * bsize
  // Some file systems (FUSE, network) do not know their size.
  if (blocks === 0 || free - octets >= reserve) return
  const facts = { file: directory, octets: free, reserve: Math.round(reserve) }
  throw new Fault('state.disk-full', { scope: 'message', retry: 'later', facts })
}

async function* once(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  if (octets.length > 0) yield octets
}

const defaultHeaderLimit = 1024 * 1024

function headerOf(whole: Buffer, limit = defaultHeaderLimit): Buffer {
  return whole.subarray(0, Math.min(endOfHeader()(whole) ?? whole.length, limit))
}

async function readHeader(chunks: AsyncIterable<Uint8Array>, limit = defaultHeaderLimit): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let octets = 0
  const ending = endOfHeader()
  for await (const chunk of chunks) {
    const end = ending(chunk)
    const room = limit - octets
    const taken = chunk.subarray(0, Math.min(end ?? chunk.length, room))
    parts.push(taken)
    octets += taken.length
    if (end !== undefined || octets >= limit) break
  }
  return Buffer.concat(parts)
}

/** Finds the empty line that ends a header, over chunks: CRLF CRLF, or bare LF LF as some mail has it. */
function endOfHeader(): (chunk: Uint8Array) => number | undefined {
  let lineIsEmpty = true
  return chunk => {
    for (let at = 0; ; lineIsEmpty = true) {
      const feed = chunk.indexOf(0x0a, at)
      const end = feed < 0 ? chunk.length : feed
      for (; lineIsEmpty && at < end; at += 1) lineIsEmpty = chunk[at] === 0x0d
      if (feed < 0) return undefined
      if (lineIsEmpty) return feed + 1
      at = feed + 1
    }
  }
}
