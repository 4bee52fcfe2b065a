// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the places are code
/** The journal on PostgreSQL: whose mailbox it is, what is one decision, and what a failover forgets. */
import type { Mutant } from './mutant.ts'

const holds = ['test/journal/holds.test.ts']
const database = ['test/faults/database.test.ts']
const failover = ['test/faults/failover.test.ts']
const sides = ['test/journal/side-by-side.test.ts']

export const fleetDatabase: readonly Mutant[] = [
  {
    from: "if ((await held) === undefined) throw new Fault('journal.not-held', { facts: { name: mailbox } })",
    to: 'await held',
    loses: 'a mailbox is written by two workers: by the one that was thought dead, too',
    tests: holds,
    title: 'whoever holds it no more changes nothing',
  },
  {
    from: "'SELECT 1 AS held FROM hold WHERE mailbox = ? AND fence = ? FOR NO KEY UPDATE',",
    to: "'SELECT 1 AS held FROM hold WHERE mailbox = ? AND fence = ?',",
    loses: 'a mailbox changes hands in the middle of a write',
    tests: holds,
    title: 'in the middle of a write the mailbox does not change hands',
  },
  {
    from: 'if (tries >= mostTries || !(isDisturbed(error) || (isLost && losses <= mostLosses))) throw error',
    to: 'if (tries >= mostTries || !(isLost && losses <= mostLosses)) throw error',
    loses: 'what two workers decide at once fails for one of them',
    tests: database,
    title: 'P8: transactions that disturb each other',
  },
  {
    from: 'const isLost = own !== client && !isSent && !isOwnPause(error)',
    to: 'const isLost = own !== client && !isOwnPause(error)',
    loses: 'a commit whose answer was lost is made twice',
    tests: database,
    title: 'P9: the connection lost at each statement',
  },
  {
    from: "options: '-c default_transaction_read_only=on',",
    to: '',
    loses: 'half of a transaction, where its BEGIN alone was refused',
    tests: database,
    title: 'P7: a BEGIN that is refused alone',
  },
  {
    from: 'await doubt(sql) return true',
    to: 'return true',
    loses: 'everything twice that a failover forgot',
    tests: failover,
    title: 'P3: IMAP with keep, by an app password',
  },
  {
    from: "if (row.outcomeUnknown && row.sha256 === undefined && row.stage !== 'importing') return { kind: 'look' }",
    to: '',
    loses: 'everything twice that a failover forgot: it is sent before it is looked for',
    tests: failover,
    title: 'P3: IMAP with keep, by an app password',
  },
  {
    from: "isolation = 'SERIALIZABLE' }",
    to: "isolation = 'READ COMMITTED' }",
    loses: 'what two decide at once is decided by what neither sees of the other',
    tests: holds,
    title: 'what two decide at once is decided as if one came after the other',
  },
  {
    from: 'sql.lock(`account ${account}`)',
    to: '',
    loses: 'a second copy, where two mailboxes of an account get the same message at once',
    tests: sides,
    title: 'the same message in several mailboxes of an account is begun once',
  },
  {
    from: 'sql.lock(`gmail ${gmailId}`)',
    to: '',
    loses:
      'mail: that Gmail took it for another message is not written down, where both are recorded at once',
    tests: sides,
    title: 'of several that Gmail gave one id, recorded at the same time',
  },
  {
    from: 'sql.lock(`note ${key}`)',
    to: '',
    loses: 'the count of refused logins at a host, where several workers meet them at once',
    tests: sides,
    title: 'notes and accounts that several mailboxes share lose no change',
  },
  {
    from: "toChange: 'FOR UPDATE'",
    to: "toChange: ''",
    loses: 'what the owner asked for while a worker decided',
    tests: sides,
    title: 'what the owner changes while the mailbox is worked on is not written over',
  },
]
