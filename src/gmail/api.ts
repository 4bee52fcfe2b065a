/** An authorised call of the Gmail API that may be repeated: labels, look-ups. Uploads go their own way: import.ts. */
import { Fault, type FaultOptions } from '../base/fault.ts'
import { exchange, type HttpAnswer, HttpTrouble } from '../base/http.ts'
import { userPath } from '../google/identity.ts'
import type { Ability } from '../google/scopes.ts'
import type { AccessToken } from '../google/token.ts'
import { faultOfTrouble } from '../google/unanswered.ts'
import { readCall, saysTooManyAtOnce } from './answers.ts'
import type { Session } from './session.ts'

export interface Call {
  readonly method: 'GET' | 'POST'
  /** Below /gmail/v1/users/ACCOUNT/, query included. */
  readonly path: string
  readonly json?: object
  readonly cost: number
  readonly need: Ability | undefined
  /** Longest answer, octets. */
  readonly answerLimit?: number
  /** Fails for want of the message or label: the caller takes 404 as an answer. */
  readonly mayBeMissing?: boolean
}

type JsonObject = Readonly<Record<string, unknown>>

/**
 * Makes a call; refreshes the token once on 401, repeats once on a connection that had died while idle.
 * @returns the JSON object, or undefined for a 404 where `mayBeMissing`
 * @throws Fault with scope account; the signal's reason
 */
export async function callGmail(
  session: Session,
  call: Call,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const turn = await session.pace.turn('call', call.cost, signal)
  try {
    let token = await session.tokens.get(call.need, signal)
    let answer = await send(session, call, token, signal)
    if (answer.status === 401) {
      session.tokens.reject(token)
      token = await session.tokens.get(call.need, signal)
      answer = await send(session, call, token, signal)
    }
    if (answer.status === 404 && call.mayBeMissing === true) return undefined
    const json = readCall(answer, session.clock.nowMs())
    session.pace.succeeded()
    return json
  } catch (thrown) {
    throw slowDown(session, thrown)
  } finally {
    turn.end()
  }
}

async function send(
  session: Session,
  call: Call,
  token: AccessToken,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const url = new URL(`${session.apiRoot}/gmail/v1/users/${userPath(token.user)}/${call.path}`)
  const body = call.json === undefined ? undefined : Buffer.from(JSON.stringify(call.json))
  const chunks = async function* () {
    if (body !== undefined) yield body
  }
  const request = {
    method: call.method,
    url,
    headers: {
      Authorization: `Bearer ${token.value}`,
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json; charset=UTF-8' }),
    },
    ...(body === undefined ? {} : { body: { octets: body.length, chunks } }),
    ...(call.answerLimit === undefined ? {} : { answerLimit: call.answerLimit }),
  }
  const once = (): Promise<HttpAnswer> => exchange(session.connections, request, session.deadlines, signal)
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
export function slowDown(session: Session, thrown: unknown): unknown {
  if (!(thrown instanceof Fault)) return thrown
  if (thrown.code !== 'gmail.rate-limited' && thrown.code !== 'gmail.daily-limit') return thrown
  const options: FaultOptions = {
    scope: thrown.scope,
    retry: thrown.retry,
    facts: thrown.facts,
    notBeforeMs: session.pace.limited(thrown.notBeforeMs, saysTooManyAtOnce(thrown)),
    cause: thrown.cause,
  }
  return new Fault(thrown.code, options)
}
