/**
 * Google's addresses, and Microsoft's. Another one can be named for tests and the sandbox only: by the environment of the process,
 * never by a file, and on this computer only. Whoever gets there gets every token and every mail.
 */
import type { Problem } from '../base/problem.ts'

/** Google's endpoints: https and imaps, or http and imap to loopback only. */
export interface GoogleEndpoints {
  readonly apiRoot: string
  readonly authUrl: string
  readonly tokenUrl: string
  readonly revokeUrl: string
  /** Gmail's IMAP server, for accounts of GMAIL_WAY=append. */
  readonly imapUrl: string
}

export const googleEndpoints: GoogleEndpoints = {
  apiRoot: 'https://gmail.googleapis.com',
  authUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
  revokeUrl: 'https://oauth2.googleapis.com/revoke',
  imapUrl: 'imaps://imap.gmail.com:993',
}

/** Where Microsoft's sign-in is, for all tenants. */
export const microsoftLoginRoot = 'https://login.microsoftonline.com'

/** Each by its key at the top of a configuration. */
const keys = {
  apiRoot: 'gmailApiRoot',
  authUrl: 'googleAuthUrl',
  tokenUrl: 'googleTokenUrl',
  revokeUrl: 'googleRevokeUrl',
  imapUrl: 'gmailImapUrl',
} as const

/** The tests' own switch: `anywhere` lifts the limit to this computer. Not a setting: it is in no file either. */
const testSwitch = 'HIKYAKU_TEST_ENDPOINTS'

type Top = { readonly [key in (typeof keys)[keyof GoogleEndpoints] | 'microsoftLoginRoot']: string }

export function pickEndpoints(top: Top): GoogleEndpoints {
  const { gmailApiRoot, googleAuthUrl, googleTokenUrl, googleRevokeUrl, gmailImapUrl } = top
  return {
    apiRoot: gmailApiRoot,
    authUrl: googleAuthUrl,
    tokenUrl: googleTokenUrl,
    revokeUrl: googleRevokeUrl,
    imapUrl: gmailImapUrl,
  }
}

/**
 * @param place the variable of a key
 * @param env the environment of the process, without any file's
 */
export function checkEndpoints(
  top: Top,
  place: (key: string) => string,
  env: Readonly<Record<string, string | undefined>>,
): Problem[] {
  if (env[testSwitch] === 'anywhere') return []
  const rows = Object.entries(pickEndpoints(top)).map(([name, given]) => {
    const endpoint = name as keyof GoogleEndpoints
    return { key: keys[endpoint] as string, given, usual: googleEndpoints[endpoint] }
  })
  const microsoft = { key: 'microsoftLoginRoot', given: top.microsoftLoginRoot, usual: microsoftLoginRoot }
  return [...rows, microsoft].flatMap(({ key, given, usual }): Problem[] => {
    if (given === usual || isThisComputer(new URL(given).hostname)) return []
    return [{ at: place(key), kind: 'endpoint-elsewhere', given }]
  })
}

/** Addresses and the one name that no name server is asked for (RFC 6761 section 6.3; names below it may be asked for). */
function isThisComputer(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

/** Where an IMAP endpoint leads. */
export function readImapServer(imapUrl: string): {
  readonly host: string
  readonly port: number
  readonly security: 'tls' | 'none'
} {
  const { protocol, hostname, port } = new URL(imapUrl)
  const security = protocol === 'imaps:' ? 'tls' : 'none'
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || (security === 'tls' ? 993 : 143)),
    security,
  }
}
