/** One mailbox with all that its pulls work with, opened and closed by itself. */
import { Fault } from '../base/fault.ts'
import type { AccountConfig, AfterImport, MailboxConfig } from '../config/config.ts'
import type { Gmail } from '../gmail/gmail.ts'
import type { Journal } from '../journal/journal.ts'
import type { PullPorts } from '../pull/context.ts'
import type { Destination } from '../pull/destination.ts'
import type { LoginCount } from '../pull/logins.ts'
import type { SteadyClock } from '../pull/steady-clock.ts'
import type { UnderWay } from '../pull/under-way.ts'
import { OpenSockets } from '../source/open-sockets.ts'
import { makeAccessTokens, makeSource } from './adapters.ts'
import type { AccountUse, Shared } from './shared.ts'

/** Where its pulls write down what they do, and what they remember of it. */
export interface MailboxBooks {
  readonly journal: Journal
  readonly underWay: UnderWay
  readonly steady: SteadyClock
  /** Once this aborts another may log in to the mailbox: all its connections are cut at once. */
  readonly lost?: AbortSignal
  /** Asked just before an upload's first octet leaves; throws where it must not. */
  assertMayUpload?(): void
}

export interface OpenMailbox {
  readonly ports: PullPorts
  /** What is done at the source from the next pull on; the configuration is not touched. */
  changeAfterImport(afterImport: AfterImport): void
  /** Resolves when none of its messages has a place in a queue any more. */
  idle(): Promise<void>
  /** Its last connection to the mail server is closed. Then lets its uploads that run end within their grace, and leaves its accounts. */
  close(): Promise<void>
}

/**
 * @param accounts its own, those that its rules name, and those that they named before
 * Throws Fault secret.* where an account's secrets have to be read for it.
 */
export async function openMailbox(
  shared: Shared,
  books: MailboxBooks,
  mailbox: MailboxConfig,
  accounts: readonly AccountConfig[],
): Promise<OpenMailbox> {
  const { journal, underWay, steady } = books
  const { clock, log, spooler, authenticate, loginKey, aheadRoom, turns } = shared
  const [{ makeDeadlineMemory }, { makeLoginGate }, { makeIdleMemory }] = await Promise.all([
    import('../pull/patience.ts'),
    import('../pull/logins.ts'),
    import('../pull/idle-memory.ts'),
  ])
  const sockets = new OpenSockets(books.lost)
  const uses: AccountUse[] = []
  const others = new Map<string, Destination>()
  const queues = (): readonly Destination['uploads'][] => [...others.values()].map(({ uploads }) => uploads)
  const leaveAccounts = async (): Promise<void> => {
    await Promise.all(queues().map(queue => queue.closeFor(mailbox.name)))
    await Promise.all(uses.map(use => use.leave()))
  }
  try {
    for (const account of accounts) {
      const use = await shared.useAccount(account)
      uses.push(use)
      others.set(account.name, { gmail: guardUploads(use.gmail, books), uploads: use.uploads })
    }
    const own = others.get(mailbox.account)
    if (own === undefined) throw new Fault('bug', { facts: { what: `no account ${mailbox.account}` } })
    const deadlines = await makeDeadlineMemory(journal, mailbox.name, clock)
    const logins: LoginCount = { accepted: 0, refused: 0 }
    const gate = makeLoginGate(journal, mailbox, clock, 'pull', logins, turns)
    const idleMemory = makeIdleMemory(journal, mailbox.name)
    const tokens = await makeAccessTokens(mailbox, clock)
    const source = deadlines.watching(
      await makeSource({
        mailbox,
        clock,
        gate,
        patience: deadlines.patience,
        idleMemory,
        aheadRoom,
        sockets,
      }),
    )
    let chosen = mailbox
    return {
      ports: {
        // A pull works with what it was at its begin.
        get mailbox() {
          return chosen
        },
        ...{ source, journal, spooler, clock, steady, underWay, ...own, others, log, authenticate, loginKey },
        ...{ logins, random: Math.random },
      },
      changeAfterImport(afterImport) {
        chosen = Object.freeze({ ...chosen, afterImport })
      },
      async idle() {
        await Promise.all(queues().map(queue => queue.idle(mailbox.name)))
      },
      async close() {
        await Promise.all([tokens?.close(), sockets.close(clock)])
        await leaveAccounts()
      },
    }
  } catch (error) {
    await sockets.close(clock)
    await leaveAccounts()
    throw error
  }
}

/** The same account, which others use without the question. */
function guardUploads(gmail: Gmail, { assertMayUpload }: MailboxBooks): Gmail {
  if (assertMayUpload === undefined) return gmail
  return Object.create(gmail, {
    import: {
      value: (...[raw, request, signal]: Parameters<Gmail['import']>) =>
        gmail.import(raw, { ...request, assertMayLeave: assertMayUpload }, signal),
    },
  })
}
