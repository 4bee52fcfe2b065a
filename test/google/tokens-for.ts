/** What the tests of access tokens share. */
import type { TestContext } from 'node:test'
import { openConnections } from '../../src/base/connections.ts'
import { usualHttpDeadlines } from '../../src/base/http.ts'
import type { ApiAccount } from '../../src/config/config.ts'
import { makeTokens, type Tokens } from '../../src/google/token.ts'
import { type FakeClock, makeFakeClock } from '../gmail/fake-clock.ts'
import { accountFor, leastScope, type Seen } from '../gmail/scripted.ts'

export interface Made {
  readonly tokens: Tokens
  readonly clock: FakeClock
}

/** Tokens under test, on a clock that stands still, closed when the test ends. */
export function tokensFor(
  t: TestContext,
  origin: string,
  account: Partial<ApiAccount> = {},
  connectMs = 15_000,
): Made {
  const clock = makeFakeClock()
  const connections = openConnections()
  const tokens = makeTokens({
    account: accountFor(account),
    tokenUrl: `${origin}/token`,
    clock,
    deadlines: { ...usualHttpDeadlines, connectMs, answerMs: connectMs },
    connections,
  })
  t.after(() => {
    tokens.close()
    connections.close()
  })
  return { tokens, clock }
}

/** A good answer of the token endpoint. */
export const granted = (value: string, own: object = {}) => ({
  access_token: value,
  expires_in: 3599,
  scope: leastScope,
  token_type: 'Bearer',
  ...own,
})
/** The form that a token request carried. */
export const form = (seen: Seen | undefined): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(seen?.body.toString()))
