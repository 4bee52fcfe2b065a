/** What the mailboxes of one worker share, and what it shares with the other workers of the fleet. */
import { createHash } from 'node:crypto'
import type { Fault } from '../base/fault.ts'
import { Secret } from '../base/secret.ts'
import type { AccountConfig } from '../config/config.ts'
import { type DayNews, keepLimits } from '../fleet/limits.ts'
import type { FleetSettings } from '../fleet/settings.ts'
import type { FleetJournal } from '../journal/postgres/postgres.ts'
import { openShared, type Shared, type SharedOptions, type SharedSettings } from './shared.ts'

export interface FleetSharedOptions extends Pick<SharedOptions, 'log' | 'clock' | 'loginKey'> {
  readonly settings: Pick<FleetSettings, 'worker' | 'logins' | 'address'>
  readonly budget: FleetJournal['budget']
  /** The database did not answer. */
  onFault(fault: Fault): void
  /** What may be used in a day comes to its end. */
  onDay(news: DayNews): void
}

/** Throws Fault state.*. */
export async function openFleetShared(
  program: SharedSettings,
  { settings, budget, onFault, onDay, ...own }: FleetSharedOptions,
): Promise<Shared> {
  const { worker, logins, address = '' } = settings
  const { clock } = own
  const { makeHostTurns } = await import('../pull/host-turns.ts')
  const limits = keepLimits({ budget, worker, clock, onFault, onDay })
  const turns = makeHostTurns({ limits, clock, ...logins, address })
  try {
    const shared = await openShared(program, {
      ...own,
      ...{ limits, turns },
      keyOf: digestAccount,
      // The slices of the workers that made them count.
      earlierImports: async () => [],
    })
    return {
      ...shared,
      async close() {
        await shared.close()
        turns.close()
        await limits.close()
      },
    }
  } catch (error) {
    turns.close()
    await limits.close()
    throw error
  }
}

/** Two mailboxes whose account is called, set and kept the same share it. One that cannot be opened is told by its pulls. */
async function digestAccount(account: AccountConfig): Promise<string> {
  const secrets = Object.values(account.credential).filter(value => value instanceof Secret)
  const values = await Promise.all(secrets.map(secret => secret.reveal().catch(() => undefined)))
  return createHash('sha256')
    .update(JSON.stringify([account, values.map(value => value ?? null)]))
    .digest('hex')
}
