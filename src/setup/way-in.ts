/**
 * Step 4 and 5: which way mail goes into Gmail, and what is needed for it: the consent (sign-in.ts) or an app password,
 * proved by a login before it is kept.
 */
import { bareAppPassword } from '../base/app-password.ts'
import { Fault } from '../base/fault.ts'
import { lookUp } from '../base/look-up.ts'
import { Secret } from '../base/secret.ts'
import { type AccountConfig, isOfApi } from '../config/config.ts'
import { readImapServer } from '../config/destinations.ts'
import { type InspectedImap, inspectAppend } from '../gmail/append/inspect.ts'
import type { DesktopClient } from '../google/client-file.ts'
import { describeFault } from '../locale/locale.ts'
import type { SetupContext } from './context.ts'
import type { GivenSecrets } from './given-secrets.ts'
import { type SignedIn, signIn } from './sign-in.ts'

type Way = 'import' | 'append'

/** Options of one way only: who gives one has chosen. */
const ofImport = ['client-file', 'service-account-file', 'refresh-token-file', 'read'] as const

/**
 * @param present the account as it is configured
 * @param known the client of an earlier set-up
 */
export async function openWayIn(
  context: SetupContext,
  address: string,
  present: AccountConfig | undefined,
  known: DesktopClient | undefined,
  given: GivenSecrets,
): Promise<SignedIn> {
  const way = await askWay(context, present, given)
  if (way === 'append') return askAppPassword(context, address, given.appPassword)
  return signIn(context, address, known, given.refreshToken)
}

async function askWay(
  { asker, words, options, place }: SetupContext,
  present: AccountConfig | undefined,
  given: GivenSecrets,
): Promise<Way> {
  const current: Way = present === undefined || isOfApi(present) ? 'import' : 'append'
  if (options['gmail-way'] === undefined) {
    // Variables say it themselves.
    if (place.byEnvironment) return current
    if (ofImport.some(id => options[id] !== undefined)) return 'import'
    if (given.appPassword !== undefined) return 'append'
  }
  return asker.choose<Way>({
    id: 'gmail-way',
    message: words.way.question,
    explain: words.way.explain,
    choices: [
      { value: 'import', label: words.way.import },
      { value: 'append', label: words.way.append },
    ],
    initial: current,
  })
}

/** Trouble that another password does not end. */
const passing = [
  'gmail.unreachable',
  'gmail.server',
  'gmail.rate-limited',
  'gmail.daily-limit',
  'gmail.web-login',
]

/** Asks until a login has worked; a script is told of the first refusal. */
async function askAppPassword(
  context: SetupContext,
  address: string,
  given: string | undefined,
): Promise<SignedIn> {
  const { asker, words, language } = context
  if (given === undefined) asker.tell('note', words.way.steps(address))
  for (let password = given && bareAppPassword(given); ; ) {
    password ??= await typePassword(context)
    const trial = password
    asker.tell('info', words.way.trying(address))
    try {
      const { places } = await context.once(() => prove(context, address, trial))
      asker.tell('good', words.way.works(address))
      if ([places.all, places.junk, places.trash].includes(undefined)) asker.tell('warn', words.way.hidden)
      return {
        client: { kind: 'app-password', password },
        refreshToken: undefined,
        endsAtMs: undefined,
        address,
        identity: undefined,
      }
    } catch (thrown) {
      if (!(thrown instanceof Fault) || !asker.interactive || thrown.code === 'bug') throw thrown
      const { what, next } = describeFault(thrown, language)
      asker.tell('bad', `${what}\n${lookUp(words.way.hints, thrown.code)?.(address) ?? next}`)
      const chosen = await asker.choose({
        id: 'retry-app-password',
        message: words.way.whatNow,
        choices: [
          { value: 'other', label: words.way.other },
          { value: 'again', label: words.way.again },
        ],
        initial: passing.includes(thrown.code) ? 'again' : 'other',
      })
      if (chosen === 'other') password = undefined
    }
  }
}

/** A refused login counts at Google too: what cannot be one is told before. */
async function typePassword({ asker, words }: SetupContext): Promise<string> {
  for (;;) {
    const typed = bareAppPassword(
      await asker.secret({ id: 'app-password-file', message: words.way.password }),
    )
    if (!asker.interactive || /^[a-z]{16}$/i.test(typed)) return typed
    asker.tell('bad', words.way.passwordWrong)
  }
}

function prove(
  { place, clock, signal }: SetupContext,
  address: string,
  password: string,
): Promise<InspectedImap> {
  const account = {
    ...{ name: address, address, importsInFlight: 1, unitsPerMinute: 6000 },
    password: Secret.of(password),
  }
  return inspectAppend({ account, server: readImapServer(place.endpoints.imapUrl), clock }, signal)
}
