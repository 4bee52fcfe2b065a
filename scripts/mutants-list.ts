/**
 * Changes of the mail path, each with the test that is to fail on it (mutants.ts). Whoever adds a guard adds the line
 * that takes it away; where the code moves, the place here moves with it.
 */

export interface Mutant {
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
  /** What an owner would lose. */
  readonly loses: string
  readonly test: string
  /** Of the test, or part of it. */
  readonly title: string
}

const doubt = 'test/faults/doubt.test.ts'
const unlike = 'an unknown outcome is not settled by other octets'
const reread = 'it is read before it is deleted, and imported'

export const mutants: readonly Mutant[] = [
  {
    file: 'src/resolve.ts',
    from: 'copies.find(one => sameOctets(one, row))',
    to: 'copies[0]',
    loses: 'mail: any message with the same Message-ID proves an unknown outcome',
    test: doubt,
    title: unlike,
  },
  {
    file: 'src/resolve.ts',
    from: "return createHash('sha256').update(tail).digest('hex') === row.sha256",
    to: "return createHash('sha256').update(tail).digest('hex') !== ''",
    loses: 'mail: another message of the same size proves an unknown outcome',
    test: doubt,
    title: unlike,
  },
  {
    file: 'src/settle.ts',
    from: 'if (proved.has(row.id)) return true',
    to: 'return true',
    loses: 'mail: deleted without the reading before it',
    test: doubt,
    title: reread,
  },
  {
    file: 'src/settle.ts',
    from: 'if (sha256 === row.sha256) return true',
    to: 'if (sha256 !== undefined) return true',
    loses: 'mail: deleted whatever the reading before it found',
    test: doubt,
    title: reread,
  },
  {
    file: 'src/settle.ts',
    from: 'journal.recordFolder({ mailbox: mailbox.name, folder, atMs, generation, unnamed: [row.id], ...nothing })',
    to: '',
    loses: 'mail: other mail under an old name is never imported',
    test: doubt,
    title: reread,
  },
  {
    file: 'src/identify.ts',
    from: 'if (this.#unnamed.length > 0) await this.#doubtNames(named)',
    to: '',
    loses: 'mail: taken for what had its name before',
    test: doubt,
    title: 'the other names are not believed either',
  },
  {
    file: 'src/identify.ts',
    from: 'return ((await this.#arrivedAtMs(entry)) ?? Infinity) < startFrom.atMs',
    to: 'return ((await this.#arrivedAtMs(entry)) ?? 0) < startFrom.atMs',
    loses: 'mail without a date, under START_FROM=date',
    test: doubt,
    title: 'START_FROM=date imports a message without Date and Received',
  },
  {
    file: 'src/identify.ts',
    from: 'if (generation === 1) return',
    to: 'return',
    loses: 'mail that came during a failed first pull, under START_FROM=new',
    test: doubt,
    title: 'START_FROM=new: the first pull fails after the login',
  },
  {
    file: 'src/carry.ts',
    from: "if (other !== undefined && other.id !== row.id && (row.stage !== 'importing' || other.id < row.id)) {",
    to: 'if (other !== undefined && other.id < 0) {',
    loses: 'a second copy that nobody tells of',
    test: doubt,
    title: 'the same octets under two names, the first answer lost',
  },
]
