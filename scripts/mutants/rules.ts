/** The owner's rules: whose mail goes where, and what stays at the source. */
import type { Mutant } from './mutant.ts'

const pull = ['test/rules/pull.test.ts']
const book = ['test/rules/rule-book.test.ts']
const kill = ['test/rules/kill.test.ts']

export const rules: readonly Mutant[] = [
  {
    from: 'if (isUnderWay(row) || book.isEmpty) return',
    to: 'if (book.isEmpty) return',
    loses: 'a copy in a second account: what was begun follows the rules of later',
    tests: kill,
  },
  {
    from: 'const isLeft = last?.rule.import === false && undecided === undefined',
    to: 'const isLeft = this.#rules.at(-1)?.rule.import === false',
    loses: 'mail of which a rule could not be judged',
    tests: book,
  },
  {
    from: 'if (truth === undefined || (truth && !rule.continue)) break',
    to: 'if (truth && !rule.continue) break',
    loses: 'mail that a rule below leaves although one above might have taken it',
    tests: book,
  },
  {
    from: 'const foreign = envelope.addresses.filter(address => !isOwn(address))',
    to: 'const foreign = envelope.addresses',
    loses: 'to whom mail of a catch-all was written',
    tests: book,
  },
  {
    from: "if (account === mailbox.account || !(thrown instanceof Fault) || thrown.scope !== 'account')",
    to: 'if (thrown !== undefined)',
    loses: 'new mail, while another account is in trouble',
    tests: pull,
  },
  {
    from: '({ id, wish }) => at.has(id) && (wish?.left === undefined || !book.leaves(wish.left)),',
    to: '({ id, wish }) => at.has(id) && wish === undefined,',
    loses: 'mail that a rule left, when the rule is gone',
    tests: pull,
  },
]
