/**
 * The error model. A fault is an error as data and answers three questions: how much is broken, when is it
 * worth trying again, and what should the owner do. The adapter that meets the trouble decides; the loop in
 * pull.ts and daemon.ts only obeys; the text for people stands in locale/, keyed by the code.
 *
 * Unknown is never permanent: an answer that nobody understands leaves the message on the source.
 */

/** How much is broken: one message, one source mailbox, one Gmail account, or everything (this machine). */
export type FaultScope = 'message' | 'mailbox' | 'account' | 'everything'

/** When to try again: at once, later (the loop's back-off decides when), or after the owner did something. */
export type FaultRetry = 'now' | 'later' | 'owner'

/** Exit codes, from sysexits(3) where it has one. */
export const exitCodes = {
  ok: 0,
  someAside: 1,
  usage: 2,
  unavailable: 69,
  software: 70,
  temporary: 75,
  signIn: 77,
  configuration: 78,
} as const

interface FaultKind {
  readonly scope: FaultScope
  readonly retry: FaultRetry
  readonly exit: number
}

const { unavailable, software, temporary, signIn, configuration, someAside } = exitCodes

const kind = (scope: FaultScope, retry: FaultRetry, exit: number): FaultKind => ({ scope, retry, exit })

/** Every code with its usual scope, retry and exit code. A thrower may override scope and retry, never exit. */
export const faultKinds = {
  // The way to the source mailbox
  'source.unknown-host': kind('mailbox', 'later', unavailable),
  'source.unreachable': kind('mailbox', 'later', unavailable),
  'source.timeout': kind('mailbox', 'later', unavailable),
  'source.connection-lost': kind('mailbox', 'later', unavailable),
  'source.tls-name': kind('mailbox', 'owner', unavailable),
  'source.tls-expired': kind('mailbox', 'owner', unavailable),
  'source.tls-untrusted': kind('mailbox', 'owner', unavailable),
  'source.tls-too-old': kind('mailbox', 'owner', unavailable),
  'source.tls-weak-key': kind('mailbox', 'owner', unavailable),
  'source.tls-weak-signature': kind('mailbox', 'owner', unavailable),
  'source.tls-clear-text': kind('mailbox', 'owner', unavailable),
  'source.tls-failed': kind('mailbox', 'later', unavailable),
  'source.tls-not-offered': kind('mailbox', 'owner', unavailable),
  'source.tls-injection': kind('mailbox', 'later', unavailable),
  'source.protocol': kind('mailbox', 'later', unavailable),
  'source.other-service': kind('mailbox', 'owner', unavailable),
  'source.not-connected': kind('mailbox', 'later', temporary),
  'source.line-ends': kind('mailbox', 'later', unavailable),
  'source.over-budget': kind('mailbox', 'later', unavailable),
  // The login there
  'source.login-refused': kind('mailbox', 'owner', signIn),
  'source.login-doubtful': kind('mailbox', 'owner', signIn),
  'source.token-refused': kind('mailbox', 'owner', signIn),
  'source.login-limited': kind('mailbox', 'later', temporary),
  'source.login-capped': kind('mailbox', 'later', signIn),
  'source.login-delay': kind('mailbox', 'later', temporary),
  'source.login-method': kind('mailbox', 'owner', configuration),
  'source.busy': kind('mailbox', 'later', temporary),
  'source.limited': kind('mailbox', 'later', temporary),
  'source.server-temporary': kind('mailbox', 'later', temporary),
  'source.server-permanent': kind('mailbox', 'owner', unavailable),
  // Access tokens of a mailbox
  'oauth.sign-in-missing': kind('mailbox', 'owner', signIn),
  'oauth.sign-in-ended': kind('mailbox', 'owner', signIn),
  'oauth.sign-in-failed': kind('mailbox', 'owner', signIn),
  'oauth.scope-missing': kind('mailbox', 'owner', signIn),
  'oauth.client-refused': kind('mailbox', 'owner', configuration),
  'oauth.request-refused': kind('mailbox', 'owner', configuration),
  'oauth.unknown-answer': kind('mailbox', 'later', unavailable),
  'oauth.server': kind('mailbox', 'later', temporary),
  'oauth.limited': kind('mailbox', 'later', temporary),
  'oauth.unreachable': kind('mailbox', 'later', unavailable),
  'oauth.not-provider': kind('mailbox', 'later', unavailable),
  // The mailbox
  'source.folder-missing': kind('mailbox', 'owner', configuration),
  'source.listing-unclear': kind('mailbox', 'later', temporary),
  'source.identity-unsafe': kind('mailbox', 'later', temporary),
  'source.read-only': kind('mailbox', 'owner', someAside),
  'source.cannot-settle': kind('mailbox', 'owner', someAside),
  'source.target-refused': kind('mailbox', 'owner', someAside),
  'source.settle-failed': kind('mailbox', 'later', someAside),
  'source.left-there': kind('mailbox', 'owner', someAside),
  'books.broken': kind('mailbox', 'owner', software),
  'mailbox.unattended': kind('mailbox', 'owner', unavailable),
  'mailbox.time-limit': kind('mailbox', 'later', temporary),
  // One message there
  'message.gone': kind('message', 'later', someAside),
  'message.listed-only': kind('message', 'later', someAside),
  'message.short': kind('message', 'later', someAside),
  'message.empty': kind('message', 'later', someAside),
  'message.not-retrieved': kind('message', 'later', someAside),
  'message.over-announced': kind('message', 'later', someAside),
  'message.too-large': kind('message', 'owner', someAside),
  'message.poison': kind('message', 'owner', someAside),
  // What Gmail said of one message
  'gmail.message-refused': kind('message', 'owner', someAside),
  'gmail.message-unexplained': kind('message', 'later', someAside),
  'gmail.label': kind('message', 'now', someAside),
  'gmail.label-refused': kind('mailbox', 'owner', someAside),
  'gmail.unknown-answer': kind('message', 'later', someAside),
  'gmail.outcome-unknown': kind('message', 'later', someAside),
  'gmail.ask-owner': kind('message', 'owner', someAside),
  'gmail.cannot-append': kind('message', 'owner', someAside),
  'gmail.folder-hidden': kind('message', 'later', someAside),
  // What Gmail or Google said of the account
  'gmail.rate-limited': kind('account', 'later', temporary),
  'gmail.daily-limit': kind('account', 'later', temporary),
  'gmail.storage-full': kind('account', 'later', temporary),
  'gmail.server': kind('account', 'later', temporary),
  'gmail.unreachable': kind('account', 'later', unavailable),
  'gmail.not-google': kind('account', 'later', unavailable),
  'gmail.unauthorized': kind('account', 'owner', signIn),
  'gmail.consent-ended': kind('account', 'owner', signIn),
  'gmail.consent-missing': kind('account', 'owner', signIn),
  'gmail.scope-missing': kind('account', 'owner', signIn),
  'gmail.session-control': kind('account', 'owner', signIn),
  'gmail.client-invalid': kind('account', 'owner', configuration),
  'gmail.client-mismatch': kind('account', 'owner', signIn),
  'gmail.client-disabled': kind('account', 'owner', configuration),
  'gmail.service-account': kind('account', 'owner', configuration),
  'gmail.project-refused': kind('account', 'owner', configuration),
  'gmail.admin-policy': kind('account', 'owner', signIn),
  'gmail.org-internal': kind('account', 'owner', signIn),
  'gmail.account-refused': kind('account', 'later', unavailable),
  'gmail.account-unexplained': kind('account', 'later', unavailable),
  'gmail.api-disabled': kind('account', 'owner', configuration),
  'gmail.forbidden': kind('account', 'owner', signIn),
  'gmail.account-mismatch': kind('account', 'owner', signIn),
  'gmail.account-unproved': kind('account', 'later', signIn),
  // The login there with an app password
  'gmail.app-password-refused': kind('account', 'owner', signIn),
  'gmail.app-password-needed': kind('account', 'owner', signIn),
  'gmail.web-login': kind('account', 'owner', signIn),
  'gmail.imap-disabled': kind('account', 'owner', signIn),
  // This machine
  'state.second-instance': kind('everything', 'owner', temporary),
  'state.disk-full': kind('everything', 'later', temporary),
  'state.read-only': kind('everything', 'owner', configuration),
  'state.exposed': kind('everything', 'owner', configuration),
  'state.no-folder': kind('everything', 'owner', configuration),
  'state.hangs': kind('everything', 'later', temporary),
  'state.io': kind('everything', 'later', temporary),
  'journal.newer': kind('everything', 'owner', configuration),
  'journal.older': kind('everything', 'owner', configuration),
  'journal.damaged': kind('everything', 'owner', configuration),
  'journal.missing': kind('everything', 'owner', configuration),
  'journal.other-tables': kind('everything', 'owner', configuration),
  'journal.locked': kind('everything', 'later', temporary),
  'journal.unreachable': kind('everything', 'later', temporary),
  'journal.busy': kind('everything', 'later', temporary),
  'journal.not-held': kind('everything', 'later', temporary),
  'journal.closed': kind('everything', 'owner', configuration),
  'journal.adopted': kind('everything', 'owner', configuration),
  'journal.taken': kind('everything', 'owner', configuration),
  'journal.departed': kind('everything', 'owner', configuration),
  'journal.address': kind('everything', 'owner', configuration),
  'journal.insecure': kind('everything', 'owner', configuration),
  'journal.pooled': kind('everything', 'owner', configuration),
  'secret.missing': kind('mailbox', 'owner', signIn),
  'secret.unreadable': kind('mailbox', 'owner', configuration),
  'secret.other-destination': kind('mailbox', 'owner', signIn),
  'secret.without-destination': kind('mailbox', 'owner', signIn),
  'secret.not-kept': kind('mailbox', 'owner', configuration),
  // A fleet's directory
  'fleet.name': kind('everything', 'owner', exitCodes.usage),
  'fleet.unknown': kind('mailbox', 'owner', configuration),
  'fleet.in-use': kind('everything', 'owner', exitCodes.usage),
  'fleet.no-key': kind('everything', 'owner', configuration),
  'fleet.other-key': kind('everything', 'owner', configuration),
  'fleet.worker-twice': kind('everything', 'later', temporary),
  'fleet.secret-unfit': kind('mailbox', 'owner', signIn),
  'fleet.may-not': kind('everything', 'owner', configuration),
  'fleet.import-file': kind('everything', 'owner', exitCodes.usage),
  'config.invalid': kind('everything', 'owner', configuration),
  'config.none': kind('everything', 'owner', configuration),
  'usage.invalid': kind('everything', 'owner', exitCodes.usage),
  bug: kind('everything', 'later', software),
} as const satisfies Record<string, FaultKind>

export type FaultCode = keyof typeof faultKinds

/** Facts that fill the text: host names, phases, a server's own words (untrusted; escaped when shown). Never a secret. */
export type FaultFacts = Readonly<Record<string, string | number>>

export interface FaultOptions {
  readonly scope?: FaultScope
  readonly retry?: FaultRetry
  /** Not before this instant, in milliseconds since 1970, where the other side named one. */
  readonly notBeforeMs?: number
  readonly facts?: FaultFacts
  readonly cause?: unknown
  /** The server answered a login with no. Hosts count those, whatever they call them. */
  readonly loginRefused?: boolean
}

export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly scope: FaultScope
  readonly retry: FaultRetry
  readonly notBeforeMs: number | undefined
  readonly facts: FaultFacts
  readonly loginRefused: boolean

  constructor(code: FaultCode, options: FaultOptions = {}) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause })
    const usual = faultKinds[code]
    this.code = code
    this.scope = options.scope ?? usual.scope
    this.retry = options.retry ?? usual.retry
    this.notBeforeMs = options.notBeforeMs
    this.facts = options.facts ?? {}
    this.loginRefused = options.loginRefused ?? false
  }

  get exitCode(): number {
    return faultKinds[this.code].exit
  }
}

/** Anything thrown, as a fault: what is not one already is a bug of ours and is said to be one. */
export function asFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  return new Fault('bug', { facts: { what }, cause: thrown })
}
