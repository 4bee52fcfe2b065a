/** One HTTP exchange: the body goes to its intake and to the ledger, the fault is played at its stage. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../../src/base/clock.ts'
import { resetConnection } from '../reset-connection.ts'
import { type Answer, gmailError, Refusal } from './envelope.ts'
import { type Fault, stageOf } from './faults.ts'
import type { Intake } from './intake.ts'
import type { BodyNote, Ledger, LedgerEntry } from './ledger.ts'

export interface Exchange {
  readonly clock: Clock
  readonly ledger: Ledger
  readonly entry: LedgerEntry
  readonly note: BodyNote
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The TCP socket, under TLS as well: RST needs it. */
  readonly socket: Socket
  readonly fault: Fault | undefined
  readonly intake: () => Intake
  /** Called when the answer goes out: the request no longer counts as one at the same time. */
  readonly leave: () => void
  /** Called with what in the request was not as Google describes it. */
  readonly violated: (violations: readonly string[]) => void
  /** A bug in the stand-in itself. */
  readonly bug: (error: unknown) => void
}

type Ended = 'whole' | 'gone' | 'stopped'

export async function serve(exchange: Exchange): Promise<void> {
  const { entry, ledger, clock, note, request, response, fault } = exchange
  entry.fault = fault?.kind
  const settle = (): void => {
    exchange.leave()
    if (entry.outcome === 'open') entry.outcome = response.writableFinished ? 'answered' : 'client-gone'
    if (entry.endedMonotonicMs === undefined) entry.endedMonotonicMs = clock.monotonicMs()
    note.end()
    ledger.changed(entry)
  }
  response.on('close', settle)
  response.on('error', () => undefined) // a client that left; the ledger says so
  try {
    const stage = fault === undefined ? undefined : stageOf(fault)
    if (fault?.kind === 'hold' && stage === 'before-body') await fault.until
    else if (fault !== undefined && stage === 'before-body') {
      play(exchange, fault, undefined, true)
      return
    }
    const intake = exchange.intake()
    const limit =
      stage === 'mid-body' && fault !== undefined && 'afterOctets' in fault ? (fault.afterOctets ?? 1) : 1
    const ended = await readBody(exchange, intake, stage === 'mid-body' ? limit : undefined)
    if (ended === 'gone') {
      intake.abandon()
      return
    }
    if (ended === 'stopped' || stage === 'mid-body') {
      intake.abandon()
      if (fault !== undefined) play(exchange, fault, undefined, true)
      return
    }
    note.end()
    ledger.changed(entry)
    if (fault?.kind === 'hold' && stage === 'after-body') {
      await fault.until
      if (fault.answer !== undefined) {
        intake.abandon()
        send(exchange, fault.answer, false)
        return
      }
    } else if (fault !== undefined && stage === 'after-body') {
      intake.abandon()
      play(exchange, fault, undefined, false)
      return
    }
    let answer: Answer
    try {
      answer = intake.finish()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      exchange.violated(error.violations)
      answer = error.answer
    }
    ledger.changed(entry) // the message is in the book now
    if (fault?.kind === 'hold' && stage === 'after-accept') await fault.until
    if (fault !== undefined && stage === 'after-accept') play(exchange, fault, answer, false)
    else send(exchange, answer, false)
  } catch (error) {
    if (error instanceof Refusal) {
      exchange.violated(error.violations)
      send(exchange, error.answer, true)
    } else {
      exchange.bug(error)
      send(exchange, gmailError(500, 'backendError', `the stand-in itself failed: ${String(error)}`), true)
    }
  } finally {
    if (request.complete) note.end()
  }
}

/** Feeds the body to intake and ledger; stops after `stopAfter` octets where given. */
function readBody(
  { request, note }: Exchange,
  intake: Intake,
  stopAfter: number | undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let seen = 0
    const end = (how: Ended): void => {
      request.off('data', onData)
      request.pause()
      resolve(how)
    }
    const onData = (chunk: Buffer): void => {
      const part = stopAfter === undefined ? chunk : chunk.subarray(0, stopAfter - seen)
      seen += part.length
      try {
        note.add(part)
        intake.write(part)
      } catch (error) {
        request.off('data', onData)
        intake.abandon()
        reject(error)
        return
      }
      if (stopAfter !== undefined && seen >= stopAfter) end('stopped')
    }
    request.on('data', onData)
    request.once('end', () => end('whole'))
    request.once('error', () => end('gone'))
    request.once('close', () => end(request.complete ? 'whole' : 'gone'))
  })
}

function send(exchange: Exchange, answer: Answer, close: boolean): void {
  const { entry, request, response, ledger } = exchange
  if (response.destroyed || response.headersSent) return
  exchange.leave()
  entry.status = answer.status
  const length =
    answer.status === 204 || answer.status === 304 ? {} : { 'content-length': String(answer.body.length) }
  response.writeHead(answer.status, {
    ...length,
    date: new Date().toUTCString(),
    server: 'ESF',
    ...answer.headers,
    ...(close ? { connection: 'close' } : {}),
  })
  response.end(answer.body)
  // What still comes of an unread body is thrown away: a reset would take the answer with it.
  if (close) request.resume()
  ledger.changed(entry)
}

function play(exchange: Exchange, fault: Fault, answer: Answer | undefined, bodyOpen: boolean): void {
  const { clock, entry, ledger, note, response, socket } = exchange
  const cut = (how: 'cut' | 'hung'): void => {
    entry.outcome = how
    note.end()
    ledger.changed(entry)
  }
  switch (fault.kind) {
    case 'answer':
      send(
        exchange,
        typeof fault.answer === 'function' ? fault.answer(clock.nowMs()) : fault.answer,
        bodyOpen,
      )
      return
    case 'hang':
      cut('hung')
      return
    case 'reset':
      cut('cut')
      resetConnection(socket)
      return
    case 'close':
      cut('cut')
      socket.destroySoon()
      return
    case 'mangle':
      if (answer !== undefined) send(exchange, answer.status === 200 ? fault.change(answer) : answer, false)
      return
    case 'hold':
      if (answer !== undefined) send(exchange, answer, false)
      return
    case 'slow':
      if (answer !== undefined) slowly(exchange, answer, fault.ms, fault.drip === true)
      return
    case 'cut-answer': {
      if (answer === undefined) return
      entry.status = answer.status
      response.writeHead(answer.status, { 'content-length': String(answer.body.length), ...answer.headers })
      response.write(answer.body.subarray(0, fault.afterOctets), () => {
        cut('cut')
        if (fault.reset === true) resetConnection(socket)
        else socket.destroySoon()
      })
      return
    }
  }
}

function slowly(exchange: Exchange, answer: Answer, ms: number, drip: boolean): void {
  const { clock, entry, response } = exchange
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const run = async (): Promise<void> => {
    if (!drip) {
      await clock.sleep(ms, gone.signal)
      send(exchange, answer, false)
      return
    }
    entry.status = answer.status
    response.writeHead(answer.status, { 'content-length': String(answer.body.length), ...answer.headers })
    for (const octet of answer.body) {
      response.write(Buffer.of(octet))
      await clock.sleep(ms, gone.signal)
    }
    response.end()
  }
  // Only an abort can end it early: the client left, or the server is closing.
  run().catch(() => undefined)
}
