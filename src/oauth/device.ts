/**
 * Signing in by a code that is entered in any browser (RFC 8628). The service is asked as often as it says, less often
 * when it says so, and not longer than the code lives.
 */
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { readJsonObject } from '../google/error-model.ts'
import { carryFramed } from './library.ts'
import type { OAuthClient } from './settings.ts'
import { type Asked, faultOfAnswer, readTokenAnswer, type TokenAnswer } from './token-answer.ts'

export interface DeviceSignIn {
  /** Where it is entered. */
  readonly verificationUrl: string
  readonly userCode: string
  /** How long it can be entered, ms from the begin. */
  readonly livesForMs: number
  /**
   * Waits until somebody has signed in with it.
   * @throws Fault oauth.sign-in-failed with `reason`: 'declined' or 'code-ended'; those of
   * token-answer.ts; the signal's reason
   */
  wait(signal: AbortSignal): Promise<TokenAnswer>
}

/** RFC 8628 section 3.2. */
const usualIntervalMs = 5_000
/** Section 3.5: "increase the polling interval by 5 seconds". */
const slowerByMs = 5_000
const shortestIntervalMs = 1_000
const longestIntervalMs = 60_000
const longestLifeMs = 3_600_000

interface DeviceAnswer extends Omit<DeviceSignIn, 'wait'> {
  readonly deviceCode: string
  readonly intervalMs: number
}

const isShown = (text: unknown, most: number): text is string =>
  typeof text === 'string' && text.length <= most && /^[\x20-\x7e]+$/.test(text) && text.trim() !== ''

/** Strangers' text that is shown to a person who will trust it: an https address and a short code, or nothing. */
function readDeviceAnswer(json: Readonly<Record<string, unknown>> | undefined): DeviceAnswer | undefined {
  const { device_code: deviceCode, user_code: userCode, interval, expires_in: life } = json ?? {}
  // Google and others called it verification_url before the RFC.
  const address = json?.verification_uri ?? json?.verification_url
  if (typeof deviceCode !== 'string' || deviceCode === '' || deviceCode.length > 16_384) return undefined
  if (!isShown(userCode, 40) || !isShown(address, 300)) return undefined
  const url = URL.parse(address)
  if (url === null || url.protocol !== 'https:' || url.username !== '') return undefined
  const secondsOf = (value: unknown): number | undefined =>
    typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined
  const livesForMs = Math.min((secondsOf(life) ?? 900) * 1000, longestLifeMs)
  const wishedMs = (secondsOf(interval) ?? usualIntervalMs / 1000) * 1000
  const intervalMs = Math.min(Math.max(wishedMs, shortestIntervalMs), longestIntervalMs)
  return { deviceCode, userCode: userCode.trim(), verificationUrl: url.href, livesForMs, intervalMs }
}

/** Asks for a code. @throws Fault oauth.*, secret.*; the signal's reason */
export async function startDeviceSignIn(
  client: OAuthClient,
  clock: Clock,
  signal: AbortSignal,
): Promise<DeviceSignIn> {
  const scope = client.scopes.join(' ')
  const { answer, url, secrets } = await carryFramed(client, clock.nowMs(), signal, framing => {
    const { library, server, client: who, authentication, options } = framing
    return library.deviceAuthorizationRequest(server, who, authentication, { scope }, options)
  })
  const asked: Asked = { provider: client.provider, url, secrets, nowMs: clock.nowMs() }
  const begun = answer.status === 200 ? readDeviceAnswer(readJsonObject(answer)) : undefined
  if (begun === undefined) throw faultOfAnswer(answer, asked)
  const { deviceCode, intervalMs, ...shown } = begun
  const endsAtMs = clock.monotonicMs() + shown.livesForMs
  return {
    ...shown,
    async wait(waiting) {
      let pauseMs = intervalMs
      for (;;) {
        await clock.sleep(Math.min(pauseMs, Math.max(endsAtMs - clock.monotonicMs(), 0)), waiting)
        const isOver = clock.monotonicMs() >= endsAtMs
        try {
          return await askForDevice(client, deviceCode, clock, waiting)
        } catch (thrown) {
          if (!(thrown instanceof Fault)) throw thrown
          const { error } = thrown.facts
          if (error === 'authorization_declined' || error === 'access_denied')
            throw failed(thrown, 'declined')
          if (error === 'expired_token' || (isOver && thrown.retry === 'later'))
            throw failed(thrown, 'code-ended')
          if (error === 'slow_down') pauseMs += slowerByMs
          // Section 3.5: whoever gets no answer asks less often.
          else if (error !== 'authorization_pending') {
            if (thrown.retry !== 'later' || error === 'bad_verification_code') throw thrown
            pauseMs = Math.min(pauseMs * 2, longestIntervalMs)
          }
        }
      }
    },
  }
}

function failed(fault: Fault, reason: 'declined' | 'code-ended'): Fault {
  const { words: _, ...facts } = fault.facts
  return new Fault('oauth.sign-in-failed', { facts: { ...facts, reason } })
}

async function askForDevice(
  client: OAuthClient,
  deviceCode: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<TokenAnswer> {
  const { answer, url, secrets } = await carryFramed(client, clock.nowMs(), signal, framing => {
    const { library, server, client: who, authentication, options } = framing
    return library.deviceCodeGrantRequest(server, who, authentication, deviceCode, options)
  })
  return readTokenAnswer(answer, { provider: client.provider, url, secrets, nowMs: clock.nowMs() })
}
