/**
 * Under which names browsers reach the page, and whether with TLS: on this computer itself without; from others by a
 * certificate of the page's own, or through a reverse proxy whose name the owner gave. What a proxy says of its visitors
 * (X-Forwarded-*) is read nowhere: anybody can write it.
 */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { findCertificateName } from '../base/certificate-name.ts'
import { isLoopback } from '../base/loopback.ts'
import type { Config } from '../config/config.ts'
import { writeListenAddress } from '../config/writers.ts'

/** How it is asked for. */
export interface Names {
  readonly scheme: 'http' | 'https'
  /**
   * Whether a Host header (RFC 9110 section 7.2) is a name of the page. A name that somebody else's DNS may point here
   * (rebinding) stands in it as it was asked for.
   */
  isOwnHost(host: string | undefined): boolean
}

export interface Reach extends Names {
  /** Where its owner finds it, as a browser writes an origin. */
  readonly origin: string
}

export type PageSettings = Pick<Config, 'dashboardOrigin'> & {
  readonly dashboard: NonNullable<Config['dashboard']>
}

/** @param certificate PEM text, where the page speaks TLS itself */
export function makeReach({ dashboard, dashboardOrigin }: PageSettings, certificate?: string): Reach {
  if (dashboardOrigin !== undefined) {
    const { host: own } = new URL(dashboardOrigin)
    const isOwnHost = (host: string | undefined): boolean => host?.toLowerCase() === own
    return { origin: dashboardOrigin, scheme: 'https', isOwnHost }
  }
  const address = writeListenAddress(dashboard)
  if (certificate === undefined) return { ...loopbackReach, origin: `http://${address}` }
  const leaf = new X509Certificate(certificate)
  const name = findCertificateName(leaf)
  return {
    origin:
      name === undefined ? `https://${address}` : `https://${name}:${dashboard.port}`.replace(/:443$/, ''),
    scheme: 'https',
    isOwnHost(host) {
      const asked = nameIn(host)
      return isIP(asked) === 0
        ? leaf.checkHost(asked, { subject: 'never' }) !== undefined
        : leaf.checkIP(asked) !== undefined
    },
  }
}

/** Of whatever listens on this computer alone, without TLS. */
export const loopbackReach: Names = {
  scheme: 'http',
  // Numbers and `localhost` no DNS can point anywhere; the port may be that of a tunnel.
  isOwnHost(host) {
    const name = nameIn(host)
    return name === 'localhost' || (isIP(name) !== 0 && isLoopback(name))
  },
}

/** The name or the number in a Host header, without brackets and port; '' where it is no Host header. */
function nameIn(host: string | undefined): string {
  const [, bracketed, plain = ''] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::\d{1,5})?$/i.exec(host ?? '') ?? []
  return (bracketed ?? plain).toLowerCase()
}
