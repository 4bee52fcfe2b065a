/**
 * The names in a domain's SPF record (RFC 7208 section 4.6): who may send for it, and so where it is hosted. Nothing is
 * evaluated, nothing further is asked: many rental servers write the customer's very server into it.
 */
import { isHostName } from './autoconfig.ts'

/** RFC 7208 section 4.6.4 allows ten look-ups; what is longer than this is nobody's honest record. */
const mostTerms = 50
const mostCharacters = 4_096

/** `?` says that nothing is known, `~` and `-` that mail from there is not the domain's: only `+`, which is the usual. */
const named = /^\+?(?:include:|a:|mx:|redirect=)([^/\s%]+)(?:\/.*)?$/i

/**
 * @param records the domain's TXT records, each in its parts
 * @returns names in the record's order, lower case; empty where there is no record, or more than one (section 4.5)
 */
export function readSpfNames(records: readonly (readonly string[])[]): readonly string[] {
  const [record, ...others] = records
    .map(parts => parts.join(''))
    .filter(text => /^v=spf1(?: |$)/i.test(text))
  if (record === undefined || others.length > 0 || record.length > mostCharacters) return []
  const names = record
    .split(' ')
    .slice(1, mostTerms)
    .flatMap(term => named.exec(term)?.[1]?.toLowerCase().replace(/\.$/, '') ?? [])
  return [...new Set(names.filter(isDnsName))]
}

/** Like a host's name, but names of records often begin with an underscore. */
const isDnsName = (name: string): boolean => isHostName(name.replaceAll('_', 'x'))
