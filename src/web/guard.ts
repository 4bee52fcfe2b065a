/**
 * Who may ask, and what an answer may do in a browser. Any page of the web, any program of another user on this computer
 * can send us requests; what they cannot do is read the data folder, and so have a session.
 */
import type { Context } from 'hono'
import { isLoopback } from '../base/loopback.ts'
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

/**
 * A name that somebody else's DNS may point at this computer (rebinding) stands in Host as it was asked for. Numbers and
 * `localhost` no DNS can point anywhere; the port may be that of a tunnel.
 */
function isOwnHost(host: string | undefined): boolean {
  const [, name = ''] = /^(127(?:\.\d{1,3}){3}|\[::1\]|localhost)(?::\d{1,5})?$/i.exec(host ?? '') ?? []
  return isLoopback(name)
}

/** Why a request is refused before anything is looked at; undefined: it may be answered. */
export function refuseStranger({ req }: Context): Refusal | undefined {
  const host = req.header('host')
  if (!isOwnHost(host)) return 'foreign'
  const site = req.header('sec-fetch-site')
  const origin = req.header('origin')
  const isOfOrigin = origin !== undefined && origin.toLowerCase() === `http://${host?.toLowerCase()}`
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

/** Values of the cookie: a server on another port of this computer may have set one of the same name. */
const cookieName = 'hikyaku-dashboard'

export function readCookies({ req }: Context): readonly string[] {
  return (req.header('cookie') ?? '').split(';').flatMap(pair => {
    const [name = '', value = ''] = pair.trim().split('=')
    return name === cookieName && /^[\w-]{43}$/.test(value) ? [value] : []
  })
}

/** @param seconds how long the browser keeps it; 0 removes it */
export const writeCookie = (home: string, key: string, seconds: number): string =>
  `${cookieName}=${key}; Path=/${home}; Max-Age=${seconds}; HttpOnly; SameSite=Strict`

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
