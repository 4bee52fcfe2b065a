/** What the owner's rules made of a message, as the journal keeps it with the message's row. */

export interface TakenRule {
  /** In the order of the configuration, from 1. */
  readonly place: number
  readonly name?: string
}

export interface RuleWish {
  /** The rules that took it. */
  readonly rules: readonly TakenRule[]
  readonly labels?: readonly string[]
  readonly archive?: boolean
  readonly star?: boolean
  readonly markRead?: boolean
  readonly neverMarkSpam?: boolean
  /** Another Gmail account than the mailbox's, by its name in the configuration. */
  readonly account?: string
  /** Not imported: a digest of the rules that say so. While they stand, so does this. */
  readonly left?: string
  /** The owner asked for it all the same. */
  readonly byOwner?: true
  /** A digest of all rules of that time. */
  readonly book?: string
}
