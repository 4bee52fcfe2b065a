// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the places are code
/** The journal: stages, names, what is on the disk. */
import type { Mutant } from './mutant.ts'

const queries = ['test/journal/queries.test.ts']
const moves = ['test/journal/moves.test.ts']
const file = ['test/journal/file.test.ts']
const durable = ['test/faults/durable.test.ts']
const pop3 = ['test/faults/pop3.test.ts']
const bounds = ['test/journal/bounds.test.ts']
const returns = ['test/faults/returns.test.ts']

export const journal: readonly Mutant[] = [
  {
    from: 'PRAGMA synchronous = FULL',
    to: 'PRAGMA synchronous = NORMAL',
    loses: 'the last commits, at a power cut',
    tests: durable,
    title: 'the journal syncs each commit',
  },
  {
    from: 'PRAGMA synchronous = FULL',
    to: 'PRAGMA synchronous = OFF',
    loses: 'the last commits, at a power cut, as the kernel saw it',
    tests: durable,
    title: 'the intent is on the disk before the upload leaves',
  },
  {
    from: 'fsyncSync(handle) } finally { closeSync(handle) } renameSync',
    to: '} finally { closeSync(handle) } renameSync',
    loses: "a file's octets, at a power cut",
    tests: durable,
    title: 'the journal syncs each commit',
  },
  {
    from: 'syncFolder(at) })',
    to: '})',
    loses: "a file's name, at a power cut",
    tests: durable,
    title: 'the journal syncs each commit',
  },
  {
    from: 'if (existsSync(made) && (stat === undefined || stat.size === 0)) {',
    to: 'if (false) {',
    loses: 'everything twice: a journal that is gone is begun anew',
    tests: file,
    title: 'a journal that is gone or empty',
  },
  {
    from: 'refuseNewer(opened, path)',
    to: '',
    loses: 'a journal of a newer version is written to',
    tests: file,
    title: 'a journal of a newer version is refused',
  },
  {
    from: "if (mode === 'run' && stat !== undefined && stat.size > 0) {",
    to: 'if (false) {',
    loses: 'a damaged journal is believed',
    tests: file,
    title: 'a damaged file is refused',
  },
  {
    from: 'return isSame && checkedAtMs <= nowMs && nowMs - checkedAtMs < dayMs ? checkedAtMs : undefined',
    to: 'return checkedAtMs',
    loses: 'a large journal that was damaged since it was looked at is believed',
    tests: file,
    title: 'a large journal that nobody touched',
  },
  {
    from: "if (atRest && size % pageOctets !== 0) problems.push('the last page is cut')",
    to: '',
    loses: 'a journal that was cut is believed',
    tests: bounds,
  },
  {
    from: '(readVersion(database) === 0 && !unfinished)',
    to: 'false',
    loses: 'everything twice: an empty database is filled anew',
    tests: file,
  },
  {
    from: 'if (stat === undefined || stat.ino !== ino)',
    to: 'if (stat === undefined)',
    loses: 'mail goes on into a journal that was exchanged for another',
    tests: file,
    title: 'a file that is moved away, or exchanged',
  },
  {
    from: 'if (from !== undefined && (from === to || legalMoves[from].includes(to))) return',
    to: 'return',
    loses: 'mail: stages may change in any way',
    tests: moves,
  },
  {
    from: "importing: ['imported', 'merged', 'deferred', 'refused', 'gone'],",
    to: "importing: ['imported', 'merged', 'deferred', 'refused', 'gone', 'settled'],",
    loses: 'mail: what was never imported may be settled',
    tests: moves,
  },
  {
    from: "connection.exec('ROLLBACK')",
    to: "connection.exec('COMMIT')",
    loses: 'half of a listing stays where the other half could not be written',
    tests: [...moves, ...queries],
  },
  {
    from: "gmail_id IS NOT NULL AND merged_into IS NULL AND stage IN ('imported', 'settled')",
    to: "gmail_id IS NOT NULL AND stage IN ('imported', 'settled')",
    loses: 'mail: octets that Gmail took for another message prove a twin',
    tests: [...queries, 'test/faults/evidence.test.ts'],
  },
  {
    from: '`account = ?1 AND ${hasDigest} AND gmail_id IS NOT NULL',
    to: '`?1 = ?1 AND ${hasDigest} AND gmail_id IS NOT NULL',
    loses: 'mail: what another account has counts as imported',
    tests: queries,
    title: 'the copy that Gmail has is found by digest in its own account',
  },
  {
    from: "stage = 'importing' AND (${hasDigest} OR message_id = ?4)",
    to: "stage = 'importing' AND (${hasDigest} OR ?4 = '')",
    loses: 'mail: two of one Message-ID are uploaded beside an unknown outcome',
    tests: returns,
  },
  {
    from: "stage = 'importing' AND (${hasDigest} OR message_id = ?4)",
    to: "stage = 'importing' AND (sha256 = ?2 OR message_id = ?4)",
    loses: 'a second copy, where a server writes into mail whose outcome is unknown',
    tests: returns,
  },
  {
    from: "stage = 'gone' AND outcome_unknown = 1",
    to: "stage = 'gone'",
    loses: 'the truth: mail that was gone before it was sent counts as sent',
    tests: returns,
  },
  {
    from: 'message_id = ? AND gmail_id = ? AND sha256 <> ? AND merged_into IS NULL',
    to: 'message_id = ? AND gmail_id = ? AND sha256 = ? AND merged_into IS NULL',
    loses: 'mail: octets that Gmail took for another message are deleted',
    tests: ['test/faults/gmail.test.ts'],
    title: 'D8: other octets under the same Message-ID',
  },
  {
    from: 'mailbox = ?1 AND present = 1 AND stage IN (',
    to: 'mailbox = ?1 AND stage IN (',
    loses: 'what has left the source is asked to be deleted',
    tests: queries,
    title: 'unsettled is what Gmail has',
  },
  {
    from: '${inGmail} AND settled_as > ?2 AND',
    to: '${inGmail} AND settled_as >= ?2 AND',
    loses: 'what is settled is settled again in each pull',
    tests: queries,
    title: 'unsettled is what Gmail has',
  },
  {
    from: "stage <> 'settled' AND ${reachedGmail} <= ?3",
    to: "stage <> 'settled' AND ${reachedGmail} < ?3",
    loses: 'deletions: what was imported at the very instant waits for another pull',
    tests: bounds,
  },
  {
    from: 'return due.sort(compareDue)',
    to: 'return due',
    loses: 'new mail waits behind what failed before',
    tests: [...queries, 'test/faults/pop3.test.ts'],
    title: 'B14:',
  },
  {
    from: '`(coalesce(not_before_ms, 0) <= ?2 OR not_before_ms > ?2 + ${longestWaitMs})`',
    to: '`(coalesce(not_before_ms, 0) <= ?2)`',
    loses: 'mail that was put off by a clock ten years ahead',
    tests: ['test/faults/machine.test.ts'],
    title: 'E5: what was put off under a clock ten years ahead',
    survives:
      'a pull voids such waits before it asks for what is due (pull.ts); this is for the journals of before',
  },
  {
    from: '`(coalesce(not_before_ms, 0) <= ?2 OR not_before_ms > ?2 + ${longestWaitMs})`',
    to: '`(?2 = ?2)`',
    loses: 'waits mean nothing: what failed is tried in each pull',
    tests: ['test/faults/gmail.test.ts'],
    title: 'D5: a bare "Bad Request"',
  },
  {
    from: "'UPDATE message SET uid = NULL, present = 0 WHERE id = ?', id",
    to: "'UPDATE message SET uid = NULL WHERE id = ?', id",
    loses: 'mail: a message that lost its name to another is taken for what has none',
    tests: [...queries, ...pop3],
    title: 'lost its name',
  },
  {
    from: 'octets_listed = ?, present = 1, renamed = 1,',
    to: 'octets_listed = ?, present = 1,',
    loses: 'mail: deleted under a name that it was given by its header section alone',
    tests: ['test/faults/doubt.test.ts'],
    title: 'it is read once more before it is deleted',
  },
  {
    from: "return { to: 'listed', patch: { present: true } }",
    to: 'return { to: stage, patch: { present: true } }',
    loses: 'mail that was not listed once and came back is never imported',
    tests: returns,
  },
  {
    from: "return { to: stage, patch: { present: true, settledAs: 'left', settleAsks: 0 } }",
    to: 'return { to: stage, patch: { present: true } }',
    loses: 'the deletion of what was not listed once and came back',
    tests: returns,
  },
  {
    from: 'if (before !== undefined && before !== server) sql.send(',
    to: 'if (false) sql.send(',
    loses: 'mail: names of another server are believed',
    tests: ['test/faults/identity.test.ts', 'test/faults/machine.test.ts'],
  },
  {
    from: 'AND present = 0 AND sha256 IS NULL AND outcome_unknown = 0',
    to: 'AND present = 0 AND sha256 IS NULL',
    loses: 'that an outcome was unknown, of mail that is gone',
    tests: bounds,
  },
  {
    from: 'AND present = 0 AND sha256 IS NULL AND outcome_unknown = 0',
    to: 'AND present = 0 AND outcome_unknown = 0',
    loses: 'second copies: the digest of what was read',
    tests: bounds,
  },
  {
    from: 'if (from !== undefined && row?.stage !== from) continue',
    to: '',
    loses: 'a stage that the daemon changed meanwhile is overwritten by a command',
    tests: ['test/pull/aside.test.ts', 'test/journal/moves.test.ts'],
  },
  {
    file: 'src/journal/rules.ts',
    from: "case 'refused': case 'gone': return stage",
    to: "case 'refused': case 'gone': return 'ignored'",
    loses: 'the alarm where the books do not balance is always on',
    tests: queries,
    title: 'conservation',
  },
  {
    from: "if (mode === 'run' && !existsSync(made)) {",
    to: 'if (false) {',
    loses: 'everything twice: a journal that is lost is begun anew',
    tests: file,
    title: 'the first run makes the folder',
  },
  {
    from: 'if (ended !== undefined) return { ended }',
    to: "if (ended === 'success') return { ended }",
    loses: 'the all-clear of mail that is gone or left by rule',
    tests: ['test/journal/troubles.test.ts'],
  },
  {
    from: "if (!fault || faultKinds[fault.code]?.scope === 'account') return undefined",
    to: 'if (!fault) return undefined',
    loses: 'the list: each message is in trouble where the account is',
    tests: ['test/journal/troubles.test.ts'],
  },
  {
    from: "if (row.stage === 'importing') importing.set(same, row)",
    to: '',
    loses: 'second copies that nobody tells of: unknown outcomes after a rebuild',
    tests: ['test/proof/rebuild.test.ts'],
    title: 'an import that was under way when the journal broke',
  },
  {
    from: 'renameSync(join(at, journalFile + suffix), join(at, aside + suffix))',
    to: 'rmSync(join(at, journalFile + suffix))',
    loses: 'the damaged journal, of which something could still be read',
    tests: bounds,
  },
]
