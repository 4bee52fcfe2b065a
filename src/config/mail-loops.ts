/**
 * Gmail as a source: mail must not come back to where it is pulled from, not by a detour either, since each round would be
 * new mail for the next pull.
 */
import { addressKey } from '../base/gmail-address.ts'
import type { Problem } from '../base/problem.ts'
import type { AccountConfig, MailboxConfig } from './config.ts'
import type { WrittenPart } from './read-part.ts'

type Mailbox = Pick<MailboxConfig, 'server' | 'user' | 'credential' | 'account' | 'rules'>
type Account = Pick<AccountConfig, 'name' | 'address'>

/** Google's own zones, in which its mail servers stand. */
const googleZones = /(^|\.)(gmail|googlemail|google)\.com\.?$/i

export function isAtGoogle({ server, credential }: Pick<Mailbox, 'server' | 'credential'>): boolean {
  return googleZones.test(server.host) || (credential.kind === 'oauth' && credential.provider === 'google')
}

/** Whose mailbox a login at Google opens. POP3 takes `recent:` before it, and both a bare name of gmail.com. */
export function sourceKey({ user }: Pick<Mailbox, 'user'>): string {
  const name = user.trim().replace(/^recent:/i, '')
  const key = addressKey(name.includes('@') ? name : `${name}@gmail.com`)
  return key.replace(/\+.*(?=@gmail\.com$)/, '')
}

/**
 * @param mailboxes each with where it was written
 * @returns one problem for each mailbox whose mail would come back to it, or of which that cannot be told
 */
export function findMailLoops(
  mailboxes: readonly { readonly mailbox: Mailbox; readonly part: Pick<WrittenPart, 'place'> }[],
  accounts: readonly Account[],
): Problem[] {
  const addressOf = (name: string): string => accounts.find(account => account.name === name)?.address ?? 'me'
  const ways = mailboxes.flatMap(({ mailbox, part }) => {
    if (!isAtGoogle(mailbox)) return []
    // A rule may choose another account than the mailbox's own.
    const names = [mailbox.account, ...mailbox.rules.flatMap(({ account }) => account ?? [])]
    return [{ part, from: sourceKey(mailbox), addresses: [...new Set(names)].map(addressOf) }]
  })
  const next = new Map<string, Set<string>>()
  for (const { from, addresses } of ways)
    next.set(from, new Set([...(next.get(from) ?? []), ...addresses.map(addressKey)]))
  const comesBack = (from: string): boolean => {
    const seen = new Set<string>()
    for (const each of next.get(from) ?? []) seen.add(each)
    for (const each of seen) for (const further of next.get(each) ?? []) seen.add(further)
    return seen.has(from)
  }
  return ways.flatMap(({ part, from, addresses }): Problem[] => {
    const at = part.place('user')
    if (addresses.some(address => !address.includes('@'))) return [{ at, kind: 'mail-loop-unknown' }]
    return comesBack(from) ? [{ at, kind: 'mail-loop', account: addresses.join(', ') }] : []
  })
}
