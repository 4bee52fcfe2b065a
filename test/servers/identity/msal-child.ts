/** Microsoft's own library (MSAL) at the stand-in, in a process that trusts its certificate; says as JSON what it got. */
import { ConfidentialClientApplication, LogLevel, PublicClientApplication } from '@azure/msal-node'

const [root = '', clientId = '', tenant = '', secret = ''] = process.argv.slice(2)
const scopes = ['https://outlook.office.com/IMAP.AccessAsUser.All']

function authAt(of: string) {
  const base = `${root}/${of}`
  const metadata = {
    issuer: `${base}/v2.0`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
  }
  return {
    clientId,
    authority: base,
    knownAuthorities: [new URL(root).host],
    authorityMetadata: JSON.stringify(metadata),
  }
}

const system = {
  loggerOptions: { logLevel: LogLevel.Error, loggerCallback: () => {}, piiLoggingEnabled: false },
}
const said: Record<string, unknown> = {}
const errorOf = (thrown: unknown): object => {
  const { errorCode, errorNo, message } = thrown as Record<string, string>
  return { errorCode, errorNo, message }
}

if (secret === '') {
  const app = new PublicClientApplication({ auth: authAt('consumers'), system })
  const shown = (code: { userCode: string; verificationUri: string; interval: number }): void => {
    const { userCode, verificationUri, interval } = code
    process.stdout.write(`${JSON.stringify({ userCode, verificationUri, interval })}\n`)
  }
  try {
    const result = await app.acquireTokenByDeviceCode({ scopes, deviceCodeCallback: shown })
    said.device = { token: result?.accessToken, scopes: result?.scopes }
    const cache = JSON.parse(app.getTokenCache().serialize()) as {
      RefreshToken: Record<string, { secret: string }>
    }
    const [kept] = Object.values(cache.RefreshToken)
    const renewed = await app.acquireTokenByRefreshToken({ scopes, refreshToken: kept?.secret ?? '' })
    said.renewed = renewed?.accessToken
  } catch (thrown) {
    said.error = errorOf(thrown)
  }
} else {
  const auth = { ...authAt(tenant), clientSecret: secret }
  const app = new ConfidentialClientApplication({ auth, system })
  try {
    const asked = { scopes: ['https://outlook.office365.com/.default'] }
    said.app = (await app.acquireTokenByClientCredential(asked))?.accessToken
  } catch (thrown) {
    said.error = errorOf(thrown)
  }
}
process.stdout.write(`${JSON.stringify(said)}\n`)
