/** Servers by the domain's SRV records (RFC 6186). */
import { isLoopback } from '../base/loopback.ts'
import { isHostName } from './autoconfig.ts'
import type { Found, Resolver } from './found.ts'
import { isUnder, presetWithServer } from './presets.ts'

/** RFC 6186 section 3.2 and 3.3. `_imap` and `_pop3` (without s) promise STARTTLS at best, and are taken so. */
const services = [
  { name: '_imaps._tcp', protocol: 'imap', security: 'tls' },
  { name: '_imap._tcp', protocol: 'imap', security: 'starttls' },
  { name: '_pop3s._tcp', protocol: 'pop3', security: 'tls' },
  { name: '_pop3._tcp', protocol: 'pop3', security: 'starttls' },
] as const

/** Under the domain, this computer itself, or in the presets: whoever steers there cannot have the password. */
const isSafe = (host: string, domain: string): boolean =>
  isUnder(host, domain) || presetWithServer(host) !== undefined || isLoopback(host)

/**
 * @returns at most three of each kind. RFC 6186 section 6: nobody signed these records, so one that leads out of the
 * domain is marked for the owner's word, unless it leads to a host that is known.
 */
export async function findBySrv(
  domain: string,
  resolveSrv: (name: string) => ReturnType<Resolver['resolveSrv']>,
): Promise<readonly Found[]> {
  const lists = await Promise.all(
    services.map(async ({ name, protocol, security }) => {
      const records = await resolveSrv(`${name}.${domain}`)
      return [...records]
        .sort((one, other) => one.priority - other.priority || other.weight - one.weight)
        .map(record => ({ ...record, name: record.name.toLowerCase().replace(/\.$/, '') }))
        .filter(record => isHostName(record.name) && record.port > 0) // a lone "." says: no such service
        .slice(0, 3)
        .map(
          ({ name: host, port }): Found => ({
            protocol,
            host,
            port,
            security,
            userForm: undefined,
            origin: 'srv',
            unusable: undefined,
            preset: undefined,
            evidence: undefined,
            confirm: isSafe(host, domain) ? undefined : 'other-domain',
          }),
        )
    }),
  )
  return lists.flat()
}
