/**
 * The composition root: a Config becomes adapters behind ports, and they are released in reverse order. The only
 * file that names concrete adapters.
 */
import { join } from 'node:path'
import { systemLookup } from './authentication/dns.ts'
import { makeAuthenticate, makeLooker } from './authentication/look.ts'
import type { Clock } from './base/clock.ts'
import { Fault } from './base/fault.ts'
import type { Config } from './config/config.ts'
import type { Gmail } from './gmail/gmail.ts'
import { makeGmail } from './gmail/google.ts'
import type { Journal } from './journal/journal.ts'
import { lockInstance } from './journal/lock.ts'
import { openJournal } from './journal/sqlite.ts'
import type { Log } from './log/log.ts'
import { makeSpooler } from './message/spool.ts'
import type { PullPorts } from './pull/context.ts'
import { makeIdleMemory } from './pull/idle-memory.ts'
import { makeLoginGate } from './pull/logins.ts'
import { makeDeadlineMemory } from './pull/patience.ts'
import { makeSteadyClock, mostOverRestart } from './pull/steady-clock.ts'
import { UnderWay } from './pull/under-way.ts'
import { makeImapSource } from './source/imap.ts'
import { makePop3Source } from './source/pop3.ts'
import { loginKeyOf } from './vault/login-key.ts'

export interface Bridge {
  readonly journal: Journal
  /** One for each mailbox of the configuration. */
  readonly mailboxes: readonly PullPorts[]
  readonly accounts: ReadonlyMap<string, Gmail>
  close(): Promise<void>
}

/**
 * Locks the state directory, opens the journal, sweeps what a killed process left, makes the adapters.
 * @param journalDir where the journal lies, if not in the state directory itself; then the caller holds the lock
 *   (`journal rebuild` makes a new journal beside the old one)
 * Throws Fault state.second-instance, journal.*, state.*.
 */
export async function openBridge(
  config: Config,
  log: Log,
  clock: Clock,
  journalDir?: string,
): Promise<Bridge> {
  const releases: (() => void | Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const release of releases.splice(0).reverse()) await release()
  }
  try {
    const journal = await openJournal(journalDir ?? config.stateDir, 'run', () => {
      if (journalDir !== undefined) return
      const lock = lockInstance(config.stateDir)
      releases.push(() => lock.release())
    })
    releases.push(() => journal.close())
    const underWay = await UnderWay.open(journal)
    releases.push(() => underWay.close())
    const spooler = makeSpooler(join(config.stateDir, 'spool'))
    await spooler.sweep()
    const steady = makeSteadyClock(
      journal,
      clock,
      mostOverRestart(config.mailboxes.map(one => one.afterImport)),
    )
    const accounts = new Map<string, Gmail>()
    for (const account of config.accounts) {
      const gmail = makeGmail({ account, endpoints: config.endpoints, clock })
      accounts.set(account.name, gmail)
      releases.push(() => gmail.close())
    }
    const looker = makeLooker(clock, systemLookup(config.dnsServers))
    releases.push(() => looker.close())
    const authenticate = makeAuthenticate(looker)
    const loginKey = loginKeyOf(config.stateDir, process.env, true)
    await loginKey.reveal().catch(() => '') // made at the start, or asked for again when it is needed
    const mailboxes: PullPorts[] = []
    for (const mailbox of config.mailboxes) {
      const gmail = accounts.get(mailbox.account)
      if (gmail === undefined) throw new Fault('bug', { facts: { what: `no account ${mailbox.account}` } })
      const make = mailbox.protocol === 'pop3' ? makePop3Source : makeImapSource
      const deadlines = await makeDeadlineMemory(journal, mailbox.name, clock)
      const gate = makeLoginGate(journal, mailbox, clock)
      const idleMemory = makeIdleMemory(journal, mailbox.name)
      const source = deadlines.watching(
        make({ mailbox, clock, gate, patience: deadlines.patience, idleMemory }),
      )
      mailboxes.push({
        mailbox,
        source,
        journal,
        gmail,
        spooler,
        clock,
        steady,
        underWay,
        log,
        random: Math.random,
        authenticate,
        loginKey,
      })
    }
    return { journal, mailboxes, accounts, close }
  } catch (error) {
    await close()
    throw error
  }
}
