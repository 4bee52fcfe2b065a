/** Lines of a server that is still spoken to in clear text, a few before the handshake of STARTTLS or STLS. */
import type { Socket } from 'node:net'
import { Fault, type FaultFacts } from '../base/fault.ts'
import { lostFault } from './imap-faults.ts'

const longestLine = 8192

/** Reads lines of a few commands; leaves nothing behind on the socket. */
export class ClearLines {
  readonly #socket: Socket
  readonly #facts: FaultFacts
  #read = Buffer.alloc(0)

  constructor(socket: Socket, facts: FaultFacts) {
    this.#socket = socket
    this.#facts = facts
  }

  /** Octets that came and were not asked for. */
  get rest(): Buffer {
    return this.#read
  }

  /** The next line without its end. Faults: source.connection-lost, source.protocol. */
  async next(phase: string): Promise<string> {
    for (;;) {
      const end = this.#read.indexOf('\n')
      if (end !== -1) {
        const line = this.#read.subarray(0, end).toString('latin1').replace(/\r$/, '')
        this.#read = this.#read.subarray(end + 1)
        return line
      }
      if (this.#read.length > longestLine) {
        throw new Fault('source.protocol', { facts: { ...this.#facts, phase, reason: 'line too long' } })
      }
      this.#read = Buffer.concat([this.#read, await this.#more(phase)])
    }
  }

  #more(phase: string): Promise<Buffer> {
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      const done = (act: () => void): void => {
        socket.pause()
        socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd)
        act()
      }
      const onData = (chunk: Buffer): void => done(() => resolve(chunk))
      const onEnd = (cause?: unknown): void =>
        done(() => reject(lostFault(undefined, { ...this.#facts, phase }, cause)))
      if (socket.destroyed) {
        onEnd()
        return
      }
      socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd)
      socket.resume()
    })
  }
}
