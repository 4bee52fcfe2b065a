// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the places are code
/** POP3: octets, listings, deletions, logins. */
import type { Mutant } from './mutant.ts'

const ahead = ['test/source/pop3-ahead.test.ts']
const backlog = ['test/source/pop3-backlog.test.ts']
const reader = ['test/source/pop3-reader.test.ts']
const lineEnds = ['test/faults/line-ends.test.ts']
const quirks = ['test/source/pop3-quirks.test.ts']
const session = ['test/source/pop3.test.ts']
const listing = ['test/source/pop3-listing.test.ts']
const login = ['test/source/pop3-login.test.ts']
const tls = ['test/source/pop3-tls.test.ts']
const faults = ['test/source/pop3-faults.test.ts']
const trips = ['test/source/pop3-trips.test.ts']
const rogue = ['test/faults/rogue.test.ts']
const clearText = ['test/source/clear-text.test.ts']

export const pop3: readonly Mutant[] = [
  {
    from: 'if (isPipelined && !capabilities.mayGoByReading)',
    to: 'if (isPipelined)',
    loses: 'a server deletes messages that were read ahead and never imported',
    tests: backlog,
    title: 'nothing is asked for before it is wanted',
  },
  {
    from: '(!manyAhead.isKept || this.#octets + weight > aheadPace.most)',
    to: '!manyAhead.isKept',
    loses: 'what is read ahead of one mailbox is bounded by the room of the whole process only',
    tests: backlog,
    title: 'of larger ones no more are under way than 8 MiB',
  },
  {
    from: 'if (octet === dot) this.#state = inLine',
    to: 'if (octet === dot) { kept.takeBack(at); this.#state = inLine }',
    loses: 'octets: a stuffed dot stays in the message',
    tests: reader,
  },
  {
    from: 'else if (this.#firstDot) { // Dovecot 2.3 and Courier stuff dots behind a line end only, so not in the first line: it is content. kept.takeBack(at)',
    to: 'else if (this.#firstDot) {',
    loses: 'octets: a dot that begins the whole message',
    tests: reader,
  },
  {
    from: "} else throw new ProtocolBreach('a line begins with a dot that is not stuffed') at += 1 break default:",
    to: '} else this.#state = inLine; at += 1; break; default:',
    loses: 'octets: a server that does not stuff dots is believed',
    tests: reader,
  },
  {
    from: 'if (last === cr) this.#state = afterCr else if',
    to: 'if (false) this.#state = afterCr; else if',
    loses: 'octets: a line end that two packets share is not seen',
    tests: reader,
  },
  {
    from: 'if (this.#to !== this.#from) this.#chunk.copyWithin(this.#to, this.#from, end)',
    to: 'if (this.#to === 0) this.#chunk.copyWithin(this.#to, this.#from, end)',
    loses: 'octets: behind the first dot that is taken off what stands before it comes once more',
    tests: reader,
  },
  {
    from: 'const lineEndAt = chunk.indexOf(lineThenDot, dotAt)',
    to: 'const lineEndAt = chunk.indexOf(lineThenDot, dotAt + 2)',
    loses: 'octets: a stuffed dot behind a line that ends in a dot stays in the message',
    tests: reader,
  },
  {
    from: 'else if (octet !== cr) this.#state = inLine at += 1',
    to: 'else this.#state = inLine; at += 1',
    loses: 'octets: CR CR LF ends no line',
    tests: reader,
  },
  {
    from: 'const withheld = this.#state === afterDot || this.#state === afterDotCr return fed(chunk.length, false, withheld ? kept.from : chunk.length) } #feed',
    to: 'return fed(chunk.length, false, chunk.length) } #feed',
    loses: 'octets: a CR behind the last dot of a listing, where a packet ends there',
    tests: ahead,
  },
  {
    from: "return this.#ends.crlf === 0 && this.#ends.lf > 0 ? 'lf' : 'crlf'",
    to: "return this.#ends.lf > 0 ? 'lf' : 'crlf'",
    loses: 'mail: one bare LF of a server makes a lone dot the end of a message',
    tests: lineEnds,
  },
  {
    from: 'if (left > 0 && !this.#queue.isPipelined) throw new ProtocolBreach',
    to: 'if (left < 0) throw new ProtocolBreach',
    loses: 'mail: one that was cut at an unstuffed dot passes for whole',
    tests: [...quirks, 'test/faults/pop3.test.ts'],
  },
  {
    from: "if (head === undefined) throw new ProtocolBreach('octets that nothing asked for')",
    to: 'if (head === undefined) return',
    loses: 'mail: what is left of one message is taken for the answer to the next question',
    tests: quirks,
    title: 'octets that come later',
  },
  {
    from: 'const blamed = at === 0 ? blameMessage(command, fault) : fault',
    to: 'const blamed = blameMessage(command, fault)',
    loses: 'all messages that were asked for ahead are blamed for one',
    tests: ahead,
  },
  {
    from: "if (phase !== 'retrieve' || !(fault instanceof Fault) || !blamable.includes(fault.code)) return fault",
    to: 'if (fault !== undefined) return fault',
    loses: 'all mail behind one message at which the server hangs up',
    tests: ['test/pull/poison.test.ts'],
    title: 'over POP3 a message that ends in',
  },
  {
    from: 'of this.#unsent.splice(0, this.window - this.#sent.length)',
    to: 'of this.#unsent.splice(0, this.window + 1 - this.#sent.length)',
    loses: 'the session with a server that knows no pipelining',
    tests: session,
    title: 'without PIPELINING no line is sent',
  },
  {
    from: '// What was said in clear text is forgotten. this.#ends = { crlf: 0, lf: 0 }',
    to: '',
    loses: 'octets: what somebody on the way said before TLS decides how lines end',
    tests: lineEnds,
    survives:
      'only a server that ends lines otherwise under TLS than before would show it; who is on the way can as well cut the line',
  },
  {
    from: 'if (head.octets <= most) return false',
    to: 'if (head.octets > 0) return false',
    loses: 'memory and time: a server may send without end',
    tests: rogue,
    title: 'G4:',
  },
  {
    from: 'this.#socket.pause() this.#watchdog.set(undefined)',
    to: 'this.#watchdog.set(undefined)',
    loses: 'memory: a message is read faster than it is taken',
    tests: session,
    title: 'nothing is read from the socket while the sink asks to wait',
  },
  {
    from: 'if (octets === 0) throw new Fault(' + "'message.empty'",
    to: 'if (octets < 0) throw new Fault(' + "'message.empty'",
    loses: 'mail: an empty answer is imported as a message',
    tests: [...quirks, 'test/source/contract.test.ts'],
  },
  {
    from: 'octets < announced - this.#slack && !asCrlf) {',
    to: 'octets < 0) {',
    loses: 'mail: a message that was cut and ends properly is whole',
    tests: quirks,
    title: 'a truncated message',
  },
  {
    from: 'return sizes.length === 0 ? undefined : Math.min(...sizes)',
    to: 'return sizes.length === 0 ? undefined : Math.max(...sizes)',
    loses: 'each message of a server whose two sizes differ is read twice and never deleted',
    tests: ['test/source/pop3-short.test.ts'],
  },
  {
    from: 'return sizes >= 3 ? 1023 : 0',
    to: 'return 1023',
    loses: 'mail: up to a kilobyte may be cut off unseen',
    tests: ['test/source/pop3-short.test.ts'],
  },
  {
    from: 'if (octets === 0 || octets % 1024 !== 0) return 0',
    to: '',
    loses: 'mail: up to a kilobyte may be cut off unseen on any server',
    tests: ['test/source/pop3-short.test.ts'],
  },
  {
    from: 'if (!this.#listed.has(entry.handle) || this.#listed.get(entry.handle) !== entry.uid) {',
    to: 'if (false) {',
    loses: 'mail: a number of an earlier session deletes another message',
    tests: session,
    title: 'a message that this session did not list is never deleted',
  },
  {
    from: "if (status.ok) return this.#connection.end() const facts = { ...this.#where('quit')",
    to: "return this.#connection.end(); const facts = { ...this.#where('quit')",
    loses: 'the word that deletions were refused at QUIT',
    tests: faults,
    title: 'QUIT that ends in',
  },
  {
    from: 'this.#deletions === 0 ? idleQuitMs : Infinity',
    to: 'idleQuitMs',
    loses: 'deletions: a server that needs longer to commit is left',
    tests: ['test/source/pop3-quit.test.ts'],
    title: 'QUIT that takes long commits',
  },
  {
    from: 'if (builder.doubt() !== undefined) { const again',
    to: 'if (false) { const again',
    loses: 'the listing, where mail came in between two answers',
    tests: ['test/faults/listings.test.ts'],
    title: 'F17: POP3, mail that is let in between two answers',
  },
  {
    from: 'if (!stat.ok || !/^0(\\s|$)/.test(stat.words)) {',
    to: 'if (false) {',
    loses: 'mail: a maildrop that lists nothing for a moment is empty, and all is gone',
    tests: [...listing, ...session],
    title: 'refus',
  },
  {
    from: 'if (builder.lacksSizes) { throw',
    to: 'if (false) { throw',
    loses: 'mail: without sizes a message that is cut passes for whole',
    tests: listing,
    title: 'while UIDL names messages',
  },
  {
    from: 'const fault = status.ok ? undefined : sessionFault(status, this.#where())',
    to: 'const fault = undefined as Fault | undefined',
    loses: 'mail: UIDL refused for a moment means that no message has a name',
    tests: listing,
    title: 'UIDL or LIST that is refused for now',
  },
  {
    from: 'if (usable && this.#uids.has(uid)) this.#doubled.add(uid)',
    to: 'if (false) this.#doubled.add(uid)',
    loses: 'mail: two messages of one UIDL are one',
    tests: listing,
    title: 'only a UIDL that can be trusted',
  },
  {
    from: "uid.trim() !== '' && !/[\\x00-\\x1f\\x7f]/.test(uid)",
    to: 'true',
    loses: 'mail: a blank UIDL is a name',
    tests: listing,
    title: 'only a UIDL that can be trusted',
  },
  {
    from: 'this.#named.set(handle, usable && !this.#named.has(handle) ? uid : undefined)',
    to: 'this.#named.set(handle, usable ? uid : undefined)',
    loses: 'mail: of two UIDLs for one number the last is believed',
    tests: listing,
  },
  {
    from: 'if (this.#count !== undefined && this.#count !== all)',
    to: 'if (false)',
    loses: 'mail: a listing that leaves out what STAT counts is whole',
    tests: ['test/faults/listings.test.ts'],
    title: 'F17: POP3',
  },
  {
    from: 'const longestUidl = 1024',
    to: 'const longestUidl = 60',
    loses: 'the names of messages of servers with long UIDLs',
    tests: listing,
  },
  {
    from: "if (!greeting.ok) throw greetingFault(greeting, makeWhere(mailbox, 'greeting'))",
    to: '',
    loses: 'the password is shown to a server that refuses',
    tests: login,
    title: 'a greeting "',
  },
  {
    from: "if (!status.ok) throw sessionFault(status, makeWhere(mailbox, 'tls')) ?? refused(showStatus(status)) await",
    to: 'if (!status.ok) return { connection, capabilities }; await',
    loses: 'encryption: a refused STLS',
    tests: tls,
    title: 'STLS that is not offered, or refused',
  },
  {
    from: '// RFC 2595 section 4: what was said in clear text must be forgotten. capabilities = accepted?.before ?? (await askCapabilities(connection, options))',
    to: '',
    loses: 'the password: what somebody on the way announced decides how it is sent',
    tests: tls,
    title: 'capabilities from before STLS are forgotten',
  },
  {
    from: 'if (/[\\r\\n\\0]/.test(user + password)) {',
    to: 'if (false) {',
    loses: 'commands: a line break in a password is one',
    tests: login,
    title: 'the password is read anew',
  },
  {
    from: "if (!offersUser && capabilities.has('SASL')) throw noMethod(options, capabilities)",
    to: '',
    loses: 'the password is shown to a server that takes none of our ways',
    tests: login,
    title: 'and no USER is shown no password',
  },
  {
    from: 'throw withoutPassword(error, options.mailbox.user, options.secret.value)',
    to: 'throw error',
    loses: 'the password, in a log, where a server echoes it',
    tests: login,
    title: 'a password that a server echoes',
  },
  {
    from: "capabilities.has('UTF8') ? step(" + "'login', 'UTF8', deadlines.commandMs) : undefined",
    to: 'undefined as Promise<Status> | undefined',
    loses: 'octets: a notice comes in the place of mail with 8-bit headers',
    tests: session,
    title: 'UTF8 is asked for before the login',
  },
  {
    from: "refuseClearText(server, socket.remoteAddress ?? '')",
    to: '',
    loses: 'the password, in clear text, to where localhost resolves',
    tests: clearText,
    title: 'POP3: localhost that resolves elsewhere',
  },
  {
    from: 'refuseClearText(server, server.host)',
    to: '',
    loses: 'a connection in clear text to another computer',
    tests: clearText,
    title: 'another computer',
  },
  {
    from: "code = phase === 'tls' ? 'source.tls-injection' : 'source.protocol'",
    to: "code = 'source.protocol' as FaultCode",
    loses: 'the word that somebody on the way put octets before TLS',
    tests: tls,
    title: 'octets that come with the answer to STLS',
  },
  {
    from: 'loginRefused: true, facts: { ...facts, words: showStatus(status), ...(late',
    to: 'facts: { ...facts, words: showStatus(status), ...(late',
    loses: 'the address: refused logins are not counted, and the host bans it',
    tests: [...login, 'test/faults/pop3.test.ts'],
    title: 'B2: "',
  },
  {
    from: "if (code === 'SYS/PERM') return 'source.server-permanent'",
    to: "if (code === 'SYS/PERM') return 'source.login-refused'",
    loses: 'the owner is told of a wrong password where the server is broken',
    tests: login,
  },
  {
    from: 'if (broken === undefined || signal.aborted) throw error',
    to: 'throw error',
    loses: 'all mail of a server that cannot bear CAPA',
    tests: login,
    title: 'CAPA that ends in',
  },
  {
    from: 'broken = brokenHabit(error, memory) memory.forgetLogin()',
    to: 'broken = brokenHabit(error, memory)',
    loses: 'the password: a server that begins to refuse the name is shown it at each login',
    tests: trips,
    title: 'a refused USER is one refused login',
  },
  {
    from: 'this.#listing && this.#clock.monotonicMs() < this.#listing.untilMs ? this.#listing.size : undefined',
    to: 'this.#listing?.size',
    loses: 'mail: another message of the same size is never seen',
    tests: trips,
    title: 'a listing that nobody recorded',
  },
  {
    from: 'this.#deletions += 1 this.#memory.forgetListed()',
    to: 'this.#deletions += 1',
    loses: 'time: what came in the place of what was deleted is seen late',
    tests: trips,
    title: 'what was marked for deletion',
  },
  {
    from: 'now?.messages === before.messages && now.octets === before.octets',
    to: 'now?.messages === before.messages',
    loses: 'time: mail that takes the place of other mail is seen late',
    tests: trips,
    title: 'what was marked for deletion',
  },
]
