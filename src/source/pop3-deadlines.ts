/** How long the POP3 source waits in each phase, ms of monotonic time. */
import type { PaceLimits } from './pace.ts'
import type { Patience } from './source.ts'

export interface Pop3Deadlines extends PaceLimits {
  /** Name look-up and TCP, all addresses together. */
  readonly connectMs: number
  /** Servers that look up our host name first take their time. */
  readonly greetingMs: number
  readonly tlsMs: number
  /** Servers on which CAPA hangs; the connection is then made again without it. */
  readonly capaMs: number
  /** Each step of the login: servers delay the answer to a failed one on purpose. */
  readonly loginMs: number
  /** LIST and UIDL from the first to the last octet. */
  readonly listMs: number
  /** The status line of any other command. */
  readonly commandMs: number
  /** QUIT: the server rewrites the maildrop now (RFC 1939 section 6). */
  readonly quitMs: number
}

export const usualPop3Deadlines: Pop3Deadlines = {
  connectMs: 15_000,
  greetingMs: 30_000,
  tlsMs: 15_000,
  capaMs: 10_000,
  loginMs: 60_000,
  listMs: 120_000,
  commandMs: 60_000,
  quitMs: 120_000,
  progressMs: 60_000,
  trickleMs: 300_000,
  trickleOctets: 4096,
  messageMs: 600_000,
  messageOctetsPerSecond: 2000,
}

const phases: Readonly<Partial<Record<keyof Pop3Deadlines, readonly string[]>>> = {
  connectMs: ['connect', 'lookup'],
  greetingMs: ['greeting'],
  tlsMs: ['tls'],
  loginMs: ['login'],
  listMs: ['list'],
  commandMs: ['retrieve', 'peek', 'settle', 'command'],
  progressMs: ['retrieve'],
  quitMs: ['quit'],
}

/** The deadlines of the next session: longer where this mailbox needed it. */
export function lengthenPop3Deadlines(
  deadlines: Pop3Deadlines,
  patience: Patience | undefined,
): Pop3Deadlines {
  if (patience === undefined) return deadlines
  const longer = Object.entries(phases).map(([name, over]) => {
    const learned = over.map(phase => patience(phase) ?? 0)
    return [name, Math.max(deadlines[name as keyof Pop3Deadlines], ...learned)]
  })
  return { ...deadlines, ...Object.fromEntries(longer) }
}
