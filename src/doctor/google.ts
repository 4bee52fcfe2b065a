/** Google's side: names, TCP, whether it is Google that answers, the clock, and for each account the permission. */

import { asFault, exitCodes, Fault } from '../base/fault.ts'
import { addressKey } from '../base/gmail-address.ts'
import { type HttpDeadlines, usualHttpDeadlines } from '../base/http.ts'
import { printable } from '../base/untrusted.ts'
import { type AccountConfig, type Config, isOfApi } from '../config/config.ts'
import { type Inspected, inspectAccount, inspectApi, units } from '../gmail/inspect.ts'
import { checkAppPassword } from './app-password.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, failByFault, failCheck, noteCheck, passCheck, skipCheck } from './finding.ts'
import { checkLabels } from './labels.ts'
import { checkNetwork } from './network.ts'
import { canReveal } from './settings.ts'

export interface GoogleLook {
  readonly clock: Finding
  readonly findings: readonly Finding[]
  readonly reached: boolean
}

/** Both hosts, without any account: the API's and the one that gives tokens. */
export async function checkGoogle(
  { endpoints, accounts }: Pick<Config, 'endpoints' | 'accounts'>,
  context: DoctorContext,
): Promise<GoogleLook> {
  const { words, checks, language } = context
  if (!accounts.some(isOfApi))
    return { clock: skipCheck({ check: 'clock' }, words.noApiAccount), findings: [], reached: true }
  const urls = [new URL(endpoints.apiRoot), new URL(endpoints.tokenUrl)]
  const targets = new Map(urls.map(url => [url.host, url]))
  const networks = await Promise.all(
    [...targets.values()].map(url =>
      checkNetwork(
        {
          host: url.hostname.replace(/^\[|\]$/g, ''),
          port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
          subject: '',
          names: 'googleNames',
          reach: 'googleReach',
          blame: fault => new Fault('gmail.unreachable', { facts: fault.facts, cause: fault }),
        },
        context,
      ),
    ),
  )
  const findings = networks.flatMap(network => network.findings)
  const clockPlace = { check: 'clock' } as const
  if (networks.some(({ reached }) => !reached)) {
    return { clock: skipCheck(clockPlace, words.because(checks.googleReach)), findings, reached: false }
  }
  try {
    const { clock, signal } = context
    const options = { apiRoot: endpoints.apiRoot, clock, deadlines: httpDeadlines(context) }
    const { saidMs, atMs } = await inspectApi(options, signal)
    return { clock: judgeClock(saidMs - atMs, context), findings, reached: true }
  } catch (thrown) {
    context.signal.throwIfAborted()
    const fault = asFault(thrown)
    findings.push(failByFault({ check: 'googleReach' }, fault, language))
    // Google renews its certificates long before they end: one that is out of date speaks of the reader's clock.
    const outOfDate = ['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'].includes(String(fault.facts.reason))
    const clockLine = outOfDate
      ? failCheck(
          clockPlace,
          'clock.off',
          words.clockUnlikely(context.clock.nowMs()),
          exitCodes.configuration,
        )
      : skipCheck(clockPlace, words.because(checks.googleReach))
    return { clock: clockLine, findings, reached: false }
  }
}

/** Google refuses signed requests of a clock that is minutes wrong. */
const badClockMs = 5 * 60_000

function judgeClock(offMs: number, { words }: DoctorContext): Finding {
  const place = { check: 'clock' } as const
  if (Number.isNaN(offMs)) return skipCheck(place, words.outOfTime)
  if (Math.abs(offMs) < 60_000) return passCheck(place, words.clock(offMs))
  if (Math.abs(offMs) < badClockMs) return noteCheck(place, 'clock.off', words.clockOff(offMs))
  return failCheck(place, 'clock.off', words.clockOff(offMs), exitCodes.configuration)
}

function httpDeadlines({ deadlines }: DoctorContext): HttpDeadlines {
  const { connectMs, loginMs } = deadlines
  return { ...usualHttpDeadlines, connectMs, answerMs: loginMs }
}

/** One account: token, how long it lasts, what it may do, whose it is, whether the API answers. */
export async function checkAccount(
  account: AccountConfig,
  config: Config,
  reached: boolean,
  context: DoctorContext,
): Promise<readonly Finding[]> {
  const { words, checks, language, clock, signal } = context
  const subject = account.name
  const skip = (cause: keyof typeof checks): readonly Finding[] => [
    skipCheck({ check: 'googleSignIn', subject }, words.because(checks[cause])),
  ]
  if (!isOfApi(account)) return checkAppPassword(account, config, context)
  if (!reached) return skip('googleReach')
  const { credential } = account
  if (credential.kind === 'user') {
    const there = await Promise.all([credential.clientSecret, credential.refreshToken].map(canReveal))
    if (there.includes(false)) return skip('secrets')
  }
  let inspected: Inspected
  try {
    const options = { account, endpoints: config.endpoints, clock, deadlines: httpDeadlines(context) }
    inspected = await inspectAccount(options, signal)
  } catch (thrown) {
    signal.throwIfAborted()
    const fault = asFault(thrown)
    const ofToken = fault.facts.phase === 'token' || fault.code.startsWith('secret.')
    const line = failByFault({ check: ofToken ? 'googleSignIn' : 'gmailApi', subject }, fault, language)
    if (fault.code === 'gmail.account-mismatch' || fault.code === 'gmail.account-unproved')
      return [failByFault({ check: 'gmailAccount', subject }, fault, language)]
    if (ofToken) return [line]
    return [passCheck({ check: 'googleSignIn', subject }, words.signedIn(undefined)), line]
  }
  return [
    passCheck({ check: 'googleSignIn', subject }, words.signedIn(inspected.tokenMs)),
    checkLife(inspected, subject, context),
    checkScopes(inspected, subject, context),
    ...checkApi(inspected, account, context),
    checkAddress(inspected, account, context),
    checkLabels(inspected.labels, config, subject, context),
  ]
}

function checkLife(
  { consentEndsAtMs }: Inspected,
  subject: string,
  { words, clock }: DoctorContext,
): Finding {
  const place = { check: 'consentLife', subject } as const
  if (consentEndsAtMs === undefined) return passCheck(place, words.consentLasts)
  return noteCheck(place, 'consent.testing', words.consentTesting(consentEndsAtMs - clock.nowMs()))
}

function checkScopes(inspected: Inspected, subject: string, { words, language }: DoctorContext): Finding {
  const place = { check: 'gmailScopes', subject } as const
  const { scopes, canInsert, canLabel, canRead } = inspected
  if (scopes === undefined) return skipCheck(place, words.scopesUnknown)
  if (canInsert && canLabel) return passCheck(place, words.scopes(canRead))
  const what = canInsert ? 'gmail.labels' : 'gmail.insert'
  const fault = new Fault('gmail.scope-missing', { facts: { what, granted: scopes.join(' ') || 'none' } })
  return failByFault(place, fault, language)
}

function checkApi(
  { apiMs }: Inspected,
  account: AccountConfig,
  { words }: DoctorContext,
): readonly Finding[] {
  if (apiMs === undefined) return []
  const importsAMinute = Math.floor(account.unitsPerMinute / units.import)
  return [passCheck({ check: 'gmailApi', subject: account.name }, words.api(apiMs, importsAMinute))]
}

function checkAddress(
  { address }: Inspected,
  account: AccountConfig,
  { words, language }: DoctorContext,
): Finding {
  const place = { check: 'gmailAccount', subject: account.name } as const
  const wanted = account.address
  if (address === undefined)
    return wanted.includes('@')
      ? skipCheck(place, words.accountNamed(printable(wanted, 80)))
      : noteCheck(place, 'account.unproved', words.accountUnproved)
  if (!wanted.includes('@') || addressKey(address) === addressKey(wanted))
    return passCheck(place, words.account(printable(address, 80)))
  return failByFault(
    place,
    new Fault('gmail.account-mismatch', { facts: { user: wanted, words: address } }),
    language,
  )
}
