/** A mailbox of variables: the environment stays its description, and the set-up adds the secrets that are missing. */

import { Fault } from '../base/fault.ts'
import { Secret } from '../base/secret.ts'
import type { MailboxConfig, OAuthCredential } from '../config/config.ts'
import { decideFirstUse, makeMailboxDestination } from '../config/destinations.ts'
import { vaultNames } from '../config/load.ts'
import { listSecrets, revealPassword } from '../config/mail-credential.ts'
import { describeFault } from '../locale/locale.ts'
import { askPassword } from './ask-password.ts'
import { canReveal } from './can-reveal.ts'
import type { SetupContext } from './context.ts'
import { lookInto } from './folders.ts'
import type { GivenSecrets } from './given-secrets.ts'
import { hasPermission, type SetUp, setUpGoogle } from './setup.ts'
import { findPasswordOddity } from './typed-answer.ts'
import { unlessElsewhere } from './unless-elsewhere.ts'

/** Asks for what neither the environment nor the vault has; each is proved before it is stored. */
export async function addMissingSecrets(context: SetupContext, given: GivenSecrets): Promise<SetUp> {
  const { asker, words, place, vault, language } = context
  const { config } = place
  const [account] = config?.accounts ?? []
  if (config === undefined || account === undefined)
    throw new Fault('bug', { facts: { what: 'no configuration' } })
  asker.tell('note', words.byEnvironment)
  let missing = false
  for (const mailbox of config.mailboxes) {
    const { credential } = mailbox
    if (credential.kind === 'oauth') {
      missing = (await signInWhereMissing(context, { ...mailbox, credential }, given)) || missing
      continue
    }
    const name = vaultNames.password(mailbox.name)
    const destination = makeMailboxDestination(mailbox.server)
    const firstUse = decideFirstUse(destination, place.byOwnersFile)
    const inVault = await vault.getFor(name, destination, firstUse).catch(thrown => {
      unlessElsewhere(thrown)
      // Both servers are named before anybody types a password.
      asker.tell('warn', describeFault(thrown, language).what)
    })
    const known = inVault ?? (await revealPassword(mailbox.credential))
    if (known !== undefined) continue
    missing = true
    await vault.setFor(name, await provePassword(context, mailbox, given.password), destination)
  }
  const { name, address } = account
  if (!(await hasPermission(context, account))) return setUpGoogle(context, given)
  if (!missing) asker.tell('good', words.nothingMissing)
  return { config, account: { name, address, signedIn: undefined }, mailbox: undefined, overruled: false }
}

/** @returns whether somebody had to sign in */
async function signInWhereMissing(
  context: SetupContext,
  mailbox: MailboxConfig & { readonly credential: OAuthCredential },
  given: GivenSecrets,
): Promise<boolean> {
  const { useVault } = await import('./oauth-kept.ts')
  const secrets = listSecrets(useVault(context, mailbox, mailbox.credential))
  if ((await Promise.all(secrets.map(canReveal))).every(Boolean)) return false
  const { renewSignIn } = await import('./renew-sign-in.ts')
  const logIn = (trial: MailboxConfig) => lookInto(trial, context)
  await (await renewSignIn(context, mailbox, given.oauthClientSecret, logIn)).keep()
  return true
}

/**
 * Asks until a login has worked; a script is told of the first refusal.
 * @param logIn tries the mailbox with the password in question @returns the password
 */
export async function provePassword(
  context: SetupContext,
  mailbox: MailboxConfig,
  given: string | undefined,
  logIn: (trial: MailboxConfig) => Promise<{ readonly idle: boolean }> = trial => lookInto(trial, context),
): Promise<string> {
  const { asker, words, language } = context
  const { server, user } = mailbox
  for (let password = given; ; password = undefined) {
    password ??= await askPassword(context, words.login.password(user))
    asker.tell('info', words.login.trying(server.host, server.port))
    try {
      const trial = { ...mailbox, credential: { kind: 'password' as const, password: Secret.of(password) } }
      const { idle } = await context.once(() => logIn(trial))
      asker.tell('good', words.login.worked(mailbox.protocol, idle))
      return password
    } catch (thrown) {
      // What else is wrong stands in the variables, where the owner mends it.
      if (!(thrown instanceof Fault) || thrown.code !== 'source.login-refused' || !asker.interactive)
        throw thrown
      const oddity = findPasswordOddity(password)
      const seen = oddity === undefined ? [] : [words.login.oddPassword[oddity]]
      asker.tell('bad', [describeFault(thrown, language).what, ...seen].join('\n'))
    }
  }
}
