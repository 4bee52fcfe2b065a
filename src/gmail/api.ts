/**
 * An authorised call of the Gmail API that may be repeated: labels, look-ups. `@googleapis/gmail` frames it and says what
 * its answer looks like, our own exchange carries it (google/framed.ts); the library is loaded with the first call. Uploads
 * go their own way: import.ts.
 */
import type { gmail_v1 } from '@googleapis/gmail'
import { Fault, type FaultOptions } from '../base/fault.ts'
import { type HttpAnswer, HttpTrouble, makeBody, sendRequest } from '../base/http.ts'
import { carryFramed, type FramedRequest, type TransportOptions } from '../google/framed.ts'
import type { Ability } from '../google/scopes.ts'
import type { AccessToken } from '../google/token.ts'
import { faultOfTrouble } from '../google/unanswered.ts'
import { readCall, saysTooManyAtOnce } from './answers.ts'
import type { Turn } from './pace.ts'
import type { Session } from './session.ts'

export interface Call<T> {
  /** Calls the library's method once. @param userId the account in the path @param options to be passed on */
  readonly frame: (
    gmail: gmail_v1.Gmail,
    userId: string,
    options: TransportOptions,
  ) => Promise<{ readonly data: T }>
  readonly cost: number
  readonly need: Ability | undefined
  /** Longest answer, octets. */
  readonly answerLimit?: number
  /** Fails for want of the message or label: the caller takes 404 as an answer. */
  readonly mayBeMissing?: boolean
}

/** A JSON object that should be a T: nobody has looked at its members yet. */
export type Unproved<T> = { readonly [member in keyof T]?: unknown }

/**
 * Makes a call; refreshes the token once on 401, repeats once on a connection that had died while idle.
 * @returns the JSON object, or undefined for a 404 where `mayBeMissing`
 * @throws Fault with scope account; the signal's reason
 */
export async function callGmail<T>(
  session: Session,
  call: Call<T>,
  signal: AbortSignal,
): Promise<Unproved<T> | undefined> {
  const turn = await session.pace.turn('call', call.cost, signal)
  try {
    let token = await session.tokens.get(call.need, signal)
    let answer = await sendCall(session, call, token, signal)
    if (answer.status === 401) {
      session.tokens.reject(token)
      token = await session.tokens.get(call.need, signal)
      answer = await sendCall(session, call, token, signal)
    }
    if (answer.status === 404 && call.mayBeMissing === true) return undefined
    const json = readCall(answer, session.clock.nowMs())
    session.pace.succeeded()
    return json as Unproved<T>
  } catch (thrown) {
    throw slowDown(session, turn, thrown)
  } finally {
    turn.end()
  }
}

async function sendCall(
  session: Session,
  call: Call<unknown>,
  token: AccessToken,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { gmail } = await import('@googleapis/gmail')
  const answer = await carryFramed(
    options => call.frame(gmail('v1'), token.user, options),
    framed => carryCall(session, call, framed, token, signal),
  )
  if (answer !== undefined) return answer
  // A name of Gmail's that cannot stand in a path, such as `..`.
  throw new Fault('gmail.unknown-answer', { scope: 'account', facts: { what: 'an id that is none' } })
}

async function carryCall(
  session: Session,
  { answerLimit }: Call<unknown>,
  { method, url: { pathname, search }, body }: FramedRequest,
  token: AccessToken,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  // Never to the host that was framed: it is Google's, or what GOOGLE_CLOUD_UNIVERSE_DOMAIN says.
  // An address keeps its @ in the path, as Gmail writes it and as uploads do.
  const url = new URL(session.apiRoot + pathname.replaceAll('%40', '@') + search)
  const request = {
    method,
    url,
    headers: {
      Authorization: `Bearer ${token.value}`,
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json; charset=UTF-8' }),
    },
    ...(body === undefined ? {} : { body: makeBody(Buffer.from(body)) }),
    ...(answerLimit === undefined ? {} : { answerLimit }),
  }
  const once = (): Promise<HttpAnswer> => sendRequest(session.connections, request, session.deadlines, signal)
  try {
    return await once().catch(thrown => {
      const diedIdle = thrown instanceof HttpTrouble && thrown.reused && thrown.reason !== 'timeout'
      if (diedIdle) return once()
      throw thrown
    })
  } catch (thrown) {
    throw thrown instanceof HttpTrouble ? faultOfTrouble(thrown, 'call', url) : thrown
  }
}

/**
 * Tells the pace of a limit, and gives back the fault with the instant before which nothing will leave. Anything
 * else passes unchanged.
 */
export function slowDown(session: Session, turn: Turn, thrown: unknown): unknown {
  if (!(thrown instanceof Fault)) return thrown
  if (thrown.code !== 'gmail.rate-limited' && thrown.code !== 'gmail.daily-limit') return thrown
  turn.refused()
  const options: FaultOptions = {
    scope: thrown.scope,
    retry: thrown.retry,
    facts: thrown.facts,
    notBeforeMs: session.pace.limited(thrown.notBeforeMs, saysTooManyAtOnce(thrown)),
    cause: thrown.cause,
  }
  return new Fault(thrown.code, options)
}
