/** Asks whoever listens at the page's address for what only somebody who can read the data folder can say. */
import { readBounded } from '../base/bounded-file.ts'
import { connectUnverified } from '../base/tls.ts'
import type { Config, ListenAddress } from '../config/config.ts'
import { certificateLimits } from './certificate.ts'
import { makeReach, type PageSettings } from './reach.ts'

const net = process.getBuiltinModule('node:net')
const http = process.getBuiltinModule('node:http')

const answerMs = 5000
const mostOctets = 1000

/** Where this computer reaches a listener of its own: one of all addresses by loopback. */
function reachOwn({ host, port }: ListenAddress): ListenAddress {
  const own = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return { host: own, port }
}

export interface WayIn {
  /** As a browser writes it. */
  readonly origin: string
  /** Undefined where nobody answers, or something else. */
  readonly proof: string | undefined
}

/**
 * Whoever answers is not held against the certificate: the proof is more than that, and nothing is told to him.
 * @throws FileRefused where the certificate cannot be read
 */
export async function findWayIn(
  settings: PageSettings & Pick<Config, 'dashboardCertificateFile'>,
): Promise<WayIn> {
  const { dashboard, dashboardCertificateFile: file } = settings
  const certificate = file && (await readBounded(file, certificateLimits)).toString('latin1')
  const { origin } = makeReach(settings, certificate)
  return { origin, proof: await askForProof(dashboard, new URL('/proof', origin), certificate !== undefined) }
}

function askForProof(address: ListenAddress, url: URL, isTls: boolean): Promise<string | undefined> {
  const { host, port } = reachOwn(address)
  return new Promise(resolve => {
    const socket = net.connect({ host, port })
    const secured = isTls ? connectUnverified(socket, { host: url.hostname }) : socket
    const request = http.get({
      createConnection: () => secured,
      path: url.pathname,
      headers: { host: url.host, connection: 'close' },
    })
    const end = (proof?: string): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(proof)
    }
    const timer = setTimeout(end, answerMs)
    socket.on('error', () => end())
    secured.on('error', () => end())
    request.on('error', () => end())
    request.on('response', answer => {
      const chunks: Buffer[] = []
      let octets = 0
      answer.on('data', (chunk: Buffer) => {
        octets += chunk.length
        if (octets > mostOctets) end()
        else chunks.push(chunk)
      })
      answer.on('error', () => end())
      answer.on('end', () =>
        end(answer.statusCode === 200 ? Buffer.concat(chunks).toString('latin1') : undefined),
      )
    })
  })
}
