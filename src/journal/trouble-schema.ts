/** The table of the one list of what is not well, and how it is begun from what a journal knew before it had one. */
import { troubleScopes } from '../base/trouble.ts'

/** A row for a thing: open while `closed_at_ms` is null. */
const columns = `(
  id INTEGER PRIMARY KEY,
  scope TEXT NOT NULL CHECK (scope IN (${troubleScopes.map(scope => `'${scope}'`).join(', ')})),
  name TEXT NOT NULL,
  subject TEXT NOT NULL,
  code TEXT NOT NULL,
  facts TEXT NOT NULL,
  retry TEXT NOT NULL,
  said TEXT,
  since_ms INTEGER NOT NULL,
  last_seen_ms INTEGER NOT NULL,
  times INTEGER NOT NULL DEFAULT 1,
  notice_at_ms INTEGER,
  notice_code TEXT,
  last_notice_ms INTEGER,
  closed_at_ms INTEGER,
  closed_by TEXT,
  all_clear_at_ms INTEGER,
  about TEXT,
  UNIQUE (scope, name, subject)
) STRICT;`

/** Codes that say something of the account: a message that met one is not in trouble itself. */
const ofAccount = `('gmail.rate-limited', 'gmail.daily-limit', 'gmail.storage-full', 'gmail.server',
  'gmail.unreachable', 'gmail.not-google', 'gmail.unauthorized', 'gmail.consent-ended', 'gmail.consent-missing',
  'gmail.scope-missing', 'gmail.client-invalid', 'gmail.api-disabled', 'gmail.forbidden', 'gmail.account-mismatch')`

const selectWords = (fault: string): string => `substr(${fault} ->> '$.facts.words', 1, 160)`
const target = 'scope, name, subject, code, facts, retry, said, since_ms, last_seen_ms, times, notice_at_ms'

const fill = `
INSERT INTO trouble (${target})
  SELECT 'message', message.mailbox, message.id, fault ->> '$.code', fault -> '$.facts',
    CASE stage WHEN 'refused' THEN 'owner' ELSE fault ->> '$.retry' END, ${selectWords('fault')},
    coalesce(first_failed_at_ms, fault ->> '$.atMs'), fault ->> '$.atMs', max(attempts, 1),
    CASE stage WHEN 'refused' THEN note.value ->> '$.refused.atMs' END
  FROM message LEFT JOIN note ON note.key = 'told/mailbox/' || message.mailbox
  WHERE fault IS NOT NULL AND fault ->> '$.code' NOT IN ${ofAccount}
    AND stage IN ('listed', 'deferred', 'importing', 'refused');
INSERT INTO trouble (${target})
  SELECT 'mailbox', mailbox.name, '', fault ->> '$.code', fault -> '$.facts', fault ->> '$.retry', ${selectWords('fault')},
    failing_since_ms, fault ->> '$.atMs', max(failures, 1),
    CASE WHEN note.value ->> '$.failing.sinceMs' IS NOT NULL THEN note.value ->> '$.failingAtMs' END
  FROM mailbox LEFT JOIN note ON note.key = 'told/mailbox/' || mailbox.name
  WHERE fault IS NOT NULL AND failing_since_ms IS NOT NULL AND fault ->> '$.code' NOT IN ${ofAccount};
INSERT INTO trouble (${target})
  SELECT 'account', account.name, '', fault ->> '$.code', fault -> '$.facts', fault ->> '$.retry', ${selectWords('fault')},
    failing_since_ms, fault ->> '$.atMs', max(failures, 1), note.value ->> '$.trouble.atMs'
  FROM account LEFT JOIN note ON note.key = 'told/account/' || account.name
  WHERE fault IS NOT NULL AND failing_since_ms IS NOT NULL;
INSERT INTO trouble (${target})
  SELECT 'wish', name, '', warning ->> '$.code', warning -> '$.facts', warning ->> '$.retry', ${selectWords('warning')},
    warning ->> '$.atMs', warning ->> '$.atMs', 1, NULL
  FROM mailbox WHERE warning IS NOT NULL;
INSERT INTO trouble (${target})
  SELECT 'mailbox', mailbox.name, 'books', 'books.broken', '{}', 'owner', NULL,
    coalesce(last_pull_at_ms, 0), coalesce(last_pull_at_ms, 0), 1,
    CASE WHEN note.value ->> '$.broken' THEN last_pull_at_ms END
  FROM mailbox LEFT JOIN note ON note.key = 'told/mailbox/' || mailbox.name
  WHERE conservation_broken = 1;
UPDATE trouble SET notice_code = code, last_notice_ms = notice_at_ms WHERE notice_at_ms IS NOT NULL;
UPDATE mailbox SET warning = NULL, conservation_broken = 0;
`

/** The migration. */
export const troubleStep = `
CREATE TABLE trouble ${columns}
CREATE INDEX trouble_open ON trouble (scope, name, code) WHERE closed_at_ms IS NULL;
CREATE INDEX trouble_uncleared ON trouble (scope, name)
  WHERE closed_at_ms IS NOT NULL AND notice_at_ms IS NOT NULL AND all_clear_at_ms IS NULL;
${fill}`

/**
 * For a look at a journal that its daemon has not migrated yet: the same list in this connection's own memory. The
 * file is left as it is.
 */
export const troubleForALook = `CREATE TEMP TABLE trouble ${columns}\n${fill.replace(/UPDATE mailbox[^;]*;/, '')}`
