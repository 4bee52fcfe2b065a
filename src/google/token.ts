/** The access token of one account (base/renewed-token.ts), its scopes held against the need. */
import type { Clock } from '../base/clock.ts'
import type { Connections } from '../base/connections.ts'
import { Fault } from '../base/fault.ts'
import { type HttpDeadlines, HttpTrouble } from '../base/http.ts'
import { type Asked, makeRenewedToken } from '../base/renewed-token.ts'
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
  let consentEndsAtMs: number | undefined
  // A service account may be allowed to read or not; its administrator decided it, and only trying tells.
  let serviceScopes: readonly string[] = [...leastScopes, gmailScopes.readonly]

  const ask = async (): Promise<Asked<AccessToken>> => {
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
      const token = {
        ...(await readOwner(account, read.identity)),
        value: read.accessToken,
        scopes: read.scopes ?? (credential.kind === 'service-account' ? serviceScopes : undefined),
      }
      return { token, livesForMs: read.livesForMs }
    } catch (thrown) {
      if (closing.signal.aborted)
        throw new Fault('gmail.unreachable', { facts: { reason: 'closed', phase: 'token' } })
      throw thrown instanceof HttpTrouble ? faultOfTrouble(thrown, 'call', new URL(tokenUrl)) : thrown
    }
  }
  const askNarrower = async (): Promise<Asked<AccessToken>> => {
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
  const renewed = makeRenewedToken({ ask: askNarrower, clock })

  return {
    async get(need, signal) {
      const token = await renewed.get(signal)
      if (need !== undefined && token.scopes !== undefined && !scopesAllow(token.scopes, need)) {
        // Kept no longer: a wider consent may be there the next time.
        renewed.drop(held => held === token)
        const wanted = need === 'read' ? 'gmail.readonly' : `gmail.${need}`
        throw new Fault('gmail.scope-missing', {
          facts: { what: wanted, granted: token.scopes.join(' ') || 'none', phase: 'token' },
        })
      }
      return token
    },
    reject(token) {
      renewed.drop(({ value }) => value === token.value)
    },
    get consentEndsAtMs() {
      return consentEndsAtMs
    },
    close() {
      closing.abort()
      renewed.close()
    },
  }
}
