/**
 * The composition root: a Config becomes adapters behind ports, and they are released in reverse order. The only
 * file that names concrete adapters. Each is loaded when it is asked for, so that a command waits for none that it
 * does not use.
 */
import { join } from 'node:path'
import type { Looker } from './authentication/authentication.ts'
import type { Lookup } from './authentication/dns.ts'
import type { Clock } from './base/clock.ts'
import { keepYoungSpaceSmall } from './base/engine.ts'
import { Fault } from './base/fault.ts'
import {
  type AfterImport,
  type Config,
  isOfApi,
  type MailboxConfig,
  type OAuthCredential,
} from './config/config.ts'
import { readImapServer } from './config/destinations.ts'
import type { Gmail } from './gmail/gmail.ts'
import type { ProjectQuotas } from './gmail/google.ts'
import type { Journal, LoginBooks, NoteKey } from './journal/journal.ts'
import type { JournalLook } from './journal/look.ts'
import type { Log } from './log/log.ts'
import type { OAuthTokens } from './oauth/tokens.ts'
import type { PullPorts } from './pull/context.ts'
import type { Destination } from './pull/destination.ts'
import type { LoginCount } from './pull/logins.ts'
import type { Held, UploadQueue } from './pull/upload-queue.ts'
import type { ImapSourceOptions } from './source/imap.ts'
import type { MailboxSettings } from './source/inspect.ts'
import type { Pop3SourceOptions } from './source/pop3.ts'
import type { Source } from './source/source.ts'

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

export type { JournalLook } from './journal/look.ts'

export interface SourceOptions
  extends Omit<Pop3SourceOptions & ImapSourceOptions, 'deadlines' | 'mailbox' | 'tokens'> {
  readonly mailbox: Omit<MailboxSettings, 'credential'> & Pick<MailboxConfig, 'credential'>
  /** Where other than usual. */
  readonly pop3Deadlines?: Pop3SourceOptions['deadlines']
  readonly imapDeadlines?: ImapSourceOptions['deadlines']
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

/** Access tokens of a mailbox, where its configuration says who gives them. What keeps them is loaded only there. */
export async function makeAccessTokens(
  { credential }: Pick<MailboxConfig, 'credential'>,
  clock: Clock,
): Promise<OAuthTokens | undefined> {
  if (credential.kind === 'password') return undefined
  const { makeOAuthTokens } = await import('./oauth/tokens.ts')
  const known = tokensOf.get(credential)
  if (known !== undefined) return known
  const tokens = makeOAuthTokens({ settings: credential, clock })
  const close = (): void => {
    tokensOf.delete(credential)
    tokens.close()
  }
  const shared = { ...tokens, close }
  tokensOf.set(credential, shared)
  return shared
}

/** One for each credential, however many sessions are opened with it: each token is asked for once. */
const tokensOf = new WeakMap<OAuthCredential, OAuthTokens>()

/** The source of a mailbox by its protocol. Without a gate nobody counts its logins. */
export async function makeSource(options: SourceOptions): Promise<Source> {
  const { pop3Deadlines, imapDeadlines, ...given } = options
  const { mailbox, clock } = given
  const tokens = await makeAccessTokens(mailbox, clock)
  const others = tokens === undefined ? given : { ...given, tokens }
  if (mailbox.protocol === 'pop3') {
    const { makePop3Source } = await import('./source/pop3.ts')
    const pop3 = makePop3Source(
      pop3Deadlines === undefined ? others : { ...others, deadlines: pop3Deadlines },
    )
    const { idlePort, server } = mailbox
    if (idlePort === undefined) return pop3
    const { listenByImap } = await import('./source/imap-listening.ts')
    const listened = { ...mailbox, server: { ...server, port: idlePort }, folders: [{ name: 'INBOX' }] }
    const imap = await makeSource({ ...options, mailbox: { ...listened, protocol: 'imap' } })
    return listenByImap(pop3, imap, clock)
  }
  const { makeImapSource } = await import('./source/imap.ts')
  return makeImapSource(imapDeadlines === undefined ? others : { ...others, deadlines: imapDeadlines })
}

/** @param name of an account of the configuration */
export async function makeAccount(
  { accounts, endpoints }: Pick<Config, 'accounts' | 'endpoints'>,
  name: string,
  clock: Clock,
  projects?: ProjectQuotas,
): Promise<Gmail> {
  const account = accounts.find(candidate => candidate.name === name)
  if (account === undefined) throw new Fault('bug', { facts: { what: `no account ${name}` } })
  if (!isOfApi(account)) {
    const { makeAppendGmail } = await import('./gmail/append/append.ts')
    const { credential, ...rest } = account
    const server = readImapServer(endpoints.imapUrl)
    return makeAppendGmail({ account: { ...rest, password: credential.password }, server, clock })
  }
  const { makeGmail } = await import('./gmail/google.ts')
  return makeGmail({ account, endpoints, clock, projects })
}

/** @param lookup the DNS servers to ask instead of the system's, or what answers in their place */
export async function makeAuthenticationLooker(
  clock: Clock,
  lookup: readonly string[] | Lookup | undefined,
): Promise<Looker> {
  const [{ systemLookup }, { makeLooker }] = await Promise.all([
    import('./authentication/dns.ts'),
    import('./authentication/look.ts'),
  ])
  return makeLooker(clock, typeof lookup === 'function' ? lookup : systemLookup(lookup))
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
    const [sqlite, { lockInstance }, { makeSpooler }, { makeAuthenticate }, { loginKeyOf }] =
      await Promise.all([
        import('./journal/sqlite.ts'),
        import('./journal/lock.ts'),
        import('./message/spool.ts'),
        import('./authentication/look.ts'),
        import('./vault/login-key.ts'),
      ])
    // What pulls remember, and what outlives them.
    const [
      { UnderWay },
      { makeSteadyClock, mostOverRestart },
      { makeDeadlineMemory },
      { makeLoginGate },
      { makeIdleMemory },
      { UploadQueue },
      { makeProjectQuotas },
      { AheadRoom },
    ] = await Promise.all([
      import('./pull/under-way.ts'),
      import('./pull/steady-clock.ts'),
      import('./pull/patience.ts'),
      import('./pull/logins.ts'),
      import('./pull/idle-memory.ts'),
      import('./pull/upload-queue.ts'),
      import('./gmail/google.ts'),
      import('./source/ahead-room.ts'),
    ])
    const journal = await sqlite.openJournal(journalDir ?? config.stateDir, 'run', () => {
      if (journalDir !== undefined) return
      const lock = lockInstance(config.stateDir)
      releases.push(() => lock.release())
    })
    releases.push(() => journal.close())
    if (journalDir === undefined) await takeUpEarlyLogins(config, journal)
    const underWay = await UnderWay.open(journal)
    releases.push(() => underWay.close())
    const spooler = makeSpooler(join(config.stateDir, 'spool'))
    await spooler.sweep()
    const steady = makeSteadyClock(
      journal,
      clock,
      mostOverRestart(config.mailboxes.map(mailbox => mailbox.afterImport)),
    )
    const projects = makeProjectQuotas(clock)
    const lately = (await journal.importedSince(clock.nowMs() - quotaMs)).map(row => ({
      account: row.account,
      atMs: row.importedAtMs ?? clock.nowMs(),
    }))
    const accounts = new Map<string, Gmail>()
    const queues = new Map<string, InstanceType<typeof UploadQueue>>()
    // One mailbox's mail may go into several accounts.
    const destinations = new Map<string, Destination>()
    const onTheWay = new Set<Held>()
    for (const account of config.accounts) {
      const gmail = await makeAccount(config, account.name, clock, projects)
      gmail.noteEarlierImports(lately.flatMap(row => (row.account === account.name ? row.atMs : [])))
      accounts.set(account.name, gmail)
      releases.push(() => gmail.close())
      const queue = new UploadQueue(account.importsInFlight, clock, onTheWay)
      queues.set(account.name, queue)
      destinations.set(account.name, { gmail, uploads: queue })
      releases.push(() => queue.close())
    }
    const looker = await makeAuthenticationLooker(clock, config.dnsServers)
    releases.push(() => looker.close())
    const authenticate = makeAuthenticate(looker)
    const loginKey = loginKeyOf(config.stateDir, process.env, true)
    await loginKey.reveal().catch(() => '') // made at the start, or asked for again when it is needed
    const mailboxes: PullPorts[] = []
    const chosen = new Map<string, MailboxConfig>()
    const logins = new Map<string, LoginCount>()
    const aheadRoom = new AheadRoom()
    for (const mailbox of config.mailboxes) {
      const gmail = accounts.get(mailbox.account)
      const uploads = queues.get(mailbox.account)
      if (gmail === undefined || uploads === undefined)
        throw new Fault('bug', { facts: { what: `no account ${mailbox.account}` } })
      const deadlines = await makeDeadlineMemory(journal, mailbox.name, clock)
      const count: LoginCount = { accepted: 0, refused: 0 }
      logins.set(mailbox.name, count)
      const gate = makeLoginGate(journal, mailbox, clock, 'pull', count)
      const idleMemory = makeIdleMemory(journal, mailbox.name)
      const tokens = await makeAccessTokens(mailbox, clock)
      if (tokens !== undefined) releases.push(() => tokens.close())
      const source = deadlines.watching(
        await makeSource({ mailbox, clock, gate, patience: deadlines.patience, idleMemory, aheadRoom }),
      )
      chosen.set(mailbox.name, mailbox)
      mailboxes.push({
        // A pull works with what it was at its begin.
        get mailbox() {
          return chosen.get(mailbox.name) ?? mailbox
        },
        source,
        journal,
        gmail,
        spooler,
        clock,
        steady,
        underWay,
        uploads,
        others: destinations,
        log,
        random: Math.random,
        authenticate,
        loginKey,
      })
    }
    keepYoungSpaceSmall()
    const changeAfterImport = (name: string, afterImport: AfterImport): void => {
      const before = chosen.get(name)
      if (before !== undefined) chosen.set(name, Object.freeze({ ...before, afterImport }))
    }
    return { journal, mailboxes, accounts, logins, changeAfterImport, queues: [...queues.values()], close }
  } catch (error) {
    await close()
    throw error
  }
}
