/** Who writes to whom in some mail, counted: what the set-up offers rules for. Within the bounds of header-view.ts. */
import { type Address, normaliseDomain } from './addresses.ts'
import { HeaderView } from './header-view.ts'
import { AddressPatterns } from './patterns.ts'

export interface Correspondent {
  /** `local@domain`, lower case. */
  readonly address: string
  readonly messages: number
}

export interface Correspondents {
  /** Addresses of the mailbox's own domain, other than its own, the commonest first. */
  readonly recipients: readonly Correspondent[]
  /** Senders of bulk mail (List-Unsubscribe, RFC 2369 section 3.2), the commonest first. */
  readonly bulkSenders: readonly Correspondent[]
}

/** No address that a person may choose is longer, or holds what a pattern means by itself. */
const isPlain = (address: string): boolean => /^[^\s*"'<>,;()\\[\]]{3,200}$/u.test(address)

/** @param own the mailbox's address */
export function countCorrespondents(headers: readonly Buffer[], own: string): Correspondents {
  const at = own.lastIndexOf('@')
  const domain = at < 0 ? undefined : normaliseDomain(own.slice(at + 1))
  const known = new AddressPatterns(domain === undefined ? [] : [{ local: undefined, domain, below: false }])
  const isOwn = ({ local, domain: where }: Address): boolean => `${local}@${where}` === own.toLowerCase()
  const recipients = new Map<string, number>()
  const senders = new Map<string, number>()
  const count = (counts: Map<string, number>, address: string): void => {
    if (isPlain(address)) counts.set(address, (counts.get(address) ?? 0) + 1)
  }
  for (const header of headers) {
    const view = new HeaderView(header, ['list-unsubscribe'])
    const there = view.recipientsFor(known, isOwn).addresses.filter(each => known.has(each) && !isOwn(each))
    for (const address of new Set(there.map(({ local, domain: where }) => `${local}@${where}`)))
      count(recipients, address)
    const [sender] = view.sender.addresses
    if (sender !== undefined && view.holds('list-unsubscribe', '') === true)
      count(senders, `${sender.local}@${sender.domain}`)
  }
  return { recipients: inOrder(recipients), bulkSenders: inOrder(senders) }
}

const inOrder = (counts: ReadonlyMap<string, number>): readonly Correspondent[] =>
  [...counts]
    .map(([address, messages]) => ({ address, messages }))
    .sort((one, two) => two.messages - one.messages || (one.address < two.address ? -1 : 1))
