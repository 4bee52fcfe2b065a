/** The name by which a browser can reach whoever shows a certificate. */
import type { X509Certificate } from 'node:crypto'

/**
 * @returns the first name that is one name (no wildcard), else the first address, as it stands in a URL; undefined where
 * there is neither (RFC 9525 section 2: subjectAltName alone counts)
 */
export function findCertificateName({ subjectAltName = '' }: X509Certificate): string | undefined {
  const [name] = [...subjectAltName.matchAll(/(?:^|, )DNS:([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)(?=,|$)/gi)]
  if (name?.[1] !== undefined) return name[1].toLowerCase()
  const [, address] = /(?:^|, )IP Address:([0-9A-F.:]+)(?=,|$)/i.exec(subjectAltName) ?? []
  if (address === undefined) return undefined
  return address.includes(':') ? new URL(`http://[${address}]`).hostname : address
}
