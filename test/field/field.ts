/**
 * What the replays of public reports have in common. Each test's comment gives the address of the report that it
 * replays; the table of them all is docs/field-reports.md.
 */

import type { Fault } from '../../src/base/fault.ts'
import { describeFault } from '../../src/locale/locale.ts'
import type { Attempt } from '../../src/pull/attempt.ts'
import { codeOf, type Play } from '../faults/harness.ts'
import type { ImapServer } from '../servers/imap-server.ts'
import type { Pop3Server } from '../servers/pop3-server.ts'

export const pop3 = ({ world }: Play): Pop3Server => {
  if (world.source.pop3 === undefined) throw new Error('no POP3 stand-in')
  return world.source.pop3
}

export const imap = ({ world }: Play): ImapServer => {
  if (world.source.imap === undefined) throw new Error('no IMAP stand-in')
  return world.source.imap
}

/** SHA-256 of what Gmail took in, in any order. */
export const uploaded = ({ world }: Play): string[] => world.gmail.accepted.map(({ sha256 }) => sha256).sort()

/** The fault that a pull ended with. */
export function faultOf(attempt: Attempt): Fault {
  if (attempt.kind === 'failed') return attempt.fault
  throw new Error(`the pull did not fail: ${codeOf(attempt)}`)
}

/** What the owner reads of a fault, in both languages: a test looks in it for the other side's own words. */
export function textsOf(fault: Fault): readonly string[] {
  return (['en', 'ja'] as const).map(language => Object.values(describeFault(fault, language)).join('\n'))
}
