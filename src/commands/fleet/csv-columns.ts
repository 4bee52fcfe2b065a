/**
 * What the columns of a CSV file of mailboxes are called, and what a line says of a mailbox. Beside a few of its own they are the
 * keys of a mailbox in the YAML file, with the same values.
 */
import { findNearestName } from '../../base/spelling.ts'
import { makeMailboxName } from '../../config/load.ts'
import { mailboxSettings } from '../../config/settings.ts'
import type { MemberSecrets, MemberSettings } from '../../fleet/directory.ts'

/** Beside the keys of a mailbox. */
const own = ['tenant', 'gmail'] as const

const settings = Object.entries(mailboxSettings)
const secretColumns = settings.flatMap(([key, { secret }]) => (secret ? [key] : []))
/** Rules are a list of mappings, which no column can hold. */
const plainColumns = settings.flatMap(([key, { secret }]) => (secret || key === 'rules' ? [] : [key]))
export const columns: readonly string[] = [...own, ...plainColumns, ...secretColumns]
const needed = ['host', 'user'] as const

/** Why the first line cannot be that of such a file. */
export type HeaderFlaw =
  | { readonly flaw: 'semicolons' | 'tabs' | 'empty' }
  /** What stands there is not told: where the line of names is missing it may be a password. */
  | { readonly flaw: 'unknown'; readonly column: number; readonly meant?: string }
  | { readonly flaw: 'twice' | 'missing'; readonly name: string }

/** @returns the columns of the file in its order, or what is wrong with them */
export function readHeader(fields: readonly string[]): readonly string[] | HeaderFlaw {
  const written = fields.map(field => field.trim())
  if (written.every(name => name === '')) return { flaw: 'empty' }
  if (written.length === 1 && /[;\t]/.test(written[0] ?? ''))
    return { flaw: written[0]?.includes(';') ? 'semicolons' : 'tabs' }
  const names: string[] = []
  for (const [at, name] of written.entries()) {
    const known = columns.find(column => column.toLowerCase() === name.toLowerCase())
    if (known === undefined) {
      const meant = findNearestName(name, columns)
      return { flaw: 'unknown', column: at + 1, ...(meant !== undefined && { meant }) }
    }
    if (names.includes(known)) return { flaw: 'twice', name: known }
    names.push(known)
  }
  const missing = needed.find(name => !names.includes(name))
  return missing === undefined ? names : { flaw: 'missing', name: missing }
}

export const hasSecrets = (header: readonly string[]): boolean =>
  header.some(name => secretColumns.includes(name))

/** A mailbox as a line has it. */
export interface WrittenMember {
  /** Undefined: that of the command. */
  readonly tenant: string | undefined
  readonly name: string
  /** The address of the Gmail account, where the line says it. */
  readonly gmail: string | undefined
  readonly settings: MemberSettings
  readonly secrets: MemberSecrets
}

/** @param header as readHeader made it, a field for each; an empty field says nothing */
export function readMember(header: readonly string[], fields: readonly string[]): WrittenMember {
  const values = new Map(
    header.flatMap((name, at) => {
      const field = fields[at] ?? ''
      return field.trim() === '' ? [] : [[name, field] as const]
    }),
  )
  const pick = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.flatMap(name => (values.has(name) ? [[name, values.get(name) ?? '']] : [])))
  const plain = pick(plainColumns.filter(key => key !== 'name'))
  const { user = '', host = '' } = plain
  const gmail = values.get('gmail')?.trim()
  const account = plain.account?.trim() ?? gmail?.toLowerCase()
  return {
    tenant: values.get('tenant')?.trim(),
    name: values.get('name')?.trim() ?? nameMember(user, host),
    gmail,
    settings: { protocol: 'imap', ...plain, ...(account !== undefined && { account }) },
    secrets: pick(secretColumns),
  }
}

/** The name of a mailbox that was given none: its address in small letters, or user and server. */
export function nameMember(user: string, host: string): string {
  return makeMailboxName(user.trim().toLowerCase(), host.trim().toLowerCase())
}
