/**
 * The port to a fleet's directory: its tenants, their Gmail accounts and mailboxes, with what each is set to and its secrets.
 * postgres-directory.ts implements it.
 *
 * A tenant is a customer; whatever is kept is kept within one. A mailbox is known everywhere (journal, holds, log) by its
 * key, `TENANT/NAME`, which is the name of its MailboxConfig too; an account by its own within the tenant, and outside by
 * `TENANT/NAME` likewise. Names are of [a-z0-9._@-], begin with a letter or a digit, and are at most 64 (tenant) and
 * 128 characters long.
 *
 * What a mailbox or an account is set to is the same mapping as one entry under `mailboxes:` or `accounts:` of the YAML
 * file, with the same keys, read by the same code; without secrets. Those are given beside it, by the key of their setting
 * (`password`), and are kept sealed, each for the one destination that the settings name.
 *
 * A change is one transaction: with it, or not at all, workers are offered the mailbox or lose it, a row of the audit says
 * who changed what, and workers are told.
 *
 * Besides what is named, each method rejects with the faults of the journal (journal.unreachable, journal.closed, state.*).
 */
import type { Fault } from '../base/fault.ts'
import type { AccountConfig, MailboxConfig } from '../config/config.ts'

/** As in YAML: keys of src/config/settings/. */
export type MemberSettings = Readonly<Record<string, unknown>>

/** By the key of the setting: password, oauthClientSecret, oauthRefreshToken; clientSecret, refreshToken, appPassword. */
export type MemberSecrets = Readonly<Record<string, string>>

/** What a put made of it; `unchanged`: nothing was written, nobody told. */
export type Put = 'added' | 'changed' | 'unchanged'

/** A mailbox, or an account, as it is to be put. */
export interface Member {
  readonly name: string
  readonly settings: MemberSettings
  readonly secrets: MemberSecrets
}

export interface PutOptions {
  /** What would become of it is told, and nothing is written; the tenant need not be there. */
  readonly isRehearsal?: boolean
  /** In a rehearsal: accounts that would be there. */
  readonly accounts?: readonly Member[]
}

export interface TenantEntry {
  readonly name: string
  readonly mailboxes: number
  readonly paused: number
  readonly accounts: number
}

export interface AccountEntry {
  readonly tenant: string
  readonly name: string
  readonly settings: MemberSettings
  /** The keys of the secrets that are kept, never their values. */
  readonly secrets: readonly string[]
  /** How many mailboxes of the tenant name it, or have no other to name. */
  readonly mailboxes: number
}

export interface MailboxEntry {
  /** TENANT/NAME */
  readonly key: string
  readonly tenant: string
  readonly name: string
  /** The account's name within the tenant that its mail goes to. */
  readonly account: string
  readonly settings: MemberSettings
  readonly secrets: readonly string[]
  readonly isPaused: boolean
  readonly changedAtMs: number
  /** The worker that holds it now; undefined: none does. */
  readonly worker: string | undefined
}

export interface MailboxFilter {
  readonly tenant?: string | undefined
  readonly account?: string | undefined
  /** At most 1,000. */
  readonly keys?: readonly string[] | undefined
  /** A part of its key, or of the user or the host of its settings. */
  readonly text?: string | undefined
  readonly isPaused?: boolean | undefined
  /** What this worker holds. */
  readonly worker?: string | undefined
}

export interface MailboxPage {
  /** In the order of their keys, octet by octet. */
  readonly mailboxes: readonly MailboxEntry[]
  /** The key to ask the next page after; undefined: that was all. */
  readonly next: string | undefined
}

export interface AuditRow {
  readonly id: number
  readonly atMs: number
  /** The role that PostgreSQL knew. */
  readonly role: string
  /** The name that the operator gave (`--as`); undefined: none. */
  readonly by: string | undefined
  readonly tenant: string
  readonly kind: 'tenant' | 'account' | 'mailbox' | 'operator' | 'key'
  readonly name: string
  readonly act: 'added' | 'changed' | 'paused' | 'resumed' | 'removed' | 'moved'
  /** The keys of the settings and secrets that changed, never their values. */
  readonly keys: readonly string[]
}

/** A mailbox as a worker takes it up; their secrets are read, and opened, when they are used. */
export interface OpenedMember {
  readonly mailbox: MailboxConfig
  /** All that the mailbox or one of its rules names. */
  readonly accounts: readonly AccountConfig[]
}

/** What became of the data keys that were not wrapped with the first of the fleet's keys yet. */
export interface Rewrapped {
  readonly count: number
  /** Why it could not be, fleet.other-key or fleet.secret-unfit, in the order of their names. */
  readonly refused: readonly { readonly tenant: string; readonly fault: Fault }[]
}

export interface Directory {
  /** @returns false where there is one by that name @throws Fault fleet.name */
  addTenant(name: string): Promise<boolean>
  tenants(): Promise<readonly TenantEntry[]>

  /**
   * Adds the account, or changes it to just this. Secrets that are not given stay as they are.
   * @throws ConfigFault with every problem, in the words of a wrong YAML; Fault fleet.name, fleet.unknown (tenant),
   *   secret.missing where one is needed and neither given nor kept, secret.other-destination where one is kept for another
   *   destination than the settings name now, fleet.no-key, fleet.other-key
   */
  putAccount(tenant: string, name: string, settings: MemberSettings, secrets: MemberSecrets): Promise<Put>
  /** The same of a mailbox, which is then offered to workers unless it is paused. `account` is one of the tenant's. */
  putMailbox(tenant: string, name: string, settings: MemberSettings, secrets: MemberSecrets): Promise<Put>
  /**
   * The same of many mailboxes of one tenant, in one transaction. One that cannot be put is answered by its fault (those of
   * putMailbox), and the others go in. Each name once.
   * @returns what became of each, in their order
   */
  putMailboxes(tenant: string, list: readonly Member[], how?: PutOptions): Promise<readonly (Put | Fault)[]>
  /** The same of accounts. */
  putAccounts(tenant: string, list: readonly Member[], how?: PutOptions): Promise<readonly (Put | Fault)[]>
  /** Throws Fault fleet.unknown; fleet.in-use where a mailbox goes there. */
  removeAccount(tenant: string, name: string): Promise<void>
  accounts(tenant?: string): Promise<readonly AccountEntry[]>

  /** @param page at most 1,000 entries @throws Fault fleet.name for a filter that can be none */
  list(
    filter: MailboxFilter,
    page: { readonly after?: string | undefined; readonly most: number },
  ): Promise<MailboxPage>
  /**
   * No worker pulls these any more until they are resumed: who does ends what it has begun, and gives them back within seconds.
   * All or none. @returns those that were not paused before @throws Fault fleet.unknown
   */
  pause(keys: readonly string[]): Promise<readonly string[]>
  /** @returns those that were paused @throws Fault fleet.unknown */
  resume(keys: readonly string[]): Promise<readonly string[]>
  /**
   * Forgets what they are set to and their secrets. What the journal knows of their mail stays, so that nothing is
   * imported again where one of them is added once more. All or none. @throws Fault fleet.unknown
   */
  remove(keys: readonly string[]): Promise<void>
  /**
   * To another account of its tenant, or to another tenant, where its name must be free and an account be there by the
   * name that it goes to. What the journal knows of its mail moves along, so that nothing is imported again.
   * @returns its key then
   * Its secrets move as they are then, with what a provider gave in the place of one.
   * @throws Fault fleet.unknown (mailbox, account, tenant), fleet.in-use where the name is taken, or (`reason` changing) where
   *   it is changed at the same time or its worker does not end with it; ConfigFault
   */
  move(
    key: string,
    to: { readonly account?: string | undefined; readonly tenant?: string | undefined },
  ): Promise<string>

  /**
   * For a worker: the mailbox with what it needs.
   * @throws Fault fleet.unknown; ConfigFault where what is kept is not sound any more (a file of another computer).
   *   Revealing its secrets throws Fault secret.missing, secret.other-destination, fleet.secret-unfit, fleet.no-key,
   *   fleet.other-key
   */
  open(key: string): Promise<OpenedMember>
  /**
   * Tells of mailboxes that came, went, or are set otherwise, also by a change of their account, within a second; where a
   * notification was lost, within 30 s. The same change may be told twice. A mailbox that went is told too.
   * @param onChange must not throw
   * @param onFault while it is deaf; it tries again by itself
   * @returns what ends it
   */
  watch(onChange: (keys: readonly string[]) => void, onFault?: (fault: unknown) => void): () => Promise<void>

  /** The newest first. */
  audit(
    filter: { readonly tenant?: string | undefined },
    page: { readonly before?: number | undefined; readonly most: number },
  ): Promise<readonly AuditRow[]>
}
