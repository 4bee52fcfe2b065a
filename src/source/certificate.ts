/**
 * The certificate that a mail server shows, read without trusting it: no user name and no password goes over this
 * connection. What is held against it is what secure.ts would refuse it for.
 */
import { isIPv6, type Socket } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { within } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import { connectUnverified } from '../base/tls.ts'
import { ClearLines } from './clear-lines.ts'
import { dialServer, type Lookup } from './dial.ts'
import { startTls } from './imap-greeting.ts'
import { networkFault } from './network-fault.ts'
import { greetingFault, parseStatus, sessionFault, showStatus } from './pop3-answers.ts'
import { pinFault, readAuthorities } from './secure.ts'
import type { MailboxSettings, ServerSettings } from './settings.ts'

export interface ServerCertificate {
  /** The names that count: subjectAltName, or the common name where there is none (RFC 9525 has done with it). Untrusted. */
  readonly names: readonly string[]
  /** Organisation, or common name, of who issued it. Untrusted. */
  readonly issuer: string | undefined
  /** Validity, ms since 1970. */
  readonly fromMs: number
  readonly toMs: number
  /** Of its DER, lower-case hexadecimal. */
  readonly sha256: string
  /** Why a login would refuse it: source.tls-name, .tls-expired, .tls-untrusted and others of secure.ts. */
  readonly fault: Fault | undefined
}

export interface CertificateOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly lookup?: Lookup
  /** Until the connection stands, ms. */
  readonly connectMs: number
  /** For greeting and STARTTLS together, and for the handshake, ms each. */
  readonly answerMs: number
}

/**
 * @param mailbox its server has to use TLS
 * @throws Fault those of dial.ts; source.timeout, source.tls-not-offered, source.tls-too-old and others where there was
 * no certificate to be seen; the signal's reason
 */
export async function readCertificate(
  mailbox: MailboxSettings,
  options: CertificateOptions,
): Promise<ServerCertificate> {
  const { clock, signal, connectMs, answerMs, lookup } = options
  const { server, protocol } = mailbox
  const where = { host: server.host, port: server.port }
  const inTime = <T>(work: Promise<T>, phase: string): Promise<T> =>
    within(work, answerMs, clock, signal, () => {
      return new Fault('source.timeout', { facts: { ...where, phase, seconds: answerMs / 1000 } })
    })
  let socket: Socket | undefined
  try {
    socket = await dialServer(server, { clock, connectMs, signal, ...(lookup && { lookup }) })
    socket.on('error', () => {})
    if (server.security === 'starttls') {
      const asked: Promise<unknown> = protocol === 'imap' ? startTls(socket, where) : askStls(socket, where)
      await inTime(asked, 'starttls')
    }
    return await inTime(shakeHands(socket, mailbox), 'tls')
  } catch (thrown) {
    signal.throwIfAborted()
    throw networkFault(thrown, { ...where, phase: 'tls' })
  } finally {
    socket?.destroy()
  }
}

/** RFC 2595 section 4, as far as the handshake. */
async function askStls(
  socket: Socket,
  where: { readonly host: string; readonly port: number },
): Promise<void> {
  const lines = new ClearLines(socket, where)
  const read = async (phase: string) => {
    const line = await lines.next(phase)
    const status = parseStatus(Buffer.from(line, 'latin1'))
    if (status !== undefined) return status
    throw new Fault('source.protocol', { facts: { ...where, phase, words: line } })
  }
  const greeting = await read('greeting')
  if (!greeting.ok) throw greetingFault(greeting, { ...where, phase: 'greeting' })
  socket.write('STLS\r\n')
  const answer = await read('tls')
  if (answer.ok) return
  const facts = { ...where, phase: 'tls' }
  throw (
    sessionFault(answer, facts) ??
    new Fault('source.tls-not-offered', { facts: { ...facts, words: showStatus(answer) } })
  )
}

async function shakeHands(socket: Socket, { server }: MailboxSettings): Promise<ServerCertificate> {
  const ca = await readAuthorities(server)
  return new Promise((resolve, reject) => {
    // Only to look at it: nothing is sent, and the login verifies it anew.
    const secured = connectUnverified(socket, { host: server.host, ca })
    secured.once('error', reject)
    secured.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
    secured.once('secureConnect', () => {
      const certificate = secured.getPeerCertificate()
      // Typed as an Error; it is the code, or the words where there is none.
      const code = secured.authorized ? undefined : String(secured.authorizationError)
      resolve({
        names: namesIn(certificate),
        issuer: firstOf(certificate.issuer?.O) ?? firstOf(certificate.issuer?.CN),
        fromMs: Date.parse(certificate.valid_from),
        toMs: Date.parse(certificate.valid_to),
        sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        fault: server.pinnedSha256 === undefined ? faultOfCode(code, server) : pinFault(secured, server),
      })
      secured.destroy()
    })
  })
}

/** What OpenSSL or Node has against the certificate, by its error code. */
function faultOfCode(code: string | undefined, { host, port }: ServerSettings): Fault | undefined {
  if (code === undefined) return undefined
  return networkFault(Object.assign(new Error(code), { code }), { host, port, phase: 'tls' })
}

const firstOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

/** An IPv6 address as people write it: OpenSSL writes every zero (RFC 5952, 4). */
const shortenAddress = (name: string): string =>
  isIPv6(name) ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name

function namesIn({ subjectaltname, subject }: PeerCertificate): readonly string[] {
  const alternatives = [...(subjectaltname ?? '').matchAll(/(?:DNS|IP Address):("[^"]*"|[^,]+)/g)].map(
    ([, name = '']) => shortenAddress(name.trim()),
  )
  if (alternatives.length > 0) return alternatives.slice(0, 8)
  const common = firstOf(subject?.CN)
  return common === undefined ? [] : [common]
}
