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
    file: 'src/pull/resolve.ts',
    from: 'copies.find(one => sameOctets(one, row))',
    to: 'copies[0]',
    loses: 'mail: any message with the same Message-ID proves an unknown outcome',
    test: doubt,
    title: unlike,
  },
  {
    file: 'src/pull/resolve.ts',
    from: "return createHash('sha256').update(tail).digest('hex') === row.sha256",
    to: "return createHash('sha256').update(tail).digest('hex') !== ''",
    loses: 'mail: another message of the same size proves an unknown outcome',
    test: doubt,
    title: unlike,
  },
  {
    file: 'src/pull/settle.ts',
    from: 'if (proved.has(row.id)) return true',
    to: 'return true',
    loses: 'mail: deleted without the reading before it',
    test: doubt,
    title: reread,
  },
  {
    file: 'src/pull/settle.ts',
    from: 'if (raw.sha256 === row.sha256 || isSameBare(row, (await bareOf(raw)).sha256)) return true',
    to: 'if (raw.octets >= 0) return true',
    loses: 'mail: deleted whatever the reading before it found',
    test: doubt,
    title: reread,
  },
  {
    file: 'src/pull/settle.ts',
    from: 'journal.recordFolder({ mailbox: mailbox.name, folder, atMs, generation, unnamed: [row.id], ...nothing })',
    to: '',
    loses: 'mail: other mail under an old name is never imported',
    test: doubt,
    title: reread,
  },
  {
    file: 'src/pull/settle.ts',
    from: 'row.uid !== undefined && !row.renamed) return true',
    to: 'row.uid !== undefined) return true',
    loses: 'mail: deleted under a UID that it was given by its header section alone',
    test: doubt,
    title: 'it is read once more before it is deleted',
  },
  {
    file: 'src/pull/identify.ts',
    from: 'if (this.#unnamed.length > 0) await this.#doubtNames(named)',
    to: '',
    loses: 'mail: taken for what had its name before',
    test: doubt,
    title: 'the other names are not believed either',
  },
  {
    file: 'src/pull/identify.ts',
    from: 'return ((await this.#arrivedAtMs(entry)) ?? Infinity) < startFrom.atMs',
    to: 'return ((await this.#arrivedAtMs(entry)) ?? 0) < startFrom.atMs',
    loses: 'mail without a date, under START_FROM=date',
    test: doubt,
    title: 'START_FROM=date imports a message without Date and Received',
  },
  {
    file: 'src/pull/identify.ts',
    from: 'if (generation === 1 && this.#listing.doubt === undefined)',
    to: 'if (generation > 0)',
    loses: 'mail that came during a failed first pull, under START_FROM=new',
    test: doubt,
    title: 'START_FROM=new: the first pull fails after the login',
  },
  {
    file: 'src/pull/carry.ts',
    from: "if (other !== undefined && other.id !== row.id && (row.stage !== 'importing' || other.id < row.id)) {",
    to: 'if (other !== undefined && other.id < 0) {',
    loses: 'a second copy that nobody tells of',
    test: doubt,
    title: 'the same octets under two names, the first answer lost',
  },
  {
    file: 'src/pull/set-aside.ts',
    from: "release(context, row, before, unknown || fault.scope === 'everything')",
    to: 'release(context, row, before, unknown)',
    loses: "a copy too many that nobody tells of: trouble of the disk after Gmail's answer",
    test: doubt,
    title: 'the disk refuses it',
  },
  {
    file: 'src/pull/set-aside.ts',
    from: 'release(context, row, before, unknown || !isAbort)',
    to: 'release(context, row, before, unknown)',
    loses: "a copy too many that nobody tells of: a fault of our own after Gmail's answer",
    test: doubt,
    title: 'by a fault of our own',
  },
  {
    file: 'src/pull/carry-due.ts',
    from: 'clock.monotonicMs() < endMs && !stopping.aborted && !signal.aborted',
    to: 'clock.monotonicMs() < endMs && !signal.aborted',
    loses: 'the ten seconds that an end may take: new messages are begun',
    test: doubt,
    title: 'once a stop is asked for no message is begun',
  },
  {
    file: 'src/journal/sqlite.ts',
    from: 'PRAGMA synchronous = FULL',
    to: 'PRAGMA synchronous = NORMAL',
    loses: 'the last commits, at a power cut',
    test: 'test/faults/durable.test.ts',
    title: 'the journal syncs each commit',
  },
  {
    file: 'src/journal/sqlite.ts',
    from: 'PRAGMA synchronous = FULL; PRAGMA foreign_keys',
    to: 'PRAGMA synchronous = NORMAL; PRAGMA foreign_keys',
    loses: 'the last commits, at a power cut, as the kernel saw it',
    test: 'test/faults/durable.test.ts',
    title: 'the intent is on the disk before the upload leaves',
  },
  {
    file: 'src/base/durable-file.ts',
    from: 'fsyncSync(handle)\n      } finally',
    to: '} finally',
    loses: "a file's octets, at a power cut",
    test: 'test/faults/durable.test.ts',
    title: 'the journal syncs each commit',
  },
  {
    file: 'src/base/durable-file.ts',
    from: '    syncFolder(at)\n',
    to: '',
    loses: "a file's name, at a power cut",
    test: 'test/faults/durable.test.ts',
    title: 'the journal syncs each commit',
  },
  {
    file: 'src/daemon.ts',
    from: 'if (fault !== undefined) throw fault',
    to: '',
    loses: 'the restart: run ends with 0 though nothing could go on',
    test: 'test/faults/trouble.test.ts',
    title: 'F4: a daemon whose journal is taken away',
  },
  {
    file: 'src/daemon.ts',
    from: "if (source.protocol === 'pop3') return Number.POSITIVE_INFINITY",
    to: '',
    loses: 'logins, which POP3 hosts count',
    test: 'test/pull/waiting.test.ts',
    title: 'over POP3 what was put off waits for the schedule',
  },
  {
    file: 'src/daemon.ts',
    from: 'timer = setTimeout(() => silent.abort(), watchSilenceMs)',
    to: '',
    loses: 'seconds: a silent watch is believed for ever',
    test: 'test/pull/waiting.test.ts',
    title: 'a watch that gives no sign of life is dropped',
  },
  {
    file: 'src/source/dial.ts',
    from: "refuseClearText(server, socket.remoteAddress ?? '')",
    to: '',
    loses: 'the password, in clear text, to where localhost resolves',
    test: 'test/source/clear-text.test.ts',
    title: 'POP3: localhost that resolves elsewhere',
  },
  {
    file: 'src/source/dial.ts',
    from: 'refuseClearText(server, server.host)',
    to: '',
    loses: 'a connection in clear text to another computer',
    test: 'test/source/clear-text.test.ts',
    title: 'IMAP: another computer',
  },
  {
    file: 'src/google/scrub.ts',
    from: ".replace(/\\bBearer\\s+\\S+/gi, 'Bearer [secret]')",
    to: '',
    loses: 'an access token of unknown form, in a log',
    test: 'test/gmail/answers.test.ts',
    title: 'each form of a credential is masked',
  },
  {
    file: 'src/google/scrub.ts',
    from: '\\bya29\\.[\\w.-]+|',
    to: '',
    loses: 'an access token, in a log',
    test: 'test/gmail/answers.test.ts',
    title: 'each form of a credential is masked',
  },
  {
    file: 'src/log/mask.ts',
    from: '.sort((a, b) => b.length - a.length)',
    to: '',
    loses: 'the tail of a longer secret, in a log',
    test: 'test/log/log.test.ts',
    title: 'a secret that begins with another one is masked to its end',
  },
  {
    file: 'src/base/tls.ts',
    from: '    rejectUnauthorized: true,\n',
    to: '',
    loses: 'everything: NODE_TLS_REJECT_UNAUTHORIZED is obeyed',
    test: 'test/faults/tls.test.ts',
    title: 'a certificate that is selfSigned gets no word',
  },
]
