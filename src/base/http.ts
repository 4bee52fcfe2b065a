/**
 * The one HTTP exchange (Google, web hook, ping, discovery): node:http(s), keep-alive, explicit Content-Length, one deadline per phase.
 * Without TLS it goes to this computer only (loopback.ts). No redirect is followed (a bearer token or a secret address must not travel), nothing is repeated, no proxy variable is read: what a
 * repetition would mean is known only by the caller.
 *
 * Invariant: whoever reads a failure can tell how far the request got (`HttpTrouble.phase`), because that decides
 * whether Google may have acted on it.
 */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { callAfter } from './clock.ts'
import { type Connections, openConnections } from './connections.ts'
import { listHeaders } from './http-head.ts'
import { isLoopback } from './loopback.ts'
import { requestHttps } from './tls.ts'

// An import reads every name of node:http, WebSocket among them, and so loads Node's fetch: 12 MiB and 25 ms.
const http = process.getBuiltinModule('node:http')

/** Time-outs in ms. */
export interface HttpDeadlines {
  /** Until the connection stands, name lookup and TLS included. */
  readonly connectMs: number
  /** Without any progress while the body is being sent. */
  readonly progressMs: number
  /** For the whole answer, once the request's last octet was handed over. */
  readonly answerMs: number
  /** How long an upload that has begun may still end well after the caller aborted. */
  readonly graceMs: number
}

export const usualHttpDeadlines: HttpDeadlines = {
  connectMs: 15_000,
  progressMs: 60_000,
  answerMs: 120_000,
  graceMs: 5_000,
}

/** A request body: its exact length in octets, and the octets. */
export interface HttpBody {
  readonly octets: number
  chunks(): AsyncIterable<Uint8Array>
}

/** A body that is in memory as a whole. */
export const makeBody = (octets: Uint8Array): HttpBody => ({
  octets: octets.length,
  chunks: async function* () {
    yield octets
  },
})

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: HttpBody
  /** Longest answer body that is read, octets; a longer one counts as cut. With 0 the answer ends with its head. */
  readonly answerLimit?: number
  /** True where an abort must not tear what has begun to leave (see HttpDeadlines.graceMs). */
  readonly graceful?: boolean
  /** Nothing leaves before it is kept; what breaks it ends the request there. */
  readonly intent?: Promise<void> | undefined
  /** Asked once the connection stands, just before the first octet of the body leaves; what it throws ends the request there. */
  readonly assertMayLeave?: (() => void) | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The answer's body ended early or was too long: `body` is a part. */
  readonly cut: boolean
  /** The request's last octet had been handed to the connection before the answer began. */
  readonly bodySent: boolean
}

/** How far a request got: nothing left; some of it left; the whole of it may have left. */
export type HttpPhase = 'connect' | 'send' | 'answer'

/** An exchange without an answer. */
export class HttpTrouble extends Error {
  override readonly name = 'HttpTrouble'
  readonly phase: HttpPhase
  /** An error code (ECONNRESET, ENOTFOUND, CERT_HAS_EXPIRED ...), 'timeout' or 'aborted'. */
  readonly reason: string
  /** The connection had been made for an earlier exchange, or ahead of this one: another one may do better at once. */
  readonly reused: boolean
  constructor(phase: HttpPhase, reason: string, reused: boolean, cause?: unknown) {
    super(`${phase}: ${reason}`, cause === undefined ? undefined : { cause })
    this.phase = phase
    this.reason = reason
    this.reused = reused
  }
}

const pieceOctets = 64 * 1024
/** On a line that takes pieces at once so much may be under way; on another one a single piece, so that each is seen. */
const mostUnsentOctets = 256 * 1024
const quickMs = 100

/** Before the next piece is asked for fewer than `mostUnsentOctets` are unsent, and they leave in order. */
const buffersInTurn = mostUnsentOctets / pieceOctets + 1

// Pieces of 64 KiB but the last: few packets, and a progress that a slow line can show. Chunks are copied at once, since
// a source may reuse its buffer; so do we, in turns.
async function* splitBody(body: HttpBody): AsyncGenerator<Uint8Array> {
  const buffers: Buffer[] = []
  let serial = 0
  let used = 0
  const takeBuffer = (): Buffer =>
    (buffers[serial % buffersInTurn] ??= Buffer.allocUnsafe(Math.min(pieceOctets, body.octets)))
  for await (const chunk of body.chunks()) {
    for (let at = 0; at < chunk.length; ) {
      let piece = takeBuffer()
      if (used === piece.length) {
        yield piece
        serial += 1
        used = 0
        piece = takeBuffer()
      }
      const part = chunk.subarray(at, at + piece.length - used)
      piece.set(part, used)
      used += part.length
      at += part.length
    }
  }
  if (used > 0) yield takeBuffer().subarray(0, used)
}

/**
 * Sends one request and reads its answer, whatever the status.
 * @throws HttpTrouble without an answer; what `body.chunks()`, `intent` or `assertMayLeave` threw; the signal's reason where it was aborted
 * before anything left (or, unless `graceful`, at any time).
 */
export function sendRequest(
  connections: Connections,
  request: HttpRequest,
  deadlines: HttpDeadlines,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    connections.refresh()
    const secure = request.url.protocol === 'https:'
    if (!secure && !isLoopback(request.url.hostname)) {
      reject(new HttpTrouble('connect', 'clear-text', false))
      return
    }
    const { body, answerLimit = 1 << 20, intent } = request
    let phase: HttpPhase = 'connect'
    let settled = false
    let isIntended = intent === undefined
    let stopSending = false
    let wakeSender = (): void => {}
    let sending: Promise<void> = Promise.resolve()
    /** The connection stands, or nothing more is to leave. */
    const gate = Promise.withResolvers<void>()
    let answer: IncomingMessage | undefined
    let reused = false
    let endDeadline = (): void => {}
    let graceTimer: NodeJS.Timeout | undefined

    const client: ClientRequest = (secure ? requestHttps : http.request)(request.url, {
      method: request.method,
      agent: secure ? connections.https : connections.http,
      headers: listHeaders(request.method, request.url, request.headers, body?.octets ?? 0),
    })

    /** Settles once, after the sender let go of the body's source (a temporary file may be behind it). */
    const settle = (end: () => void, keep: boolean): void => {
      if (settled) return
      settled = true
      stopSending = true
      endDeadline()
      clearTimeout(graceTimer)
      signal.removeEventListener('abort', onAbort)
      if (!keep) client.destroy()
      wakeSender()
      gate.resolve()
      const patience = setTimeout(end, 1_000)
      void sending.finally(() => {
        clearTimeout(patience)
        end()
      })
    }
    const fail = (reason: string, cause?: unknown): void => {
      if (answer !== undefined) return
      // What ended one connection unseen (a network that changed, a server that restarted) ended others, too.
      if (reused && !settled) connections.dropWaiting()
      settle(() => reject(new HttpTrouble(phase, reason, reused, cause)), false)
    }
    const arm = (ms: number): void => {
      endDeadline()
      endDeadline = callAfter(ms, () => {
        // A disk that is slow is no fault of the network.
        if (!isIntended) arm(ms)
        else if (answer === undefined) fail('timeout')
        else client.destroy()
      })
    }
    const onAbort = (): void => {
      if (phase === 'connect' || request.graceful !== true) {
        settle(() => reject(signal.reason), false)
      } else {
        graceTimer = setTimeout(
          () => (answer === undefined ? fail('aborted') : client.destroy()),
          deadlines.graceMs,
        )
      }
    }
    signal.addEventListener('abort', onAbort, { once: true })
    arm(deadlines.connectMs)
    const onIntent = (): void => {
      isIntended = true
    }
    intent?.then(onIntent, onIntent)

    let unsent = 0
    let mostUnsent = pieceOctets
    /** Hands a piece over. Waits until little enough is unsent for the next one. */
    const write = async (piece: Uint8Array): Promise<void> => {
      const handedMs = performance.now()
      unsent += piece.length
      client.write(piece, () => {
        unsent -= piece.length
        const isQuick = performance.now() - handedMs < quickMs
        mostUnsent = isQuick ? Math.min(2 * mostUnsent, mostUnsentOctets) : pieceOctets
        if (!settled && answer === undefined && phase === 'send') arm(deadlines.progressMs)
        wakeSender()
      })
      await untilUnsent(mostUnsent)
    }
    const untilUnsent = async (most: number): Promise<void> => {
      while (unsent >= most && !stopSending)
        await new Promise<void>(resolve => {
          wakeSender = resolve
        })
    }
    const mayLeave = async (): Promise<boolean> => {
      await gate.promise
      if (stopSending) return false
      await intent
      if (stopSending) return false
      request.assertMayLeave?.()
      return true
    }
    const send = async (from: HttpBody): Promise<void> => {
      let left = from.octets
      for await (const piece of splitBody(from)) {
        if (stopSending) return
        left -= piece.length
        // Who answers now has not had all of it.
        if (left === 0 && unsent > 0) await untilUnsent(1)
        if (stopSending) return
        if (phase === 'connect' && !(await mayLeave())) return
        // Said before the octets are handed over: whoever reads `answer` must assume that they arrived.
        phase = left > 0 ? 'send' : 'answer'
        if (left === 0) {
          client.end(piece)
          arm(deadlines.answerMs)
          return
        }
        await write(piece)
        if (stopSending) return
      }
      throw new Error(`the body had ${from.octets - left} octets, not ${from.octets}`)
    }
    const start = (): void => {
      if (settled) return
      if (body === undefined || body.octets === 0) {
        phase = 'answer'
        arm(deadlines.answerMs)
        client.end()
        return
      }
      arm(deadlines.progressMs)
      gate.resolve()
    }

    client.once('socket', socket => {
      const age = client.reusedSocket ? 'waited' : connections.ageOf(socket)
      reused = age !== 'new'
      // The first piece is made while the connection is, and the disk is at work.
      if (body !== undefined && body.octets > 0)
        sending = send(body).catch(thrown => {
          if (answer === undefined) settle(() => reject(thrown), false)
        })
      const begin = (): void => {
        if (secure || isLoopback(socket.remoteAddress ?? '')) start()
        else fail('clear-text')
      }
      // A kept connection may have ended unseen: a FIN or RST that lies in the kernel is to be heard before anything is
      // written, where it would make the outcome unknown. That takes one whole turn of the event loop; where the disk woke
      // it, the rest of that turn.
      const hear = (): unknown => setImmediate(begin)
      if (age !== 'waited') socket.once(secure ? 'secureConnect' : 'connect', begin)
      else if (isIntended) setImmediate(hear)
      else intent?.then(hear, hear)
    })
    client.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message, error))
    client.on('close', () => fail('ECONNRESET'))
    client.on('response', response => {
      // Nothing was asked yet: what came is no answer to it.
      if (phase === 'connect') {
        fail('unasked')
        return
      }
      const bodySent = phase === 'answer'
      answer = response
      // An answer before the end of the upload is final: go on reading, but send nothing more.
      if (!bodySent) stopSending = true
      wakeSender()
      arm(deadlines.answerMs)
      const parts: Buffer[] = []
      let octets = 0
      const finish = (cut: boolean): void => {
        const { statusCode: status = 0, headers } = response
        const whole = { status, headers, body: Buffer.concat(parts), cut, bodySent }
        settle(() => resolve(whole), bodySent && !cut)
      }
      if (answerLimit === 0) finish(true)
      response.on('data', (part: Buffer) => {
        octets += part.length
        if (octets > answerLimit) finish(true)
        else parts.push(part)
      })
      response.on('end', () => finish(!response.complete))
      response.on('error', () => finish(true))
      response.on('close', () => finish(true))
    })
  })
}

/** As `sendRequest`, over a connection of its own that is closed behind it. */
export async function sendRequestOnce(
  request: HttpRequest,
  deadlines: HttpDeadlines,
  signal: AbortSignal,
  connections = openConnections(),
): Promise<HttpAnswer> {
  try {
    return await sendRequest(connections, request, deadlines, signal)
  } finally {
    connections.close()
  }
}
