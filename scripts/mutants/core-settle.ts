/** The corridor: what is deleted or moved at the source, and when. */
import type { Mutant } from './mutant.ts'

const doubt = ['test/faults/doubt.test.ts']
const pop3 = ['test/faults/pop3.test.ts']
const imap = ['test/faults/imap.test.ts']
const gmail = ['test/faults/gmail.test.ts']
const machine = ['test/faults/machine.test.ts']
const wishes = ['test/faults/wishes.test.ts']
const reread = 'it is read before it is deleted, and imported'

export const settle: readonly Mutant[] = [
  {
    from: "folders.find(({ name }) => name === folder)?.to !== 'sent'",
    to: 'true',
    loses: 'mail that the owner sent, deleted at the source with the mail that came',
    tests: ['test/pull/sent-mail.test.ts'],
    title: 'stays at the source, whatever becomes',
  },
  {
    from: 'if (proved.has(row.id)) return true',
    to: 'return true',
    loses: 'mail: deleted without the reading before it',
    tests: doubt,
    title: reread,
  },
  {
    from: 'if (raw.sha256 === row.sha256 || isSameBare(row, (await bareOf(raw)).sha256)) return true',
    to: 'if (raw.octets >= 0) return true',
    loses: 'mail: deleted whatever the reading before it found',
    tests: doubt,
    title: reread,
  },
  {
    from: 'unnamed: [row.id],',
    to: 'unnamed: [],',
    loses: 'mail: other mail under an old name is never imported',
    tests: doubt,
    title: reread,
  },
  {
    from: 'row.uid !== undefined && !row.renamed) return true',
    to: 'row.uid !== undefined) return true',
    loses: 'mail: deleted under a UID that it was given by its header section alone',
    tests: doubt,
    title: 'it is read once more before it is deleted',
  },
  {
    from: 'if (row.short || !isHeld) {',
    to: 'if (!isHeld) {',
    loses: 'mail: one whose readings were all cut short is deleted',
    tests: pop3,
    title: 'B10: a message cut short but properly ended',
  },
  {
    from: 'if (row.short || !isHeld) {',
    to: 'if (row.short) {',
    loses: 'mail: octets that Gmail took for another message are deleted',
    tests: gmail,
    title: 'D8: other octets under the same Message-ID',
  },
  {
    from: 'gmailId, mergedInto: namesake?.id }, row)',
    to: 'gmailId }, row)',
    loses: 'mail: that Gmail took it for another message is not written down',
    tests: gmail,
    title: 'D8: other octets under the same Message-ID',
  },
  {
    from: 'if (inDoubt && !proved.has(row.id)) return false',
    to: '',
    loses: 'mail: deleted in a pull in which names meant something else',
    tests: imap,
    title: 'C1: UIDVALIDITY becomes another number with the same mails',
  },
  {
    from: "if (policy.do !== 'delete' || policy.afterMs === 0) return true",
    to: 'return true',
    loses: 'the days for which mail was to be kept at the source',
    tests: machine,
    title: 'E5: a clock that jumps',
  },
  {
    from: 'if (session.usable) unask(context, certain)',
    to: '',
    loses: 'the deletion: a folder that was not reached counts as one that deletes nothing',
    tests: ['test/pull/settle.test.ts'],
    title: 'a folder that was not reached was not asked',
  },
  {
    from: 'if (!(await mayTry(context, folder))) return',
    to: '',
    loses: 'a wish that fails is tried in each pull',
    tests: wishes,
    title: 'F13: CREATE: NO',
  },
  {
    from: 'const isSafe = !abilities.namesLast ||',
    to: 'const isSafe = true || !abilities.namesLast ||',
    loses: 'mail: deleted by a UID without a UIDVALIDITY',
    tests: imap,
    survives: 'the session refuses the same by itself (imap-session.ts), which is a change of its own there',
  },
  {
    from: 'sinceAskedMs >= 0 && sinceAskedMs < pauseMs) return false',
    to: 'sinceAskedMs < 0) return false',
    loses: 'a server that deletes nothing is asked in each pull',
    tests: pop3,
    title: 'B4: a maildrop that says +OK and deletes nothing',
  },
  {
    from: 'if (underWay.isLeft(keyOfEntry(context, entry), clock.nowMs())) return false',
    to: '',
    loses: 'a message at which the process ended is read again to be deleted',
    tests: ['test/faults/returns.test.ts'],
    title: 'G17: a second reading before the deletion',
  },
  {
    from: 'if (lost.messages.has(nameAt(entry))) return false',
    to: '',
    loses: 'the session again and again: a message at which it was lost is read once more',
    tests: wishes,
    survives:
      'a message at whose reading the session was lost is set back (setBack), and what was set back comes after all others',
  },
]
