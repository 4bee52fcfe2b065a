/** What a folder is called: by its server, and by the configuration. */

export interface FolderName {
  readonly name: string
  /** As the server spells it: what one server writes as base64 in modified UTF-7 another writes as it is. */
  readonly written: string
  /** Its attributes in lower case (RFC 9051 section 7.3.1), special uses among them (RFC 6154). */
  readonly attributes: readonly string[]
  readonly selectable: boolean
  /** What parts its levels; '' where it has none. */
  readonly delimiter: string
}

export const sameName = (a: string, b: string): boolean =>
  a === b || (a.toUpperCase() === 'INBOX' && b.toUpperCase() === 'INBOX')

/** Whether a folder is named by what it is for (RFC 6154 section 2): the configuration alone does that. */
export const isUse = (name: string): boolean => /^\\[a-z]+$/i.test(name)

/** Whether this folder is meant by the name, or by what it is for. */
export const isCalled = ({ name, attributes }: FolderName, called: string): boolean =>
  isUse(called) ? attributes.includes(called.toLowerCase()) : sameName(name, called)
