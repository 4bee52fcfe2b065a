/**
 * What Gmail's IMAP server says, as faults of the account or of a message. Pure.
 *
 * Invariants: only what the server says of this very message is the message's; what nobody understands is tried again.
 * Once the first octet of a message has left, what was not answered is `gmail.outcome-unknown`.
 */
import { Fault, type FaultCode, type FaultFacts, type FaultOptions } from '../../base/fault.ts'
import { scrubWords } from '../../google/scrub.ts'
import { type AppendProgress, isRefused, type Refused } from '../../source/imap-store.ts'

/** "Account exceeded command or bandwidth limits": Gmail says it with OVERQUOTA, too, and means the day's octets. */
const bandwidthWords = /bandwidth|command or|\b(per|a|each) day\b|\bdaily\b/i
const rateWords = /too many|simultaneous|throttl|\brate\b|slow down|backing off|try fewer/i
const sizeWords =
  /(message|literal|mail).{0,40}(too (large|big|long)|(exceed|over|beyond).{0,40}(size|limit|maximum))|(maximum|max\.?) (message |literal )?size|appendlimit/i
const storageWords = /storage|quota|mailbox (is )?full|out of space|disk (is )?full|insufficient space/i
const passingWords =
  /temporar|unavailable|try again|later|busy|overload|internal|system error|server error|backend|timed? ?out|in progress/i
const goneWords = /unknown mailbox|no such (mailbox|folder)|does(n.t| not) exist|invalid folder/i

/** Words of a login that was refused. The ordinary password of an account with two-step verification is known by them. */
const loginWords: readonly (readonly [words: RegExp, code: FaultCode])[] = [
  [/application-specific|app(lication)?[- ]password|answer\/185833/i, 'gmail.app-password-needed'],
  [/web ?(login|log-in|browser|alert)|via (your|a) (web )?browser|please log in via/i, 'gmail.web-login'],
  [
    /imap.{0,40}(disabled|not enabled|not allowed)|not enabled for imap|disabled for your/i,
    'gmail.imap-disabled',
  ],
  [bandwidthWords, 'gmail.daily-limit'],
  [rateWords, 'gmail.rate-limited'],
  [passingWords, 'gmail.server'],
  [/credential|pass ?word|user ?name|authenticat|login fail/i, 'gmail.app-password-refused'],
]

/** What a message that is read back may meet. */
const ofReading: readonly FaultCode[] = [
  'message.empty',
  'message.not-retrieved',
  'message.over-announced',
  'message.short',
]

/** What the way to the server means for the account; a fault that is none of the source's passes unchanged. */
function faultOfWay(fault: Fault): Fault {
  const { code, facts, notBeforeMs, cause } = fault
  if (code.startsWith('secret.')) return new Fault(code, { scope: 'account', facts, cause })
  if (!code.startsWith('source.') && !ofReading.includes(code)) return fault
  const words = scrubWords(String(facts.words ?? ''))
  const options: FaultOptions = {
    facts: { ...facts, ...(words === '' ? {} : { words }) },
    cause: fault,
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
  }
  const make = (other: FaultCode): Fault => new Fault(other, { ...options, scope: 'account' })
  if (fault.loginRefused) {
    const known = loginWords.find(([pattern]) => pattern.test(words))?.[1]
    // AUTHENTICATIONFAILED without words says enough; words that nobody knows do not.
    return make(
      known ??
        (words === '' && code === 'source.login-refused'
          ? 'gmail.app-password-refused'
          : 'gmail.account-refused'),
    )
  }
  switch (code) {
    case 'source.unknown-host':
    case 'source.unreachable':
    case 'source.timeout':
    case 'source.connection-lost':
    case 'source.not-connected':
      return make('gmail.unreachable')
    case 'source.limited':
    case 'source.busy':
    case 'source.login-limited':
    case 'source.login-delay':
      return make(bandwidthWords.test(words) ? 'gmail.daily-limit' : 'gmail.rate-limited')
    case 'source.server-temporary':
      return make('gmail.server')
    case 'source.server-permanent':
      return make('gmail.account-refused')
    case 'source.other-service':
      return make('gmail.not-google')
  }
  if (code.startsWith('source.tls-')) return make('gmail.not-google')
  return make(
    code === 'source.protocol' && facts.reason === 'greeting' ? 'gmail.not-google' : 'gmail.unknown-answer',
  )
}

/** What concerns the account in a refusal of whatever was asked; undefined: it concerns the question. */
function codeOfState(code: string, words: string): FaultCode | undefined {
  switch (code) {
    case 'OVERQUOTA':
      return bandwidthWords.test(words)
        ? 'gmail.daily-limit'
        : rateWords.test(words)
          ? 'gmail.rate-limited'
          : 'gmail.storage-full'
    case 'THROTTLED':
      return bandwidthWords.test(words) ? 'gmail.daily-limit' : 'gmail.rate-limited'
    case 'UNAVAILABLE':
    case 'SERVERBUG':
    case 'INUSE':
    case 'CONTACTADMIN':
    case 'CORRUPTION':
      return 'gmail.server'
    case 'AUTHENTICATIONFAILED':
    case 'AUTHORIZATIONFAILED':
    case 'EXPIRED':
      return 'gmail.app-password-refused'
    case 'NOPERM':
      return 'gmail.account-refused'
  }
  if (bandwidthWords.test(words)) return 'gmail.daily-limit'
  if (rateWords.test(words)) return 'gmail.rate-limited'
  if (code === 'ALERT')
    return loginWords.find(([pattern]) => pattern.test(words))?.[1] ?? 'gmail.account-refused'
  return undefined
}

const factsOf = ({ status, code, words }: Refused, more: FaultFacts = {}): FaultFacts => ({
  ...more,
  status,
  words: scrubWords(words),
  ...(code === '' ? {} : { reason: code }),
})

/**
 * What follows from an APPEND that was not done.
 * @param thrown what ImapStore.append rejected with
 * @param limit octets of a message as announced, if they were
 */
export function faultOfAppend(
  thrown: unknown,
  progress: AppendProgress,
  octets: number,
  limit: number | undefined,
  nowMs: number,
): unknown {
  const hasLeft = progress.octetsLeft > 0
  if (isRefused(thrown)) return faultOfRefusal(thrown, hasLeft, octets, limit, nowMs)
  if (!(thrown instanceof Fault) || thrown.code === 'state.io') return thrown
  const ofWay = faultOfWay(thrown)
  if (!hasLeft || ofWay.code === 'bug') return ofWay
  const isAsked = ofWay.code === 'gmail.rate-limited' || ofWay.code === 'gmail.daily-limit'
  // Gmail said that it is too much, and hung up: the account waits, whatever became of the message.
  return new Fault('gmail.outcome-unknown', {
    scope: isAsked ? 'account' : 'message',
    facts: ofWay.facts,
    cause: thrown,
  })
}

function faultOfRefusal(
  refused: Refused,
  hasLeft: boolean,
  octets: number,
  limit: number | undefined,
  nowMs: number,
): Fault {
  const { code, words, status, throttledMs } = refused
  const later = throttledMs === undefined ? {} : { notBeforeMs: nowMs + throttledMs }
  const make = (fault: FaultCode, options: FaultOptions = {}): Fault =>
    new Fault(fault, { facts: factsOf(refused), cause: refused, ...later, ...options })
  if (code === 'TOOBIG' || (sizeWords.test(words) && !bandwidthWords.test(words)))
    return make('message.too-large', {
      facts: factsOf(refused, { octets, ...(limit === undefined ? {} : { limit }) }),
    })
  if (code === 'TRYCREATE' || code === 'NONEXISTENT' || goneWords.test(words)) return make('gmail.label')
  const state = codeOfState(code, words) ?? (code === 'LIMIT' ? 'gmail.rate-limited' : undefined)
  const isPassing = state === 'gmail.server' || (state === undefined && passingWords.test(words))
  // RFC 9051 section 6.3.12 has a refused APPEND leave nothing behind. A server in trouble may not keep to it.
  if (isPassing) return hasLeft ? make('gmail.outcome-unknown', { scope: 'account' }) : make('gmail.server')
  if (state !== undefined) return make(state, { scope: 'account' })
  if (storageWords.test(words)) return make('gmail.storage-full')
  return make(status === 'BAD' ? 'gmail.unknown-answer' : 'gmail.message-unexplained')
}

/** A refusal of anything but a message, as a fault of the account. */
export function faultOfCall(thrown: unknown, nowMs: number): unknown {
  if (isRefused(thrown)) {
    const { code, words, throttledMs } = thrown
    const state = codeOfState(code, words)
    const known =
      state ??
      (storageWords.test(words)
        ? 'gmail.storage-full'
        : passingWords.test(words)
          ? 'gmail.server'
          : 'gmail.unknown-answer')
    const later = throttledMs === undefined ? {} : { notBeforeMs: nowMs + throttledMs }
    return new Fault(known, { scope: 'account', facts: factsOf(thrown), cause: thrown, ...later })
  }
  return thrown instanceof Fault ? faultOfWay(thrown) : thrown
}

/** What a label was refused with, or the account's own trouble. */
export function faultOfLabel(thrown: unknown, label: string, nowMs: number): unknown {
  const fault = faultOfCall(thrown, nowMs)
  if (!isRefused(thrown) || !(fault instanceof Fault) || fault.code !== 'gmail.unknown-answer') return fault
  return new Fault('gmail.label-refused', { facts: { ...fault.facts, labels: label }, cause: thrown })
}
