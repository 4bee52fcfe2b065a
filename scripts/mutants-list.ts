/**
 * Changes of the mail path by area, each with the test that is to fail on it (mutants.ts). Whoever adds a guard adds the
 * line that takes it away; where the code is written anew, the place here is too.
 */
import { append } from './mutants/append.ts'
import { authentication } from './mutants/authentication.ts'
import { carry } from './mutants/core-carry.ts'
import { identity } from './mutants/core-identity.ts'
import { settle } from './mutants/core-settle.ts'
import { fleetDatabase } from './mutants/database.ts'
import { door } from './mutants/door.ts'
import { fleet } from './mutants/fleet.ts'
import { gmail } from './mutants/gmail.ts'
import { google } from './mutants/google.ts'
import { hosts } from './mutants/hosts.ts'
import { imapMessages } from './mutants/imap-messages.ts'
import { imapSession } from './mutants/imap-session.ts'
import { journal } from './mutants/journal.ts'
import type { Area } from './mutants/mutant.ts'
import { pop3 } from './mutants/pop3.ts'
import { rules } from './mutants/rules.ts'
import { time } from './mutants/time.ts'
import { tokens } from './mutants/tokens.ts'

export const areas: readonly Area[] = [
  { name: 'core', mutants: [...identity, ...carry, ...settle] },
  { name: 'gmail', mutants: [...gmail, ...google, ...append] },
  { name: 'pop3', mutants: pop3 },
  { name: 'imap', mutants: [...imapMessages, ...imapSession] },
  { name: 'journal', mutants: journal },
  { name: 'database', mutants: fleetDatabase },
  { name: 'fleet', mutants: fleet },
  { name: 'rules', mutants: rules },
  { name: 'time', mutants: time },
  { name: 'door', mutants: door },
  { name: 'authentication', mutants: authentication },
  { name: 'hosts', mutants: hosts },
  { name: 'tokens', mutants: tokens },
]
