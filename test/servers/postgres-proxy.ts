/**
 * A TCP proxy before a PostgreSQL that knows where its messages end (postgresql.org/docs/15/protocol-message-formats.html), so
 * that it can lose the connection at each of them: before the server sees what was asked, or after it did it and before its
 * answer comes back. Or it says nothing at all, as a way that swallows everything, or changes a text that is asked.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface PostgresProxy {
  readonly port: number
  /** The same database by way of the proxy. */
  through(url: string): string
  /** How often something was asked that the server answers with "ready" (a simple query, or a Sync), since `arm`. */
  readonly asked: number
  /** Counts anew, and cuts where so many have been asked; undefined cuts nowhere. */
  arm(cut?: Cut): void
  /** From now on nothing comes through, in either direction, and nothing is closed. */
  swallow(isSwallowing: boolean): void
  /**
   * Waits for this before a question goes on, and all that follow it: the one of that number since `arm`, or the first whose
   * statement is like that.
   */
  before(at: number | RegExp, act: () => Promise<void>): void
  /** Each simple query is asked as this makes it. */
  rewrite(change: (text: string) => string): void
  /** Ends every connection as a server that is gone. */
  cutAll(): void
  /** New connections are refused. */
  refuse(isRefusing: boolean): void
  close(): Promise<void>
}

export interface Cut {
  /** Counted from 1. */
  readonly at: number
  /** 'before': the server never sees it; 'after': it has done it, and its answer is lost. */
  readonly when: 'before' | 'after'
}

/** Whole messages of one direction. The first of a client has no letter. */
class Frames {
  #rest = Buffer.alloc(0)
  #isFirst: boolean
  constructor(isFirst: boolean) {
    this.#isFirst = isFirst
  }
  *take(chunk: Buffer): Generator<Buffer> {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (;;) {
      const at = this.#isFirst ? 0 : 1
      if (this.#rest.length < at + 4) return
      const size = at + this.#rest.readInt32BE(at)
      if (this.#rest.length < size) return
      const frame = this.#rest.subarray(0, size)
      this.#rest = this.#rest.subarray(size)
      // SSLRequest is followed by a startup message without a letter, too.
      if (this.#isFirst) this.#isFirst = size === 8
      yield frame
    }
  }
}

const letterOf = (frame: Buffer): string => String.fromCharCode(frame[0] ?? 0)

/** The first two texts of a message: of Parse the name and the statement, of Bind the portal and the name. */
const readTexts = (body: Buffer): string[] => body.toString('utf8').split('\0', 2)

function simpleQuery(text: string): Buffer {
  const body = Buffer.from(`${text}\0`)
  const head = Buffer.alloc(5)
  head.write('Q')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/** @param port of the server behind it, on 127.0.0.1 */
export async function startPostgresProxy(port: number): Promise<PostgresProxy> {
  const sockets = new Set<Socket>()
  let cut: Cut | undefined
  let asked = 0
  let isSwallowing = false
  let isRefusing = false
  let change = (text: string): string => text
  let pausing: { readonly at: number | RegExp; readonly act: () => Promise<void> } | undefined
  const server = createServer({ noDelay: true }, client => {
    if (isRefusing) {
      client.destroy()
      return
    }
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true })
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    const fromClient = new Frames(true)
    const fromServer = new Frames(false)
    /** Answers "ready" that are to come, the one after the login first. */
    let awaited = 1
    /** This many of them are still to come, then the connection is lost. */
    let lastReady: number | undefined
    let isHeld = false
    /** Statements that were parsed on this connection, by name. */
    const prepared = new Map<string, string>()
    const boundText = (frame: Buffer): string => prepared.get(readTexts(frame.subarray(5))[1] ?? '') ?? ''
    const pass = async (chunk: Buffer): Promise<void> => {
      if (isSwallowing) return
      for (const frame of fromClient.take(chunk)) {
        if (isHeld) return
        const letter = letterOf(frame)
        const isAsked = letter === 'Q' || letter === 'S'
        if (isAsked) asked += 1
        if (letter === 'P') {
          const [name = '', text = ''] = readTexts(frame.subarray(5))
          prepared.set(name, text)
        }
        const isMeant = letter === 'B' && pausing?.at instanceof RegExp && pausing.at.test(boundText(frame))
        if (pausing !== undefined && (isMeant || (isAsked && pausing.at === asked))) {
          const { act } = pausing
          pausing = undefined
          await act()
        }
        if (isAsked && cut?.at === asked && cut.when === 'before') {
          cut = undefined
          // What it holds unsent of this question goes with it.
          end()
          return
        }
        if (letter === 'Q') upstream.write(simpleQuery(change(frame.subarray(5, -1).toString())))
        else upstream.write(frame)
        if (isAsked) awaited += 1
        if (isAsked && cut?.at === asked && cut.when === 'after') {
          cut = undefined
          lastReady = awaited
          isHeld = true
        }
      }
    }
    let passed = Promise.resolve()
    client.on('data', chunk => {
      passed = passed.then(() => pass(chunk)).catch(end)
    })
    upstream.on('data', chunk => {
      if (isSwallowing) return
      for (const frame of fromServer.take(chunk)) {
        if (letterOf(frame) === 'Z') {
          awaited -= 1
          if (lastReady !== undefined) lastReady -= 1
          if (lastReady === 0) {
            end()
            return
          }
        }
        // The answers to what was asked before go through, that to the last question does not.
        if (lastReady === undefined || lastReady > 1) client.write(frame)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  return {
    port: own,
    through: url => url.replace(/:\d+\//, `:${own}/`),
    get asked() {
      return asked
    },
    arm(next) {
      asked = 0
      cut = next
    },
    before(at, act) {
      pausing = { at, act }
    },
    swallow(next) {
      isSwallowing = next
    },
    rewrite(next) {
      change = next
    },
    cutAll() {
      for (const socket of sockets) socket.destroy()
    },
    refuse(next) {
      isRefusing = next
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
