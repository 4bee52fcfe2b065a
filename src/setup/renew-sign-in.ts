/** Somebody signs in again for a mailbox as it is configured; or the app gets another secret. */
import { Fault } from '../base/fault.ts'
import { Secret } from '../base/secret.ts'
import type { MailboxConfig, OAuthCredential } from '../config/config.ts'
import { vaultNames } from '../config/load.ts'
import { confirm } from './asker.ts'
import { canReveal } from './can-reveal.ts'
import type { SetupContext } from './context.ts'
import { askClientSecret, chooseSignInWay, HeldToken, type SignInWay } from './oauth-client.ts'
import { keepSignIn, useVault } from './oauth-kept.ts'
import { isOfSignIn, tellSignInFault } from './oauth-prove.ts'
import { signInForMailbox } from './oauth-sign-in.ts'

export interface RenewedSignIn {
  /** As it was proved. */
  readonly mailbox: MailboxConfig
  /** Puts it in the place of what was kept. */
  keep(): Promise<void>
}

type Way = Exclude<SignInWay, 'app'>

/**
 * Asks until a login has worked; a script is told of the first fault.
 * @param givenSecret the client secret, where a file or a variable gave it beforehand
 * @param logIn tries the mailbox with what is held
 * @throws Fault oauth.*, source.* of the login; usage.invalid where there is nothing to renew
 */
export async function renewSignIn(
  context: SetupContext,
  mailbox: MailboxConfig & { readonly credential: OAuthCredential },
  givenSecret: string | undefined,
  logIn: (trial: MailboxConfig) => Promise<{ readonly idle: boolean }>,
): Promise<RenewedSignIn> {
  const { asker, words } = context
  const { server, user, protocol } = mailbox
  for (let secret = givenSecret; ; secret = undefined) {
    const attempt = await prepare(context, mailbox, secret)
    try {
      if (attempt.way !== undefined)
        await signInForMailbox(context, attempt.credential, attempt.way, user, attempt.token)
      asker.tell('info', words.login.trying(server.host, server.port))
      const trial: MailboxConfig = { ...mailbox, credential: attempt.credential }
      const { idle } = await context.once(() => logIn(trial))
      asker.tell('good', words.login.worked(protocol, idle))
      const { token, clientSecret } = attempt
      const refreshToken = attempt.way === undefined ? undefined : token.value
      return {
        mailbox: trial,
        keep: () => keepSignIn(context, mailbox, attempt.credential, { refreshToken, clientSecret }),
      }
    } catch (thrown) {
      if (!(thrown instanceof Fault) || !isOfSignIn(thrown) || !asker.interactive) throw thrown
      tellSignInFault(context, thrown, user)
      const { again: yes, whatNow: message } = words.oauth
      const goOn = await confirm(asker, {
        id: 'after-sign-in',
        message,
        initial: true,
        yes,
        no: words.server.leave,
      })
      if (!goOn) throw thrown
    }
  }
}

interface Attempt {
  readonly credential: OAuthCredential
  /** Undefined: nobody signs in. */
  readonly way: Way | undefined
  readonly token: HeldToken
  readonly clientSecret: string | undefined
}

async function prepare(
  context: SetupContext,
  mailbox: MailboxConfig & { readonly credential: OAuthCredential },
  givenSecret: string | undefined,
): Promise<Attempt> {
  const kept = useVault(context, mailbox, mailbox.credential)
  const { grant, proof } = kept
  const isApp = grant.kind !== 'user'
  if (grant.kind === 'service-account' || (isApp && proof.kind !== 'secret'))
    throw new Fault('usage.invalid', { facts: { what: context.words.password.noMailbox } })
  const asks = isApp || (proof.kind === 'secret' && !proof.isOptional && !(await canReveal(proof.secret)))
  const clientSecret = givenSecret ?? (asks ? await askClientSecret(context) : undefined)
  const token = new HeldToken()
  const credential: OAuthCredential = {
    ...kept,
    ...(clientSecret === undefined
      ? {}
      : { proof: { kind: 'secret', secret: Secret.of(clientSecret), isOptional: false } as const }),
    ...(isApp ? {} : { grant: { kind: 'user', refreshToken: token } as const }),
  }
  return {
    credential,
    way: isApp ? undefined : await askWay(context, kept),
    token,
    clientSecret,
  }
}

async function askWay(context: SetupContext, { endpoints }: OAuthCredential): Promise<Way> {
  const ways: readonly Way[] = [
    ...(endpoints.deviceUrl === undefined ? [] : (['code'] as const)),
    ...(endpoints.authUrl === undefined ? [] : (['browser'] as const)),
  ]
  const [first, ...others] = ways
  if (first === undefined)
    throw new Fault('usage.invalid', { facts: { what: 'oauthDeviceUrl, oauthAuthUrl' } })
  return chooseSignInWay(context, [first, ...others])
}

/** Where a variable or a file gives the sign-in: what was kept in the vault would never be used. */
export function givenElsewhere(
  { vault }: SetupContext,
  { name, credential }: MailboxConfig & { readonly credential: OAuthCredential },
): string | undefined {
  const { grant } = credential
  if (grant.kind !== 'user') return vault.givenBy(vaultNames.mailClientSecret(name))
  return grant.refreshToken.secret.givenBy ?? vault.givenBy(vaultNames.mailRefreshToken(name))
}
