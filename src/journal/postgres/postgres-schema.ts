/**
 * The journal's tables on PostgreSQL, as schema.ts has them for SQLite: whoever adds a step there adds it here. Times are ms
 * since 1970, yes and no are 1 and 0, stages are words. Texts are compared octet by octet ("C"), as SQLite does.
 */

import { budgetStep } from './budget-schema.ts'
import { fleetTables, operatorStep, removalStep } from './fleet-schema.ts'

const said = (versions: string, part: string): string =>
  `said_of_authentication(authentication, '{${versions}}', '{${part}}')`
/** As schema.ts has them, word for word as the index `message_search` does. */
export const senderDomain = said('1,2', 'senderDomain')
export const forwardingCost = said('2', 'forecast,cost')
export const isJudgedBefore = 'judged_before(authentication)'

/** Each step brings the schema from its index to the next version, inside one transaction. */
export const postgresMigrations: readonly string[] = [
  `
CREATE FUNCTION said_of_authentication(record text, versions bigint[], part text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF (record::jsonb ->> 'version')::bigint = ANY (versions) THEN RETURN record::jsonb #>> part; END IF;
  RETURN NULL;
EXCEPTION WHEN data_exception THEN RETURN NULL; -- no record
END $$;
CREATE FUNCTION judged_before(record text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 1::bigint WHERE said_of_authentication(record, '{1}', '{version}') IS NOT NULL
$$;
CREATE TABLE message (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  mailbox text COLLATE "C" NOT NULL,
  folder text COLLATE "C" NOT NULL,
  uid text COLLATE "C",
  stage text COLLATE "C" NOT NULL CHECK (stage IN ('listed', 'importing', 'imported', 'merged', 'settled', 'deferred', 'refused', 'baseline', 'ignored', 'gone')),
  present smallint NOT NULL CHECK (present IN (0, 1)),
  generation bigint NOT NULL,
  octets_listed bigint,
  octets bigint,
  sha256 text COLLATE "C",
  bare_sha256 text COLLATE "C",
  bare_octets bigint,
  header_sha256 text COLLATE "C",
  message_id text COLLATE "C",
  seen smallint,
  arrived_at_ms bigint,
  listed_at_ms bigint NOT NULL,
  retrieved_at_ms bigint,
  importing_at_ms bigint,
  imported_at_ms bigint,
  imported_steady_ms bigint,
  settle_asked_at_ms bigint,
  settled_at_ms bigint,
  settle_asks bigint NOT NULL DEFAULT 0,
  settled_as text COLLATE "C",
  copy text,
  account text COLLATE "C",
  gmail_id text COLLATE "C",
  merged_into bigint,
  attempts bigint NOT NULL DEFAULT 0,
  first_failed_at_ms bigint,
  not_before_ms bigint,
  fault text,
  outcome_unknown smallint NOT NULL DEFAULT 0,
  repeated bigint NOT NULL DEFAULT 0,
  renamed smallint NOT NULL DEFAULT 0,
  short smallint NOT NULL DEFAULT 0,
  look_ups bigint NOT NULL DEFAULT 0,
  authentication text COLLATE "C",
  verification_tried_at_ms bigint,
  CHECK (stage <> 'imported' OR gmail_id IS NOT NULL),
  CHECK (stage <> 'merged' OR merged_into IS NOT NULL)
);
CREATE UNIQUE INDEX message_by_uid ON message (mailbox, folder, uid) WHERE uid IS NOT NULL;
CREATE INDEX message_present ON message (mailbox, folder, id) WHERE present = 1;
CREATE INDEX message_nameless ON message (mailbox, folder) WHERE uid IS NULL AND present = 1;
CREATE INDEX message_by_stage ON message (mailbox, stage, generation, id);
CREATE INDEX message_by_digest ON message (account, sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX message_by_bare_digest ON message (account, bare_sha256) WHERE bare_sha256 IS NOT NULL;
CREATE INDEX message_by_evidence ON message (mailbox, header_sha256) WHERE header_sha256 IS NOT NULL;
CREATE INDEX message_by_message_id ON message (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX message_search
  ON message (imported_at_ms, id, mailbox, folder, (${senderDomain}), (${forwardingCost}), (${isJudgedBefore}))
  WHERE imported_at_ms IS NOT NULL;
CREATE INDEX message_by_gmail_id ON message (gmail_id) WHERE gmail_id IS NOT NULL;
CREATE INDEX message_merged ON message (mailbox, generation, id) WHERE merged_into IS NOT NULL;
CREATE INDEX message_due ON message (mailbox, folder, not_before_ms NULLS FIRST)
  WHERE present = 1 AND stage IN ('listed', 'deferred', 'importing');
CREATE INDEX message_to_thin ON message (mailbox, settled_at_ms)
  WHERE stage = 'settled' AND present = 0 AND header_sha256 IS NOT NULL;
CREATE INDEX message_unsettled ON message (mailbox, settled_as, (coalesce(imported_at_ms, retrieved_at_ms, 0)))
  WHERE present = 1 AND stage IN ('imported', 'merged', 'settled');
CREATE INDEX message_repeated ON message (mailbox) WHERE repeated > 0;
CREATE INDEX message_latency ON message (mailbox, imported_at_ms, id)
  WHERE imported_at_ms IS NOT NULL AND generation > 1;
CREATE INDEX message_first_pull ON message (mailbox, imported_at_ms, id)
  WHERE imported_at_ms IS NOT NULL AND generation <= 1;
CREATE TABLE mailbox (
  name text COLLATE "C" PRIMARY KEY,
  generation bigint NOT NULL DEFAULT 0,
  first_pull_at_ms bigint,
  last_pull_at_ms bigint,
  last_good_pull_at_ms bigint,
  last_login_at_ms bigint,
  failed_logins_at_ms text NOT NULL DEFAULT '[]',
  failing_since_ms bigint,
  failures bigint NOT NULL DEFAULT 0,
  not_before_ms bigint,
  fault text,
  listed bigint NOT NULL DEFAULT 0,
  started_folders text NOT NULL DEFAULT '[]'
);
CREATE TABLE account (
  name text COLLATE "C" PRIMARY KEY,
  failing_since_ms bigint,
  failures bigint NOT NULL DEFAULT 0,
  not_before_ms bigint,
  fault text,
  consent_ends_at_ms bigint
);
CREATE TABLE note (key text COLLATE "C" PRIMARY KEY, value text NOT NULL);
CREATE TABLE trouble (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  scope text COLLATE "C" NOT NULL CHECK (scope IN ('message', 'folder', 'wish', 'mailbox', 'account', 'machine')),
  name text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  code text NOT NULL,
  facts text NOT NULL,
  retry text NOT NULL,
  said text,
  since_ms bigint NOT NULL,
  last_seen_ms bigint NOT NULL,
  times bigint NOT NULL DEFAULT 1,
  notice_at_ms bigint,
  notice_code text,
  last_notice_ms bigint,
  closed_at_ms bigint,
  closed_by text,
  all_clear_at_ms bigint,
  about text,
  UNIQUE (scope, name, subject)
);
CREATE INDEX trouble_open ON trouble (scope, name, code) WHERE closed_at_ms IS NULL;
CREATE INDEX trouble_uncleared ON trouble (scope, name)
  WHERE closed_at_ms IS NOT NULL AND notice_at_ms IS NOT NULL AND all_clear_at_ms IS NULL;
CREATE SEQUENCE fence;
CREATE TABLE hold (
  mailbox text COLLATE "C" PRIMARY KEY,
  worker text COLLATE "C",
  fence bigint NOT NULL DEFAULT 0,
  held_until timestamptz
);
CREATE TABLE worker (
  name text COLLATE "C" PRIMARY KEY,
  capacity bigint NOT NULL CHECK (capacity > 0),
  there_until timestamptz NOT NULL
);
CREATE INDEX hold_of_worker ON hold (worker) WHERE worker IS NOT NULL;
CREATE TABLE tally (
  mailbox text COLLATE "C" NOT NULL,
  stage text COLLATE "C" NOT NULL,
  merged smallint NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (mailbox, stage, merged)
);
CREATE FUNCTION tally_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO tally
      SELECT mailbox, stage, merged, sum(by) FROM (
        SELECT mailbox, stage, (merged_into IS NOT NULL)::int AS merged, 1 AS by FROM added
        UNION ALL SELECT mailbox, stage, (merged_into IS NOT NULL)::int, -1 FROM removed) AS moved
      GROUP BY mailbox, stage, merged HAVING sum(by) <> 0 ORDER BY mailbox, stage, merged
    ON CONFLICT (mailbox, stage, merged) DO UPDATE SET count = tally.count + excluded.count;
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO tally SELECT mailbox, stage, (merged_into IS NOT NULL)::int, count(*) FROM added
      GROUP BY mailbox, stage, merged_into IS NOT NULL ORDER BY mailbox, stage
    ON CONFLICT (mailbox, stage, merged) DO UPDATE SET count = tally.count + excluded.count;
  ELSE
    INSERT INTO tally SELECT mailbox, stage, (merged_into IS NOT NULL)::int, -count(*) FROM removed
      GROUP BY mailbox, stage, merged_into IS NOT NULL ORDER BY mailbox, stage
    ON CONFLICT (mailbox, stage, merged) DO UPDATE SET count = tally.count + excluded.count;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tally_added AFTER INSERT ON message
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tally_rows();
CREATE TRIGGER tally_removed AFTER DELETE ON message
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION tally_rows();
CREATE TRIGGER tally_moved AFTER UPDATE ON message
  REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tally_rows();
`,
  // What the owner's rules made of a message, and the flags that they and Gmail's star go by.
  `
ALTER TABLE message ADD COLUMN flags text;
ALTER TABLE message ADD COLUMN wish text;
CREATE INDEX message_left ON message (mailbox, id) WHERE stage = 'ignored' AND wish IS NOT NULL;
`,
  // Journals of one machine that came into the fleet (adoption.ts), and mailboxes that left it (departure.ts).
  `
CREATE TABLE adoption (
  id text COLLATE "C" PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  origin text NOT NULL,
  at_ms bigint NOT NULL,
  summary text NOT NULL
);
CREATE TABLE departed (
  mailbox text COLLATE "C" PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  place text NOT NULL,
  at_ms bigint NOT NULL,
  is_placed smallint NOT NULL DEFAULT 0
);
CREATE FUNCTION refuse_departed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM departed WHERE mailbox = NEW.mailbox) THEN
    RAISE EXCEPTION '%', NEW.mailbox USING ERRCODE = 'HK001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hold_departed BEFORE INSERT ON hold FOR EACH ROW EXECUTE FUNCTION refuse_departed();
`,
  // Of which mailboxes something is asked now (asked.ts).
  `CREATE INDEX note_asked ON note (key) WHERE key LIKE 'check-now %' AND value = '1'`,
  budgetStep,
  // A fleet's directory.
  fleetTables,
  // Which process a worker is, and mailboxes that are to be held by nobody once their worker has ended with them.
  `
ALTER TABLE worker ADD COLUMN instance text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE hold ADD COLUMN withdrawn smallint NOT NULL DEFAULT 0;
`,
  // A fence follows from the ones before it and the clock (holds.ts).
  'DROP SEQUENCE fence',
  operatorStep,
  removalStep,
]
