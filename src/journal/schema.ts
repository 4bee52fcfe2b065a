/**
 * The journal's tables. An operator can read them with any SQLite shell: times are ms since 1970, stages are words.
 * `user_version` is the schema's version: a newer one is refused, an older one is migrated step by step.
 */
import { stages } from './row.ts'
import { troubleStep } from './trouble-schema.ts'

/** How many rows of each mailbox are in each stage, by themselves or as another's copy; from the rows. */
export const tallySum = `SELECT mailbox, stage, merged_into IS NOT NULL AS merged, count(*) AS count FROM message
  GROUP BY mailbox, stage, merged_into IS NOT NULL`

export const tallyAll = `INSERT INTO tally ${tallySum};`

/** For a look at a journal that its daemon has not migrated yet, in this connection's own memory. */
export const tallyForALook = `CREATE TEMP TABLE tally AS ${tallySum};`

const writeTally = (row: 'old' | 'new', by: 1 | -1): string => `
  INSERT INTO tally VALUES (${row}.mailbox, ${row}.stage, ${row}.merged_into IS NOT NULL, ${by})
    ON CONFLICT DO UPDATE SET count = count + (${by});`

/** CASE, since AND may evaluate both sides, and a journal may hold what is no JSON. */
const ofRecord = (value: string): string => `CASE WHEN json_valid(authentication) THEN ${value} END`
const ofVersions = (versions: string, value: string): string =>
  ofRecord(`CASE WHEN authentication ->> '$.version' IN (${versions}) THEN ${value} END`)

/** The sender's domain, from the documented form of `authentication` (docs/authentication.md); word for word as the index has it. */
export const senderDomain = ofVersions('1, 2', "authentication ->> '$.senderDomain'")
/** What forwarding would have cost by today's rules; NULL where that is not known. */
export const forwardingCost = ofVersions('2', "authentication ->> '$.forecast.cost'")
/** Judged by rules of before: what it would have cost has to be found out anew. */
export const isJudgedBefore = ofVersions('1', '1')

/** Each step brings the schema from its index to the next version, inside one transaction. */
export const migrations: readonly string[] = [
  `
CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  mailbox TEXT NOT NULL,
  folder TEXT NOT NULL,
  uid TEXT,
  stage TEXT NOT NULL CHECK (stage IN (${stages.map(stage => `'${stage}'`).join(', ')})),
  present INTEGER NOT NULL CHECK (present IN (0, 1)),
  generation INTEGER NOT NULL,
  octets_listed INTEGER,
  octets INTEGER,
  sha256 TEXT,
  header_sha256 TEXT,
  message_id TEXT,
  seen INTEGER,
  arrived_at_ms INTEGER,
  listed_at_ms INTEGER NOT NULL,
  retrieved_at_ms INTEGER,
  importing_at_ms INTEGER,
  imported_at_ms INTEGER,
  imported_steady_ms INTEGER,
  settle_asked_at_ms INTEGER,
  settled_at_ms INTEGER,
  settle_asks INTEGER NOT NULL DEFAULT 0,
  settled_as TEXT,
  account TEXT,
  gmail_id TEXT,
  merged_into INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  first_failed_at_ms INTEGER,
  not_before_ms INTEGER,
  fault TEXT,
  outcome_unknown INTEGER NOT NULL DEFAULT 0,
  repeated INTEGER NOT NULL DEFAULT 0,
  renamed INTEGER NOT NULL DEFAULT 0,
  short INTEGER NOT NULL DEFAULT 0,
  look_ups INTEGER NOT NULL DEFAULT 0,
  authentication TEXT,
  CHECK (stage <> 'imported' OR gmail_id IS NOT NULL),
  CHECK (stage <> 'merged' OR merged_into IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX message_by_uid ON message (mailbox, folder, uid) WHERE uid IS NOT NULL;
CREATE INDEX message_present ON message (mailbox, folder, id) WHERE present = 1;
CREATE INDEX message_nameless ON message (mailbox, folder) WHERE uid IS NULL AND present = 1;
CREATE INDEX message_by_stage ON message (mailbox, stage, generation, id);
CREATE INDEX message_by_digest ON message (account, sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX message_by_evidence ON message (mailbox, header_sha256) WHERE header_sha256 IS NOT NULL;
CREATE INDEX message_by_message_id ON message (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX message_by_import ON message (imported_at_ms) WHERE imported_at_ms IS NOT NULL;
CREATE TABLE mailbox (
  name TEXT PRIMARY KEY,
  generation INTEGER NOT NULL DEFAULT 0,
  first_pull_at_ms INTEGER,
  last_pull_at_ms INTEGER,
  last_good_pull_at_ms INTEGER,
  last_login_at_ms INTEGER,
  failed_logins_at_ms TEXT NOT NULL DEFAULT '[]',
  failing_since_ms INTEGER,
  failures INTEGER NOT NULL DEFAULT 0,
  not_before_ms INTEGER,
  fault TEXT,
  listed INTEGER NOT NULL DEFAULT 0,
  started_folders TEXT NOT NULL DEFAULT '[]',
  conservation_broken INTEGER NOT NULL DEFAULT 0,
  warning TEXT
) STRICT;
CREATE TABLE account (
  name TEXT PRIMARY KEY,
  failing_since_ms INTEGER,
  failures INTEGER NOT NULL DEFAULT 0,
  not_before_ms INTEGER,
  fault TEXT,
  consent_ends_at_ms INTEGER
) STRICT;
CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`,
  troubleStep,
  // Written before a message's authentication is verified: whatever that does to us, it is not begun twice.
  `
ALTER TABLE message ADD COLUMN verification_tried_at_ms INTEGER;
`,
  // Digests of passwords that could be tried on the journal alone; what is remembered now has a key elsewhere.
  `
DELETE FROM note WHERE key LIKE 'login/%';
`,
  // The message without the lines that servers keep for themselves.
  `
ALTER TABLE message ADD COLUMN bare_sha256 TEXT;
ALTER TABLE message ADD COLUMN bare_octets INTEGER;
CREATE INDEX message_by_bare_digest ON message (account, bare_sha256) WHERE bare_sha256 IS NOT NULL;
`,
  // Before COPY and after it: a copy at the source is not made twice.
  `
ALTER TABLE message ADD COLUMN copy TEXT;
`,
  // Counted as rows move, so that the books are balanced without reading every row; and whose turn it is, by index.
  `
CREATE TABLE tally (
  mailbox TEXT NOT NULL,
  stage TEXT NOT NULL,
  merged INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (mailbox, stage, merged)
) STRICT, WITHOUT ROWID;
${tallyAll}
CREATE TRIGGER tally_added AFTER INSERT ON message BEGIN ${writeTally('new', 1)} END;
CREATE TRIGGER tally_removed AFTER DELETE ON message BEGIN ${writeTally('old', -1)} END;
CREATE TRIGGER tally_moved AFTER UPDATE OF mailbox, stage, merged_into ON message
WHEN old.stage <> new.stage OR old.mailbox <> new.mailbox OR (old.merged_into IS NULL) <> (new.merged_into IS NULL)
BEGIN ${writeTally('old', -1)} ${writeTally('new', 1)} END;
CREATE INDEX message_due ON message (mailbox, folder, not_before_ms)
  WHERE present = 1 AND stage IN ('listed', 'deferred', 'importing');
CREATE INDEX message_to_thin ON message (mailbox, settled_at_ms)
  WHERE stage = 'settled' AND present = 0 AND header_sha256 IS NOT NULL;
`,
  // What stands at the source and is not settled as the owner wishes, whatever else was settled.
  `
CREATE INDEX message_unsettled ON message (mailbox, settled_as, coalesce(imported_at_ms, retrieved_at_ms, 0))
  WHERE present = 1 AND stage IN ('imported', 'merged', 'settled');
`,
  // What `status` sums up, without the first pull's backlog.
  `
CREATE INDEX message_repeated ON message (mailbox) WHERE repeated > 0;
CREATE INDEX message_latency ON message (mailbox, imported_at_ms) WHERE imported_at_ms IS NOT NULL AND generation > 1;
`,
  // The other half of message_latency: what of a mailbox reached Gmail last, however many rows of others lie above it.
  `
CREATE INDEX message_first_pull ON message (mailbox, imported_at_ms)
  WHERE imported_at_ms IS NOT NULL AND generation <= 1;
`,
  // What the page looks through and sums up, without the rows themselves; and a message by what Gmail calls it.
  `
CREATE INDEX message_search
  ON message (imported_at_ms, id, mailbox, folder, ${senderDomain}, ${forwardingCost}, ${isJudgedBefore})
  WHERE imported_at_ms IS NOT NULL;
DROP INDEX message_by_import;
CREATE INDEX message_by_gmail_id ON message (gmail_id) WHERE gmail_id IS NOT NULL;
CREATE INDEX message_merged ON message (mailbox, generation, id) WHERE merged_into IS NOT NULL;
`,
  // What the owner's rules made of a message, and the flags that they and Gmail's star go by.
  `
ALTER TABLE message ADD COLUMN flags TEXT;
ALTER TABLE message ADD COLUMN wish TEXT;
CREATE INDEX message_left ON message (mailbox, id) WHERE stage = 'ignored' AND wish IS NOT NULL;
`,
]
