/**
 * What the mailboxes of one process share, however many are opened and closed meanwhile: where octets wait, who looks at
 * authentication, the Gmail accounts with what is on its way into them, and the allowances of their projects.
 */
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import type { SharedLimits } from '../base/shared-limit.ts'
import type { AccountConfig, Config } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import type { Spooler } from '../message/spool.ts'
import type { Authenticate } from '../pull/context.ts'
import type { Destination } from '../pull/destination.ts'
import type { HostTurns } from '../pull/host-turns.ts'
import type { Trials } from '../pull/trials.ts'
import type { Held } from '../pull/upload-queue.ts'
import type { AheadRoom } from '../source/ahead-room.ts'
import { makeAccount, makeAuthenticationLooker } from './adapters.ts'

/** Of the program's settings. */
export type SharedSettings = Pick<Config, 'stateDir' | 'endpoints' | 'dnsServers'>

export interface SharedOptions {
  readonly log: Log
  readonly clock: Clock
  /** Under which accepted logins are remembered. */
  readonly loginKey: Secret
  /** Which accounts are one: those whose name, settings and secrets are the same. Throws Fault secret.* */
  keyOf(account: AccountConfig): Promise<string>
  /** When other processes imported into the account within the last minute, wall clock, ms. */
  earlierImports(account: string): Promise<readonly number[]>
  /** What other processes share: then `earlierImports` names none, since their slices count. */
  readonly limits?: SharedLimits | undefined
  /** At the mail hosts, where many processes log in there. */
  readonly turns?: HostTurns | undefined
}

/** A use of an account, which others may use, too. */
export interface AccountUse extends Destination {
  /** Where nobody uses it any more what is on its way ends within its grace, and its sockets are closed. */
  leave(): Promise<void>
}

export interface Shared extends Pick<SharedOptions, 'log' | 'clock' | 'loginKey' | 'turns'> {
  readonly spooler: Spooler
  readonly authenticate: Authenticate
  readonly aheadRoom: AheadRoom
  readonly trials: Trials
  useAccount(account: AccountConfig): Promise<AccountUse>
  /** After the mailboxes. */
  close(): Promise<void>
}

interface OpenAccount {
  readonly opened: Promise<Destination>
  uses: number
}

/** Sweeps what a killed process left; throws Fault state.*. */
export async function openShared(settings: SharedSettings, options: SharedOptions): Promise<Shared> {
  const { log, clock, loginKey, keyOf, earlierImports, limits, turns } = options
  const [
    { makeSpooler },
    { makeAuthenticate },
    { makeProjectQuotas },
    { UploadQueue },
    { makeTrials },
    { AheadRoom },
  ] = await Promise.all([
    import('../message/spool.ts'),
    import('../authentication/look.ts'),
    import('../gmail/google.ts'),
    import('../pull/upload-queue.ts'),
    import('../pull/trials.ts'),
    import('../source/ahead-room.ts'),
  ])
  const spooler = makeSpooler(join(settings.stateDir, 'spool'))
  await spooler.sweep()
  const projects = makeProjectQuotas(clock, limits)
  // One mailbox's mail may go into several accounts.
  const onTheWay = new Set<Held>()
  const accounts = new Map<string, OpenAccount>()
  const open = async (account: AccountConfig): Promise<Destination> => {
    const { endpoints } = settings
    const only = { accounts: [account], endpoints }
    const gmail = await makeAccount(only, account.name, clock, projects, limits)
    gmail.noteEarlierImports(await earlierImports(account.name))
    return { gmail, uploads: new UploadQueue(account.importsInFlight, clock, onTheWay) }
  }
  const useAccount = async (account: AccountConfig): Promise<AccountUse> => {
    const key = await keyOf(account)
    const entry = accounts.get(key) ?? { opened: open(account), uses: 0 }
    accounts.set(key, entry)
    entry.uses += 1
    let isLeft = false
    const leave = async (): Promise<void> => {
      if (isLeft) return
      isLeft = true
      entry.uses -= 1
      if (entry.uses > 0) return
      if (accounts.get(key) === entry) accounts.delete(key)
      const { gmail, uploads } = await entry.opened
      await uploads.close()
      await gmail.close()
    }
    try {
      return { ...(await entry.opened), leave }
    } catch (error) {
      if (accounts.get(key) === entry) accounts.delete(key)
      throw error
    }
  }
  const looker = await makeAuthenticationLooker(clock, settings.dnsServers)
  return {
    ...{ log, clock, loginKey, turns, spooler, useAccount },
    authenticate: makeAuthenticate(looker),
    aheadRoom: new AheadRoom(),
    trials: makeTrials(),
    close: async () => looker.close(),
  }
}
