/** The owner's rules as data: what each asks of a message, and what is to follow. The configuration's fit by their shape. */

/** Which addresses: `info@example.jp`, `sales-*@example.jp`, `@example.jp`, `@.example.jp`, `info@`, `*`. */
export interface AddressPattern {
  /** Lower case, NFC; `*` stands for any characters. Undefined: any. */
  readonly local: string | undefined
  /** Lower case, ASCII (IDNA). Undefined: any. */
  readonly domain: string | undefined
  /** The domains below it, too. */
  readonly below: boolean
}

/** A field of the header whose text holds these characters, whatever their case. */
export interface HeaderPattern {
  /** Lower case. */
  readonly name: string
  /** Lower case, NFC; empty: the field is there. */
  readonly contains: string
}

/** All that are given must hold; of several values of one, any. */
export interface Conditions {
  readonly recipient: readonly AddressPattern[] | undefined
  readonly sender: readonly AddressPattern[] | undefined
  /** List-Id, lower case; `*` stands for any characters. */
  readonly list: readonly string[] | undefined
  /** Source folders, as in the configuration. */
  readonly folder: readonly string[] | undefined
  /** Lower case: `seen`, `unseen`, `flagged`, `answered`, `junk`, or a keyword of the source. */
  readonly flags: readonly string[] | undefined
  /** Octets. */
  readonly larger: number | undefined
  readonly smaller: number | undefined
  readonly header: readonly HeaderPattern[] | undefined
  /** Every message. */
  readonly everything: boolean
}

/** Undefined: as the mailbox has it. */
export interface Actions {
  readonly labels: readonly string[]
  readonly archive: boolean | undefined
  readonly star: boolean | undefined
  readonly markRead: boolean | undefined
  readonly neverMarkSpam: boolean | undefined
  /** False: it stays at the source. */
  readonly import: boolean
  /** AccountConfig.name of another Gmail account. */
  readonly account: string | undefined
  /** The rules below are asked, too. */
  readonly continue: boolean
}

export interface Rule extends Conditions, Actions {
  readonly name: string | undefined
}

/** What a source says of a message without its header. */
export interface ListedFacts {
  readonly folder: string
  /** Undefined: not known yet. */
  readonly octets: number | undefined
  /** IMAP `\Seen`; undefined where the source has none. */
  readonly seen: boolean | undefined
  /** Other flags and keywords as the source spells them; undefined where it has none. */
  readonly flags: readonly string[] | undefined
}
