/** A Gmail account as mail goes into it: rules of a mailbox may name others than its own. */
import type { MailboxConfig } from '../config/config.ts'
import type { Gmail } from '../gmail/gmail.ts'
import type { UploadQueue } from './upload-queue.ts'

export interface Destination {
  readonly gmail: Gmail
  readonly uploads: UploadQueue
}

type Named = Pick<MailboxConfig, 'account' | 'rules'>

/** Accounts that rules of a mailbox name beside its own. */
export const otherAccountsOf = ({ account, rules }: Named): readonly string[] => [
  ...new Set(rules.flatMap(rule => (rule.account === account ? [] : (rule.account ?? [])))),
]

/** Its own account, and those. */
export const accountsOf = (mailbox: Named): readonly string[] => [
  mailbox.account,
  ...otherAccountsOf(mailbox),
]
