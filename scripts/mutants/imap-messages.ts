// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the places are code
/** IMAP: names, listings, octets. */
import type { Mutant } from './mutant.ts'

const retrieve = ['test/source/imap-retrieve.test.ts']
const session = ['test/source/imap.test.ts']
const ahead = ['test/source/imap-ahead.test.ts']
const settle = ['test/source/imap-settle.test.ts']
const rogue = ['test/faults/rogue.test.ts']
const imapFaults = ['test/faults/imap.test.ts']
const listings = ['test/faults/listings.test.ts']

export const imapMessages: readonly Mutant[] = [
  {
    from: 'if (entry.uid !== undefined && entry.uid !== `${selected.validity}.${entry.handle}`) {',
    to: 'if (false) {',
    loses: 'mail: another message is read under an old name',
    tests: session,
    title: 'after a UIDVALIDITY change an old name',
  },
  {
    from: 'entry.uid !== undefined && entry.uid === `${selected.validity}.${entry.handle}` if',
    to: 'entry.uid !== undefined; if',
    loses: 'mail: another message is deleted under an old name',
    tests: session,
    title: 'after a UIDVALIDITY change an old name',
  },
  {
    from: 'entry.uid !== undefined && entry.uid === `${selected.validity}.${entry.handle}` if',
    to: 'entry.uid === undefined || entry.uid === `${selected.validity}.${entry.handle}`; if',
    loses: 'mail: deleted by a UID without a UIDVALIDITY',
    tests: session,
    title: 'gives no lasting name, and nothing is settled',
  },
  {
    from: 'if (selected.readOnly !== undefined) throw selected.readOnly',
    to: '',
    loses: 'the word that a folder is read-only',
    tests: [...settle, 'test/pull/settle.test.ts'],
    title: 'read-only',
  },
  {
    from: 'if (doubt !== undefined) ({ selected, entries, doubt } = await list())',
    to: '',
    loses: 'the listing, where another client was at work meanwhile',
    tests: [...listings, ...session, 'test/faults/evidence.test.ts'],
    title: 'another client',
  },
  {
    from: 'return current?.name === folder ? current : await this.#select(folder, signal)',
    to: 'return current ?? (await this.#select(folder, signal))',
    loses: 'mail: what is taken away is looked for in the folder that was selected last',
    tests: settle,
  },
  {
    from: "if (action.do === 'move') this.#selected = undefined",
    to: '',
    loses: 'mail: after a move the target is taken for the folder',
    tests: settle,
    survives:
      'nothing is asked of a session behind a move, and what a failed SELECT leaves selected is no folder (RFC 9051 section 6.3.2)',
  },
  {
    from: 'if (value !== undefined) validity = readValidity(value)',
    to: 'if (value !== undefined) validity = value',
    loses: 'mail: UIDVALIDITY 0 makes names that last',
    tests: session,
    title: 'gives no lasting name',
  },
  {
    from: "if (error.status === 'BAD' || isStateCode(error.code)) throw refusal",
    to: '',
    loses: 'mail: a server in trouble says that the folder is missing',
    tests: ['test/source/imap-trouble.test.ts'],
  },
  {
    from: 'named.size === count.exists && (refused === undefined || count.exists === 0)',
    to: 'refused === undefined',
    loses: 'mail: a SEARCH that leaves messages out is the whole listing',
    tests: [...session, ...listings],
    title: 'SEARCH',
  },
  {
    from: "return { uids: inOrder(both), doubt: inLine() ?? { reason: 'listing-count', words } }",
    to: 'return { uids: inOrder(both), doubt: inLine() }',
    loses: 'mail: a listing that contradicts EXISTS is whole, and the rest is gone',
    tests: listings,
    title: 'F17: IMAP',
  },
  {
    from: 'if (fetched.size === count.exists) return { uids: inOrder(fetched), doubt: inLine() }',
    to: '',
    loses: 'messages that no one has: what SEARCH names beyond them',
    tests: listings,
    title: 'F17: IMAP, UIDs that SEARCH names',
  },
  {
    from: 'if (refused !== undefined && fetched.size === 0 && count.exists !== 0)',
    to: 'if (false)',
    loses: 'mail: SEARCH and FETCH refused make an empty folder, and all is gone',
    tests: ['test/source/imap-settle.test.ts', 'test/source/imap.test.ts'],
    title: 'is not an empty one',
  },
  {
    from: 'if (before === undefined || row.arrivedAtMs !== undefined) data.set(row.uid, row)',
    to: 'data.set(row.uid, row)',
    loses: 'size and date of a message whose flags another client changes meanwhile',
    tests: session,
    title: 'rows out of order, rows of others and flag rows',
  },
  {
    from: 'if (uids.size > count.assumed * 1.1 + 1000) {',
    to: 'if (false) {',
    loses: 'memory: a server names messages without end',
    tests: rogue,
    survives: 'the meter ends the same answer by its octets (imap-meter.ts)',
  },
  {
    from: 'if (exists !== undefined && exists > mostEntries)',
    to: 'if (false)',
    loses: 'memory: a folder of any size is listed',
    tests: ['test/source/imap-trouble.test.ts'],
  },
  {
    from: 'if (row.uid === entry.handle) rows.push(row) else foreign',
    to: 'if (row.uid !== 0) rows.push(row); else foreign',
    loses: 'mail: the body of another message is imported',
    tests: [...retrieve, ...imapFaults],
  },
  {
    from: 'if (bodies.length > 1 || (foreign && bodies.length === 0)) {',
    to: 'if (foreign && bodies.length === 0) {',
    loses: 'mail: of two bodies the first is imported',
    tests: ['test/source/imap-trouble.test.ts'],
  },
  {
    from: 'if (origin !== undefined && (origin !== from || octets.length > windowOctets)) {',
    to: 'if (false) {',
    loses: 'mail: parts are put together in the wrong order',
    tests: ['test/source/imap-trouble.test.ts'],
  },
  {
    from: 'const exact = /^[\\x01-\\x7f]*$/.test(content)',
    to: 'const exact = true',
    loses: 'octets: a quoted string that was decoded is imported',
    tests: [...retrieve, ...imapFaults],
  },
  {
    from: 'if (total === 0) { if (window !== undefined) throw messageFault(' + "'message.empty'",
    to: 'if (total < 0) { if (window !== undefined) throw messageFault(' + "'message.empty'",
    loses: 'mail: an empty answer is imported as a message',
    tests: retrieve,
  },
  {
    from: 'if (window === undefined && !(await hasMessage(connection, entry, signal))) {',
    to: 'if (false) {',
    loses: 'mail: a message that was expunged while it was read is imported cut',
    tests: retrieve,
  },
  {
    from: 'if (first !== undefined && (first.size !== row.size || first.arrivedAtMs !== row.arrivedAtMs)) {',
    to: 'if (false) {',
    loses: 'mail: octets of two messages are put together',
    tests: retrieve,
  },
  {
    from: "if (whole && total > 0) throw messageFault('message.not-retrieved', entry, 'partial FETCH is ignored')",
    to: '',
    loses: 'mail: the whole message is put behind its own beginning',
    tests: ['test/source/imap-trouble.test.ts'],
  },
  {
    from: ': octets.length < windowOctets && row.size === total if',
    to: ': octets.length < windowOctets; if',
    loses: 'mail: a server that gives fewer octets than asked for cuts each message',
    tests: retrieve,
  },
  {
    from: 'if (total > messageOctets(first.size ?? entry.octets)) {',
    to: 'if (false) {',
    loses: 'the disk: a message without end',
    tests: ['test/source/imap-trouble.test.ts'],
  },
  {
    from:
      'if (error instanceof Fault && blamable.includes(error.code)) { return new Fault(error.code, { scope: ' +
      "'message', retry",
    to: 'if (false) { return new Fault(error.code, { scope: ' + "'message', retry",
    file: 'src/source/imap-retrieve.ts',
    loses: 'all mail behind one message at which the server hangs up',
    tests: ['test/pull/poison.test.ts'],
    title: 'over IMAP a message at which the server hangs up',
  },
  {
    from: 'const fits = size === octets && body?.octets?.length === octets && (body.origin ?? 0) === 0',
    to: 'const fits = body !== undefined',
    loses: 'mail: what comes among many is imported though it is not what was announced',
    tests: ahead,
  },
  {
    from: 'bodies.has(row.uid ?? 0) ? undefined : bodyOf(row, place.octets)',
    to: 'bodyOf(row, place.octets)',
    loses: 'mail: octets of another message under this UID',
    tests: ahead,
    title: 'one body among many that comes as twice',
  },
  {
    from: 'this.#memory.alone = this.#asked.size + alsoAlone',
    to: 'this.#memory.alone = 0',
    loses: 'all mail among which there is one message at which the server hangs up',
    tests: ahead,
    title: 'hangs up without a word',
  },
  {
    from: 'if (this.#reserved.size >= window || this.#held + octets > mostHeld || !room.take(octets)) return false',
    to: 'if (this.#reserved.size >= window) return false',
    loses: 'memory: backlogs of many mailboxes at a time',
    tests: ahead,
    title: 'messages of many mailboxes',
  },
  {
    from: "if (!canExpungeByUid(this.#connection)) throw this.#cannot('no UIDPLUS') const flag",
    to: 'const flag',
    loses: 'mail of other clients: a plain EXPUNGE',
    tests: settle,
    survives: 'imap-session.ts asks the same before, and without UIDPLUS a move by COPY is not begun',
  },
  {
    from: "if (action.do === 'delete' && !canExpungeByUid(this.#connection)) {",
    to: 'if (false) {',
    loses: 'the word that a server cannot delete safely',
    tests: [...settle, ...imapFaults],
    survives: 'imap-settle.ts asks the same again, with the same words',
  },
]
