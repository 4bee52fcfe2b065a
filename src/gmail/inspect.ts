/** What can be learned of an account without touching mail: for `doctor` and `setup`. */

import type { Clock } from '../base/clock.ts'
import { openConnections } from '../base/connections.ts'
import { Fault } from '../base/fault.ts'
import { type HttpDeadlines, HttpTrouble, sendRequestOnce } from '../base/http.ts'
import { printable } from '../base/untrusted.ts'
import { readJsonObject } from '../google/error-model.ts'
import type { Identity } from '../google/identity.ts'
import { scopesAllow } from '../google/scopes.ts'
import { faultOfTrouble } from '../google/unanswered.ts'
import { type Call, callGmail } from './api.ts'
import { makeProfileCall } from './find.ts'
import { makeLabelsCall } from './labels.ts'
import { type GmailOptions, openSession } from './session.ts'

export { units } from './units.ts'

export interface ApiView {
  /** What the server says the time is, ms since 1970; NaN where it does not say. */
  readonly saidMs: number
  /** Our own clock amid the exchange. */
  readonly atMs: number
}

/**
 * Asks the API as a stranger: its own refusal proves that it is Gmail, and carries the time.
 * @throws Fault gmail.not-google, and those of the network
 */
export async function inspectApi(
  {
    apiRoot,
    clock,
    deadlines,
  }: { readonly apiRoot: string; readonly clock: Clock; readonly deadlines: HttpDeadlines },
  signal: AbortSignal,
): Promise<ApiView> {
  const url = new URL(`${apiRoot.replace(/\/+$/, '')}/gmail/v1/users/me/profile`)
  try {
    const request = { method: 'GET' as const, url, headers: { Accept: 'application/json' } }
    const beforeMs = clock.nowMs()
    const answer = await sendRequestOnce(request, deadlines, signal, openConnections(clock.nowMs))
    const atMs = (beforeMs + clock.nowMs()) / 2
    if (readJsonObject(answer) === undefined && answer.status < 500) {
      const text = answer.body.subarray(0, 200).toString('latin1')
      const words = printable(text.replace(/<[^>]*>?|\s+/g, ' ').trim())
      throw new Fault('gmail.not-google', { facts: { host: url.hostname, status: answer.status, words } })
    }
    // RFC 9110 section 6.6.1: whole seconds.
    return { saidMs: Date.parse(answer.headers.date ?? '') + 500, atMs }
  } catch (thrown) {
    throw thrown instanceof HttpTrouble ? faultOfTrouble(thrown, 'call', url) : thrown
  }
}

export interface Inspected {
  /** Granted scopes as full URLs; undefined where Google did not say. */
  readonly scopes: readonly string[] | undefined
  readonly canInsert: boolean
  readonly canLabel: boolean
  readonly canRead: boolean
  /** The account that the paths name: an address, or 'me'. */
  readonly user: string
  /** The account's address as Google or Gmail said it; undefined where neither did. */
  readonly address: string | undefined
  /** Google said with the token whose it is, or Gmail's profile did. */
  readonly proved: boolean
  /** What Google said with the token. */
  readonly identity: Identity | undefined
  /** User labels by name; undefined where the token may not list them. */
  readonly labels: readonly string[] | undefined
  /** When the consent ends, ms since 1970: publishing status "Testing". */
  readonly consentEndsAtMs: number | undefined
  /** Round trip of the token request, and of the first API call on a new connection, ms. */
  readonly tokenMs: number
  readonly apiMs: number | undefined
}

/**
 * Asks for a token and, as far as its scopes go, for the profile and the labels. Puts nothing into the mailbox.
 * @throws Fault whatever stands in the way: consent, client, scopes, API switched off, network
 */
export async function inspectAccount(options: GmailOptions, signal: AbortSignal): Promise<Inspected> {
  const session = openSession(options)
  const { tokens, clock } = session
  try {
    await import('@googleapis/gmail') // with google-auth-library below it: loading is no part of a round trip
    const startedMs = clock.monotonicMs()
    const { scopes, user, proved, identity } = await tokens.get(undefined, signal)
    const tokenMs = clock.monotonicMs() - startedMs
    const can = (ability: 'insert' | 'labels' | 'read'): boolean =>
      scopes !== undefined && scopesAllow(scopes, ability)
    let apiMs: number | undefined
    const ask = async <T>(call: Call<T>) => {
      const atMs = clock.monotonicMs()
      const json = await callGmail(session, call, signal)
      apiMs ??= clock.monotonicMs() - atMs
      return json
    }
    const listed = can('labels') ? (await ask(makeLabelsCall(undefined)))?.labels : undefined
    const profile = can('read') ? (await ask(makeProfileCall(undefined)))?.emailAddress : undefined
    const address = typeof profile === 'string' ? profile : proved ? user : undefined
    return {
      scopes,
      canInsert: can('insert'),
      canLabel: can('labels'),
      canRead: can('read'),
      address,
      proved: proved || address !== undefined,
      identity,
      user,
      labels: Array.isArray(listed)
        ? listed
            .filter(label => label?.type === 'user' && typeof label.name === 'string')
            .map(label => label.name)
        : undefined,
      consentEndsAtMs: tokens.consentEndsAtMs,
      tokenMs,
      apiMs,
    }
  } finally {
    session.close()
  }
}
