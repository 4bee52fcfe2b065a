/**
 * Google's addresses. Another one can be named for tests and the sandbox only: by the environment of the process,
 * never by a file, and on this computer only. Whoever gets there gets every token and every mail.
 */

import type { Problem } from '../base/problem.ts'
import type { GoogleEndpoints } from './config.ts'

export const googleEndpoints: GoogleEndpoints = {
  apiRoot: 'https://gmail.googleapis.com',
  authUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
  revokeUrl: 'https://oauth2.googleapis.com/revoke',
}

/** The variable of each, with its key at the top of a configuration. */
const named = [
  ['GMAIL_API_ROOT', 'gmailApiRoot', 'apiRoot'],
  ['GOOGLE_AUTH_URL', 'googleAuthUrl', 'authUrl'],
  ['GOOGLE_TOKEN_URL', 'googleTokenUrl', 'tokenUrl'],
  ['GOOGLE_REVOKE_URL', 'googleRevokeUrl', 'revokeUrl'],
] as const

/** The tests' own switch: `anywhere` lifts the limit to this computer. Not a setting: it is in no file either. */
const testSwitch = 'HIKYAKU_TEST_ENDPOINTS'

/** Keys that do not belong into a YAML file, with their variables. */
export const endpointVariables: ReadonlyMap<string, string> = new Map(
  named.map(([variable, key]) => [key, variable]),
)

type Top = { readonly [key in (typeof named)[number][1]]: string }

export function endpointsOf(top: Top): GoogleEndpoints {
  return Object.fromEntries(named.map(([, key, name]) => [name, top[key]])) as unknown as GoogleEndpoints
}

/** @param env the environment of the process, without any file's */
export function endpointProblems(top: Top, env: Readonly<Record<string, string | undefined>>): Problem[] {
  if (env[testSwitch] === 'anywhere') return []
  return named.flatMap(([variable, key, name]): Problem[] => {
    const given = top[key]
    if (given === googleEndpoints[name] || isThisComputer(new URL(given).hostname)) return []
    return [{ at: variable, kind: 'endpoint-elsewhere', given }]
  })
}

/** Addresses and the one name that no name server is asked for (RFC 6761 section 6.3; names below it may be asked for). */
function isThisComputer(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}
