/** One adapter each, behind its port, from what the owner has set. Each is loaded when it is asked for. */
import type { Looker } from '../authentication/authentication.ts'
import type { Lookup } from '../authentication/dns.ts'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { SharedLimits } from '../base/shared-limit.ts'
import { type Config, isOfApi, type MailboxConfig, type OAuthCredential } from '../config/config.ts'
import { readImapServer } from '../config/destinations.ts'
import type { Gmail } from '../gmail/gmail.ts'
import type { ProjectQuotas } from '../gmail/google.ts'
import type { OAuthTokens } from '../oauth/tokens.ts'
import type { ImapSourceOptions } from '../source/imap.ts'
import type { MailboxSettings } from '../source/inspect.ts'
import type { Pop3SourceOptions } from '../source/pop3.ts'
import type { Source } from '../source/source.ts'

export interface SourceOptions
  extends Omit<Pop3SourceOptions & ImapSourceOptions, 'deadlines' | 'mailbox' | 'tokens'> {
  readonly mailbox: Omit<MailboxSettings, 'credential'> & Pick<MailboxConfig, 'credential'>
  /** Where other than usual. */
  readonly pop3Deadlines?: Pop3SourceOptions['deadlines']
  readonly imapDeadlines?: ImapSourceOptions['deadlines']
}

/** Access tokens of a mailbox, where its configuration says who gives them. What keeps them is loaded only there. */
export async function makeAccessTokens(
  { credential }: Pick<MailboxConfig, 'credential'>,
  clock: Clock,
): Promise<OAuthTokens | undefined> {
  if (credential.kind === 'password') return undefined
  const { makeOAuthTokens } = await import('../oauth/tokens.ts')
  const known = tokensOf.get(credential)
  if (known !== undefined) return known
  const tokens = makeOAuthTokens({ settings: credential, clock })
  const close = (): Promise<void> => {
    tokensOf.delete(credential)
    return tokens.close()
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
    const { makePop3Source } = await import('../source/pop3.ts')
    const pop3 = makePop3Source(
      pop3Deadlines === undefined ? others : { ...others, deadlines: pop3Deadlines },
    )
    const { idlePort, server } = mailbox
    if (idlePort === undefined) return pop3
    const { listenByImap } = await import('../source/imap-listening.ts')
    const listened = { ...mailbox, server: { ...server, port: idlePort }, folders: [{ name: 'INBOX' }] }
    const imap = await makeSource({ ...options, mailbox: { ...listened, protocol: 'imap' } })
    return listenByImap(pop3, imap, clock)
  }
  const { makeImapSource } = await import('../source/imap.ts')
  return makeImapSource(imapDeadlines === undefined ? others : { ...others, deadlines: imapDeadlines })
}

/**
 * @param name of an account of the configuration
 * @param limits where other processes import into it, too
 */
export async function makeAccount(
  { accounts, endpoints }: Pick<Config, 'accounts' | 'endpoints'>,
  name: string,
  clock: Clock,
  projects?: ProjectQuotas,
  limits?: SharedLimits,
): Promise<Gmail> {
  const account = accounts.find(candidate => candidate.name === name)
  if (account === undefined) throw new Fault('bug', { facts: { what: `no account ${name}` } })
  if (!isOfApi(account)) {
    const { makeAppendGmail } = await import('../gmail/append/append.ts')
    const { credential, ...rest } = account
    const server = readImapServer(endpoints.imapUrl)
    return makeAppendGmail({ account: { ...rest, password: credential.password }, server, clock })
  }
  const { makeGmail } = await import('../gmail/google.ts')
  const sharing = limits && { limits, account: nameForLimits(account) }
  return makeGmail({ account, endpoints, clock, projects, sharing })
}

/** Gmail counts the user, whatever the entry is called; what a tenant writes is never another tenant's. */
function nameForLimits({ name, address }: { readonly name: string; readonly address: string }): string {
  return address.includes('@') ? `${name.split('/', 1)}/${address.toLowerCase()}` : name
}

/** @param lookup the DNS servers to ask instead of the system's, or what answers in their place */
export async function makeAuthenticationLooker(
  clock: Clock,
  lookup: readonly string[] | Lookup | undefined,
): Promise<Looker> {
  const [{ systemLookup }, { makeLooker }] = await Promise.all([
    import('../authentication/dns.ts'),
    import('../authentication/look.ts'),
  ])
  return makeLooker(clock, typeof lookup === 'function' ? lookup : systemLookup(lookup))
}
