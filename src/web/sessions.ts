/**
 * Browsers that were let in. A browser sends cookies to every port of a host, so to servers of other users on this
 * computer, too: each session therefore has a path of its own, random and in no other page, and its cookie goes there only.
 * On the disk stand digests alone, so that a restart lets nobody out and a reader of the file gets in nowhere.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { readPrivate, writePrivate } from '../base/private-file.ts'

/** How long a browser stays let in, ms. */
export const sessionLivesMs = 30 * 24 * 3600_000
/** The oldest goes where there are more. */
const mostSessions = 20
const sessionsFile = 'dashboard-sessions.json'

interface KeptSession {
  /** Of the cookie's value. */
  readonly sha256: string
  /** First part of every path of this session. */
  readonly home: string
  readonly endsAtMs: number
}

export interface Session {
  readonly home: string
  /** Value of the cookie: 256 random bits. */
  readonly key: string
}

export interface Sessions {
  begin(nowMs: number): Promise<Session>
  find(home: string, key: string, nowMs: number): Session | undefined
  end(session: Session): Promise<void>
}

const digestOf = (key: string): Buffer => createHash('sha256').update(key, 'latin1').digest()

/** Stands in each form of the session, and can be made by nobody who does not have its cookie. */
export const makeFormToken = ({ key }: Session): string =>
  createHmac('sha256', key).update('form').digest('base64url')

export function isFormToken(session: Session, token: string): boolean {
  const [given, expected] = [token, makeFormToken(session)].map(text => digestOf(text))
  return given !== undefined && expected !== undefined && timingSafeEqual(given, expected)
}

/** @throws Fault secret.unreadable where others can read the file */
export async function openSessions(stateDir: string): Promise<Sessions> {
  const file = join(stateDir, sessionsFile)
  return makeSessions(readKept(await readPrivate(file, {})), sessions =>
    writePrivate(file, Buffer.from(JSON.stringify(sessions))),
  )
}

/** They end with the process. */
export const makeShortSessions = (): Sessions => makeSessions([], async () => {})

function makeSessions(
  before: readonly KeptSession[],
  write: (sessions: readonly KeptSession[]) => Promise<void>,
): Sessions {
  let kept = before
  const keep = async (sessions: readonly KeptSession[]): Promise<void> => {
    kept = sessions
    await write(sessions)
  }
  const isOf =
    (home: string, key: string) =>
    (session: KeptSession): boolean =>
      session.home === home && timingSafeEqual(digestOf(key), Buffer.from(session.sha256, 'hex'))
  return {
    async begin(nowMs) {
      const key = randomBytes(32).toString('base64url')
      const home = randomBytes(16).toString('base64url')
      const begun = { sha256: digestOf(key).toString('hex'), home, endsAtMs: nowMs + sessionLivesMs }
      const alive = kept.filter(({ endsAtMs }) => endsAtMs > nowMs)
      await keep([...alive.slice(1 - mostSessions), begun])
      return { home, key }
    },
    find(home, key, nowMs) {
      const session = kept.find(isOf(home, key))
      return session !== undefined && session.endsAtMs > nowMs ? { home, key } : undefined
    },
    async end({ home, key }) {
      const isEnded = isOf(home, key)
      await keep(kept.filter(session => !isEnded(session)))
    },
  }
}

/** What is not as it was written lets nobody in. */
function readKept(octets: Buffer | undefined): readonly KeptSession[] {
  try {
    const all: unknown = JSON.parse(octets?.toString('utf8') ?? '[]')
    if (!Array.isArray(all)) return []
    return all.filter(
      (session): session is KeptSession =>
        typeof session?.sha256 === 'string' &&
        /^[0-9a-f]{64}$/.test(session.sha256) &&
        typeof session.home === 'string' &&
        Number.isFinite(session.endsAtMs),
    )
  } catch {
    return []
  }
}
