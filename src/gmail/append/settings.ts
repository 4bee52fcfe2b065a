/** What this way into Gmail needs of an account's settings. Those of config/ fit by their shape. */
import type { Clock } from '../../base/clock.ts'
import type { ImapDeadlines, StoreOptions } from '../../source/imap-store.ts'

export interface AppendAccount {
  readonly name: string
  /** Its Gmail address: the user of the login. */
  readonly address: string
  /** Messages on their way at once, 1 to 3. */
  readonly importsInFlight: number
  /** Of the API: shown, and of no use here. */
  readonly unitsPerMinute: number
  /** Without blanks. Read when it is used. */
  readonly password: { reveal(): Promise<string> }
}

/** Gmail's IMAP server, or one of this computer for tests and the sandbox. */
export interface AppendServer {
  readonly host: string
  readonly port: number
  readonly security: 'tls' | 'none'
}

export interface AppendOptions {
  readonly account: AppendAccount
  readonly server: AppendServer
  readonly clock: Clock
  /** In ms, where other than usual. */
  readonly deadlines?: Partial<ImapDeadlines> | undefined
}

/** The store that these settings mean. */
export function storeOptions(
  { account, server, clock, deadlines }: AppendOptions,
  memory: StoreOptions['memory'],
): StoreOptions {
  const { address: user, password } = account
  return {
    server: { ...server, caFile: undefined, pinnedSha256: undefined },
    ...{ user, password, clock, memory, deadlines },
  }
}
