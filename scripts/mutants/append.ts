/** The other way into Gmail: IMAP APPEND by an app password. */
import type { Mutant } from './mutant.ts'

const adapter = ['test/gmail/append/append.test.ts']
const pulls = ['test/pull/append.test.ts']
const faults = ['test/faults/append.test.ts']

export const append: readonly Mutant[] = [
  {
    file: 'src/source/imap-append.ts',
    from: "if (sha256 !== this.#raw.sha256) throw changed('other octets')",
    to: '',
    loses: 'mail: other octets than those that were retrieved are a message in Gmail',
    tests: adapter,
  },
  {
    file: 'src/source/imap-append.ts',
    from: 'if (progress.octetsLeft > 0 && !progress.isWhole) connection.abandon()',
    to: '',
    loses: 'a connection: the octets behind a refusal are taken for commands',
    tests: adapter,
  },
  {
    file: 'src/gmail/append/answers.ts',
    from: "if (!hasLeft || ofWay.code === 'bug') return ofWay",
    to: 'return ofWay',
    loses: 'a second copy that nobody tells of: a connection that broke amid the message is "nothing left"',
    tests: [...adapter, ...faults],
  },
  {
    file: 'src/gmail/append/answers.ts',
    from: "return hasLeft ? make('gmail.outcome-unknown', { scope: 'account' }) : make('gmail.server')",
    to: "return make('gmail.server')",
    loses: 'a second copy: a server in trouble that has stored the message',
    tests: [...adapter, ...faults],
  },
  {
    file: 'src/gmail/append/answers.ts',
    from: "return bandwidthWords.test(words) ? 'gmail.daily-limit' : rateWords.test(words) ? 'gmail.rate-limited' : 'gmail.storage-full'",
    to: "return 'gmail.storage-full'",
    loses: 'the owner is told to make room where only the day is used up',
    tests: adapter,
  },
  {
    file: 'src/gmail/append/put.ts',
    from: "if (chunk.includes(0)) throw new Fault('gmail.cannot-append', { facts: { what: 'NUL' } })",
    to: 'void chunk',
    loses: 'mail: a literal with an octet that none may hold',
    tests: adapter,
  },
  {
    file: 'src/gmail/append/find.ts',
    from: 'return findMessages(context, store => [store.isGmail && isSearchable(bare) ? byGmail : byHeader], signal)',
    to: 'return findMessages(context, store => [store.isGmail ? byGmail : byHeader], signal)',
    loses: 'a second copy: a Message-ID that means something else to the search is not found',
    tests: adapter,
  },
  {
    file: 'src/pull/resolve.ts',
    from: 'await finishLabels(context, row, copy.id)',
    to: '',
    loses: 'labels of a message behind whose APPEND the process ended',
    tests: pulls,
  },
  {
    file: 'src/pull/resolve.ts',
    from: 'if (row.messageId === undefined) return lookBySize(context, row)',
    to: 'if (row.messageId === undefined) return undefined',
    loses: 'a second copy of a message without a Message-ID',
    tests: [...pulls, ...faults],
  },
]
