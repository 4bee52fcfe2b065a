/**
 * Finds mailbox settings for an address: presets by its MX, the domain's autoconfig files, its SRV records
 * (RFC 6186), Mozilla's ISPDB. What is found is a proposal, shown with where it comes from, and proved by a real
 * login before it is saved. A server without TLS is shown as unusable, never quietly taken.
 */
import systemResolver from 'node:dns/promises'
import { systemClock } from '../base/clock.ts'
import { abortAfter, orAbort } from '../base/deadline.ts'
import { autoconfigUrls, isHostName, readAutoconfig } from './autoconfig.ts'
import { type Fetcher, makeFetcher } from './fetch.ts'
import type { Found, Origin } from './found.ts'
import {
  type Preset,
  type PresetServer,
  presetForDomain,
  presetForMx,
  type UserForm,
  userFormOf,
} from './presets.ts'

export type { Fetcher } from './fetch.ts'
export type { Found, Origin } from './found.ts'

export interface Discovery {
  /** Usable ones first; IMAP before POP3; TLS before STARTTLS; then by how sure their origin is. No doubles. */
  readonly candidates: readonly Found[]
  /** The host, where it is known: its notes, what to ask, user name form. */
  readonly preset: Preset | undefined
  /** The domain's mail exchangers, best first, for `doctor` and for people. */
  readonly exchangers: readonly string[]
  /** What could not be asked in time; nothing found is not the same as nothing there. */
  readonly unanswered: readonly (Origin | 'mx')[]
}

/** The part of `node:dns/promises` Resolver that is used. */
export interface Resolver {
  resolveMx(domain: string): Promise<readonly { readonly exchange: string; readonly priority: number }[]>
  resolveSrv(name: string): Promise<
    readonly {
      readonly name: string
      readonly port: number
      readonly priority: number
      readonly weight: number
    }[]
  >
}

export interface DiscoverOptions {
  /** Default: the system's. */
  readonly resolver?: Resolver
  /** Default: over the network. */
  readonly fetcher?: Fetcher
  /** The owner's word: Mozilla's service learns the domain (never the address). Default true. */
  readonly askIspdb?: boolean
  /** Longest time for everything together, ms. Default 8000. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

/** DNS answers that mean "there is none", as against "nobody answered". */
const isAbsent = (thrown: unknown): boolean =>
  ['ENOTFOUND', 'ENODATA', 'NXDOMAIN', 'ENONAME'].includes((thrown as NodeJS.ErrnoException).code ?? '')

const resolveOrNothing = async <T>(answer: Promise<readonly T[]>): Promise<readonly T[]> =>
  answer.catch((thrown: unknown) => {
    if (isAbsent(thrown)) return []
    throw thrown
  })

/**
 * The servers of a preset for a domain.
 * @param exchangers of the domain, where they were asked for: some hosts name the very server by them
 */
export function listPresetServers(
  preset: Preset,
  domain: string,
  exchangers: readonly string[],
): readonly Found[] {
  const own = exchangers.find(name => preset.ownServer?.test(name))
  const userForm = userFormOf(preset, domain)
  const found = (protocol: 'imap' | 'pop3', server: PresetServer | undefined): readonly Found[] => {
    const host = server?.host.replace('<domain>', domain).replace('<server>', own ?? '<server>')
    if (server === undefined || host === undefined || host.includes('<')) return []
    const unusable = preset.password === 'oauth-only' ? 'no-password' : undefined
    return [{ protocol, ...server, host, userForm, origin: 'preset', unusable }]
  }
  return [...found('imap', preset.imap), ...found('pop3', preset.pop3)]
}

/** RFC 6186 section 3.2 and 3.3. `_imap` and `_pop3` (without s) promise STARTTLS at best, and are taken so. */
const services = [
  { name: '_imaps._tcp', protocol: 'imap', security: 'tls' },
  { name: '_imap._tcp', protocol: 'imap', security: 'starttls' },
  { name: '_pop3s._tcp', protocol: 'pop3', security: 'tls' },
  { name: '_pop3._tcp', protocol: 'pop3', security: 'starttls' },
] as const

async function findBySrv(domain: string, resolver: Resolver): Promise<readonly Found[]> {
  const lists = await Promise.all(
    services.map(async ({ name, protocol, security }) => {
      const records = await resolveOrNothing(resolver.resolveSrv(`${name}.${domain}`))
      return [...records]
        .sort((one, other) => one.priority - other.priority || other.weight - one.weight)
        .map(record => ({ ...record, name: record.name.toLowerCase().replace(/\.$/, '') }))
        .filter(record => isHostName(record.name) && record.port > 0) // a lone "." says: no such service
        .slice(0, 3)
        .map(record => ({
          protocol,
          host: record.name,
          port: record.port,
          security,
          userForm: undefined,
          origin: 'srv' as const,
          unusable: undefined,
        }))
    }),
  )
  return lists.flat()
}

const certainty: readonly Origin[] = ['preset', 'autoconfig', 'well-known', 'srv', 'ispdb']

function sortByRank(candidates: readonly Found[]): readonly Found[] {
  const rank = (found: Found): number =>
    (found.unusable === undefined ? 0 : 1_000) +
    (found.protocol === 'imap' ? 0 : 100) +
    ['tls', 'starttls', 'none'].indexOf(found.security) * 10 +
    certainty.indexOf(found.origin)
  const seen = new Set<string>()
  return [...candidates]
    .sort((one, other) => rank(one) - rank(other))
    .filter(found => {
      const key = `${found.protocol} ${found.host} ${found.port} ${found.security}`
      return !seen.has(key) && seen.add(key)
    })
}

/** The domain of an address in ASCII (IDNA), or undefined where it is no address with a domain on the Internet. */
export function domainOf(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  if (at < 1 || /[\s\p{Cc}/?#\\]/u.test(address)) return undefined
  const host = URL.parse(`https://${address.slice(at + 1)}/`)?.hostname.replace(/\.$/, '')
  return host !== undefined && isHostName(host) && !/^[\d.]+$/.test(host) ? host : undefined
}

/**
 * Asks all sources at once. Never throws for what a source did: what failed stands in `unanswered`.
 * @param address an e-mail address
 * @throws RangeError for something that is no address; the signal's reason
 */
export async function discover(address: string, options: DiscoverOptions): Promise<Discovery> {
  const domain = domainOf(address)
  if (domain === undefined) throw new RangeError('not an e-mail address')
  const { resolver = systemResolver, fetcher = makeFetcher(), deadlineMs = 8_000, askIspdb = true } = options
  const { signal = new AbortController().signal } = options
  const unanswered: (Origin | 'mx')[] = []

  const files = autoconfigUrls(domain, address).filter(({ origin }) => askIspdb || origin !== 'ispdb')
  const [exchangers, srv, ...configs] = await abortAfter(deadlineMs, systemClock, signal, ends => {
    /** Within the time, or nothing. A resolver cannot be aborted: it is left behind. */
    const inTime = <T>(what: Origin | 'mx', answer: Promise<readonly T[]>): Promise<readonly T[]> =>
      orAbort(answer, ends).catch(() => {
        unanswered.push(what)
        return []
      })
    return Promise.all([
      inTime('mx', resolveOrNothing(resolver.resolveMx(domain))),
      inTime('srv', findBySrv(domain, resolver)),
      ...files.map(({ origin, url }) =>
        inTime(origin, (async () => readAutoconfig((await fetcher(url, ends)) ?? '', origin, address))()),
      ),
    ])
  })
  signal.throwIfAborted()
  const names = [...exchangers]
    .sort((one, other) => one.priority - other.priority)
    .map(({ exchange }) => exchange.toLowerCase().replace(/\.$/, ''))
    .filter(isHostName)
  const preset = presetForDomain(domain) ?? names.map(presetForMx).find(found => found !== undefined)
  const found = [
    ...(preset === undefined ? [] : listPresetServers(preset, domain, names)),
    ...srv,
    ...configs.flat(),
  ]
  return { candidates: sortByRank(found), preset, exchangers: names, unanswered }
}

/** The user name for a form, or undefined where only the owner knows it. */
export function userNameFor(address: string, form: UserForm | undefined): string | undefined {
  const at = address.lastIndexOf('@')
  if (form === 'address') return address
  if (form === 'dotted-address') return `${address.slice(0, at)}.${address.slice(at + 1)}`
  return form === 'local-part' ? address.slice(0, at) : undefined
}
