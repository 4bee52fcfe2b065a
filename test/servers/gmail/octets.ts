/**
 * Octets that may be large: kept in memory while small, in a temporary file beyond that, hashed as they come.
 * The stand-in takes 150 MiB messages, so nothing here holds a whole one in memory unless a test asks for it.
 */
import { createHash, type Hash } from 'node:crypto'
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const readOctets = 256 * 1024

/** Where large bodies go; one folder a server, removed by `close()`. */
export class Spool {
  readonly #memoryEachOctets: number
  #memoryLeftOctets: number
  #directory: string | undefined
  #files = 0

  /** @param memoryEachOctets largest body kept in memory @param memoryAllOctets most that all of them may take */
  constructor(memoryEachOctets: number, memoryAllOctets: number) {
    this.#memoryEachOctets = memoryEachOctets
    this.#memoryLeftOctets = memoryAllOctets
  }

  /** Takes `octets` from the memory budget; false where the body must go to a file. */
  reserve(held: number, octets: number): boolean {
    if (held + octets > this.#memoryEachOctets || octets > this.#memoryLeftOctets) return false
    this.#memoryLeftOctets -= octets
    return true
  }

  release(octets: number): void {
    this.#memoryLeftOctets += octets
  }

  nextPath(): string {
    this.#directory ??= mkdtempSync(join(tmpdir(), 'gmail-stand-in-'))
    this.#files += 1
    return join(this.#directory, String(this.#files))
  }

  close(): void {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true })
    this.#directory = undefined
  }
}

/** A body while it arrives and after: append, then read as often as wanted, then discard. */
export class Octets {
  readonly #spool: Spool
  #chunks: Buffer[] = []
  #held = 0
  #path: string | undefined
  #fd: number | undefined
  #hash: Hash | undefined = createHash('sha256')
  #digest: string | undefined
  length = 0

  constructor(spool: Spool) {
    this.#spool = spool
  }

  append(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#hash?.update(chunk)
    this.#digest = undefined
    if (this.#path === undefined && this.#spool.reserve(this.#held, chunk.length)) {
      this.#chunks.push(Buffer.from(chunk)) // a copy: the socket's buffer may be much larger than this slice
      this.#held += chunk.length
      this.length += chunk.length
      return
    }
    this.#toFile()
    this.#write(chunk)
  }

  /** Keeps the first `octets` only: a resumable session that lost the rest of a chunk. */
  truncate(octets: number): void {
    if (octets >= this.length) return
    this.#hash = undefined
    this.#digest = undefined
    if (this.#fd === undefined) {
      const kept = Buffer.concat(this.#chunks).subarray(0, octets)
      this.#chunks = [Buffer.from(kept)]
      this.#spool.release(this.#held - octets)
      this.#held = octets
    } else ftruncateSync(this.#fd, octets)
    this.length = octets
  }

  /** No more comes: closes the file, so that thousands of stored messages hold no descriptors. */
  seal(): this {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
    return this
  }

  /** SHA-256 of all octets so far, lower-case hexadecimal. */
  get sha256(): string {
    if (this.#digest !== undefined) return this.#digest
    let hash = this.#hash?.copy()
    if (hash === undefined) {
      hash = createHash('sha256')
      for (const chunk of this.chunks()) hash.update(chunk)
    }
    this.#digest = hash.digest('hex')
    return this.#digest
  }

  *chunks(): Generator<Buffer> {
    if (this.#path === undefined) {
      yield* this.#chunks
      return
    }
    const fd = openSync(this.#path, 'r')
    try {
      for (let at = 0; at < this.length; ) {
        const chunk = Buffer.allocUnsafe(Math.min(readOctets, this.length - at))
        const got = readSync(fd, chunk, 0, chunk.length, at)
        if (got === 0) throw new Error(`the spool file ends at ${at}, expected ${this.length} octets`)
        at += got
        yield chunk.subarray(0, got)
      }
    } finally {
      closeSync(fd)
    }
  }

  /** All octets, or the first `limit`. */
  read(limit = Number.POSITIVE_INFINITY): Buffer {
    const parts: Buffer[] = []
    let left = limit
    for (const chunk of this.chunks()) {
      parts.push(chunk.subarray(0, left))
      left -= chunk.length
      if (left <= 0) break
    }
    return Buffer.concat(parts)
  }

  discard(): void {
    this.seal()
    this.#spool.release(this.#held)
    this.#chunks = []
    this.#held = 0
    if (this.#path !== undefined) rmSync(this.#path, { force: true })
    this.#path = undefined
    this.length = 0
  }

  #toFile(): void {
    if (this.#fd !== undefined) return
    if (this.#path !== undefined) {
      this.#fd = openSync(this.#path, 'r+') // sealed earlier, and now a resumed chunk arrives
      return
    }
    this.#path = this.#spool.nextPath()
    this.#fd = openSync(this.#path, 'w+')
    const held = Buffer.concat(this.#chunks)
    this.#spool.release(this.#held)
    this.#chunks = []
    this.#held = 0
    this.length = 0
    this.#write(held)
  }

  #write(chunk: Uint8Array): void {
    if (this.#fd === undefined) throw new Error('no spool file is open')
    for (let done = 0; done < chunk.length; ) {
      done += writeSync(this.#fd, chunk, done, chunk.length - done, this.length + done)
    }
    this.length += chunk.length
  }
}
