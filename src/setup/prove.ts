/** Step 2: user, password, and a real login that proves them. Whatever was wrong is asked for again. */

import { Fault } from '../base/fault.ts'
import type { MailboxConfig } from '../config/config.ts'
import type { Discovery } from '../discovery/discover.ts'
import { userNameFor } from '../discovery/discover.ts'
import { type Preset, presetById } from '../discovery/presets.ts'
import { describeFault } from '../locale/locale.ts'
import { hostLimitOf } from '../pull/host-logins.ts'
import { askPassword } from './ask-password.ts'
import { askAboutCertificate, showsCertificate } from './certificate.ts'
import type { SetupContext } from './context.ts'
import { chooseServer, OtherAddress } from './find-server.ts'
import { type Looked, lookInto } from './folders.ts'
import type { GivenSecrets } from './given-secrets.ts'
import { type FoundServer, type LoginHint, type ProvedMailbox, trialMailbox } from './mailbox.ts'
import type { OAuthSignIn } from './oauth-client.ts'
import { askAfterSignIn, askSignIn, completeSignIn, isOfSignIn } from './oauth-prove.ts'
import { isPresentHost, keepPassword } from './present.ts'
import { Products } from './products.ts'
import { findPasswordOddity } from './typed-answer.ts'

export interface Proved {
  readonly mailbox: ProvedMailbox
  readonly looked: Looked
}

/** What the owner wants to correct. */
type Correct = 'password' | 'user' | 'server' | 'address' | 'again'

/** Hosts lock a mailbox after a handful of wrong passwords. */
const cautionAfter = 3

/**
 * @param given by an option or a variable
 * @param present the mailbox as it is configured, where it is changed
 * @throws OtherAddress; where nobody can be asked again: the fault of the login
 */
export async function proveMailbox(
  context: SetupContext,
  address: string,
  discovery: Discovery,
  given: Pick<GivenSecrets, 'password' | 'oauthClientSecret'>,
  present: MailboxConfig | undefined,
): Promise<Proved> {
  const { asker, words, language } = context
  const products = new Products(discovery)
  let server: FoundServer | undefined
  let previous: FoundServer | undefined
  let user: string | undefined
  let { password } = given
  let signIn: OAuthSignIn | undefined
  let refusals = 0
  for (;;) {
    server ??= await chooseServer(context, address, discovery, previous, present)
    user ??= await askUser(context, address, server, refusals > 0, present)
    signIn ??= await askSignIn(context, { address, server, user }, given.oauthClientSecret, present)
    if (signIn === undefined) {
      if (refusals === 0) password ??= await keepPassword(context, present, { server, user })
      password ??= await askPassword(context, describePassword(context, server, user))
    }
    const mailbox: ProvedMailbox = { address, server, user, password: password ?? '', oauth: signIn }
    asker.tell('info', words.login.trying(server.host, server.port))
    try {
      if (signIn !== undefined) await completeSignIn(context, signIn, user)
      const { preset } = server
      const looked = await context.once(async () => {
        const seen = await lookInto(trialMailbox(mailbox), context, preset)
        await context.onLoginProved()
        return seen
      })
      asker.tell('good', describeLogin(context, trialMailbox(mailbox), looked.idle))
      return { mailbox, looked }
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code === 'bug') throw thrown
      if (thrown.loginRefused) refusals += 1
      const next = products.next(address, mailbox, thrown)
      if (next !== undefined) {
        const { what } = describeFault(thrown, language)
        const name = next.server.preset?.name[language] ?? next.server.host
        asker.tell('warn', `${what}\n${words.login.otherProduct(name)}`)
        ;({ server, user } = next)
        continue
      }
      if (signIn !== undefined && isOfSignIn(thrown)) {
        const after = await askAfterSignIn(context, thrown, user)
        if (after === 'address') throw new OtherAddress()
        if (after === 'server') server = undefined
        signIn.token.value = ''
        if (after !== 'again' || signIn.entry === undefined) signIn = undefined
        continue
      }
      if (!asker.interactive) throw thrown
      previous = server
      if (showsCertificate(thrown)) {
        server = await askAboutCertificate(context, server, thrown)
        continue
      }
      tellRefusal(context, discovery, mailbox, thrown)
      if (refusals >= cautionAfter) asker.tell('warn', words.login.caution)
      const correct = await askWhatToCorrect(context, thrown)
      if (correct === 'address') throw new OtherAddress()
      server = correct === 'server' ? undefined : products.again(server)
      if (correct === 'user') user = undefined
      if (correct === 'password' || correct === 'user') password = undefined
    }
  }
}

function describeLogin(
  { words, language, general }: SetupContext,
  mailbox: MailboxConfig,
  idle: boolean,
): string {
  const host = mailbox.protocol === 'pop3' ? hostLimitOf(mailbox) : undefined
  if (host === undefined) return words.login.worked(mailbox.protocol, idle)
  const { number, span } = general.format
  const { limit, preset, apartMs } = host
  const often = {
    most: number(limit.most),
    within: span(limit.perMs),
    every: span(apartMs),
    shared: limit.per === 'address',
  }
  return words.login.workedAtLimit(preset.name[language], often)
}

/** The question for the password, by what kind of password the host takes. */
function describePassword({ words, language }: SetupContext, { preset }: FoundServer, user: string): string {
  const { password } = preset ?? {}
  if (preset === undefined || password === undefined) return words.login.password(user)
  return words.login.passwords[password].question(user, preset.name[language])
}

/** What happened, and what to look at first: what this host is known to want. */
function tellRefusal(
  context: SetupContext,
  discovery: Discovery,
  { server, password }: ProvedMailbox,
  fault: Fault,
): void {
  const { asker, words, language } = context
  const { what } = describeFault(fault, language)
  const hint = hintFor(fault)
  const { preset, userForm } = server
  const known =
    hint !== 'refused' || preset === undefined
      ? []
      : [
          preset.password && words.login.passwords[preset.password].refused(preset.name[language]),
          userForm && words.login.userForms[userForm](preset.name[language]),
          ...preset.alsoTry.flatMap(id => describeProduct(context, discovery, server, presetById(id)) ?? []),
        ].filter(text => text !== undefined)
  const oddity = hint === 'refused' ? findPasswordOddity(password) : undefined
  const usual = known.length > 0 ? known : [words.login.hints[hint](server)]
  const advice = oddity === undefined ? usual : [words.login.oddPassword[oddity]]
  asker.tell('bad', [what, ...advice].join('\n'))
}

/** Another product of the host that is not tried by itself: who asks for it names its server, or takes its protocol. */
function describeProduct(
  { words, language }: SetupContext,
  { candidates }: Discovery,
  { protocol }: FoundServer,
  product: Preset | undefined,
): string | undefined {
  if (product === undefined) return undefined
  const servers = candidates.filter(
    ({ preset, unusable }) => preset?.id === product.id && unusable === undefined,
  )
  if (servers.some(server => server.protocol === protocol)) return undefined
  const [other] = servers
  const how = other === undefined ? product.askHost?.[language] : words.server.found(other)
  return how && words.login.productElsewhere(product.name[language], how)
}

/** @param again what was taken before was refused */
export async function askUser(
  { asker, words, options, language }: SetupContext,
  address: string,
  server: FoundServer,
  again: boolean,
  present: MailboxConfig | undefined,
): Promise<string> {
  const form = userNameFor(address, server.userForm)
  const presentUser = isPresentHost(present, server) ? present?.user : undefined
  // What works at this host is not what its customers usually have.
  const known = presentUser === undefined || presentUser === form ? form : undefined
  // What the host is known to want need not be asked, unless it was refused.
  if (known !== undefined && !again && options.user === undefined) return known
  return asker.text({
    id: 'user',
    message:
      server.userForm === 'account-name'
        ? (server.preset?.askUser?.[language] ?? words.login.accountName)
        : words.login.user,
    initial: presentUser ?? (server.userForm === 'account-name' && !again ? undefined : (known ?? address)),
  })
}

function hintFor({ code }: Fault): LoginHint {
  if (code === 'source.login-refused') return 'refused'
  if (code === 'source.unknown-host') return 'host'
  if (code === 'source.login-method') return 'method'
  if (code.startsWith('source.tls')) return 'tls'
  return ['source.unreachable', 'source.timeout', 'source.connection-lost', 'source.protocol'].includes(code)
    ? 'unreachable'
    : 'later'
}

async function askWhatToCorrect({ asker, words }: SetupContext, fault: Fault): Promise<Correct> {
  const hint = hintFor(fault)
  const order: Readonly<Record<LoginHint, readonly Correct[]>> = {
    refused: ['password', 'user', 'server', 'address'],
    method: ['server', 'user', 'address', 'again'],
    host: ['server', 'address', 'again'],
    unreachable: ['server', 'address', 'again'],
    tls: ['server', 'address', 'again'],
    later: ['again', 'server', 'password', 'address'],
  }
  const labels = { ...words.login.correct, address: words.change.address }
  const choices = order[hint].map(value => ({ value, label: labels[value] }))
  return asker.choose<Correct>({
    id: 'correct',
    message: words.login.whatToCorrect,
    choices,
    initial: order[hint][0] ?? 'again',
  })
}
