/** What a worker works with, and whom it tells. */
import type { Clock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import type { OpenMailbox } from '../bridge/mailbox.ts'
import type { Shared } from '../bridge/shared.ts'
import type { DaemonHooks } from '../daemon.ts'
import type { Directory } from '../fleet/directory.ts'
import type { FleetJournal } from '../journal/postgres/postgres.ts'

export interface WorkerOptions {
  readonly fleet: Pick<FleetJournal, 'holds' | 'journalOf' | 'nowMs'>
  readonly directory: Pick<Directory, 'open' | 'watch'>
  readonly shared: Shared
  readonly clock: Clock
  /** No other worker of the fleet has this name. */
  readonly name: string
  /** No other process has this one, nor had. */
  readonly instance: string
  /** So many mailboxes at most. */
  readonly capacity: number
  readonly hooks: WorkerHooks
}

export interface WorkerHooks extends DaemonHooks {
  /** A mailbox is pulled from now on; its secrets are to be kept out of the log. Must not throw. */
  onOpened(mailbox: OpenMailbox): void
  onClosed(mailbox: OpenMailbox): void
  /** The database did not answer. */
  onFault(fault: Fault): void
}
