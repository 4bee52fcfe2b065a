/**
 * The access token of one account: one refresh in flight, its scopes held against the need. Once there is one it is
 * renewed before it ends without anybody waiting for it, so that no mail pays for it; what meets an old one all the
 * same (the machine slept, the token server was away) waits for a new one.
 */
import type { Clock } from '../base/clock.ts'
import type { Connections } from '../base/connections.ts'
import { orAbort } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import { type HttpDeadlines, HttpTrouble } from '../base/http.ts'
import { findOwner, type Identity, type Owner, readIdentity } from './identity.ts'
import { type Ability, gmailScopes, leastScopes, scopesAllow } from './scopes.ts'
import type { AccountSettings } from './settings.ts'
import { readTokenAnswer } from './token-answer.ts'
import { requestToken } from './token-request.ts'
import { faultOfTrouble } from './unanswered.ts'

export interface AccessToken {
  /** The bearer value: for the Authorization header only. */
  readonly value: string
  /** Scopes as granted; undefined where Google did not say. */
  readonly scopes: readonly string[] | undefined
  /** The account for the path: an address where one is known, else 'me'. */
  readonly user: string
  /** Whether Google said with this token that it is this account's. */
  readonly proved: boolean
  /** Whose it is, where Google said so. */
  readonly identity: Identity | undefined
}

export interface Tokens {
  /**
   * A token that is good for some minutes more.
   * @throws Fault gmail.scope-missing where it does not allow `need`; gmail.consent-ended, gmail.consent-missing,
   * gmail.client-invalid, gmail.account-mismatch where it is another account's, gmail.unreachable, gmail.server and
   * others of token-answer.ts; the signal's reason
   */
  get(need: Ability | undefined, signal: AbortSignal): Promise<AccessToken>
  /** Gmail did not take this token: the next `get` asks for another. */
  reject(token: AccessToken): void
  readonly consentEndsAtMs: number | undefined
  close(): void
}

export interface TokensOptions {
  readonly account: AccountSettings
  readonly tokenUrl: string
  readonly clock: Clock
  readonly deadlines: HttpDeadlines
  readonly connections: Connections
}

/** Renewed this long before the end (or a quarter of a short life), so that no token ends during an upload. */
const marginMs = 300_000
/** Renewed beside by a fifth of that earlier, so that a mail finds it done. */
const aheadShare = 1.2
/** While an old token is still good, a token server that fails is not asked again before this. */
const patienceMs = 30_000

interface Held extends AccessToken {
  /** Ends at, on both clocks: the monotonic one may stand still while the machine sleeps, the other may jump. */
  readonly endsAtMs: number
  readonly endsAtMonotonicMs: number
  readonly marginMs: number
}

/** A service account's token is asked for in the name of one address, and no other. */
async function readOwner(
  { address, credential }: AccountSettings,
  claimed: Identity | undefined,
): Promise<Owner> {
  if (credential.kind === 'service-account')
    return { user: credential.subject, proved: true, identity: undefined }
  const kept = await credential.identity?.().catch((thrown: unknown) => {
    if (!(thrown instanceof Fault)) throw thrown
    throw new Fault(thrown.code, { scope: 'account', facts: thrown.facts, cause: thrown })
  })
  return findOwner(address, kept === undefined ? undefined : readIdentity(kept), claimed)
}

export function makeTokens(options: TokensOptions): Tokens {
  const { account, tokenUrl, clock, deadlines, connections } = options
  const { credential } = account
  const closing = new AbortController()
  let held: Held | undefined
  let refreshing: Promise<Held> | undefined
  let consentEndsAtMs: number | undefined
  let notAgainBeforeMs = Number.NEGATIVE_INFINITY
  let waitingAhead = new AbortController()
  // A service account may be allowed to read or not; its administrator decided it, and only trying tells.
  let serviceScopes: readonly string[] = [...leastScopes, gmailScopes.readonly]

  const leftMs = (token: Held): number =>
    Math.min(token.endsAtMs - clock.nowMs(), token.endsAtMonotonicMs - clock.monotonicMs())

  const ask = async (): Promise<Held> => {
    try {
      const { answer, secrets } = await requestToken(
        credential,
        tokenUrl,
        serviceScopes,
        connections,
        deadlines,
        closing.signal,
      )
      const read = readTokenAnswer(answer, credential, secrets, clock.nowMs())
      consentEndsAtMs =
        read.refreshTokenLivesForMs === undefined ? undefined : clock.nowMs() + read.refreshTokenLivesForMs
      return {
        ...(await readOwner(account, read.identity)),
        value: read.accessToken,
        scopes: read.scopes ?? (credential.kind === 'service-account' ? serviceScopes : undefined),
        endsAtMs: clock.nowMs() + read.livesForMs,
        endsAtMonotonicMs: clock.monotonicMs() + read.livesForMs,
        marginMs: Math.min(marginMs, read.livesForMs / 4),
      }
    } catch (thrown) {
      if (closing.signal.aborted)
        throw new Fault('gmail.unreachable', { facts: { reason: 'closed', phase: 'token' } })
      throw thrown instanceof HttpTrouble ? faultOfTrouble(thrown, 'call', new URL(tokenUrl)) : thrown
    }
  }
  const refresh = async (): Promise<Held> => {
    try {
      return await ask()
    } catch (thrown) {
      const narrower =
        credential.kind === 'service-account' &&
        serviceScopes.length > leastScopes.length &&
        thrown instanceof Fault &&
        (thrown.code === 'gmail.service-account' || thrown.code === 'gmail.scope-missing')
      if (!narrower) throw thrown
      serviceScopes = leastScopes
      try {
        return await ask()
      } catch (again) {
        serviceScopes = [...leastScopes, gmailScopes.readonly]
        throw again
      }
    }
  }
  /** The one refresh in flight; whoever waits for it may give up alone. */
  const share = (): Promise<Held> => {
    refreshing ??= refresh()
      .then(token => {
        held = token
        void renewAhead(token)
        return token
      })
      .finally(() => {
        refreshing = undefined
      })
    return refreshing
  }

  /** Waits until the token is about to be due, and asks for the next one. It ends with the token. */
  const renewAhead = async (token: Held): Promise<void> => {
    waitingAhead.abort()
    waitingAhead = new AbortController()
    const { signal } = waitingAhead
    const aheadMs = token.marginMs * aheadShare
    // One that lives for less than two minutes would be asked for all the time.
    if (token.marginMs < patienceMs) return
    while (held === token && leftMs(token) > 0 && !closing.signal.aborted) {
      const waitMs = Math.max(leftMs(token) - aheadMs, notAgainBeforeMs - clock.monotonicMs(), 0)
      try {
        if (waitMs > 0) await clock.sleep(waitMs, signal, 'beside')
        else await share()
      } catch (thrown) {
        // What the owner has to mend is told with the next mail.
        if (!(thrown instanceof Fault) || thrown.retry !== 'later') return
        notAgainBeforeMs = clock.monotonicMs() + patienceMs
      }
    }
  }

  return {
    async get(need, signal) {
      signal.throwIfAborted()
      let token = held
      const left = token === undefined ? 0 : leftMs(token)
      const due = token === undefined || left <= token.marginMs
      if (due && !(left > 0 && clock.monotonicMs() < notAgainBeforeMs)) {
        try {
          token = await orAbort(share(), signal)
        } catch (thrown) {
          signal.throwIfAborted()
          const passing = thrown instanceof Fault && thrown.retry === 'later'
          if (held === undefined || leftMs(held) <= 0 || !passing) throw thrown
          // Google's token server is away for a moment, and the old token is still good.
          token = held
          notAgainBeforeMs = clock.monotonicMs() + patienceMs
        }
      }
      if (token === undefined) throw new Fault('bug', { facts: { what: 'no token and no fault' } })
      if (need !== undefined && token.scopes !== undefined && !scopesAllow(token.scopes, need)) {
        // Kept no longer: a wider consent may be there the next time.
        if (held === token) held = undefined
        const wanted = need === 'read' ? 'gmail.readonly' : `gmail.${need}`
        throw new Fault('gmail.scope-missing', {
          facts: { what: wanted, granted: token.scopes.join(' ') || 'none', phase: 'token' },
        })
      }
      return token
    },
    reject(token) {
      if (held?.value === token.value) held = undefined
    },
    get consentEndsAtMs() {
      return consentEndsAtMs
    },
    close() {
      closing.abort()
      waitingAhead.abort()
    },
  }
}
