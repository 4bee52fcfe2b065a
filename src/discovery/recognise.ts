/**
 * Whose mail server a domain uses, by the names that its records and certificates show. They are anybody's words, so
 * they decide one thing: which row of the presets holds. A server's name is taken from them only where that row says that
 * nobody but the host gives out such names (`ownServer`).
 */
import { isUnder, type Preset, presetForDomain, presetForMx, presetForSpf, presets } from './presets.ts'

/** What shows whose server it is, for the owner's eyes. */
export interface Evidence {
  /** The address's domain is the host's own; or a record of the domain, or the certificate of its mail server. */
  readonly by: 'domain' | 'mx' | 'spf' | 'certificate'
  /** The name that stands there. */
  readonly name: string
}

/** All names that were found for a domain, lower case. */
export interface SeenNames {
  readonly domain: string
  /** Mail exchangers, best first. */
  readonly exchangers: readonly string[]
  /** Of the SPF record. */
  readonly spf: readonly string[]
  /** In the certificates of mail servers under the domain; `*.` may stand before them. */
  readonly certificates: readonly string[]
}

export interface Recognised {
  readonly preset: Preset
  readonly evidence: Evidence
  /** Mail for the domain goes to somebody else, so that the mailbox may have been moved away. */
  readonly isElsewhere: boolean
}

/** Every name with where it stands, the surest first. */
const evidences = ({ domain, exchangers, spf, certificates }: SeenNames): readonly Evidence[] => [
  ...exchangers.map(name => ({ by: 'mx', name }) as const),
  ...spf.map(name => ({ by: 'spf', name }) as const),
  { by: 'domain', name: domain },
  ...certificates.map(name => ({ by: 'certificate', name }) as const),
]

/** What names the customer's own server at this host; undefined: the owner is asked. */
export function findOwnServer({ ownServer }: Preset, names: SeenNames): Evidence | undefined {
  return ownServer && evidences(names).find(({ name }) => ownServer.test(name))
}

const presetForOwnServer = (name: string): Preset | undefined =>
  presets.find(({ ownServer }) => ownServer?.test(name))

/** The host of a domain: by the domain, else by MX, else by SPF, else by a certificate. */
export function recognise(names: SeenNames): Recognised | undefined {
  const { domain, exchangers, spf, certificates } = names
  const first = (
    by: Evidence['by'],
    list: readonly string[],
    presetOf: (name: string) => Preset | undefined,
  ): { readonly preset: Preset; readonly evidence: Evidence } | undefined => {
    for (const name of list) {
      const preset = presetOf(name.replace(/^\*\./, ''))
      if (preset !== undefined) return { preset, evidence: { by, name } }
    }
    return undefined
  }
  const byDomain = first('domain', [domain], presetForDomain) ?? first('mx', exchangers, presetForMx)
  if (byDomain !== undefined) return { ...byDomain, isElsewhere: false }
  const byTrace =
    // A server says more than a list of senders, in which the host of a newsletter may stand, too.
    first('spf', spf, presetForOwnServer) ??
    first('spf', spf, presetForSpf) ??
    first('certificate', certificates, presetForOwnServer) ??
    first('certificate', certificates, name => presetForMx(name) ?? presetForSpf(name))
  if (byTrace === undefined) return undefined
  // With default zones the MX is a name of the domain itself. One of somebody else is a filter, or the new host.
  const isElsewhere = exchangers.length > 0 && !exchangers.some(name => isUnder(name, domain))
  return { ...byTrace, isElsewhere }
}
