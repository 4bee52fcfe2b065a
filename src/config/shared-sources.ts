/**
 * Mailboxes of one configuration that are one mailbox at the source: both pull its mail, and where one of them deletes or
 * moves what it imported, the other does not see it any more. Right where all keep; a guess by names, so never refused.
 */
import type { MailboxConfig } from './config.ts'
import { isAtGoogle, sourceKey } from './mail-loops.ts'

type Mailbox = Pick<
  MailboxConfig,
  'name' | 'protocol' | 'server' | 'user' | 'credential' | 'account' | 'folders' | 'afterImport'
>

export interface SharedSource {
  /** MailboxConfig.name, two or more, in the order of the configuration. */
  readonly names: readonly string[]
  /** As the first of them has it. */
  readonly user: string
  readonly host: string
  /** Those of them that take mail away that another one brings into another Gmail account. */
  readonly takers: readonly string[]
}

/** Whose mailbox a login opens, whatever the protocol. Users without case: most hosts do not tell them apart by it. */
function keyOf(mailbox: Mailbox): string {
  if (isAtGoogle(mailbox)) return `google ${sourceKey(mailbox)}`
  const host = mailbox.server.host.toLowerCase().replace(/\.$/, '')
  // Many hosts give each protocol a name of its own for the same server.
  return `${host.replace(/^(?:imap4?|pop3?)\./, '')} ${mailbox.user.trim().toLowerCase()}`
}

/** POP3 has the inbox alone (RFC 1939 section 1). */
const foldersOf = ({ protocol, folders }: Mailbox): Mailbox['folders'] =>
  protocol === 'imap' ? folders : [{ name: 'INBOX', to: 'inbox', labels: [] }]

/** Whether both pull a folder; `taken`: one that the first may take mail away from. */
function sharesFolder(one: Mailbox, other: Mailbox, taken = false): boolean {
  const isSameKind = one.protocol === other.protocol && one.server.security === other.server.security
  // Another port for the same is another server behind it: a tunnel, a forwarded port.
  if (one === other || (isSameKind && one.server.port !== other.server.port)) return false
  const names = new Set(foldersOf(other).map(({ name }) => name))
  return foldersOf(one).some(({ name, to }) => names.has(name) && !(taken && to === 'sent'))
}

/** @returns one for each mailbox at a source that is pulled as two or more; mailboxes with no folder in common are none */
export function findSharedSources(mailboxes: readonly Mailbox[]): readonly SharedSource[] {
  const groups = Map.groupBy(mailboxes, keyOf)
  return [...groups.values()].flatMap((group): SharedSource[] => {
    const sharing = group.filter(one => group.some(other => sharesFolder(one, other)))
    const [first] = sharing
    if (first === undefined) return []
    const takers = sharing.filter(
      one =>
        one.afterImport.do !== 'keep' &&
        sharing.some(other => other.account !== one.account && sharesFolder(one, other, true)),
    )
    const names = (list: readonly Mailbox[]): string[] => list.map(({ name }) => name)
    return [{ names: names(sharing), user: first.user, host: first.server.host, takers: names(takers) }]
  })
}
