/**
 * The one list of what is not well: the port that the journal keeps it behind. `status`, `doctor`, notices, exit
 * codes, the web hook and the ping read this list and nothing else.
 *
 * Contract: a trouble is opened and closed by evidence alone. Only the failure of a thing opens its trouble and only
 * a success of that very thing closes it; a pull that had nothing to do for it does neither. Beside success a
 * trouble ends when its thing is gone: taken out of the configuration, or a message that left the source.
 *
 * | scope   | name    | subject                         | opened by                    | closed by (`success`)                |
 * |---------|---------|---------------------------------|------------------------------|--------------------------------------|
 * | message | mailbox | number of its row               | a move that records a fault  | the move to imported or merged       |
 * | folder  | mailbox | folder                          | its listing failed           | its listing                          |
 * | wish    | mailbox | folder it is to be done in      | AFTER_IMPORT refused, undone | a listing that shows it done         |
 * | wish    | mailbox | `labelSubject` of a Gmail label | mail that went in without it | mail that went in with it; having it |
 * | mailbox | mailbox | ''                              | an attempt that failed       | a pull that came to its end; a login, where the trouble was the way there |
 * | mailbox | mailbox | 'books'                         | a message without a place    | books that balance                   |
 * | account | account | ''                              | Gmail or Google said no      | an import                            |
 * | machine | ''      | ''                              | what ends the program        | a start after it                     |
 *
 * The journal itself opens and closes the troubles of messages, and closes wishes that a listing shows done, in the
 * transaction of the move. Everything else calls `opened` and `closed` where the thing happens.
 */
import type { FaultCode, FaultFacts, FaultRetry } from './fault.ts'

export const troubleScopes = ['message', 'folder', 'wish', 'mailbox', 'account', 'machine'] as const

export type TroubleScope = (typeof troubleScopes)[number]

/** Which thing is in trouble; there is at most one open trouble of one thing. */
export interface TroubleKey {
  readonly scope: TroubleScope
  /** The mailbox or account; '' for the machine. */
  readonly name: string
  readonly subject: string
}

/**
 * - success: that very thing went well
 * - gone: the message left the source before it could be imported
 * - rule: the message is left out by rule
 * - configuration: the owner took the thing (folder, wish, mailbox, account) out of the configuration
 * - account: it was not the message but its account, whose trouble is open now
 * - owner: the owner did what it takes (gave a new permission, accepted other books)
 */
export type TroubleEnd = 'success' | 'gone' | 'rule' | 'configuration' | 'account' | 'owner'

/** One trouble as it stands in the journal. Times are ms since 1970. */
export interface Trouble extends TroubleKey {
  readonly id: number
  readonly code: FaultCode
  /** Bounded; the other side's own words are untrusted and are escaped where they are shown. */
  readonly facts: FaultFacts
  /** 'owner' also where a message is set aside for good. */
  readonly retry: FaultRetry
  /** The other side's own words, at most 500 octets of UTF-8. */
  readonly said: string | undefined
  readonly sinceMs: number
  readonly lastSeenMs: number
  /** How often it was met, which is how often the thing was tried. */
  readonly times: number
  /** When the latest notice of it got through. */
  readonly noticeAtMs: number | undefined
  /** What that notice said. */
  readonly noticeCode: FaultCode | undefined
  readonly closedAtMs: number | undefined
  readonly closedBy: TroubleEnd | undefined
  readonly allClearAtMs: number | undefined
  /** Of a message: what can be said of it before it is imported. */
  readonly about: MessageAbout | undefined
}

/** What a message calls itself: from the header section, untrusted, bounded. */
export interface MessageAbout {
  readonly from: string | undefined
  readonly subject: string | undefined
  readonly date: string | undefined
  readonly messageId: string | undefined
}

/** A trouble, or all troubles of messages of one mailbox with one code: ten thousand of them are one entry. */
export interface TroubleEntry extends Trouble {
  /** How many messages it stands for; 0 where it is not of messages. */
  readonly messages: number
  /** The first few of them, longest in trouble first. */
  readonly first: readonly Trouble[]
  /** Every trouble in it. */
  readonly ids: readonly number[]
}

/** What opens a trouble: a fault as the journal keeps it. */
export interface TroubleFault {
  readonly code: FaultCode
  readonly retry: FaultRetry
  readonly facts: FaultFacts
  readonly atMs: number
}

/** Methods throw and last as the journal's do. */
export interface TroubleBook {
  /**
   * The thing failed. A first failure opens its trouble, another one is counted; one that comes back before its
   * all-clear went out is the same trouble still.
   * @param sinceMs since when, where that was before `fault.atMs`
   * @returns true where it was not open
   */
  opened(key: TroubleKey, fault: TroubleFault, sinceMs?: number): Promise<boolean>
  /** The thing went well, or is gone. @returns true where it was open */
  closed(key: TroubleKey, by: TroubleEnd, atMs: number): Promise<boolean>
  /** The thing's trouble, where it is open. */
  find(key: TroubleKey): Promise<Trouble | undefined>
  /** The list: everything that is not well, the longest first. Empty: all is well. */
  list(): Promise<readonly TroubleEntry[]>
  /**
   * Open, and the owner has not heard of it, or of another cause. Messages set aside for good are entries apart; of
   * those that are tried again only what has been in trouble since then or longer.
   */
  untold(putOffBeforeMs: number): Promise<readonly TroubleEntry[]>
  /** Closed, and the owner heard of it and not of its end. */
  uncleared(): Promise<readonly TroubleEntry[]>
  /** The latest notice of this thing, also of an earlier trouble of it; of messages: of any with this code. */
  lastNoticeMs(entry: Pick<TroubleEntry, keyof TroubleKey | 'code'>): Promise<number | undefined>
  /** A notice of these got through. */
  noticed(ids: readonly number[], atMs: number): Promise<void>
  /** The all-clear of these got through, or nobody needs it. */
  cleared(ids: readonly number[], atMs: number): Promise<void>
  /** Ids of rows whose trouble is open and of which nothing is known yet, longest first. */
  undescribed(mailbox: string, sinceAtMostMs: number, limit: number): Promise<readonly number[]>
  describe(messageId: number, about: MessageAbout): Promise<void>
  /**
   * Closes, as taken out of the configuration, what concerns other folders of the mailbox than these.
   * @param wishes subjects of wishes that stand, beside the folders'
   */
  keepFolders(
    mailbox: string,
    folders: readonly string[],
    wishes: readonly string[],
    atMs: number,
  ): Promise<void>
  /** Closes what concerns other mailboxes and accounts than these. */
  keepOnly(mailboxes: readonly string[], accounts: readonly string[], atMs: number): Promise<void>
}
