/** Answers in the form of Microsoft's token service: error word, text with code, trace and time. */
import { randomUUID } from 'node:crypto'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export const jsonAnswer = (status: number, json: object, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store, no-cache',
    ...headers,
  },
  body: JSON.stringify(json),
})

export interface Refusal {
  readonly status: number
  readonly error: string
  readonly code: number
  readonly text: string
}

const refusal = (status: number, error: string, code: number, text: string): Refusal => ({
  status,
  error,
  code,
  text,
})

/** Words as Microsoft's page of error codes has them. */
export const refusals = {
  pending: refusal(
    400,
    'authorization_pending',
    70016,
    'OAuth 2.0 device flow error. Authorization is pending. Continue polling.',
  ),
  slowDown: refusal(400, 'slow_down', 70016, 'OAuth 2.0 device flow error. The polling is too frequent.'),
  declined: refusal(
    400,
    'authorization_declined',
    70017,
    'The user has denied access to the scope requested.',
  ),
  codeExpired: refusal(
    400,
    'expired_token',
    70020,
    'The provided value for the input parameter device_code is expired.',
  ),
  badVerificationCode: refusal(400, 'bad_verification_code', 70018, 'Invalid verification code.'),
  codeRedeemed: refusal(
    400,
    'invalid_grant',
    54005,
    'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
  ),
  verifierMismatch: refusal(
    400,
    'invalid_grant',
    501481,
    'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
  ),
  redirect: refusal(
    400,
    'invalid_request',
    50011,
    'The redirect URI specified in the request does not match.',
  ),
  malformedToken: refusal(400, 'invalid_grant', 9002313, 'Invalid request. Request is malformed or invalid.'),
  revoked: refusal(
    400,
    'invalid_grant',
    50173,
    'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
  ),
  unused: refusal(400, 'invalid_grant', 700082, 'The refresh token has expired due to inactivity.'),
  noConsent: refusal(
    400,
    'invalid_grant',
    65001,
    'The user or administrator has not consented to use the application.',
  ),
  secondFactor: refusal(
    400,
    'interaction_required',
    50076,
    'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.',
  ),
  conditionalAccess: refusal(
    400,
    'invalid_grant',
    53003,
    'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  ),
  noSuchApp: refusal(
    400,
    'unauthorized_client',
    700016,
    'Application with this identifier was not found in the directory.',
  ),
  publicFlowsOff: refusal(
    401,
    'invalid_client',
    7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  ),
  wrongSecret: refusal(401, 'invalid_client', 7000215, 'Invalid client secret provided.'),
  secretEnded: refusal(
    401,
    'invalid_client',
    7000222,
    'The provided client secret keys for app are expired.',
  ),
  publicWithSecret: refusal(
    401,
    'invalid_client',
    700025,
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
  ),
  assertion: refusal(401, 'invalid_client', 700027, 'Client assertion failed signature validation.'),
  scope: refusal(
    400,
    'invalid_scope',
    70011,
    "The provided value for the input parameter 'scope' is not valid.",
  ),
  noSuchTenant: refusal(400, 'invalid_request', 90002, 'Tenant not found.'),
  tenantNeeded: refusal(
    400,
    'invalid_request',
    9001023,
    'The grant type is not supported over the /common or /consumers endpoints.',
  ),
  grantType: refusal(400, 'unsupported_grant_type', 70003, 'The app returned an unsupported grant type.'),
  unavailable: refusal(
    400,
    'temporarily_unavailable',
    90033,
    'A transient error has occurred. Please try again.',
  ),
} as const satisfies Record<string, Refusal>

export function errorAnswer(
  { status, error, code, text }: Refusal,
  headers: Record<string, string> = {},
): Answer {
  const [trace_id, correlation_id] = [randomUUID(), randomUUID()]
  const timestamp = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`
  const json = {
    error,
    error_description: `AADSTS${code}: ${text} Trace ID: ${trace_id} Correlation ID: ${correlation_id} Timestamp: ${timestamp}`,
    error_codes: [code],
    timestamp,
    trace_id,
    correlation_id,
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
  }
  return jsonAnswer(status, json, headers)
}
