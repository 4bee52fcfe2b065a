/**
 * Changes of the mail path by area, each with the test that is to fail on it (mutants.ts). Whoever adds a guard adds the
 * line that takes it away; where the code is written anew, the place here is too.
 */
import { core } from './mutants/core.ts'
import { door } from './mutants/door.ts'
import { gmail } from './mutants/gmail.ts'
import { imap } from './mutants/imap.ts'
import { journal } from './mutants/journal.ts'
import type { Area } from './mutants/mutant.ts'
import { pop3 } from './mutants/pop3.ts'
import { time } from './mutants/time.ts'

export const areas: readonly Area[] = [
  { name: 'core', mutants: core },
  { name: 'gmail', mutants: gmail },
  { name: 'pop3', mutants: pop3 },
  { name: 'imap', mutants: imap },
  { name: 'journal', mutants: journal },
  { name: 'time', mutants: time },
  { name: 'door', mutants: door },
]
