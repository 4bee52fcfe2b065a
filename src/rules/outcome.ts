/** What follows for a message in Gmail: what its mailbox, its folder and its flags say, and the owner's rules above them. */
import type { RuleWish } from '../base/rule-wish.ts'
import type { ListedFacts } from './rule.ts'
import { isFlagged, isJunk } from './rule-book.ts'

/** What a mailbox says of all its mail. */
export interface UsualWay {
  readonly account: string
  readonly labels: readonly string[]
  readonly archive: boolean
  readonly neverMarkSpam: boolean
  readonly folders: readonly {
    readonly name: string
    readonly to: 'inbox' | 'spam' | 'label' | 'sent'
    readonly labels: readonly string[]
  }[]
}

export interface Outcome {
  /** Of the Gmail account, its name in the configuration. */
  readonly account: string
  /** The owner's labels, by name. */
  readonly labels: readonly string[]
  /** Gmail's own, by id: INBOX, SPAM, UNREAD, STARRED. */
  readonly ownLabels: readonly string[]
  readonly neverMarkSpam: boolean
}

/** `\Flagged` is Gmail's star, `$Junk` its spam, `\Seen` read; `\Answered` is nothing there. */
export function findOutcome(
  usual: UsualWay,
  { folder, seen, flags }: Omit<ListedFacts, 'octets'>,
  wish: RuleWish | undefined,
): Outcome {
  // POP3 has one nameless folder, and so is it named in the configuration.
  const from = usual.folders.find(({ name }) => name === folder)
  const neverMarkSpam = wish?.neverMarkSpam ?? usual.neverMarkSpam
  // What the owner sent is read, and in no inbox.
  const isSent = from?.to === 'sent'
  const isJunkMail = !isSent && isJunk(flags) && wish?.neverMarkSpam !== true && wish?.archive !== false
  const isSpam = from?.to === 'spam' || isJunkMail
  const isArchived = isSent || (wish?.archive ?? (from?.to === 'label' || usual.archive))
  const isUnread = !isSent && (wish?.markRead === undefined ? seen !== true : !wish.markRead)
  const ownLabels: string[] = []
  if (isSpam) ownLabels.push('SPAM')
  else if (!isArchived) ownLabels.push('INBOX')
  if (isUnread) ownLabels.push('UNREAD')
  if (wish?.star ?? isFlagged(flags)) ownLabels.push('STARRED')
  const labels = [...new Set([...usual.labels, ...(from?.labels ?? []), ...(wish?.labels ?? [])])]
  return { account: wish?.account ?? usual.account, labels, ownLabels, neverMarkSpam }
}
