/**
 * Who may ask, and what an answer may do in a browser. Any page of the web, any program of another user on this computer
 * can send us requests; what they cannot do is read the data folder, and so have a session.
 */
import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import type { Names } from './reach.ts'
import type { Refusal } from './words.ts'

/** The longest body that a form of ours has by far, octets. */
export const mostBodyOctets = 16 * 1024

/** Of every answer. Scripts and styles are files of ours, since 'unsafe-inline' is in no rule. */
export const answerHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  Vary: 'Accept-Language',
}

/** Why a request is refused before anything is looked at; undefined: it may be answered. */
export function refuseStranger({ req }: Context, { isOwnHost, scheme }: Names): Refusal | undefined {
  const host = req.header('host')
  if (!isOwnHost(host)) return 'foreign'
  const site = req.header('sec-fetch-site')
  const origin = req.header('origin')
  const isOfOrigin = origin !== undefined && origin.toLowerCase() === `${scheme}://${host?.toLowerCase()}`
  if (req.method === 'POST') {
    // A page with Referrer-Policy no-referrer sends `Origin: null` with its own forms (Fetch standard, "append a request
    // Origin header"), so it is Sec-Fetch-Site, which no page can write, that tells them from a stranger's.
    if (site !== undefined)
      return site === 'same-origin' && (isOfOrigin || origin === undefined || origin === 'null')
        ? undefined
        : 'foreign'
    return isOfOrigin ? undefined : 'foreign'
  }
  if (origin !== undefined && !isOfOrigin) return 'foreign'
  // Whoever follows a link hither may see a page; nobody else loads anything of ours.
  const isVisit = req.header('sec-fetch-mode') === 'navigate' && req.header('sec-fetch-dest') === 'document'
  const isOurs = site === undefined || site === 'same-origin' || site === 'none'
  return isOurs || isVisit ? undefined : 'foreign'
}

/**
 * The cookie of a session. Cookies go to every port of a host, and a server on another one may set one of the same name:
 * without TLS the path, which is this session's alone, keeps ours from the programs of other users of this computer. With
 * TLS the prefix keeps other hosts of the domain from setting it (RFC 6265bis section 4.1.3.2), which wants the path `/`,
 * so that the name tells sessions apart; who sees it there still does not know the session's path.
 */
const cookieName = 'hikyaku-dashboard'
const nameCookie = (scheme: Names['scheme'], home: string): string =>
  scheme === 'http'
    ? cookieName
    : `__Host-${cookieName}-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`

/** Its values: there may be several. */
export function readCookies({ req }: Context, { scheme }: Names, home: string): readonly string[] {
  const own = nameCookie(scheme, home)
  return (req.header('cookie') ?? '').split(';').flatMap(pair => {
    const [name = '', value = ''] = pair.trim().split('=')
    return name === own && /^[\w-]{43}$/.test(value) ? [value] : []
  })
}

/** @param seconds how long the browser keeps it; 0 removes it */
export function writeCookie({ scheme }: Names, home: string, key: string, seconds: number): string {
  const place = scheme === 'http' ? `Path=/${home}` : 'Path=/; Secure'
  return `${nameCookie(scheme, home)}=${key}; ${place}; Max-Age=${seconds}; HttpOnly; SameSite=Strict`
}

export interface TryCounter {
  /** False where too many tries failed within the last minute. */
  mayTry(): boolean
  failed(): void
}

/** @param most tries that may fail within a minute @param monotonicMs a clock */
export function countTries(most: number, monotonicMs: () => number): TryCounter {
  let failedAtMs: readonly number[] = []
  const recent = (): readonly number[] => {
    failedAtMs = failedAtMs.filter(atMs => monotonicMs() - atMs < 60_000)
    return failedAtMs
  }
  return {
    mayTry: () => recent().length < most,
    failed() {
      failedAtMs = [...recent(), monotonicMs()]
    },
  }
}
