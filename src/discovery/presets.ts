/**
 * What is known about mail hosts, as data. `undefined` means not known: the set-up asks, it never guesses. A
 * preset only fills in a form; a real login proves it before anything is saved.
 *
 * `sources` says where each fact comes from: the host's own help pages, Mozilla's ISPDB, other people's pages, public
 * settings. None of it promises that the host has not changed it since. The MX domains are only a hint: a wrong one
 * proposes a server whose login then fails.
 */
import { findNearestNames } from '../base/spelling.ts'
import { america } from './presets/america.ts'
import { europe } from './presets/europe.ts'
import { japanProviders } from './presets/japan-providers.ts'
import { japanServers } from './presets/japan-servers.ts'
import type { Preset, PresetServer, UserForm } from './presets/preset.ts'
import { worldwide } from './presets/worldwide.ts'

export type { LoginLimit, Note, PasswordKind, Preset, PresetServer, UserForm } from './presets/preset.ts'
export type { Fact, Grade, Source } from './presets/source.ts'

/** The rows by region, in the order in which people are shown them. */
export const regions = { japanServers, japanProviders, europe, america, worldwide } as const

export const presets: readonly Preset[] = Object.values(regions).flat()

/** Whether a name is that domain, or lies under it. */
export const isUnder = (name: string, domain: string): boolean =>
  name === domain || name.endsWith(`.${domain}`)

const nameOf = (host: string): string => host.toLowerCase().replace(/\.$/, '')

/** The preset of a domain that belongs to a host itself, or undefined. */
export function presetForDomain(domain: string): Preset | undefined {
  return presets.find(({ domains }) => domains.some(own => isUnder(nameOf(domain), own)))
}

/** The preset of which a domain in that list is the longest that the name lies under, or undefined. */
function presetForRecord(list: 'mx' | 'spf', written: string): Preset | undefined {
  const name = nameOf(written)
  const fits = presets.flatMap(found =>
    found[list].filter(domain => isUnder(name, domain)).map(domain => ({ found, domain })),
  )
  return fits.sort((one, other) => other.domain.length - one.domain.length)[0]?.found
}

/** The preset whose MX domains the name of a mail exchanger lies under, or undefined. */
export const presetForMx = (exchanger: string): Preset | undefined => presetForRecord('mx', exchanger)

/** The same of a name in an SPF record. */
export const presetForSpf = (name: string): Preset | undefined => presetForRecord('spf', name)

/** The preset in which the server stands, or whose customers' own servers have such names; undefined: none. */
export const presetWithServer = (name: string): Preset | undefined =>
  presets.find(
    ({ imap, pop3, ownServer }) => imap?.host === name || pop3?.host === name || ownServer?.test(name),
  )

/** The preset whose server this is, by the server's name; undefined where the name does not tell. */
export function presetForServer(host: string): Preset | undefined {
  const name = nameOf(host)
  return presetWithServer(name) ?? presetForMx(name)
}

/** What a host takes as user name for an address of this domain; undefined where it is not known. */
export function userFormOf(preset: Preset, domain: string): UserForm | undefined {
  const isOfHost = preset.domains.some(own => isUnder(nameOf(domain), own))
  return isOfHost ? preset.userForm : (preset.ownDomainUserForm ?? preset.userForm)
}

/**
 * The name of a row's server for an address of this domain.
 * @param own the customer's own server, where it is known @returns undefined where it is not and the row wants it
 */
export function fillHost(
  { host }: PresetServer,
  domain: string,
  own: string | undefined,
): string | undefined {
  const name = host.replace('<domain>', domain).replace('<server>', own ?? '<server>')
  return name.includes('<') ? undefined : name
}

export function presetById(id: string): Preset | undefined {
  return presets.find(preset => preset.id === id)
}

const plainName = (text: string): string => text.normalize('NFKC').toLowerCase().trim()

/** As people name a host: by its id, its name in either language, an address at it, its domain, or a server's name. */
export function findPreset(written: string): Preset | undefined {
  const wanted = plainName(written)
  const host = wanted.slice(wanted.lastIndexOf('@') + 1)
  return (
    presets.find(({ id, name: { en, ja } }) => [id, en, ja].some(known => plainName(known) === wanted)) ??
    (/^[a-z0-9.-]+\.[a-z]{2,}$/.test(host) ? (presetForDomain(host) ?? presetForMx(host)) : undefined)
  )
}

/** The ids of the hosts that somebody may have meant, nearest first; empty where none is near. */
export function findNearestPresets(written: string): readonly string[] {
  const ids = new Map(presets.flatMap(({ id, name: { en, ja } }) => [id, en, ja].map(known => [known, id])))
  return [...new Set(findNearestNames(written, [...ids.keys()]).flatMap(known => ids.get(known) ?? []))]
}
