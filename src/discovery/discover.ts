/**
 * Finds mailbox settings for an address by what its domain says: presets by MX, SPF and certificates (recognise.ts), the
 * domain's autoconfig files, its SRV records (RFC 6186), Mozilla's ISPDB. What is found is a proposal, shown with what it
 * rests on, and proved by a real login before it is saved. A server without TLS is shown as unusable, never quietly taken.
 *
 * All of it is said by strangers: lists are cut, names are validated, and a name in a record is a server's only where the
 * row of a host says so.
 */
import systemResolver from 'node:dns/promises'
import { systemClock } from '../base/clock.ts'
import { abortAfter, orAbort } from '../base/deadline.ts'
import { autoconfigUrls, isHostName, readAutoconfig } from './autoconfig.ts'
import { type Fetcher, makeFetcher } from './fetch.ts'
import type { Found, Origin, Resolver, SeenCertificate } from './found.ts'
import {
  fillHost,
  type Preset,
  type PresetServer,
  presetById,
  presetForServer,
  type UserForm,
  userFormOf,
} from './presets.ts'
import { type Evidence, findOwnServer, type Recognised, recognise, type SeenNames } from './recognise.ts'
import { readSpfNames } from './spf.ts'
import { findBySrv } from './srv.ts'

export type { Fetcher } from './fetch.ts'
export type { Found, Origin, Resolver, SeenCertificate } from './found.ts'
export type { Evidence } from './recognise.ts'

type Asked = Origin | 'mx' | 'spf' | 'certificate'

export interface Discovery {
  /** Usable ones first; IMAP before POP3; TLS before STARTTLS; then by how sure their origin is. No doubles. */
  readonly candidates: readonly Found[]
  /** The host, where it is known: its notes, what to ask, user name form. */
  readonly preset: Preset | undefined
  /** What shows that it is this host. */
  readonly evidence: Evidence | undefined
  /** Names of other servers that the records hold: they tell which is the customer's own once the host is known. */
  readonly names: SeenNames
  /** What could not be asked in time; nothing found is not the same as nothing there. */
  readonly unanswered: readonly Asked[]
}

export interface DiscoverOptions {
  /** Default: the system's. */
  readonly resolver?: Resolver
  /** Default: over the network. */
  readonly fetcher?: Fetcher
  /**
   * Looks at the certificate of a server on port 993 and sends it nothing; rejects where there is none. Without it
   * certificates are not looked at.
   */
  readonly readCertificate?: (host: string, signal: AbortSignal) => Promise<SeenCertificate>
  /** The owner's word: Mozilla's service learns the domain (never the address). Default true. */
  readonly askIspdb?: boolean
  /** Longest time for everything together, ms. Default 8000. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

/** More of them than this no honest domain has. */
const mostExchangers = 20
const mostNamesOfCertificate = 20
const imapsPort = 993

/** DNS answers that mean "there is none", as against "nobody answered". */
const isAbsent = (thrown: unknown): boolean =>
  ['ENOTFOUND', 'ENODATA', 'NXDOMAIN', 'ENONAME'].includes((thrown as NodeJS.ErrnoException).code ?? '')

const resolveOrNothing = async <T>(answer: Promise<readonly T[]>): Promise<readonly T[]> =>
  answer.catch((thrown: unknown) => {
    if (isAbsent(thrown)) return []
    throw thrown
  })

/** The names of a domain of which nothing else is known. */
export const namesOf = (domain: string): SeenNames => ({ domain, exchangers: [], spf: [], certificates: [] })

/**
 * The servers of a host for a domain, and those of its other products, IMAP and POP3 of each.
 * @param names that were seen: they may name the customer's own server
 */
export function listPresetServers(
  preset: Preset,
  names: SeenNames,
  recognised?: Pick<Recognised, 'evidence' | 'isElsewhere'>,
): readonly Found[] {
  const products = [preset, ...preset.alsoTry.flatMap(id => presetById(id) ?? [])]
  return products.flatMap(product => {
    const own = findOwnServer(product, names)
    const found = (protocol: 'imap' | 'pop3', server: PresetServer | undefined): readonly Found[] => {
      const host = server && fillHost(server, names.domain, own?.name)
      if (server === undefined || host === undefined) return []
      return [
        {
          protocol,
          ...server,
          host,
          userForm: userFormOf(product, names.domain),
          origin: 'preset',
          unusable: unusableOf(product),
          preset: product,
          evidence: (server.host.includes('<server>') ? own : undefined) ?? recognised?.evidence,
          confirm: recognised?.isElsewhere === true ? 'mx-elsewhere' : undefined,
        },
      ]
    }
    return [...found('imap', product.imap), ...found('pop3', product.pop3)]
  })
}

/** A mail server under the domain's own name, whose certificate holds for it. */
const ownNameServer = (host: string): Found => ({
  protocol: 'imap',
  host,
  port: imapsPort,
  security: 'tls',
  userForm: undefined,
  origin: 'own-name',
  unusable: undefined,
  preset: undefined,
  evidence: { by: 'certificate', name: host },
  confirm: undefined,
})

/** Where there is no way in that the set-up knows. */
const unusableOf = ({ password, signIn }: Preset): Found['unusable'] =>
  password === 'oauth-only' && signIn === undefined ? 'no-password' : undefined

/** A server that somebody else names, with what is known of its host. */
function takeHostFacts(found: Found, domain: string): Found {
  const preset = presetForServer(found.host)
  if (preset === undefined) return found
  // Of passwords the row knows more than whoever named the server.
  const unusable = found.unusable === 'no-tls' ? found.unusable : unusableOf(preset)
  return { ...found, preset, unusable, userForm: found.userForm ?? userFormOf(preset, domain) }
}

/** Names a proposal: what is the same in all of this is the same server. */
export const serverKey = ({
  protocol,
  host,
  port,
  security,
}: Pick<Found, 'protocol' | 'host' | 'port' | 'security'>): string =>
  `${protocol} ${host} ${port} ${security}`

const certainty: readonly Origin[] = ['preset', 'autoconfig', 'well-known', 'srv', 'own-name', 'ispdb']

function sortByRank(candidates: readonly Found[]): readonly Found[] {
  const rank = (found: Found): number =>
    (found.unusable === undefined ? 0 : 1_000) +
    (found.protocol === 'imap' ? 0 : 100) +
    (found.confirm === undefined ? 0 : 50) +
    ['tls', 'starttls', 'none'].indexOf(found.security) * 10 +
    certainty.indexOf(found.origin)
  const seen = new Set<string>()
  // The sort is stable: a host's products stay in their order.
  return [...candidates]
    .sort((one, other) => rank(one) - rank(other))
    .filter(found => {
      const key = serverKey(found)
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
  const { readCertificate, signal = new AbortController().signal } = options
  const unanswered: Asked[] = []
  const ownName = `mail.${domain}`

  const files = autoconfigUrls(domain, address).filter(({ origin }) => askIspdb || origin !== 'ispdb')
  const [exchanges, texts, srv, certificate, ...configs] = await abortAfter(
    deadlineMs,
    systemClock,
    signal,
    ends => {
      /** Within the time, or nothing. A resolver cannot be aborted: it is left behind. */
      const inTime = <T>(what: Asked, answer: Promise<readonly T[]>): Promise<readonly T[]> =>
        orAbort(answer, ends).catch(() => {
          unanswered.push(what)
          return []
        })
      const resolveSrv = (name: string) => resolveOrNothing(resolver.resolveSrv(name))
      return Promise.all([
        inTime('mx', resolveOrNothing(resolver.resolveMx(domain))),
        inTime('spf', resolveOrNothing(resolver.resolveTxt(domain))),
        inTime('srv', findBySrv(domain, resolveSrv)),
        // That there is no such server is the usual case, and nothing that was left unanswered.
        readCertificate && orAbort(readCertificate(ownName, ends), ends).catch(() => undefined),
        ...files.map(({ origin, url }) =>
          inTime(origin, (async () => readAutoconfig((await fetcher(url, ends)) ?? '', origin, address))()),
        ),
      ])
    },
  )
  signal.throwIfAborted()
  const names: SeenNames = {
    domain,
    exchangers: [...exchanges]
      .sort((one, other) => one.priority - other.priority)
      .map(({ exchange }) => exchange.toLowerCase().replace(/\.$/, ''))
      .filter(isHostName)
      .slice(0, mostExchangers),
    spf: readSpfNames(texts),
    certificates: (certificate?.names ?? [])
      .map(name => name.toLowerCase())
      .filter(name => isHostName(name.replace(/^\*\./, '')))
      .slice(0, mostNamesOfCertificate),
  }
  const recognised = recognise(names)
  const found = [
    ...(recognised === undefined ? [] : listPresetServers(recognised.preset, names, recognised)),
    ...[...srv, ...configs.flat()].map(candidate => takeHostFacts(candidate, domain)),
    ...(certificate?.holds === true ? [ownNameServer(ownName)] : []),
  ]
  return {
    candidates: sortByRank(found),
    preset: recognised?.preset,
    evidence: recognised?.evidence,
    names,
    unanswered,
  }
}

/** The user name for a form, or undefined where only the owner knows it. */
export function userNameFor(address: string, form: UserForm | undefined): string | undefined {
  const at = address.lastIndexOf('@')
  if (form === 'address') return address
  if (form === 'dotted-address') return `${address.slice(0, at)}.${address.slice(at + 1)}`
  return form === 'local-part' ? address.slice(0, at) : undefined
}
