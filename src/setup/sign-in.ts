/** Step 5: the owner's consent at Google, and what it is worth: scopes, whose account, for how long. */
import type { AccountConfig } from '../config/config.ts'
import { Fault } from '../fault.ts'
import { callGmail } from '../gmail/api.ts'
import type { DesktopClient } from '../gmail/client-file.ts'
import { startConsent } from '../gmail/consent.ts'
import { type Consent, exchangeCode } from '../gmail/consent-exchange.ts'
import { inspectAccount } from '../gmail/inspect.ts'
import { units } from '../gmail/pace.ts'
import { gmailScopes, leastScopes } from '../gmail/scopes.ts'
import { openSession } from '../gmail/session.ts'
import { faultText } from '../locale/locale.ts'
import { Secret } from '../vault/vault.ts'
import { askClient, type GoogleClient } from './client.ts'
import type { SetupContext } from './context.ts'

export interface SignedIn {
  readonly client: GoogleClient
  /** Undefined for a service account. */
  readonly refreshToken: string | undefined
  /** The seven-day trap: ms since 1970, or undefined. */
  readonly endsAtMs: number | undefined
}

/**
 * @param known the client of an earlier set-up, to be used again
 * @param givenToken a refresh token made elsewhere: no page is shown
 */
export async function signIn(
  context: SetupContext,
  address: string,
  known: DesktopClient | undefined,
  givenToken: string | undefined,
): Promise<SignedIn> {
  const { asker, language, words, clock } = context
  let client: GoogleClient | undefined = known && { kind: 'desktop', client: known }
  let consent: Pick<Consent, 'refreshToken' | 'endsAtMs'> | undefined =
    givenToken === undefined ? undefined : { refreshToken: givenToken, endsAtMs: undefined }
  /** The owner says that the account is the right one, whatever Gmail calls it: an alias, perhaps. */
  let ownersWord = false
  for (;;) {
    try {
      client ??= await askClient(context, address)
      if (client.kind === 'desktop') consent ??= await consentOnce(context, client.client, address)
      const account = accountOf(address, client, consent?.refreshToken)
      asker.tell('info', words.google.checking)
      const { consentEndsAtMs } = await inspectAccount(
        { account, endpoints: context.place.endpoints, clock },
        context.signal,
      )
      if (!ownersWord) await checkWhose(context, account)
      const endsAtMs = consent?.endsAtMs ?? consentEndsAtMs
      if (endsAtMs !== undefined && (await leavesTrap(context, endsAtMs))) {
        consent = undefined
        continue
      }
      asker.tell('good', words.google.works(address))
      return { client, refreshToken: consent?.refreshToken, endsAtMs }
    } catch (thrown) {
      if (!(thrown instanceof Fault) || !asker.interactive || thrown.code === 'bug') throw thrown
      const { what, next } = faultText(thrown, language)
      const own = words.google.hints[thrown.code]?.(address)
      asker.tell('bad', `${what}\n${own ?? next}`)
      // What is wrong in the project or on the way is mended there: the same consent may do.
      const sameConsent = ['gmail.api-disabled', 'gmail.unreachable', 'gmail.server', 'gmail.rate-limited']
      const chosen = await asker.choose({
        id: 'retry-google',
        message: words.google.whatNow,
        choices: [
          { value: 'again', label: words.google.again },
          ...(thrown.code === 'gmail.account-mismatch'
            ? [{ value: 'right', label: words.google.rightAccount(address) }]
            : [{ value: 'client', label: words.google.otherClient }]),
        ],
        initial: thrown.code === 'gmail.client-invalid' ? 'client' : 'again',
      })
      if (chosen === 'client') client = undefined
      ownersWord = chosen === 'right'
      if (ownersWord) continue
      if (chosen === 'client' || !sameConsent.includes(thrown.code)) consent = undefined
    }
  }
}

function accountOf(address: string, google: GoogleClient, refreshToken: string | undefined): AccountConfig {
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
            refreshToken: Secret.of(refreshToken ?? ''),
          },
    unitsPerMinute: 6000,
    importsInFlight: 1,
  }
}

/** How long the last page can be had, ms. */
const lastPageMs = 1_000

/** One consent: in the browser of this machine, or anywhere with the address pasted back. */
async function consentOnce(context: SetupContext, client: DesktopClient, address: string): Promise<Consent> {
  const { asker, words, options, place, clock, signal, language } = context
  const read = options.read === 'yes'
  const scopes = read ? [...leastScopes, gmailScopes.readonly] : leastScopes
  const consent = await startConsent({ client, scopes, authUrl: place.endpoints.authUrl, loginHint: address })
  try {
    for (const line of words.google.consent(read)) context.plain(line)
    context.plain(consent.url)
    const opened = await context.openBrowser(consent.url)
    context.plain(opened ? words.google.opened : words.google.notOpened(consent.port))
    const arrived = new AbortController()
    const redirect = consent
      .waitForRedirect(signal)
      .then(
        code => ({ code }),
        (thrown: unknown) => ({ thrown }),
      )
      .finally(() => arrived.abort())
    for (;;) {
      const pasted = await asker.text({
        id: 'pasted-url',
        message: words.google.paste,
        until: arrived.signal,
      })
      try {
        if (!arrived.signal.aborted) {
          const code = consent.acceptPastedUrl(pasted)
          return await exchangeCode(code, {
            client,
            tokenUrl: place.endpoints.tokenUrl,
            scopes,
            clock,
            signal,
          })
        }
      } catch (thrown) {
        if (!(thrown instanceof Fault) || thrown.code !== 'usage.invalid') throw thrown
        asker.tell('bad', faultText(thrown, language).what)
        continue
      }
      const came = await redirect
      if ('thrown' in came) throw came.thrown
      return await exchangeCode(came.code, {
        client,
        tokenUrl: place.endpoints.tokenUrl,
        scopes,
        clock,
        signal,
      })
    }
  } finally {
    // The browser is still on its way to the page that says "go back to the terminal".
    const closing = setTimeout(() => void consent.close(), lastPageMs)
    signal.addEventListener('abort', () => {
      clearTimeout(closing)
      void consent.close()
    })
  }
}

/**
 * Whose permission it is, with a token that may not even ask for its own address: Gmail answers "Delegation
 * denied" to a path that names another account than the token's. (So field reports say; the reference is silent.)
 * @throws gmail.account-mismatch
 */
async function checkWhose(context: SetupContext, account: AccountConfig): Promise<void> {
  const session = openSession({ account, endpoints: context.place.endpoints, clock: context.clock })
  const user = encodeURIComponent(account.address).replaceAll('%40', '@')
  try {
    // Paths stand below users/me/.
    await callGmail(
      session,
      {
        method: 'GET',
        path: `../${user}/labels`,
        cost: units.labelsList,
        need: undefined,
        answerLimit: 16 << 20,
      },
      context.signal,
    )
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    // Anything else says nothing of whose it is, and what was to be proved is proved already.
    if (/delegation denied/i.test(String(thrown.facts.words)))
      throw new Fault('gmail.account-mismatch', { facts: { user: account.address }, cause: thrown })
  } finally {
    session.close()
  }
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
