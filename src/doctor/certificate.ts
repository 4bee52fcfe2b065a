/**
 * The certificate that a mail server shows, read without trusting it: no user name and no password goes over this
 * connection. What hikyaku itself thinks of it is decided by the same rules as in source/secure.ts.
 */
import type { Socket } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import { Fault } from '../base/fault.ts'
import { connectUnverified } from '../base/tls.ts'
import { printable } from '../base/untrusted.ts'
import type { MailboxConfig } from '../config/config.ts'
import { dial } from '../source/dial.ts'
import { startTls } from '../source/imap-greeting.ts'
import { networkFault } from '../source/network-fault.ts'
import { authorities } from '../source/secure.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, fine, note, ofFault } from './finding.ts'
import { atMost } from './network.ts'

interface Seen {
  readonly names: readonly string[]
  readonly issuer: string
  readonly fromMs: number
  readonly toMs: number
  readonly sha256: string
  /** What OpenSSL or Node has against it, as an error code; undefined where nothing. */
  readonly trouble: string | undefined
}

const dayMs = 86_400_000
const endingDays = 14

/** @returns one line; the mailbox's server has to use TLS */
export async function checkCertificate(mailbox: MailboxConfig, context: DoctorContext): Promise<Finding> {
  const { words, language, clock } = context
  const { server, name: subject } = mailbox
  const place = { check: 'sourceTls', subject } as const
  let seen: Seen
  try {
    seen = await look(mailbox, context)
  } catch (thrown) {
    context.signal.throwIfAborted()
    return ofFault(place, networkFault(thrown, { ...where(mailbox), phase: 'tls' }), language)
  }
  const daysLeft = Math.floor((seen.toMs - clock.nowMs()) / dayMs)
  const fault = verdict(mailbox, seen)
  if (fault === undefined) {
    if (daysLeft < endingDays)
      return note(place, 'certificate.ending', words.certificateEnding(seen.names, daysLeft))
    if (server.pinnedSha256 !== undefined) return fine(place, words.certificatePinned(daysLeft))
    return fine(place, words.certificate(seen.names, seen.issuer, daysLeft))
  }
  const line = ofFault(place, fault, language)
  const shown = words.certificateSeen(seen.names, seen.fromMs, seen.toMs, seen.sha256)
  return { ...line, what: `${line.what} ${shown}` }
}

const where = ({ server }: MailboxConfig) => ({ host: server.host, port: server.port })

function verdict(mailbox: MailboxConfig, seen: Seen): Fault | undefined {
  const { pinnedSha256 } = mailbox.server
  if (pinnedSha256 !== undefined) {
    if (pinnedSha256.replaceAll(':', '').toLowerCase() === seen.sha256) return undefined
    const reason = 'not the pinned certificate'
    return new Fault('source.tls-untrusted', { facts: { ...where(mailbox), phase: 'tls', reason } })
  }
  if (seen.trouble === undefined) return undefined
  const error = Object.assign(new Error(seen.trouble), { code: seen.trouble })
  return networkFault(error, { ...where(mailbox), phase: 'tls' })
}

async function look(mailbox: MailboxConfig, context: DoctorContext): Promise<Seen> {
  const { clock, signal, lookup, deadlines } = context
  const { server } = mailbox
  const late = (phase: string): Fault =>
    new Fault('source.timeout', {
      facts: { ...where(mailbox), phase, seconds: deadlines.answerMs / 1000 },
    })
  const socket = await dial(server, { clock, connectMs: deadlines.connectMs, signal, lookup })
  socket.on('error', () => {})
  try {
    if (server.security === 'starttls') {
      const asked: Promise<unknown> =
        mailbox.protocol === 'imap' ? startTls(socket, where(mailbox)) : stls(socket, mailbox)
      await atMost<unknown>(asked, deadlines.answerMs, late('starttls'), context)
    }
    return await atMost(shake(socket, mailbox), deadlines.answerMs, late('tls'), context)
  } finally {
    socket.destroy()
  }
}

/** RFC 2595 section 4, as far as the handshake. */
async function stls(socket: Socket, mailbox: MailboxConfig): Promise<void> {
  const lines = readLines(socket)
  const next = async (): Promise<string> => (await lines.next()).value ?? ''
  try {
    const greeting = await next()
    if (!greeting.startsWith('+OK'))
      throw new Fault('source.protocol', {
        facts: { ...where(mailbox), phase: 'greeting', words: printable(greeting) },
      })
    socket.write('STLS\r\n')
    const answer = await next()
    if (!answer.startsWith('+OK')) {
      const facts = { ...where(mailbox), phase: 'tls', words: printable(answer.replace(/^-ERR ?/, '')) }
      throw new Fault('source.tls-not-offered', { facts })
    }
  } finally {
    await lines.return(undefined)
  }
}

/** Lines of a server that speaks one at a time; the socket is left paused and open. */
async function* readLines(socket: Socket): AsyncGenerator<string, undefined> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end).replace(/\r$/, '')
      text = text.slice(end + 1)
    }
    if (text.length > 8192) break
  }
  throw Object.assign(new Error('closed'), { code: 'ECONNRESET' })
}

async function shake(socket: Socket, { server }: MailboxConfig): Promise<Seen> {
  const ca = await authorities(server)
  return new Promise((resolve, reject) => {
    // Only to look at it: nothing is sent, and the login verifies it anew.
    const secured = connectUnverified(socket, { host: server.host, ca })
    secured.once('error', reject)
    secured.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
    secured.once('secureConnect', () => {
      const certificate = secured.getPeerCertificate()
      // Typed as an Error; it is the code, or the words where there is none.
      const trouble = secured.authorized ? undefined : String(secured.authorizationError)
      resolve({
        names: namesIn(certificate),
        issuer: printable(one(certificate.issuer?.O) ?? one(certificate.issuer?.CN) ?? '?', 60),
        fromMs: Date.parse(certificate.valid_from),
        toMs: Date.parse(certificate.valid_to),
        sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
        trouble,
      })
      secured.destroy()
    })
  })
}

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

/** The names that count: subjectAltName, or the common name where there is none (RFC 9525 has done with it). */
function namesIn({ subjectaltname, subject }: PeerCertificate): readonly string[] {
  const alternatives = [...(subjectaltname ?? '').matchAll(/(?:DNS|IP Address):("[^"]*"|[^,]+)/g)].map(
    ([, name = '']) => printable(name.trim(), 80),
  )
  if (alternatives.length > 0) return alternatives.slice(0, 8)
  const common = one(subject?.CN)
  return common === undefined ? [] : [printable(common, 80)]
}
