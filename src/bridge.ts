/**
 * The composition root: a Config becomes adapters behind ports, and they are released in reverse order. Only this room
 * (and `bridge/`) names concrete adapters. Each is loaded when it is asked for, so that a command waits for none that it
 * does not use.
 */
import type { Clock } from './base/clock.ts'
import { keepYoungSpaceSmall } from './base/engine.ts'
import { type OpenMailbox, openMailbox } from './bridge/mailbox.ts'
import { type AccountUse, openShared } from './bridge/shared.ts'
import type { AfterImport, Config } from './config/config.ts'
import type { Gmail } from './gmail/gmail.ts'
import type { Journal, LoginBooks, NoteKey } from './journal/journal.ts'
import type { JournalLook } from './journal/look.ts'
import type { Log } from './log/log.ts'
import type { PullPorts } from './pull/context.ts'
import type { LoginCount } from './pull/logins.ts'
import type { UploadQueue } from './pull/upload-queue.ts'

export {
  makeAccessTokens,
  makeAccount,
  makeAuthenticationLooker,
  makeSource,
  type SourceOptions,
} from './bridge/adapters.ts'
export type { JournalLook } from './journal/look.ts'

/** Gmail's quota is counted over a minute, also of what an earlier process imported. */
const quotaMs = 61_000

export interface Bridge {
  readonly journal: Journal
  /** One for each mailbox of the configuration. */
  readonly mailboxes: readonly PullPorts[]
  readonly accounts: ReadonlyMap<string, Gmail>
  /** Logins of this process, by mailbox. */
  readonly logins: ReadonlyMap<string, LoginCount>
  /** What is done at the source from the next pull of the mailbox on; the configuration is not touched. */
  changeAfterImport(mailbox: string, afterImport: AfterImport): void
  /** One for each account: what is on its way outlives the pulls. */
  readonly queues: readonly UploadQueue[]
  close(): Promise<void>
}

/** The journal of a state directory, beside whoever works with it; undefined where there is none yet. */
export async function openJournal(stateDir: string): Promise<Journal | undefined> {
  const sqlite = await import('./journal/sqlite.ts')
  return sqlite.openJournal(stateDir, 'look')
}

/** The journal, looked at without touching it. See journal/look.ts. */
export async function lookAtJournal(
  ...asked: Parameters<typeof import('./journal/look.ts').lookAtJournal>
): Promise<JournalLook> {
  const look = await import('./journal/look.ts')
  return look.lookAtJournal(...asked)
}

/** What the set-up counted of its logins before there was a journal, so that the limits of hosts hold over both. */
async function takeUpEarlyLogins({ stateDir, mailboxes }: Config, journal: Journal): Promise<void> {
  const { forgetEarlyLogins, readEarlyLogins } = await import('./journal/early-logins.ts')
  const { notes, refusedAtMs } = await readEarlyLogins(stateDir, process.env)
  const [{ mergeHostLogins }, { mergeRefusals }] = await Promise.all([
    import('./pull/host-logins.ts'),
    import('./pull/logins.ts'),
  ])
  for (const [key, text] of Object.entries(notes) as [NoteKey, string][])
    if (key.startsWith('host-logins/')) await mergeHostLogins(journal, key, text)
  for (const { name } of mailboxes)
    if (refusedAtMs[name] !== undefined) await mergeRefusals(journal, name, refusedAtMs[name])
  forgetEarlyLogins(stateDir)
}

/** The books of the set-up's logins: its own file, and the journal where one is open for what all share. */
export async function openEarlyBooks(
  ...asked: Parameters<typeof import('./journal/early-logins.ts').openEarlyBooks>
): Promise<LoginBooks> {
  const early = await import('./journal/early-logins.ts')
  return early.openEarlyBooks(...asked)
}

/**
 * Locks the state directory, opens the journal, sweeps what a killed process left, makes the adapters.
 * @param journalDir where the journal lies, if not in the state directory itself; then the caller holds the lock
 *   (`journal rebuild` makes a new journal beside the old one)
 * @param given a journal that is open already, in its place; closed with the bridge
 * Throws Fault state.second-instance, journal.*, state.*.
 */
export async function openBridge(
  config: Config,
  log: Log,
  clock: Clock,
  journalDir?: string,
  given?: Journal,
): Promise<Bridge> {
  const releases: (() => void | Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const release of releases.splice(0).reverse()) await release()
  }
  try {
    const [sqlite, { lockInstance }, { loginKeyOf }, { UnderWay }, { makeSteadyClock, mostOverRestart }] =
      await Promise.all([
        import('./journal/sqlite.ts'),
        import('./journal/lock.ts'),
        import('./vault/login-key.ts'),
        import('./pull/under-way.ts'),
        import('./pull/steady-clock.ts'),
      ])
    const hold = (): void => {
      if (journalDir !== undefined) return
      const lock = lockInstance(config.stateDir)
      releases.push(() => lock.release())
    }
    const journal = given ?? (await sqlite.openJournal(journalDir ?? config.stateDir, 'run', hold))
    releases.push(() => journal.close())
    if (journalDir === undefined) await takeUpEarlyLogins(config, journal)
    const underWay = await UnderWay.open(journal)
    releases.push(() => underWay.close())
    const steady = makeSteadyClock(
      journal,
      clock,
      mostOverRestart(config.mailboxes.map(mailbox => mailbox.afterImport)),
    )
    // A clock that was set back since has left whole years ahead of it.
    const lately = await journal.importedBetween(clock.nowMs() - quotaMs, clock.nowMs() + quotaMs)
    const loginKey = loginKeyOf(config.stateDir, process.env, true)
    const opened: OpenMailbox[] = []
    const uses: AccountUse[] = []
    releases.push(async () => {
      await Promise.all(opened.map(mailbox => mailbox.close()))
      await Promise.all(uses.map(use => use.leave()))
    })
    const shared = await openShared(config, {
      ...{ log, clock, loginKey },
      // Its secrets may not open yet.
      keyOf: async account => account.name,
      earlierImports: async name =>
        lately.flatMap(row => (row.account === name ? (row.importedAtMs ?? clock.nowMs()) : [])),
    })
    releases.push(() => shared.close())
    for (const account of config.accounts) uses.push(await shared.useAccount(account))
    await loginKey.reveal().catch(() => '') // made at the start, or asked for again when it is needed
    const books = { journal, underWay, steady }
    for (const mailbox of config.mailboxes)
      opened.push(await openMailbox(shared, books, mailbox, config.accounts))
    keepYoungSpaceSmall()
    const nameOf = ({ ports }: OpenMailbox): string => ports.mailbox.name
    return {
      ...{ journal, close },
      accounts: new Map(uses.map(({ gmail }) => [gmail.account, gmail])),
      queues: uses.map(({ uploads }) => uploads),
      mailboxes: opened.map(({ ports }) => ports),
      logins: new Map(opened.map(mailbox => [nameOf(mailbox), mailbox.ports.logins])),
      changeAfterImport(name, afterImport) {
        opened.find(mailbox => nameOf(mailbox) === name)?.changeAfterImport(afterImport)
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
