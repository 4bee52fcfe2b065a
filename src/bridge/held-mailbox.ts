/** A mailbox that a worker of a fleet holds: opened with the fleet's journal, and with what goes with it from worker to worker. */
import { Fault } from '../base/fault.ts'
import type { AccountConfig, MailboxConfig } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import type { ProcessAtWork } from '../pull/under-way.ts'
import { type OpenMailbox, openMailbox } from './mailbox.ts'
import type { Shared } from './shared.ts'

export interface HeldBooks extends Pick<ProcessAtWork, 'instance' | 'listAlive'> {
  /** Of the hold, which is refused where it is held no more. */
  readonly journal: Journal
  /** The database's wall clock, ms. */
  nowMs(): Promise<number>
  /** Aborts where another may have taken it. */
  readonly lost: AbortSignal
  /** Whether nobody else can have taken the mailbox up to now. */
  isSure(): boolean
}

/**
 * Closed it says that it ended as it should; where it cannot, the next worker takes what was in hand for suspects, as soon as
 * this process is not heard of any more.
 */
export async function openHeldMailbox(
  shared: Shared,
  { journal, nowMs, isSure, lost, instance, listAlive }: HeldBooks,
  mailbox: MailboxConfig,
  accounts: readonly AccountConfig[],
): Promise<OpenMailbox> {
  const [{ UnderWay }, { makeSteadyClock, mostOverRestart }] = await Promise.all([
    import('../pull/under-way.ts'),
    import('../pull/steady-clock.ts'),
  ])
  const steady = makeSteadyClock(
    journal,
    { monotonicMs: shared.clock.monotonicMs, nowMs },
    mostOverRestart([mailbox.afterImport]),
  )
  const underWay = await UnderWay.open(journal, { instance, listAlive, trials: shared.trials })
  const assertMayUpload = (): void => {
    if (!isSure()) throw new Fault('journal.not-held', { facts: { name: mailbox.name } })
  }
  try {
    const opened = await openMailbox(
      shared,
      { journal, underWay, steady, assertMayUpload, lost },
      mailbox,
      accounts,
    )
    return {
      ...opened,
      async close() {
        await opened.close()
        await underWay.close()
      },
    }
  } catch (error) {
    await underWay.close()
    throw error
  }
}
