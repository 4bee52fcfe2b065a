/** The set-up's story: address, server, login, wishes, Google, saved. Each step proves its answers before the next. */

import { Fault } from '../base/fault.ts'
import { addressKey } from '../base/gmail-address.ts'
import {
  type AccountConfig,
  type AppPassword,
  type Config,
  isOfApi,
  type MailboxConfig,
} from '../config/config.ts'
import { decideFirstUse, makeGmailImapDestination, makeGoogleDestination } from '../config/destinations.ts'
import { vaultNames } from '../config/load.ts'
import { Complaint, readEmail } from '../config/readers.ts'
import type { DesktopClient } from '../google/client-file.ts'
import { canReveal } from './can-reveal.ts'
import type { SetupContext } from './context.ts'
import { askAddress, discoverServers, OtherAddress } from './find-server.ts'
import type { GivenSecrets } from './given-secrets.ts'
import { findPresent } from './present.ts'
import { proveMailbox } from './prove.ts'
import { type AccountToSave, keepSecrets, type MailboxToSave, writeConfiguration } from './save.ts'
import { unlessElsewhere } from './unless-elsewhere.ts'
import { openWayIn } from './way-in.ts'
import { askWishes } from './wishes.ts'

export interface SetUp {
  readonly config: Config
  readonly account: AccountToSave
  /** Undefined where only the sign-in was renewed. */
  readonly mailbox: MailboxToSave | undefined
  /** A variable or a file names another permission, which wins over the one that was stored now. */
  readonly overruled: boolean
  /** Mail goes into Gmail by another way from now on: a daemon that runs has to be started anew. */
  readonly otherWay?: boolean
}

/** A mailbox from its address to the saved configuration, with a Gmail account where that is new. */
export async function setUpMailbox(context: SetupContext, given: GivenSecrets): Promise<SetUp> {
  const { place, vault, language } = context
  const { address, proved, ofAddress } = await findMailbox(context, given)
  // The journal knows a mailbox by its name: one that is set up again keeps it.
  const { user, server } = proved.mailbox
  const present =
    ofAddress ??
    place.config?.mailboxes.find(
      configured => configured.user === user && configured.server.host === server.host,
    )
  const wishes = await askWishes(context, proved, present)
  const account = await setUpAccount(context, address, given, present)
  const mailbox = { name: present?.name ?? address, proved: proved.mailbox, wishes }
  await keepSecrets(vault, place.endpoints, account, mailbox)
  const config = await writeConfiguration(place, language, account, mailbox)
  return { config, account, mailbox, overruled: false }
}

/** From the address to a login that has worked; the address can be corrected on the way. */
async function findMailbox(context: SetupContext, given: GivenSecrets) {
  const { asker, words } = context
  for (;;) {
    const address = await askAddress(context)
    const ofAddress = findPresent(context, address)
    if (ofAddress !== undefined) asker.tell('info', words.change.note(ofAddress.name))
    try {
      const discovery = await discoverServers(context, address, ofAddress)
      const proved = await proveMailbox(context, address, discovery, given, ofAddress)
      return { address, proved, ofAddress }
    } catch (thrown) {
      if (!(thrown instanceof OtherAddress)) throw thrown
      await context.onOtherAddress()
    }
  }
}

async function setUpAccount(
  context: SetupContext,
  mailboxAddress: string,
  given: GivenSecrets,
  present: MailboxConfig | undefined,
): Promise<AccountToSave> {
  const { asker, words, place } = context
  const accounts = place.config?.accounts ?? []
  const first = accounts.find(({ name }) => name === present?.account) ?? accounts[0]
  const address = await asker.text({
    id: 'gmail-account',
    message: words.google.account,
    initial: first?.address.includes('@') ? first.address : undefined,
    check: answer =>
      readEmail(answer) instanceof Complaint
        ? words.google.accountWrong
        : answer.toLowerCase() === mailboxAddress.toLowerCase()
          ? words.google.accountSame
          : undefined,
  })
  const same = accounts.find(account => account.address.toLowerCase() === address.toLowerCase())
  if (same !== undefined && (await hasPermission(context, same))) {
    asker.tell('good', words.google.already(address))
    return { name: same.name, address, signedIn: undefined }
  }
  const known = same && (await clientOf(context, same))
  const signedIn = await openWayIn(context, address, same, known, given)
  // Google may have named another address, which the owner took.
  const there = same ?? accounts.find(account => addressKey(account.address) === addressKey(signedIn.address))
  return { name: there?.name ?? signedIn.address, address: signedIn.address, signedIn }
}

/** Whether there is one to be used, wherever it stands. */
export async function hasPermission(
  context: SetupContext,
  { name, credential }: AccountConfig,
): Promise<boolean> {
  if (credential.kind === 'service-account') return true
  if (credential.kind === 'app-password') return hasAppPassword(context, name, credential)
  if ((await googleSecret(context, vaultNames.refreshToken(name))) !== undefined) return true
  return canReveal(credential.refreshToken)
}

async function hasAppPassword(
  { vault, place }: SetupContext,
  name: string,
  { password }: AppPassword,
): Promise<boolean> {
  const imap = makeGmailImapDestination(place.endpoints)
  const firstUse = decideFirstUse(imap, place.byOwnersFile)
  const kept = await vault.getFor(vaultNames.appPassword(name), imap, firstUse).catch(unlessElsewhere)
  if (kept !== undefined) return true
  return canReveal(password)
}

/** What the vault has for Google as this configuration names it. One that is for elsewhere is entered again. */
async function googleSecret({ vault, place }: SetupContext, name: string): Promise<string | undefined> {
  const google = makeGoogleDestination(place.endpoints)
  return vault.getFor(name, google, decideFirstUse(google, place.byOwnersFile)).catch(unlessElsewhere)
}

/** The client of an earlier set-up. */
async function clientOf(
  context: SetupContext,
  { name, credential }: AccountConfig,
): Promise<DesktopClient | undefined> {
  if (credential.kind !== 'user') return undefined
  const secret =
    (await googleSecret(context, vaultNames.clientSecret(name))) ??
    (await credential.clientSecret.reveal().catch(() => undefined))
  return secret === undefined ? undefined : { id: credential.clientId, secret }
}

/** Only the consent, of an account that is configured already. */
export async function setUpGoogle(context: SetupContext, given: GivenSecrets): Promise<SetUp> {
  const { asker, words, place, vault, language, options } = context
  const { config } = place
  if (config === undefined) return setUpMailbox(context, given)
  const names = config.accounts.map(({ name }) => name)
  const wanted = options.account
  if (wanted !== undefined && !names.includes(wanted))
    throw new Fault('usage.invalid', { facts: { what: words.revoke.unknown(wanted, names.join(', ')) } })
  const name =
    wanted ??
    (names.length === 1
      ? names[0]
      : await asker.choose({
          id: 'account',
          message: words.google.which,
          choices: config.accounts.map(account => ({ value: account.name, label: account.name })),
          initial: names[0] ?? '',
        }))
  const account = config.accounts.find(candidate => candidate.name === name)
  if (account === undefined) throw new Fault('bug', { facts: { what: 'no account' } })
  // A file that is named now is meant to be used.
  const known = options['client-file'] === undefined ? await clientOf(context, account) : undefined
  const signedIn = await openWayIn(context, account.address, account, known, given)
  const { client, address } = signedIn
  const toSave = { name: account.name, address, signedIn }
  await keepSecrets(vault, place.endpoints, toSave, undefined)
  const { credential } = account
  // This configuration was read without the vault: what it reveals stands elsewhere.
  const standing =
    credential.kind === 'user'
      ? credential.refreshToken
      : credential.kind === 'app-password'
        ? credential.password
        : undefined
  const otherWay = isOfApi(account) === (client.kind === 'app-password')
  // By the other way nobody asks for it.
  const overruled = standing !== undefined && !otherWay && (await canReveal(standing))
  if (place.byEnvironment) return { config, account: toSave, mailbox: undefined, overruled }
  const unchanged =
    account.address === address &&
    (client.kind === 'app-password'
      ? credential.kind === 'app-password'
      : credential.kind === 'user' && client.kind === 'desktop' && credential.clientId === client.client.id)
  const written = unchanged ? config : await writeConfiguration(place, language, toSave, undefined)
  return { config: written, account: toSave, mailbox: undefined, overruled, otherWay }
}
