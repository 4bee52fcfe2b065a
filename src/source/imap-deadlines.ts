/** How long each phase of an IMAP session may take. */
import type { Patience } from './source.ts'

/** All in ms. */
export interface ImapDeadlines {
  /** Name and TCP connection. */
  readonly connect: number
  readonly tls: number
  /** The greeting, and STARTTLS up to the handshake. */
  readonly greeting: number
  /** Everything from the greeting to a usable session. Hosts delay a failed login by up to 15 s. */
  readonly login: number
  /** A command without one octet from the server. */
  readonly silence: number
  /** A command altogether, however slowly it goes on. */
  readonly command: number
  /** The listing of one folder, and for each further FETCH of 500 rows `listStep` more. */
  readonly list: number
  readonly listStep: number
  /** A message may take so long altogether, and longer only while it brings so many octets a second (pace.ts). */
  readonly messageMs: number
  readonly messageOctetsPerSecond: number
  readonly logout: number
  /** How long one IDLE lasts before the server has to prove that it is there (RFC 2177: 29 minutes at most). */
  readonly idle: number
  /** Who idles and does not answer in this time when a pull begins is taken for dead, and a new connection is made. */
  readonly proof: number
  /** Between NOOPs where IDLE is not to be had. */
  readonly poll: number
  /** One IDLE of a server whose IDLE was not yet seen to tell of mail, or was seen to keep it back. */
  readonly quickIdle: number
  /** Between SELECTs, which show what neither IDLE nor NOOP tells. */
  readonly select: number
  /** The same for STATUS of the other folders, and for each of them so much at least. */
  readonly eachFolder: number
}

export const usualImapDeadlines: ImapDeadlines = {
  connect: 30_000,
  tls: 30_000,
  greeting: 30_000,
  login: 60_000,
  silence: 60_000,
  command: 1_800_000,
  list: 600_000,
  listStep: 5_000,
  messageMs: 600_000,
  messageOctetsPerSecond: 2000,
  logout: 5_000,
  idle: 120_000,
  proof: 10_000,
  poll: 30_000,
  quickIdle: 5_000,
  select: 30_000,
  eachFolder: 3_000,
}

/** The deadlines of the next connection: longer where this mailbox needed it. */
export function lengthenImapDeadlines(
  deadlines: ImapDeadlines,
  patience: Patience | undefined,
): ImapDeadlines {
  if (patience === undefined) return deadlines
  const over = (ms: number, ...phases: string[]): number =>
    Math.max(ms, ...phases.map(phase => patience(phase) ?? 0))
  return {
    ...deadlines,
    connect: over(deadlines.connect, 'connect', 'lookup'),
    tls: over(deadlines.tls, 'tls'),
    greeting: over(deadlines.greeting, 'greeting', 'starttls'),
    login: over(deadlines.login, 'login'),
  }
}
