/** The password of a mailbox was changed at the host, or its sign-in ended: a new one is proved and takes its place. */

import { Fault } from '../base/fault.ts'
import { Secret } from '../base/secret.ts'
import { makeSource, openJournal } from '../bridge.ts'
import type { MailboxConfig } from '../config/config.ts'
import { makeMailboxDestination } from '../config/destinations.ts'
import { vaultNames } from '../config/load.ts'
import type { Journal } from '../journal/journal.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { describeReason } from '../locale/reasons.ts'
import { rememberLogin } from '../pull/login-memory.ts'
import { cappedLogin, heldLoginFault, makeLoginGate } from '../pull/logins.ts'
import { askForPull, endLoginWait } from '../pull/owner-acted.ts'
import { ungated } from '../source/source.ts'
import { loginKeyOf } from '../vault/login-key.ts'
import type { SetupContext } from './context.ts'
import type { GivenSecrets } from './given-secrets.ts'
import { provePassword } from './missing-secrets.ts'
import type { RenewedSignIn } from './renew-sign-in.ts'

export interface ChangedPassword {
  /** The mailbox by its name. */
  readonly mailbox: string
  /** A daemon was told of it. */
  readonly running: boolean
}

/**
 * Asks for the new password, proves it at the server as it is configured, and keeps it in the vault. The
 * configuration is not touched; what was kept before stays until the login has worked.
 * @param given the password or the app's secret, where a variable or a file gave it beforehand
 * @throws Fault usage.invalid, secret.not-kept where it does not come from the vault, source.* of the login,
 * source.login-capped after too many refusals
 */
export async function changePassword(
  context: SetupContext,
  given: Pick<GivenSecrets, 'password' | 'oauthClientSecret'>,
): Promise<ChangedPassword> {
  const { asker, words, place, vault, language, clock } = context
  const mailbox = await chooseMailbox(context)
  const { name } = mailbox
  await refuseGivenElsewhere(context, mailbox)
  const journal = await openJournal(place.stateDir)
  try {
    // Nobody types a password that may not be tried.
    const capped = journal && cappedLogin(await journal.mailbox(mailbox.name), mailbox, clock.nowMs())
    if (capped !== undefined) throw heldLoginFault(capped)
    const renewed = await proveAnew(context, mailbox, given, trial => logIn(context, trial, journal)).catch(
      thrown => {
        if (thrown instanceof Fault) asker.tell('warn', words.password.unchanged)
        throw thrown
      },
    )
    await renewed.keep()
    const saved = mailbox.credential.kind === 'oauth' ? words.oauth.saved : words.password.saved
    asker.tell('good', saved(name, describeReason(vault.kind, language)))
    const running = isInstanceRunning(place.stateDir)
    if (journal !== undefined) {
      const loginKey = loginKeyOf(place.stateDir, place.env, false)
      await rememberLogin(journal, renewed.mailbox, loginKey)
      await endLoginWait(journal, name, clock.nowMs())
      if (running) await askForPull(journal)
    }
    asker.tell('info', running ? words.password.goesOn : words.password.takesUpLater)
    return { mailbox: name, running }
  } finally {
    await journal?.close()
  }
}

/** By what the mailbox is logged in to with: the password, or a sign-in. */
async function proveAnew(
  context: SetupContext,
  mailbox: MailboxConfig,
  given: Pick<GivenSecrets, 'password' | 'oauthClientSecret'>,
  logInTo: (trial: MailboxConfig) => Promise<{ readonly idle: boolean }>,
): Promise<RenewedSignIn> {
  const { credential } = mailbox
  if (credential.kind === 'oauth') {
    const { renewSignIn } = await import('./renew-sign-in.ts')
    return renewSignIn(context, { ...mailbox, credential }, given.oauthClientSecret, logInTo)
  }
  const password = await provePassword(context, mailbox, given.password, logInTo)
  const destination = makeMailboxDestination(mailbox.server)
  return {
    mailbox: { ...mailbox, credential: { kind: 'password', password: Secret.of(password) } },
    keep: () => context.vault.setFor(vaultNames.password(mailbox.name), password, destination),
  }
}

async function chooseMailbox({ asker, words, place, options }: SetupContext): Promise<MailboxConfig> {
  const mailboxes = place.config?.mailboxes ?? []
  const names = mailboxes.map(({ name }) => name)
  const refuse = (what: string): Fault => new Fault('usage.invalid', { facts: { what } })
  const [first] = names
  if (first === undefined) throw refuse(words.password.noMailbox)
  const { which } = words.password
  // A password is tried at the mailbox that it is for, never at the likeliest: `--yes` does not choose one.
  if (options.mailbox === undefined && names.length > 1 && !asker.interactive)
    throw refuse(`--mailbox (${which}): ${names.join(', ')}`)
  const wanted =
    options.mailbox ??
    (names.length === 1
      ? first
      : await asker.choose({
          id: 'mailbox',
          message: which,
          choices: names.map(value => ({ value, label: value })),
          initial: first,
        }))
  const mailbox = mailboxes.find(({ name }) => name === wanted)
  if (mailbox === undefined) throw refuse(words.password.unknown(wanted, names.join(', ')))
  return mailbox
}

/** What a variable or a file gives wins over the vault: what was kept there would never be used. */
async function refuseGivenElsewhere(context: SetupContext, mailbox: MailboxConfig): Promise<void> {
  const { name, credential } = mailbox
  const givenBy =
    credential.kind === 'password'
      ? (credential.password.givenBy ?? context.vault.givenBy(vaultNames.password(name)))
      : (await import('./renew-sign-in.ts')).givenElsewhere(context, { ...mailbox, credential })
  if (givenBy === undefined) return
  throw new Fault('secret.not-kept', { facts: { what: name, reason: 'read-only', variable: givenBy } })
}

/** One login, counted like those of the pulls; nothing is listed or read. */
async function logIn(
  { clock, signal }: SetupContext,
  mailbox: MailboxConfig,
  journal: Journal | undefined,
): Promise<{ readonly idle: boolean }> {
  const gate = journal === undefined ? ungated : makeLoginGate(journal, mailbox, clock, 'person')
  const session = await (await makeSource({ mailbox, clock, gate })).open(signal)
  try {
    const { protocol, capabilities } = session.abilities
    await session.close().catch(() => {}) // the login has worked, however they part
    return { idle: protocol === 'imap' && capabilities.includes('IDLE') }
  } finally {
    session.abandon()
  }
}
