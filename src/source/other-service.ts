/** What else answers where a mail server should: told by its first words, never by its name. */
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { within } from '../base/deadline.ts'
import { Fault, type FaultFacts } from '../base/fault.ts'
import { connectUnverified } from '../base/tls.ts'
import { dialServer } from './dial.ts'
import type { ServerSettings } from './settings.ts'

/** First words, and what says them: a key of locale/reasons.ts. */
const services: readonly (readonly [words: RegExp, service: string])[] = [
  [/^HTTP\/|^<(!doctype|html)|^400 Bad/i, 'service-http'],
  [/^SSH-/, 'service-ssh'],
  [/^220[ -].*\bFTP/i, 'service-ftp'],
  [/^220[ -]/, 'service-smtp'],
  [/^\* (OK|PREAUTH|BYE)\b/i, 'service-imap'],
  [/^(\+OK|-ERR)\b/i, 'service-pop3'],
  // A record of TLS (RFC 8446 section 5.1): an alert or a handshake.
  [/^[\x15\x16]\x03/, 'service-tls'],
]

/** The fault that a greeting of another service means, or undefined where it is of none that is known. */
export function findOtherService(line: string, facts: FaultFacts): Fault | undefined {
  const service = services.find(([words]) => words.test(line))?.[1]
  if (service === undefined) return undefined
  return new Fault('source.other-service', { facts: { ...facts, service, words: line.slice(0, 300) } })
}

const lookMs = 3000
const longestLook = 1024

/**
 * A server that was silent, or spoke no TLS, looked at once more from the other side: without TLS where TLS was tried,
 * with it where it was not. Nothing of the owner's is sent.
 * @param error what the attempt ended with; given back where the look says no more
 */
export async function lookAgain(
  error: unknown,
  server: ServerSettings,
  clock: Clock,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof Fault) || signal.aborted) return error
  const isSilent = error.code === 'source.timeout' && error.facts.phase === 'greeting'
  if (error.code === 'source.tls-clear-text') {
    const line = await lookOnce(server, clock, signal, readFirstWords)
    if (line === undefined || line === '') return error
    const other = findOtherService(line, error.facts)
    if (other?.facts.service !== 'service-imap' && other?.facts.service !== 'service-pop3')
      return other ?? error
    return new Fault(error.code, { facts: { ...error.facts, words: line.slice(0, 300) }, cause: error })
  }
  if (!isSilent || server.security === 'tls') return error
  const isTls = await lookOnce(server, clock, signal, shakesHands)
  if (isTls !== true) return error
  const facts = { ...error.facts, service: 'service-tls' }
  return new Fault('source.other-service', { facts, cause: error })
}

async function lookOnce<T>(
  server: ServerSettings,
  clock: Clock,
  signal: AbortSignal,
  ask: (socket: Socket, server: ServerSettings, clock: Clock, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  let socket: Socket | undefined
  try {
    socket = await dialServer(server, { clock, connectMs: lookMs, signal })
    socket.on('error', () => {})
    const late = (): Fault => new Fault('source.timeout')
    return await within(ask(socket, server, clock, signal), 3 * lookMs, clock, signal, late)
  } catch {
    return undefined
  } finally {
    socket?.destroy()
  }
}

/** The first line that the server says, unasked or to an empty line. */
function readFirstWords(
  socket: Socket,
  _: ServerSettings,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  return new Promise(resolve => {
    let heard = ''
    const done = (): void => resolve(heard.split(/\r?\n/, 1)[0] ?? '')
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1', 0, longestLook)
      if (heard.includes('\n') || heard.length >= longestLook) done()
    })
    socket.once('close', done)
    const over = new AbortController()
    socket.once('close', () => over.abort())
    // A web server waits to be asked.
    clock.sleep(lookMs, AbortSignal.any([signal, over.signal])).then(
      () => {
        if (heard === '') socket.write('\r\n\r\n')
      },
      () => {},
    )
  })
}

function shakesHands(socket: Socket, { host }: ServerSettings): Promise<boolean> {
  return new Promise(resolve => {
    const secured = connectUnverified(socket, { host })
    secured.once('secureConnect', () => resolve(true))
    // An alert is TLS as well.
    secured.once('error', error =>
      resolve(/_ALERT_|UNSUPPORTED_PROTOCOL/.test(String((error as NodeJS.ErrnoException).code))),
    )
    secured.once('close', () => resolve(false))
  })
}
