/** IMAP: deletions and moves, logins, bounds, the watch. */
import type { Mutant } from './mutant.ts'

const settle = ['test/source/imap-settle.test.ts']
const login = ['test/source/imap-login.test.ts']
const watch = ['test/source/imap-watch.test.ts']
const rogue = ['test/faults/rogue.test.ts']
const wishes = ['test/faults/wishes.test.ts']

export const imapSession: readonly Mutant[] = [
  {
    from: "await this.#run('UID EXPUNGE', [sequence(set)])",
    to: "await this.#run('EXPUNGE', false)",
    loses: 'mail: what other clients marked is taken away too',
    tests: settle,
  },
  {
    from: 'await this.delete(copied)',
    to: 'await this.delete(rest)',
    loses: 'mail: what was not copied is deleted',
    tests: ['test/source/imap-trouble.test.ts'],
  },
  {
    from: 'copies?.noteAsked(some, folder)',
    to: '',
    loses: 'copies at the source: one is made in each pull, once an answer was lost',
    tests: wishes,
    title: 'F14: the connection ends',
  },
  {
    from: 'copies?.noteMade(some, folder, entry => uids.get(entry.handle))',
    to: '',
    loses: 'copies at the source: one is made in each pull, where the deletion is refused',
    tests: wishes,
    title: 'F14: a copy whose deletion is refused',
    survives:
      'the record of the asking stays, and the copy is looked for and found by what it is: slower, not otherwise',
  },
  {
    from: 'if (isMade || (await isInSelected(connection, entry, target.name, validity, copies, signal)))',
    to: 'if (record !== undefined)',
    loses: 'mail: a copy that was asked for counts as made, and the message is deleted',
    tests: [...wishes, 'test/faults/evidence.test.ts'],
    title: 'F14',
  },
  {
    from: "const isMade = record?.state === 'made' && isSameFolder",
    to: "const isMade = record?.state === 'made'",
    loses: 'mail: a copy in a folder that was made anew since counts, and the message is deleted',
    tests: ['test/faults/evidence.test.ts'],
    title: 'F14: a copy whose folder was made anew',
  },
  {
    from: 'if (header !== undefined && copies.isCopy(entry, header, size)) return true',
    to: 'if (header !== undefined) return true',
    loses: 'mail: another message of the same Message-ID in the target counts as the copy',
    tests: ['test/faults/evidence.test.ts'],
    title: 'F14: another message under the same Message-ID',
  },
  {
    from: 'if (uids.length > 1 && !isOfAll) {',
    to: 'if (false) {',
    loses: 'all deletions, because of one message that the server keeps',
    tests: wishes,
    title: 'is refused for one message only',
  },
  {
    from: "case 'PREAUTH':",
    to: "case 'PREAUTH': return; case 'PREAUTH2':",
    loses: 'mail of whoever is on the other side: a session that nobody logged in to',
    tests: login,
    title: 'a PREAUTH greeting is refused',
  },
  {
    from: "if (!announced) throw new Fault('source.tls-not-offered', { facts: where })",
    to: '',
    loses: 'the word that STARTTLS was taken out',
    tests: login,
    title: 'a STARTTLS that is not offered',
  },
  {
    from: 'if (!/^H2 OK\\b/i.test(last))',
    to: 'if (false)',
    loses: 'the word that STARTTLS was refused',
    tests: login,
    title: 'a STARTTLS that is not offered, or refused',
  },
  {
    from: "if (lines.rest.length > 0) throw new Fault('source.tls-injection', { facts: where })",
    to: '',
    loses: 'commands of somebody on the way are taken for what came under TLS',
    tests: login,
    title: 'octets injected behind the OK to STARTTLS',
  },
  {
    from: 'throw withoutPassword(await lookAgain(error, server, clock, signal), user, password)',
    to: 'throw await lookAgain(error, server, clock, signal)',
    loses: 'the password, in a log, where a server repeats it',
    tests: login,
    title: 'a server that repeats the password',
  },
  {
    from: 'this.#meter.octets === heard && nowMs - heardMs >= silence',
    to: 'false',
    loses: 'all mail: a silent server holds the pull for half an hour',
    tests: [
      'test/source/imap-login.test.ts',
      'test/source/imap-retrieve.test.ts',
      'test/faults/evidence.test.ts',
    ],
    title: 'silence',
  },
  {
    from: 'if (silent || nowMs >= endMs) {',
    to: 'if (silent) {',
    loses: 'all mail: a server that trickles holds the pull for ever',
    tests: ['test/faults/bounds.test.ts'],
    title: 'G6: IMAP that trickles',
  },
  {
    from: 'this.end(overBudget(facts, breach, this.#meter.allowance[breach]))',
    to: '',
    loses: 'memory: a server answers without end',
    tests: rogue,
    title: 'G5:',
  },
  {
    from: "if (this.#octets > this.#allowance.octets) return 'octets'",
    to: '',
    loses: 'memory and time: an answer of any size',
    tests: rogue,
    title: 'G5:',
  },
  {
    from: "return this.#literal > this.#allowance.literal ? 'literal' : undefined",
    to: 'return undefined',
    loses: 'memory: a literal of any size is begun',
    tests: rogue,
    title: 'G5:',
  },
  {
    from: "if (this.#line > this.#allowance.line) return 'line'",
    to: '',
    loses: 'memory: a line of any length',
    tests: rogue,
    title: 'G5:',
  },
  {
    from: 'return value <= 0xffffffff ? value : undefined',
    to: 'return value',
    loses: 'mail: a UID that can be none',
    tests: ['test/source/imap-sets.test.ts'],
  },
  {
    from: 'if (set.length + 1 + run.length > longestSet) break',
    to: '',
    loses: 'the session with a server that takes lines of 1,000 octets',
    tests: ['test/source/imap-sets.test.ts'],
  },
  {
    from: "if (first === 'slept') connection.client.write('DONE')",
    to: '',
    loses: 'seconds: an IDLE that never ends proves nothing',
    tests: watch,
    title: 'IDLE is ended and begun again',
  },
  {
    from: 'let outcome = await inTime(Promise.race([accepted.promise, ended]))',
    to: 'let outcome = await Promise.race([accepted.promise, ended])',
    loses: 'seconds: an IDLE that is never accepted is waited for',
    tests: watch,
    title: 'an IDLE that is never accepted',
  },
  {
    from: "outcome = first === 'slept' ? await inTime(ended) : first",
    to: "outcome = first === 'slept' ? await ended : first",
    loses: 'seconds: a dead connection is waited for',
    tests: watch,
    title: 'a connection that died silently',
  },
  {
    from: 'await noop() const isTold',
    to: 'const isTold',
    loses: 'seconds: what IDLE keeps back is not asked for',
    tests: watch,
  },
  {
    from: 'if (isTold || clock.monotonicMs() - examinedMs >= deadlines.examine) await compare()',
    to: '',
    loses: 'seconds: what neither IDLE nor NOOP tells',
    tests: watch,
    title: 'F20: mail that neither IDLE nor NOOP tells of',
  },
  {
    from: "if (error.code === 'NoConnection' || error.code === 'EConnectionClosed') throw this.#lost(error, facts)",
    to: '',
    loses: 'the owner is told of a wrong login where the connection ended',
    tests: login,
    survives: 'the branch behind it says the same of an end, with the words of the farewell',
  },
  {
    from: 'new Fault(code, { loginRefused: sent, facts: { ...facts, words: words || line }, cause: error })',
    to: 'new Fault(code, { facts: { ...facts, words: words || line }, cause: error })',
    loses: 'the address: refused logins are not counted, and the host bans it',
    tests: [...login, 'test/faults/logins.test.ts'],
    title: 'F9: a watch that is refused',
  },
]
