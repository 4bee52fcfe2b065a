/** Step 5: the owner's consent at Google, and what it is worth: scopes, whose account, for how long. */

import { Fault } from '../base/fault.ts'
import { lookUp } from '../base/look-up.ts'
import { Secret } from '../base/secret.ts'
import type { ApiAccount } from '../config/config.ts'
import type { DesktopClient } from '../google/client-file.ts'
import { type ConsentCode, startConsent } from '../google/consent.ts'
import { type Consent, exchangeCode } from '../google/consent-exchange.ts'
import { type Identity, writeIdentity } from '../google/identity.ts'
import { gmailScopes, identityScopes, leastScopes } from '../google/scopes.ts'
import { describeFault } from '../locale/locale.ts'
import { confirm } from './asker.ts'
import { awaitBrowser } from './await-browser.ts'
import { askClient, type GoogleClient } from './client.ts'
import type { SetupContext } from './context.ts'
import { proveOwner } from './prove-owner.ts'

export interface SignedIn {
  readonly client: GoogleClient | AppPasswordGiven
  /** Undefined for a service account and an app password. */
  readonly refreshToken: string | undefined
  /** The seven-day trap: ms since 1970, or undefined. */
  readonly endsAtMs: number | undefined
  /** As the owner typed it, or as Google names the account where the owner took that; 'me' where nobody knows. */
  readonly address: string
  /** Whose permission it is, where Google said so. */
  readonly identity: Identity | undefined
}

/** The other way in (way-in.ts). */
export interface AppPasswordGiven {
  readonly kind: 'app-password'
  readonly password: string
}

type Given = Pick<Consent, 'refreshToken' | 'endsAtMs' | 'identity'>

/** So often a sign-in is begun anew by itself after its one-time address was taken; then no browser is opened. */
const mostTaken = 2

/**
 * @param typed the Gmail address that is meant, or 'me'
 * @param known the client of an earlier set-up, to be used again
 * @param givenToken a refresh token made elsewhere: no page is shown
 */
export async function signIn(
  context: SetupContext,
  typed: string,
  known: DesktopClient | undefined,
  givenToken: string | undefined,
): Promise<SignedIn> {
  const { asker, language, words } = context
  let client: GoogleClient | undefined = known && { kind: 'desktop', client: known }
  let consent: Given | undefined =
    givenToken === undefined
      ? undefined
      : { refreshToken: givenToken, endsAtMs: undefined, identity: undefined }
  let address = typed
  let taken = 0
  let stepsShown = false
  for (;;) {
    try {
      client ??= await askClient(context, address, stepsShown)
      stepsShown = true
      if (client.kind === 'desktop')
        consent ??= await askConsent(context, client.client, address, taken <= mostTaken)
      const account = accountOf(address, client, consent)
      asker.tell('info', words.google.checking)
      const {
        consentEndsAtMs,
        identity = consent?.identity,
        user,
      } = await context.once(() => proveOwner(context, account))
      if (!address.includes('@')) {
        if (!(await acceptsOwner(context, user, consent?.identity !== undefined))) {
          consent = undefined
          continue
        }
        address = user
      }
      const endsAtMs = consent?.endsAtMs ?? consentEndsAtMs
      if (endsAtMs !== undefined && (await leavesTrap(context, endsAtMs))) {
        consent = undefined
        continue
      }
      asker.tell('good', words.google.works(address))
      return { client, refreshToken: consent?.refreshToken, endsAtMs, address, identity }
    } catch (thrown) {
      if (!(thrown instanceof Fault) || !asker.interactive || thrown.code === 'bug') throw thrown
      if (thrown.facts.reason === 'address-taken') {
        taken += 1
        consent = undefined
        asker.tell('warn', words.google.taken(taken <= mostTaken))
        continue
      }
      const { what, next } = describeFault(thrown, language)
      const own = lookUp(words.google.hints, thrown.code)?.(address)
      asker.tell('bad', `${what}\n${own ?? next}`)
      const other = otherAddress(context, thrown)
      // What is wrong in the project or on the way is mended there: the same consent may do.
      const sameConsent = ['gmail.api-disabled', 'gmail.unreachable', 'gmail.server', 'gmail.rate-limited']
      const chosen = await asker.choose({
        id: 'retry-google',
        message: words.google.whatNow,
        choices: [
          { value: 'again', label: words.google.again },
          ...(other === undefined
            ? [{ value: 'client', label: words.google.otherClient }]
            : [{ value: 'use', label: words.google.useAccount(other) }]),
        ],
        initial: /^gmail\.client-(invalid|disabled)$/.test(thrown.code) ? 'client' : 'again',
      })
      if (chosen === 'client') client = undefined
      if (chosen === 'use' && other !== undefined) {
        address = other
        continue
      }
      if (chosen === 'client' || !sameConsent.includes(thrown.code)) consent = undefined
    }
  }
}

/** What Google calls the account, where that is not what was typed: another name of it, perhaps. */
function otherAddress({ place }: SetupContext, { code, facts }: Fault): string | undefined {
  const { words } = facts
  // Variables are the owner's to write.
  if (code !== 'gmail.account-mismatch' || place.byEnvironment) return undefined
  return typeof words === 'string' && words.includes('@') ? words : undefined
}

/**
 * Where no address was set there is nothing to compare with, so the owner is asked about the one that Google names.
 * @param ofBrowser whether the permission was given just now, by whoever answered on Google's page
 */
async function acceptsOwner(
  { asker, words }: SetupContext,
  user: string,
  ofBrowser: boolean,
): Promise<boolean> {
  if (!user.includes('@')) {
    asker.tell('warn', words.google.unproved)
    return true
  }
  if (!ofBrowser || !asker.interactive) return true
  const { question, yes, no } = words.google.isYours(user)
  return confirm(asker, { id: 'is-yours', message: question, initial: true, yes, no })
}

function accountOf(address: string, google: GoogleClient, consent: Given | undefined): ApiAccount {
  const { identity } = consent ?? {}
  return {
    name: address,
    address,
    credential:
      google.kind === 'service-account'
        ? { kind: 'service-account', keyFile: google.keyFile, subject: address }
        : {
            kind: 'user',
            clientId: google.client.id,
            clientSecret: Secret.of(google.client.secret),
            refreshToken: Secret.of(consent?.refreshToken ?? ''),
            identity: async () => identity && writeIdentity(identity),
          },
    unitsPerMinute: 6000,
    importsInFlight: 1,
  }
}

/** First what Google's pages will show, then the link: together they would not fit on a screen. */
async function askConsent(
  context: SetupContext,
  client: DesktopClient,
  address: string,
  mayOpen: boolean,
): Promise<Consent> {
  const { asker, words, options } = context
  const explain = words.google.consent(options.read === 'yes')
  if (!asker.interactive) asker.tell('note', explain)
  else
    await asker.choose({
      id: 'google-consent',
      message: words.google.consentReady,
      explain,
      choices: [{ value: 'go', label: words.google.consentGo }],
      initial: 'go',
    })
  return context.once(() => consentOnce(context, client, address, mayOpen))
}

/** One consent: in the browser of this machine, or anywhere with the address pasted back. */
async function consentOnce(
  context: SetupContext,
  client: DesktopClient,
  address: string,
  mayOpen: boolean,
): Promise<Consent> {
  const { words, options, place, clock, signal } = context
  const read = options.read === 'yes'
  const scopes = [...leastScopes, ...(read ? [gmailScopes.readonly] : []), ...identityScopes]
  const { tokenUrl, authUrl } = place.endpoints
  const consent = await startConsent({ client, scopes, authUrl, loginHint: address })
  const exchange = (code: ConsentCode): Promise<Consent> =>
    exchangeCode(code, { client, tokenUrl, scopes, clock, signal })
  const { opened, notOpened, paste, pasteHere } = words.google
  return awaitBrowser(
    context,
    {
      ...consent,
      wait: async waiting => exchange(await consent.waitForRedirect(waiting)),
      acceptPasted: async text => exchange(consent.acceptPastedUrl(text)),
    },
    mayOpen,
    { opened, notOpened: notOpened(consent.port), paste, pasteHere },
  )
}

/** Told before it bites. @returns whether the owner has published the app and signs in again */
async function leavesTrap(
  { asker, words, general, clock }: SetupContext,
  endsAtMs: number,
): Promise<boolean> {
  const { span, instant } = general.format
  asker.tell('warn', words.google.trap(span(endsAtMs - clock.nowMs()), instant(endsAtMs)))
  const chosen = await asker.choose({
    id: 'trap',
    message: words.google.trapQuestion,
    choices: [
      { value: 'again', label: words.google.trapAgain },
      { value: 'accept', label: words.google.trapAccept },
    ],
    // In a script nobody can press "Publish app" meanwhile.
    initial: asker.interactive ? 'again' : 'accept',
  })
  return chosen === 'again'
}
