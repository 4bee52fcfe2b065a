/** What tenants, accounts and mailboxes are called, and the key that is made of two names. */
import { Fault } from '../base/fault.ts'

/** Characters. */
export const mostChars = { tenant: 64, account: 128, mailbox: 128, operator: 63 } as const

/** What PostgreSQL keeps for itself (postgresql.org/docs/15/sql-createrole.html), and names of roles. */
const isReserved = (name: string): boolean => /^(pg_|hikyaku_)|^(public|none)$/.test(name)

export const isName = (what: keyof typeof mostChars, name: string): boolean =>
  /^[a-z0-9][a-z0-9._@-]*$/.test(name) &&
  name.length <= mostChars[what] &&
  !(what === 'operator' && isReserved(name))

/** @throws Fault fleet.name */
export function checkName(what: keyof typeof mostChars, name: string): string {
  const most = mostChars[what]
  if (isName(what, name)) return name
  throw new Fault('fleet.name', { facts: { what, name: name.slice(0, most), most } })
}

export const makeKey = (tenant: string, name: string): string => `${tenant}/${name}`

/** @throws Fault fleet.name */
export function splitKey(key: string): { readonly tenant: string; readonly name: string } {
  const slash = key.indexOf('/')
  const name = checkName('mailbox', key.slice(slash + 1))
  return { tenant: checkName('tenant', slash < 0 ? '' : key.slice(0, slash)), name }
}
