// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the places are code
/** Gmail: the upload, what an answer means, pace, labels, and HTTP below them. */
import type { Mutant } from './mutant.ts'

const answers = ['test/gmail/answers.test.ts']
const broken = ['test/gmail/import-broken.test.ts']
const contract = ['test/gmail/contract.test.ts']
const multipart = ['test/gmail/multipart.test.ts']
const pace = ['test/gmail/pace.test.ts']
const http = ['test/base/http.test.ts']

export const gmail: readonly Mutant[] = [
  {
    from: "if (asked === 'upload' && phase !== 'connect') return new Fault('gmail.outcome-unknown'",
    to: "if (asked === 'upload' && phase === 'answer') return new Fault('gmail.outcome-unknown'",
    loses: 'a second copy that nobody tells of: a connection that broke amid the upload is "nothing left"',
    tests: broken,
  },
  {
    from: "return asked === 'upload' && answer.bodySent ? fault('gmail.outcome-unknown', { scope: 'account' }) : fault('gmail.server')",
    to: "return fault('gmail.server')",
    loses: 'a second copy that nobody tells of: a 5xx behind a whole upload is "nothing stored"',
    tests: answers,
  },
  {
    from: "if (status === 303 && asked === 'upload' && answer.bodySent) {",
    to: 'if (status === 0) {',
    loses: 'a second copy that nobody tells of: a 303 behind a whole upload',
    tests: answers,
  },
  {
    from: 'const stored = answer.status === 200 && answer.bodySent ? readStored(answer) : undefined',
    to: 'const stored = answer.status === 200 ? readStored(answer) : undefined',
    loses: 'mail: an answer before the end of the upload is a success',
    tests: [...answers, ...broken],
  },
  {
    from: 'const stored = answer.status === 200 && answer.bodySent ? readStored(answer) : undefined',
    to: 'const stored = answer.bodySent ? readStored(answer) : undefined',
    loses: 'mail: any 2xx with an id is a success',
    tests: ['test/gmail/success.test.ts'],
  },
  {
    from: "if (typeof json?.id !== 'string' || json.id === '') return undefined",
    to: "if (typeof json?.id !== 'string') return undefined",
    loses: 'mail: an answer with an empty id is a success',
    tests: ['test/gmail/success.test.ts'],
  },
  {
    from: 'if (answer.cut) return undefined',
    to: '',
    loses: 'mail: the part of an answer that came is taken for the whole',
    tests: answers,
  },
  {
    from: "if (asked === 'upload' && status === 400 && json !== undefined && refusal.test(text)) {",
    to: 'if (refusal.test(text)) {',
    loses: 'mail is set aside for good by words of a proxy',
    tests: answers,
  },
  {
    from: "if (concernsAccount(answered, status)) return fault('gmail.account-refused')",
    to: '',
    loses: 'mail is set aside one by one where the account is refused',
    tests: answers,
  },
  {
    from: 'if (ofGoogle) return true',
    to: '',
    loses: "what Google's own gate says is held against single messages",
    tests: answers,
  },
  {
    from: "if (has(projectReasons)) return fault('gmail.project-refused')",
    to: '',
    loses: 'the owner is not told that it is the project',
    tests: answers,
  },
  {
    from: "|| storage.test(text)) { return fault('gmail.storage-full')",
    to: ") { return fault('gmail.storage-full')",
    loses: 'mail is set aside one by one where Gmail is full',
    tests: answers,
  },
  {
    from: "if (status < 200 || (status >= 300 && status < 400) || status >= 600) return fault('gmail.not-google')",
    to: '',
    loses: 'what is not Google is taken for it',
    tests: answers,
  },
  {
    from: "if (asked === 'call') return fault('gmail.unknown-answer', {",
    to: "if (asked === 'call' && status === 0) return fault('gmail.unknown-answer', {",
    loses: 'an answer about a label is held against a message',
    tests: answers,
  },
  {
    from: 'if (answer.status !== 401) return answer',
    to: 'if (answer.status < 400) return answer',
    loses: 'second uploads: any refusal is answered by the message once more',
    tests: contract,
  },
  {
    from: 'session.tokens.reject(token) return uploadWith',
    to: 'return uploadWith',
    loses: 'mail waits an hour for a token that Gmail no longer takes',
    tests: ['test/gmail/success.test.ts'],
    title: 'a token that Gmail does not take',
  },
  {
    from: "if (thrown instanceof HttpTrouble && thrown.reused && thrown.phase === 'connect') return once()",
    to: 'if (thrown instanceof HttpTrouble && thrown.reused) return once()',
    loses: 'second copies: an upload that broke on a kept connection is repeated at once',
    tests: [...contract, ...broken],
  },
  {
    from: 'if (raw.octets > longestMessageOctets) {',
    to: 'if (raw.octets >= longestMessageOctets) {',
    loses: 'the largest message that Gmail takes',
    tests: ['test/gmail/success.test.ts'],
    title: 'a message of exactly the largest size',
  },
  {
    from: 'if (octets > raw.octets) throw changed(`more than ${raw.octets} octets`)',
    to: '',
    loses: 'mail: more octets leave than were retrieved, under a length that does not fit',
    tests: multipart,
    survives:
      'the check behind it throws as well, before the closing delimiter: only that more was sent in vain',
  },
  {
    from: "if (sent !== raw.sha256) throw changed('other octets')",
    to: '',
    loses: 'mail: other octets leave than were retrieved',
    tests: multipart,
    title: 'never ends where the octets are not the retrieved ones',
  },
  {
    from: 'if (seam.includes(needle)) return true',
    to: '',
    loses: 'mail: a boundary that stands in the message across two chunks',
    tests: multipart,
  },
  {
    from: 'if (here.includes(needle)) return true',
    to: '',
    loses: 'mail: a boundary that stands in the message',
    tests: multipart,
  },
  {
    from: 'const end = Buffer.from(`\\r\\n--${boundary}--\\r\\n`)',
    to: 'const end = Buffer.from(`--${boundary}--\\r\\n`)',
    loses: 'mail: the delimiter runs into the last line',
    tests: contract,
    title: 'exactly the octets that were given',
  },
  {
    from: "phase = left > 0 ? 'send' : 'answer' if (left === 0) { client.end(piece)",
    to: "if (left === 0) { client.end(piece); phase = 'connect'",
    loses: 'second copies: a whole upload without an answer is "nothing left"',
    tests: broken,
  },
  {
    from: 'if (!bodySent) stopSending = true',
    to: '',
    loses: 'the line: what Gmail refused at once is sent to its end',
    tests: http,
    survives:
      'the end of the answer stops the sender as well: only what is sent while a slow answer comes is saved',
  },
  {
    from: 'arm(deadlines.connectMs)',
    to: '',
    loses: 'all mail: a Google that never answers the connection holds everything',
    tests: broken,
    title: 'because TLS was never answered',
  },
  {
    from: 'await write(piece) if (stopSending) return arm(deadlines.progressMs)',
    to: 'clearTimeout(timer); await write(piece); if (stopSending) return',
    loses: 'all mail: a Google that stops reading holds everything',
    tests: broken,
    title: 'because the server stops reading',
  },
  {
    from: 'client.end(piece) arm(deadlines.answerMs)',
    to: 'client.end(piece); clearTimeout(timer)',
    loses: 'all mail: an answer that never comes holds everything',
    tests: broken,
    title: 'because the answer never comes',
  },
  {
    from: 'wakeSender() arm(deadlines.answerMs)',
    to: 'wakeSender(); clearTimeout(timer)',
    loses: 'all mail: an answer that stops in its middle holds everything',
    tests: broken,
    title: 'because the answer stops in its middle',
  },
  {
    from: 'if (octets > answerLimit) finish(true)',
    to: 'if (octets < 0) finish(true)',
    loses: 'memory: an answer without end is read to its end',
    tests: http,
    title: 'an answer without end',
  },
  {
    from: 'if (sinceMs >= 0 && sinceMs <= longestIdleMs) return for',
    to: 'return; for',
    loses: 'unknown outcomes: after a suspend mail is written into dead connections',
    tests: http,
    title: 'a connection that idled for longer',
  },
  {
    from: 'if (client.reusedSocket) setImmediate(() => setImmediate(start))',
    to: 'if (client.reusedSocket) start()',
    loses: 'unknown outcomes: mail is written into a connection that was closed unseen',
    tests: [...http],
    title: 'a kept connection that was closed meanwhile',
  },
  {
    from: "if (phase === 'connect' || request.graceful !== true) {",
    to: 'if (true) {',
    loses: 'unknown outcomes: a stop tears uploads that have begun',
    tests: broken,
    title: 'an abort',
  },
  {
    from: 'if (addressKey(signedIn) === addressKey(address)) return',
    to: 'return',
    loses: 'mail: it goes into another account, though Gmail says whose it is',
    tests: ['test/gmail/find.test.ts'],
    title: 'that is another one gets no mail',
  },
  {
    from: 'includeSpamTrash: true,',
    to: '',
    loses: 'a second copy of what lies in spam or trash',
    tests: ['test/gmail/find.test.ts'],
  },
  {
    from: "if (!/^[!#-'*-z|~]+$/.test(bare)) {",
    to: 'if (false) {',
    loses: 'mail: a Message-ID that means something else to the search finds other mail, or nothing',
    tests: ['test/gmail/find.test.ts'],
    title: 'by a Message-ID that would mean something else',
  },
  {
    from: 'next.cost - level > 1e-6 ? (next.cost - level) / unitsPerMs : 0',
    to: '0',
    loses: "the account's quota",
    tests: pace,
  },
  {
    from: 'if (others.length < limit) return 0',
    to: 'if (others.length <= limit) return 0',
    loses: 'one import more in flight than Gmail bears',
    tests: pace,
  },
  {
    from: 'if (place !== undefined) inFlight.delete(place)',
    to: '',
    loses: 'all mail: places of imports are never given back',
    tests: pace,
  },
  {
    from: 'if (heldForMs() > longestWaitMs) { reject(heldFault()) return }',
    to: '',
    loses: 'a source connection that stands open for hours',
    tests: pace,
    title: 'does not keep callers waiting',
  },
  {
    from: 'if (tooManyAtOnce) limit = 1',
    to: '',
    loses: 'an account that is met with as many at once although that was too many',
    tests: pace,
    title: 'lowers the imports in flight',
  },
  {
    from: 'heldUntilMs = Math.max(heldUntilMs, clock.monotonicMs() + forMs)',
    to: 'heldUntilMs = clock.monotonicMs() + forMs',
    loses: 'a pause that Gmail asked for, cut short by a shorter one',
    tests: ['test/gmail/pause.test.ts'],
    title: 'a shorter pause does not end a longer one',
  },
  {
    from: 'const mine = last.then(async () => { signal.throwIfAborted() const ids',
    to: 'const mine = Promise.resolve().then(async () => { signal.throwIfAborted(); const ids',
    loses: 'two labels of one name',
    tests: ['test/gmail/labels-once.test.ts'],
  },
  {
    from: "if (thrown instanceof Fault && thrown.code === 'gmail.label') labels.forget()",
    to: '',
    loses: 'mail, until a restart, once a label was deleted in Gmail',
    tests: ['test/gmail/labels.test.ts', 'test/field/gmail.test.ts'],
  },
]
