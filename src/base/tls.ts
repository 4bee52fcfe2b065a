/**
 * Every TLS connection of hikyaku begins here: mail servers, Google, web hook, ping, discovery, its page. Verification is on,
 * TLS 1.2 is the least (RFC 8996) and the ciphers are Node's own list, whatever NODE_TLS_REJECT_UNAUTHORIZED,
 * NODE_OPTIONS or OPENSSL_CONF say. `test/house.test.ts` finds any other place that speaks TLS.
 *
 * NODE_EXTRA_CA_CERTS goes on adding authorities: it is how Node is told of a network that looks into TLS, it trusts
 * nothing that its owner did not name, and `doctor` shows it.
 */
import { constants } from 'node:crypto'
import type { ClientRequest, IncomingMessage, RequestListener } from 'node:http'
import type { Agent, AgentOptions, RequestOptions, Server, ServerOptions } from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'

// An import reads every name of node:tls, and so makes texts of all the authorities that Node brings along.
const tls = process.getBuiltinModule('node:tls')
const https = process.getBuiltinModule('node:https')

/** What decides whom to trust: never a caller's choice. */
type Settled =
  | 'rejectUnauthorized'
  | 'checkServerIdentity'
  | 'minVersion'
  | 'maxVersion'
  | 'ciphers'
  | 'secureContext'

function tlsOptions() {
  return {
    rejectUnauthorized: true,
    // Said here, for --tls-min-v1.0 would lower it; an owner who asked for more keeps it.
    minVersion: tls.DEFAULT_MIN_VERSION === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2',
    // Not tls.DEFAULT_CIPHERS, which --tls-cipher-list sets: @SECLEVEL=0 in it takes broken keys and signatures.
    ciphers: constants.defaultCoreCipherList,
  } as const
}

export interface TlsPeer {
  /** The name or address that the owner gave: it must stand in the certificate. */
  readonly host: string
  /** PEM texts to be trusted instead of the usual ones (see `usualAuthorities`). */
  readonly ca?: readonly string[] | undefined
}

function connect(socket: Socket, { host, ca }: TlsPeer, options: ConnectionOptions): TLSSocket {
  return tls.connect({
    socket,
    host,
    // RFC 6066 section 3: no IP address in server_name.
    servername: isIP(host) === 0 ? host : '',
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...options,
  })
}

/** Begins a handshake on a connected socket; the certificate must hold for `host`. */
export function connectTls(socket: Socket, peer: TlsPeer): TLSSocket {
  return connect(socket, peer, tlsOptions())
}

/** The same for a library that begins the handshake itself (pg). @param pair what this side shows of itself, PEM */
export function optionsOfTls({ host, ca, cert, key }: TlsPeer & Partial<ServerPair>): ConnectionOptions {
  return {
    ...{ host, servername: isIP(host) === 0 ? host : '' },
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...tlsOptions(),
  }
}

/**
 * The same without verification: the only such place. For a caller that holds the certificate against the owner's
 * pin before any use (source/secure.ts), or shows it and sends nothing (source/certificate.ts); or asks for a proof that
 * only our own page can give, and tells nothing (web/ask-proof.ts).
 */
export function connectUnverified(socket: Socket, peer: TlsPeer): TLSSocket {
  return connect(socket, peer, { ...tlsOptions(), rejectUnauthorized: false })
}

/** The authorities that Node would trust by itself, PEM. getCACertificates is missing before Node 22.15. */
export function usualAuthorities(): readonly string[] {
  return typeof tls.getCACertificates === 'function' ? tls.getCACertificates() : tls.rootCertificates
}

/** node:https' request. */
export function requestHttps(
  url: URL,
  options: Omit<RequestOptions, Settled>,
  onAnswer?: (answer: IncomingMessage) => void,
): ClientRequest {
  return https.request(url, { ...options, ...tlsOptions() }, onAnswer)
}

/** PEM texts of a server's own. */
export interface ServerPair {
  readonly cert: string
  readonly key: string
}

/** node:https' server: the one that hikyaku itself can be. */
export function createHttpsServer(
  pair: ServerPair,
  options: Omit<ServerOptions, Settled | keyof ServerPair>,
  onRequest: RequestListener,
): Server {
  return https.createServer({ ...options, ...tlsOptions(), ...pair }, onRequest)
}

/** Connections from now on are shown this one. @throws an Error where OpenSSL refuses it; the one before stays */
export function renewServerPair(server: Server, pair: ServerPair): void {
  server.setSecureContext({ ...tlsOptions(), ...pair })
}

/** A pool of connections for `requestHttps`. */
export function makeHttpsAgent(options: Omit<AgentOptions, Settled>): Agent {
  return new https.Agent({ ...options, ...tlsOptions() })
}
