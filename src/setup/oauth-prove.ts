/** Where a mailbox is logged in to by signing in: which way, and what follows from a sign-in that does not do. */
import { isDeepStrictEqual } from 'node:util'
import type { Fault } from '../base/fault.ts'
import type { MailboxConfig } from '../config/config.ts'
import { makeMailboxDestination } from '../config/destinations.ts'
import { domainOf } from '../discovery/discover.ts'
import { describeFault } from '../locale/locale.ts'
import { confirm } from './asker.ts'
import { canReveal } from './can-reveal.ts'
import type { SetupContext } from './context.ts'
import type { FoundServer } from './mailbox.ts'
import {
  askOAuthClient,
  type OAuthSignIn,
  providerNames,
  type SignInProvider,
  signedInBefore,
} from './oauth-client.ts'
import { useVault } from './oauth-kept.ts'
import { signInForMailbox } from './oauth-sign-in.ts'

/** Google's own servers are not in the table of hosts: nobody's address leads there but by its domain. */
const ofGoogle = /(^|\.)(gmail|googlemail)\.com$/i

function providerOf({ options }: SetupContext, { host, preset }: FoundServer): SignInProvider | undefined {
  return (
    preset?.signIn ?? (ofGoogle.test(host) ? 'google' : options.auth === 'oauth' ? 'microsoft' : undefined)
  )
}

/** @returns undefined where the login is by password */
export async function askSignIn(
  context: SetupContext,
  {
    address,
    server,
    user,
  }: { readonly address: string; readonly server: FoundServer; readonly user: string },
  givenSecret: string | undefined,
  present: MailboxConfig | undefined,
): Promise<OAuthSignIn | undefined> {
  const { asker, words } = context
  const provider = providerOf(context, server)
  if (provider === undefined) return undefined
  if (server.preset?.password !== 'oauth-only') {
    const name = providerNames[provider]
    const chosen = await asker.choose({
      id: 'auth',
      message: words.oauth.which,
      choices: [
        { value: 'oauth', label: words.oauth.bySignIn(name) },
        { value: 'password', label: words.oauth.byPassword },
      ],
      initial: 'oauth',
    })
    if (chosen === 'password') return undefined
  }
  const kept = await keepPresent(context, present, server, user)
  if (kept !== undefined) return kept
  const isPersonal = server.preset?.domains.includes(domainOf(address) ?? '') === true
  return askOAuthClient(context, provider, server.protocol, isPersonal, givenSecret, present)
}

/** The sign-in that is there, where the login stays as it is and the owner wants it to. */
async function keepPresent(
  context: SetupContext,
  present: MailboxConfig | undefined,
  { host, port, security, caFile, pinned: pinnedSha256 }: FoundServer,
  user: string,
): Promise<OAuthSignIn | undefined> {
  const { asker, words } = context
  if (present?.credential.kind !== 'oauth' || present.user !== user) return undefined
  const now = makeMailboxDestination({ host, port, security, caFile, pinnedSha256 })
  if (!isDeepStrictEqual(now, makeMailboxDestination(present.server))) return undefined
  const credential = useVault(context, present, present.credential)
  const { grant } = credential
  if (grant.kind === 'user' && !(await canReveal(grant.refreshToken.secret))) return undefined
  const { keep: message, keepYes: yes, keepNo: no } = words.oauth
  if (!(await confirm(asker, { id: 'keep-sign-in', message, initial: true, yes, no }))) return undefined
  return signedInBefore(credential)
}

/** Signs in, where somebody has to and has not yet. @throws Fault oauth.*; the signal's reason */
export async function completeSignIn(
  context: SetupContext,
  { credential, way, token }: OAuthSignIn,
  user: string,
): Promise<void> {
  if (way !== 'app' && token.value === '') await signInForMailbox(context, credential, way, user, token)
}

/** Whether a fault of a login is about the sign-in rather than about the server. */
export const isOfSignIn = ({ code }: Fault): boolean =>
  /^(oauth|secret)\.|^source\.(login-refused|login-doubtful|token-)/.test(code)

export type AfterSignIn = 'again' | 'other-app' | 'server' | 'address'

/** Tells what was wrong with it. @param user whom the mail server was to let in */
export function tellSignInFault({ asker, words, language }: SetupContext, fault: Fault, user: string): void {
  const { what, next } = describeFault(fault, language)
  const hint = fault.code.startsWith('source.') ? words.oauth.refusedHint(user) : next
  asker.tell('bad', `${what}\n${hint}`)
}

/** Tells what was wrong, and asks what now. @throws the fault where nobody can be asked */
export async function askAfterSignIn(
  context: SetupContext,
  fault: Fault,
  user: string,
): Promise<AfterSignIn> {
  const { asker, words } = context
  tellSignInFault(context, fault, user)
  if (!asker.interactive) throw fault
  return asker.choose<AfterSignIn>({
    id: 'after-sign-in',
    message: words.oauth.whatNow,
    choices: [
      { value: 'again', label: words.oauth.again },
      { value: 'other-app', label: words.oauth.otherApp },
      { value: 'server', label: words.login.correct.server },
      { value: 'address', label: words.change.address },
    ],
    initial: /^oauth\.(client|request)-/.test(fault.code) ? 'other-app' : 'again',
  })
}
