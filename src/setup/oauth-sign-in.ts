/** Somebody signs in for a mailbox: by a code, or in a browser. What comes of it is held, and kept once a login has worked. */
import { Fault } from '../base/fault.ts'
import type { OAuthCredential } from '../config/config.ts'
import type { TokenAnswer } from '../oauth/token-answer.ts'
import { nameProvider } from '../oauth/token-answer.ts'
import { awaitBrowser } from './await-browser.ts'
import type { SetupContext } from './context.ts'
import type { HeldToken, SignInWay } from './oauth-client.ts'

/**
 * @param user whom the provider's page preselects
 * @param token gets the refresh token
 * @throws Fault oauth.*; the signal's reason
 */
export async function signInForMailbox(
  context: SetupContext,
  credential: OAuthCredential,
  way: Exclude<SignInWay, 'app'>,
  user: string,
  token: HeldToken,
): Promise<void> {
  const { asker, words } = context
  const name = nameProvider(credential)
  const answer = await context.once(() =>
    way === 'code' ? byCode(context, credential, name) : byBrowser(context, credential, user),
  )
  const { scopes, refreshToken } = answer
  const { refuseNarrower } = await import('../oauth/tokens.ts')
  if (scopes !== undefined) refuseNarrower(credential, scopes)
  if (refreshToken === undefined) {
    asker.tell('bad', words.oauth.noLastingToken(name))
    throw new Fault('oauth.sign-in-failed', { facts: { provider: name, reason: 'no-refresh-token' } })
  }
  token.value = refreshToken
  asker.tell('good', words.oauth.signedIn(name))
}

async function byCode(
  context: SetupContext,
  credential: OAuthCredential,
  name: string,
): Promise<TokenAnswer> {
  const { asker, words, general, clock, signal } = context
  const { startDeviceSignIn } = await import('../oauth/device.ts')
  const device = await startDeviceSignIn(credential, clock, signal)
  asker.tell('note', words.oauth.code(device.verificationUrl, general.format.span(device.livesForMs)))
  // Alone in its line, as large as a terminal can have it.
  context.plain('')
  context.plain(`    ${device.userCode}`)
  context.plain('')
  asker.tell('info', words.oauth.waiting(name))
  return device.wait(signal)
}

async function byBrowser(
  context: SetupContext,
  credential: OAuthCredential,
  user: string,
): Promise<TokenAnswer> {
  const { words, clock, signal } = context
  const { startBrowserSignIn } = await import('../oauth/redirect.ts')
  const signIn = await startBrowserSignIn(credential, clock, user)
  const { opened, notOpened, paste, pasteHere } = words.oauth
  return awaitBrowser(context, { ...signIn, acceptPasted: text => signIn.acceptPasted(text, signal) }, true, {
    opened,
    notOpened: notOpened(signIn.port),
    paste,
    pasteHere,
  })
}
