/** What a message is called, and the words of UID SEARCH that find it. Pure. */
import type { ImapStore } from '../../source/imap-store.ts'

export type SearchWords = Parameters<ImapStore['search']>[0]

export const atom = (value: string) => ({ type: 'ATOM', value }) as const

/** Whether it is an id of Gmail's, as the API writes it. */
export const isGmailId = (id: string): boolean => /^[0-9a-f]{1,16}$/.test(id)

/** @param id of Gmail's */
export const wordsForId = (id: string): SearchWords => [
  atom('X-GM-MSGID'),
  atom(BigInt(`0x${id}`).toString()),
]

/** Of so many octets, or of less than `mostOnTop` more. */
export const wordsForSize = (octets: number, mostOnTop: number): SearchWords => [
  ...[atom('LARGER'), atom(String(Math.max(0, octets - 1)))],
  ...[atom('SMALLER'), atom(String(octets + mostOnTop))],
]

/** A message that stands in a folder by this name, where no id of Gmail's could be had. */
export const localId = (validity: string, uid: number): string => `uid-${validity}-${uid}`

/** The parts of a localId; undefined: it is none. */
export function readLocalId(id: string): { readonly validity: string; readonly uid: number } | undefined {
  const [, validity, uid] = /^uid-(\d+)-(\d+)$/.exec(id) ?? []
  return validity === undefined ? undefined : { validity, uid: Number(uid) }
}
