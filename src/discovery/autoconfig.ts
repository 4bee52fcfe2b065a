/**
 * Mail client configuration files, as domains publish them and Mozilla's ISPDB collects them:
 * https://wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat
 */
import type { Found } from './found.ts'
import type { UserForm } from './presets.ts'
import { childrenOf, type Element, parseXml, textOf } from './xml.ts'

/** Where the files are looked for, in this order; only over https, because whoever answers names the server. */
export function autoconfigUrls(
  domain: string,
  address: string,
): readonly { readonly origin: Found['origin']; readonly url: URL }[] {
  const query = `?emailaddress=${encodeURIComponent(address)}`
  return [
    { origin: 'autoconfig', url: new URL(`https://autoconfig.${domain}/mail/config-v1.1.xml${query}`) },
    { origin: 'well-known', url: new URL(`https://${domain}/.well-known/autoconfig/mail/config-v1.1.xml`) },
    { origin: 'ispdb', url: new URL(`https://autoconfig.thunderbird.net/v1.1/${domain}`) },
  ]
}

/** A DNS name or an IPv4 address: nothing that could mean something else further on. */
export function isHostName(host: string): boolean {
  return (
    host.length <= 253 &&
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$|^(?:\d{1,3}\.){3}\d{1,3}$/i.test(host)
  )
}

/** The placeholders of the format, filled in. */
function fill(text: string, address: string): string {
  const at = address.lastIndexOf('@')
  return text
    .replaceAll('%EMAILADDRESS%', address)
    .replaceAll('%EMAILLOCALPART%', address.slice(0, at))
    .replaceAll('%EMAILDOMAIN%', address.slice(at + 1))
}

function userFormOf(written: string | undefined): UserForm | undefined {
  if (written === '%EMAILADDRESS%' || written === '%EMAILLOCALPART%@%EMAILDOMAIN%') return 'address'
  if (written === '%EMAILLOCALPART%') return 'local-part'
  return written === undefined || written === '' ? undefined : 'account-name'
}

function readServer(server: Element, origin: Found['origin'], address: string): Found | undefined {
  const protocol = server.attributes.type
  if (protocol !== 'imap' && protocol !== 'pop3') return undefined
  const host = fill(textOf(server, 'hostname') ?? '', address).toLowerCase()
  const port = Number(textOf(server, 'port'))
  if (!isHostName(host) || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined
  const socketType = (textOf(server, 'socketType') ?? '').toUpperCase()
  const security =
    socketType === 'SSL' || socketType === 'TLS' ? 'tls' : socketType === 'STARTTLS' ? 'starttls' : 'none'
  const methods = childrenOf(server, 'authentication').map(({ text }) => text)
  // `password-cleartext` means: a password over the secured connection. Without any, passwords are usual.
  const password = methods.length === 0 || methods.some(method => /^(password-|plain$|secure$)/i.test(method))
  const unusable = security === 'none' ? 'no-tls' : password ? undefined : 'no-password'
  return {
    protocol,
    host,
    port,
    security,
    userForm: userFormOf(textOf(server, 'username')),
    origin,
    unusable,
    preset: undefined,
    evidence: undefined,
    confirm: undefined,
  }
}

/** @returns the servers for incoming mail in the file's own order; empty for anything that is no such file */
export function readAutoconfig(text: string, origin: Found['origin'], address: string): readonly Found[] {
  const root = parseXml(text)
  if (root?.name !== 'clientConfig') return []
  return childrenOf(root, 'emailProvider')
    .flatMap(provider => childrenOf(provider, 'incomingServer'))
    .slice(0, 20)
    .flatMap(server => readServer(server, origin, address) ?? [])
}
