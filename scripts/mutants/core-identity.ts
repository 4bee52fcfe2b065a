/** The corridor: which message is which, and what follows from a listing. */
import type { Mutant } from './mutant.ts'

const doubt = ['test/faults/doubt.test.ts']
const listings = ['test/faults/listings.test.ts']
const pop3 = ['test/faults/pop3.test.ts']
const imap = ['test/faults/imap.test.ts']
const crash = ['test/faults/crash.test.ts']
const machine = ['test/faults/machine.test.ts']
const evidence = ['test/faults/evidence.test.ts']
const proofs = ['test/faults/proofs.test.ts']

export const identity: readonly Mutant[] = [
  {
    from: 'if (this.#record.hasMisnamed) await this.#doubtNames()',
    to: '',
    loses: 'mail: taken for what had its name before',
    tests: doubt,
    title: 'the other names are not believed either',
  },
  {
    from: '((await evidence.arrivedAtMs(entry)) ?? Infinity) < atMs',
    to: '((await evidence.arrivedAtMs(entry)) ?? 0) < atMs',
    loses: 'mail without a date, under START_FROM=date',
    tests: doubt,
    title: 'START_FROM=date imports a message without Date and Received',
  },
  {
    from: 'if (generation === 1 && doubt === undefined)',
    to: 'if (generation > 0)',
    loses: 'mail that came during a failed first pull, under START_FROM=new',
    tests: doubt,
    title: 'START_FROM=new: the first pull fails after the login',
  },
  {
    from: 'if (isWhole) await this.#record.writeVanished(this.#standing)',
    to: 'await this.#record.writeVanished(this.#standing)',
    loses: 'mail: what a listing in doubt leaves out is gone',
    tests: listings,
    title: 'nothing is gone',
  },
  {
    from: 'await this.#record.write(isWhole)',
    to: 'await this.#record.write(true)',
    loses: 'mail: START_FROM=new draws its line by a listing in doubt',
    tests: listings,
    title: 'F17: START_FROM=new draws no line',
  },
  {
    from: 'new Map([...at].filter(([, { folder }]) => !doubtful.has(folder)))',
    to: 'at',
    loses: 'mail: deleted by a listing that contradicts itself',
    tests: proofs,
    title: 'F17: what is imported by a listing that contradicts itself',
  },
  {
    from: 'else if (standing !== undefined && agrees(standing, entry)) {',
    to: 'else if (standing !== undefined) {',
    loses: 'mail: a name is believed although size or date speak against it',
    tests: proofs,
    title: 'B7: a UIDL that goes to other mail of another size',
  },
  {
    from: "return row.stage === 'baseline' || sizesAgree(row.arrivedAtMs, entry.arrivedAtMs)",
    to: 'return true',
    loses: 'mail: a UID that fell free is believed although the date speaks against it',
    tests: imap,
    title: 'C2: a UID that names another mail later',
  },
  {
    from: 'const stays = !nothingDone && (await this.#isSame(row, entry))',
    to: 'const stays = !nothingDone',
    loses: 'mail: under a known name any message is the known one',
    tests: pop3,
    title: 'B7: a UIDL that goes to another mail between two pulls',
  },
  {
    from: 'if (!isSameHeader(row, facts)) return isOfBefore(row, facts, entry.octets)',
    to: '',
    loses: 'mail: another header section under a known name is the known message',
    tests: pop3,
    title: 'B7: a UIDL that goes to another mail between two pulls',
  },
  {
    from: 'if (sizeFits(row, entry.octets, facts)) return true',
    to: 'return true',
    loses: 'mail: another size under a known name is the known message',
    tests: proofs,
    title: 'B7: a UIDL that goes to other mail of another size',
  },
  {
    from: 'if (!stays || !row.present || !sizesAgree(row.arrivedAtMs, entry.arrivedAtMs)) this.#inDoubt = true',
    to: '',
    loses: 'mail: deleted in the pull in which a name turned out to mean another message',
    tests: proofs,
    title: 'C2: in a pull in which one UID turned out',
  },
  {
    from: 'this.#inDoubt = true orphans.delete(row.id)',
    to: 'orphans.delete(row.id)',
    loses: 'mail: deleted in the pull in which all names changed',
    tests: imap,
    title: 'C1: UIDVALIDITY becomes another number with the same mails',
  },
  {
    from: 'this.#inDoubt = true orphans.delete(row.id)',
    to: 'this.#inDoubt = true',
    loses: 'mail: two messages are taken for one row',
    tests: evidence,
    title: 'B6, B7: all names change, and one message stands there twice',
  },
  {
    from: 'row.messageId !== undefined && row.settleAsks === 0 &&',
    to: 'row.settleAsks === 0 &&',
    loses: 'mail without a Message-ID is taken for what has the same header section',
    tests: pop3,
    title: 'B7: a machine that sends the same header section and size every day',
  },
  {
    from: 'row.messageId !== undefined && row.settleAsks === 0 &&',
    to: 'row.messageId !== undefined &&',
    loses: 'mail that was asked to be deleted comes back under another name, and counts as the old one',
    tests: evidence,
    title: 'B4, B6: mail that was asked to be deleted',
  },
  {
    from: 'row.settleAsks === 0 && sizeFits(row, octets, facts),',
    to: 'row.settleAsks === 0,',
    loses: 'mail: the same header section and another size is the known message',
    tests: evidence,
    title: 'B6: all names change, and other octets stand below',
  },
  {
    from: 'return alike.every(row => digest(row) === digest(alike[0])) ? alike[0] : undefined',
    to: 'return alike[0]',
    loses: 'mail: of two with equal header sections the first one is taken',
    tests: evidence,
    title: 'B6: all names change, and two known messages',
  },
  {
    from: 'if (alikeInAll && (first?.messageId !== undefined || first?.sha256 === undefined)) return first',
    to: 'return first',
    loses: 'mail without a name is taken for what has the same header section',
    tests: [...pop3],
    title: 'B7: a machine that sends the same header section and size every day',
  },
  {
    from: 'rows.splice(rows.indexOf(row), 1)',
    to: '',
    loses: 'mail without a name: two messages are one row',
    tests: proofs,
    title: 'B8, B7: the same message twice',
  },
  {
    from: 'if ((await journal.troubles.find(key))?.code === doubt.code) return false',
    to: '',
    loses: 'mail, for as long as a listing stays in doubt',
    tests: listings,
    title: 'F17: START_FROM=new draws no line',
  },
  {
    from: 'if (!begunElsewhere && !orphans.some(row => row.stage ===',
    to: 'if (!orphans.some(row => row.stage ===',
    loses: 'START_FROM=new: the old mail of a mailbox whose protocol was changed is imported',
    tests: machine,
    title: 'E9: a folder that is added later',
  },
  {
    from: 'return arrivals.find(ms => plausibleArrivalMs(ms, this.#atMs) !== undefined)',
    to: 'return arrivals[0]',
    loses: 'mail whose topmost date cannot be, under START_FROM=date',
    tests: listings,
    title: 'F18:',
  },
  {
    from: 'await resolveUnknown({ ...context, wishes }, at)',
    to: '',
    loses: 'what became of an upload is never looked up',
    tests: crash,
    title: 'A8: killed after Gmail took it in',
  },
  {
    from: 'if (session.usable) await close(context, faults)',
    to: '',
    loses: 'the deletions, which POP3 commits at QUIT only',
    tests: pop3,
    title: 'B4:',
  },
  {
    from: "if (fault !== undefined && fault.scope !== 'account') throw fault",
    to: '',
    loses: 'mail: deletions are committed by a session in which something went wrong',
    tests: evidence,
    title: 'C9: a session in which the server asks',
  },
  {
    from: 'const conserved = missing === 0',
    to: 'const conserved = true',
    loses: 'the alarm where the books do not balance',
    tests: proofs,
    title: 'the books that do not balance are told',
  },
  {
    from: 'sinceMs < 0 || sinceMs >= wholeListingEveryMs',
    to: 'sinceMs < 0',
    loses: 'mail: a UID that fell free is never noticed',
    tests: imap,
    title: 'C2: a UID that names another mail later',
  },
  {
    from: 'sessions < mostSessions && !isPaused',
    to: 'sessions < mostSessions',
    loses: 'logins: a server that asked for a pause is entered again at once',
    tests: evidence,
    title: 'G4, F11: a server that asks for a pause',
  },
  {
    from: 'const isGood = due === 0 ||',
    to: 'const isGood = due >= 0 ||',
    loses: 'the warning where mail was due and none of it went in',
    tests: ['test/faults/trouble.test.ts'],
    title: 'F2: a pull in which mail was due and none went in',
  },
]
