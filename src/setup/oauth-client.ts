/** The owner's own app at the provider of a mailbox, and the way in that is chosen. */
import { Fault } from '../base/fault.ts'
import { Secret } from '../base/secret.ts'
import type { MailboxConfig, OAuthCredential } from '../config/config.ts'
import { makeOAuthTarget } from '../config/load-oauth.ts'
import { Complaint, readTenant } from '../config/readers.ts'
import { hasBrowser } from '../google/open-browser.ts'
import type { SetupContext } from './context.ts'

/** Providers that the set-up knows; others are written into the YAML file. */
export type SignInProvider = 'microsoft' | 'google'

export type SignInWay = 'browser' | 'code' | 'app'

/** A refresh token that is not kept yet. */
export class HeldToken {
  value: string
  readonly secret = new Secret(async () => {
    if (this.value !== '') return this.value
    throw new Fault('secret.missing')
  })
  constructor(value = '') {
    this.value = value
  }
  async replace(value: string, instead: string): Promise<void> {
    if (this.value === instead) this.value = value
  }
}

/** What the configuration file says of it. */
export interface OAuthEntry {
  readonly auth: 'oauth'
  readonly oauthProvider: SignInProvider
  readonly oauthTenant: string | undefined
  readonly oauthClientId: string
  readonly oauthGrant: 'app' | undefined
}

export interface OAuthSignIn {
  /** Undefined: as the configuration has it already; then nothing is to be kept either. */
  readonly entry: OAuthEntry | undefined
  readonly credential: OAuthCredential
  readonly way: SignInWay
  readonly token: HeldToken
  readonly clientSecret: string | undefined
}

/** As the configuration has it already. */
export const signedInBefore = (credential: OAuthCredential): OAuthSignIn => ({
  entry: undefined,
  credential,
  way: 'app',
  token: new HeldToken(),
  clientSecret: undefined,
})

export const providerNames: Readonly<Record<SignInProvider, string>> = {
  microsoft: 'Microsoft',
  google: 'Google',
}

const ofMany: readonly string[] = ['common', 'consumers', 'organizations']

/** The app of a mailbox that is configured already. */
function findKnownApp(
  { place }: SetupContext,
  provider: SignInProvider,
  present: MailboxConfig | undefined,
): OAuthCredential | undefined {
  const others = place.config?.mailboxes ?? []
  for (const mailbox of [...(present === undefined ? [] : [present]), ...others])
    if (mailbox.credential.kind === 'oauth' && mailbox.credential.provider === provider)
      return mailbox.credential
  return undefined
}

const tenantIn = (tokenUrl: string | undefined): string | undefined =>
  tokenUrl === undefined ? undefined : /^\/([^/]+)\/oauth2\//.exec(new URL(tokenUrl).pathname)?.[1]

/** Asks how somebody signs in, where there is more than one way. @param ways one at least */
export async function chooseSignInWay<W extends SignInWay>(
  { asker, words, env }: SetupContext,
  ways: readonly [W, ...W[]],
): Promise<W> {
  const [first] = ways
  if (ways.length === 1) return first
  const usual = hasBrowser(env) ? 'browser' : 'code'
  return asker.choose<W>({
    id: 'sign-in',
    message: words.oauth.how,
    choices: ways.map(value => ({ value, label: words.oauth.ways[value] })),
    initial: ways.find(way => way === usual) ?? first,
  })
}

export async function askClientSecret({ asker, words }: SetupContext): Promise<string> {
  return (await asker.secret({ id: 'oauth-client-secret-file', message: words.oauth.clientSecret })).trim()
}

/**
 * Asks which app, whose accounts, and how to sign in.
 * @param givenSecret the client secret, where a file or a variable gave it beforehand
 * @param isPersonal the address is one of the provider's own domains
 */
export async function askOAuthClient(
  context: SetupContext,
  provider: SignInProvider,
  protocol: 'imap' | 'pop3',
  isPersonal: boolean,
  givenSecret: string | undefined,
  present: MailboxConfig | undefined,
): Promise<OAuthSignIn> {
  const { asker, words, place } = context
  const known = findKnownApp(context, provider, present)
  const clientId = await asker.text({
    id: 'oauth-client-id',
    message: words.oauth.clientId,
    explain: known === undefined ? words.oauth.register[provider] : undefined,
    initial: known?.clientId,
    check: answer => (/^\S{5,200}$/.test(answer) ? undefined : words.oauth.clientIdWrong),
  })
  const usualTenant = tenantIn(known?.endpoints.tokenUrl) ?? (isPersonal ? 'consumers' : 'common')
  const tenant =
    provider === 'microsoft'
      ? await asker.text({
          id: 'oauth-tenant',
          message: words.oauth.tenant,
          initial: usualTenant,
          check: answer => (readTenant(answer) instanceof Complaint ? words.oauth.tenantWrong : undefined),
        })
      : undefined
  const canBeApp = provider === 'microsoft' && !ofMany.includes(tenant?.toLowerCase() ?? '')
  const way = await chooseSignInWay<SignInWay>(
    context,
    provider === 'google' ? ['browser'] : canBeApp ? ['code', 'browser', 'app'] : ['code', 'browser'],
  )
  const needsSecret = provider === 'google' || way === 'app'
  const clientSecret = givenSecret ?? (needsSecret ? await askClientSecret(context) : undefined)
  const entry: OAuthEntry = {
    ...{ auth: 'oauth', oauthProvider: provider, oauthTenant: tenant, oauthClientId: clientId },
    oauthGrant: way === 'app' ? 'app' : undefined,
  }
  const target = makeOAuthTarget(
    {
      protocol,
      oauthProvider: provider,
      oauthTenant: tenant ?? 'common',
      oauthGrant: way === 'app' ? 'app' : 'user',
    },
    place,
  )
  if (target === undefined) throw new Fault('bug', { facts: { what: `no endpoints of ${provider}` } })
  const token = new HeldToken()
  const credential: OAuthCredential = {
    ...{ kind: 'oauth', provider, ...target, clientId },
    proof:
      clientSecret === undefined
        ? { kind: 'public' }
        : { kind: 'secret', secret: Secret.of(clientSecret), isOptional: false },
    grant: way === 'app' ? { kind: 'app' } : { kind: 'user', refreshToken: token },
  }
  return { entry, credential, way, token, clientSecret }
}
