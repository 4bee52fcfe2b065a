/** Run by framed.test.ts: a refresh, a code and a revocation against the server of the first argument. */
import { systemClock } from '../../src/base/clock.ts'
import { openConnections } from '../../src/base/connections.ts'
import { usualHttpDeadlines } from '../../src/base/http.ts'
import { exchangeCode, revokeConsent } from '../../src/google/consent-exchange.ts'
import { makeTokens } from '../../src/google/token.ts'
import {
  accountFor,
  clientSecretForTests,
  leastScope,
  never,
  refreshTokenForTests,
} from '../gmail/scripted.ts'

const [origin = ''] = process.argv.slice(2)
const tokenUrl = `${origin}/token`
const clock = systemClock
const connections = openConnections()
const tokens = makeTokens({
  account: accountFor(),
  tokenUrl,
  clock,
  deadlines: usualHttpDeadlines,
  connections,
})
await tokens.get('insert', never)
connections.close()
await exchangeCode(
  { code: '4/code', verifier: 'v'.repeat(64), redirectUri: 'http://127.0.0.1:1' },
  {
    client: { id: 'client.apps.googleusercontent.com', secret: clientSecretForTests },
    tokenUrl,
    scopes: leastScope.split(' '),
    clock,
    signal: never,
  },
)
await revokeConsent(refreshTokenForTests, `${origin}/revoke`, never)
console.log('done')
