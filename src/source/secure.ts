/**
 * TLS on a connected socket. The certificate is always verified: by the authorities that this machine trusts
 * (and the owner's own CA file), or by the one certificate that the owner pinned. There is no way to switch
 * that off.
 */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { readBounded } from '../base/bounded-file.ts'
import type { Clock } from '../base/clock.ts'
import { within } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import { connectTls, connectUnverified, usualAuthorities } from '../base/tls.ts'
import { clearText, networkFault } from './network-fault.ts'
import type { ServerSettings } from './settings.ts'

export interface SecureOptions {
  readonly clock: Clock
  /** Deadline of the handshake, ms. */
  readonly tlsMs: number
  readonly signal: AbortSignal
  /** The connection was in clear text until now (STLS, STARTTLS): octets before the handshake are an attack. */
  readonly afterClearText?: boolean
}

/**
 * Makes the handshake, as for STLS and implicit TLS alike (RFC 8314 section 3). Nothing may have been read ahead
 * from `socket`; it is destroyed when this fails.
 * Faults: source.tls-name, .tls-expired, .tls-untrusted (facts.seen: SHA-256 of the certificate seen, for a pin),
 * .tls-too-old, .tls-weak-key, .tls-weak-signature, .tls-clear-text, .tls-failed, .tls-injection, source.timeout, config.invalid (CA file).
 */
export async function secureSocket(
  socket: Socket,
  server: ServerSettings,
  { clock, tlsMs, signal, afterClearText = false }: SecureOptions,
): Promise<TLSSocket> {
  const where = { host: server.host, port: server.port, phase: 'tls' }
  let wrapped: TLSSocket | undefined
  let seen: string | undefined
  // Also once it is wrapped: what goes wrong below TLS is told by the TLS socket, and must not end the process.
  socket.on('error', () => {})
  try {
    const ca = await readAuthorities(server)
    signal.throwIfAborted()
    // A TLS server never speaks first (RFC 8446 section 2); CVE-2011-0411 and its kin put commands here.
    if (afterClearText && socket.readableLength > 0) throw new Fault('source.tls-injection', { facts: where })
    const handshake = new Promise<TLSSocket>((resolve, reject) => {
      // With a pin the chain proves nothing that the digest does not prove better, and the pinned certificate
      // may be self-signed, expired or for another name: it is held against the pin below, before any use.
      const connect = server.pinnedSha256 === undefined ? connectTls : connectUnverified
      const connecting = connect(socket, { host: server.host, ca })
      wrapped = connecting
      // Before Node's own verification, which destroys the socket and the certificate with it: the owner needs
      // the digest of a refused certificate to pin it. Node emits 'secure' without documenting it; without it
      // only the fact would be missing.
      connecting.prependOnceListener('secure', () => {
        seen = digestCertificate(connecting)
      })
      connecting.once('secureConnect', () => {
        connecting.removeListener('error', reject)
        connecting.removeListener('close', onClose)
        resolve(connecting)
      })
      const onClose = (): void =>
        reject(Object.assign(new Error('closed in the handshake'), { code: 'ECONNRESET' }))
      connecting.once('error', reject)
      connecting.once('close', onClose)
    })
    const late = () => new Fault('source.timeout', { facts: { ...where, seconds: tlsMs / 1000 } })
    const secured = await within(handshake, tlsMs, clock, signal, late)
    const fault = pinFault(secured, server)
    if (fault !== undefined) throw fault
    return secured
  } catch (error) {
    wrapped?.on('error', () => {})
    wrapped?.destroy()
    socket.destroy()
    if (signal.aborted && error === signal.reason) throw error
    const fault = networkFault(error, where)
    const facts = seen === undefined ? fault.facts : { ...fault.facts, seen }
    const injected = afterClearText && clearText.test(String(fault.facts.reason))
    throw new Fault(injected ? 'source.tls-injection' : fault.code, {
      scope: fault.scope,
      retry: fault.retry,
      facts,
      cause: error,
    })
  }
}

/**
 * What the pin has against the certificate. It is the owner's word for exactly this one: a renewed one asks for a new
 * word, even when an authority vouches for it.
 */
export function pinFault(socket: TLSSocket, server: ServerSettings): Fault | undefined {
  if (server.pinnedSha256 === undefined) return undefined
  if (digestCertificate(socket) === server.pinnedSha256.replaceAll(':', '').toLowerCase()) return undefined
  const facts = { host: server.host, port: server.port, phase: 'tls', reason: 'not the pinned certificate' }
  return new Fault('source.tls-untrusted', { facts })
}

function digestCertificate(socket: TLSSocket): string | undefined {
  const { raw } = socket.getPeerCertificate() ?? {}
  return raw === undefined ? undefined : createHash('sha256').update(raw).digest('hex')
}

/** Node's own authorities and those of the CA file; undefined leaves the choice to Node. */
export async function readAuthorities(server: ServerSettings): Promise<string[] | undefined> {
  if (server.caFile === undefined) return undefined
  try {
    return [...usualAuthorities(), String(await readBounded(server.caFile, { mostOctets: 4 << 20 }))]
  } catch (cause) {
    const facts = {
      what: 'MAIL_CA_FILE',
      file: server.caFile,
      reason: (cause as NodeJS.ErrnoException).code ?? '',
    }
    throw new Fault('config.invalid', { scope: 'mailbox', facts, cause })
  }
}
