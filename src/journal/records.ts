/** The columns of each record, and what stands for a mailbox or account that was never written down. */
import type { Columns } from './columns.ts'
import type { AccountState, MailboxState, MessageRow, StandingRow } from './journal.ts'

export const messageColumns: Columns<MessageRow> = {
  id: 'integer',
  mailbox: 'text',
  folder: 'text',
  uid: 'text',
  stage: 'text',
  present: 'boolean',
  generation: 'integer',
  octetsListed: 'integer',
  octets: 'integer',
  sha256: 'text',
  bareSha256: 'text',
  bareOctets: 'integer',
  headerSha256: 'text',
  messageId: 'text',
  seen: 'boolean',
  flags: 'json',
  wish: 'json',
  arrivedAtMs: 'integer',
  listedAtMs: 'integer',
  retrievedAtMs: 'integer',
  importingAtMs: 'integer',
  importedAtMs: 'integer',
  importedSteadyMs: 'integer',
  settleAskedAtMs: 'integer',
  settledAtMs: 'integer',
  settleAsks: 'integer',
  settledAs: 'text',
  copy: 'json',
  account: 'text',
  gmailId: 'text',
  mergedInto: 'integer',
  attempts: 'integer',
  firstFailedAtMs: 'integer',
  notBeforeMs: 'integer',
  fault: 'json',
  outcomeUnknown: 'boolean',
  repeated: 'integer',
  renamed: 'boolean',
  short: 'boolean',
  lookUps: 'integer',
  authentication: 'text',
  verificationTriedAtMs: 'integer',
}

export const standingColumns: Columns<StandingRow> = {
  id: 'integer',
  uid: 'text',
  stage: 'text',
  octetsListed: 'integer',
  octets: 'integer',
  arrivedAtMs: 'integer',
}

export const mailboxColumns: Columns<MailboxState> = {
  name: 'text',
  generation: 'integer',
  firstPullAtMs: 'integer',
  lastPullAtMs: 'integer',
  lastGoodPullAtMs: 'integer',
  lastLoginAtMs: 'integer',
  failedLoginsAtMs: 'json',
  failingSinceMs: 'integer',
  failures: 'integer',
  notBeforeMs: 'integer',
  fault: 'json',
  listed: 'integer',
  startedFolders: 'json',
}

export const accountColumns: Columns<AccountState> = {
  name: 'text',
  failingSinceMs: 'integer',
  failures: 'integer',
  notBeforeMs: 'integer',
  fault: 'json',
  consentEndsAtMs: 'integer',
}

export const noMailbox: Omit<MailboxState, 'name'> = {
  generation: 0,
  firstPullAtMs: undefined,
  lastPullAtMs: undefined,
  lastGoodPullAtMs: undefined,
  lastLoginAtMs: undefined,
  failedLoginsAtMs: [],
  failingSinceMs: undefined,
  failures: 0,
  notBeforeMs: undefined,
  fault: undefined,
  listed: 0,
  startedFolders: [],
}

export const noAccount: Omit<AccountState, 'name'> = {
  failingSinceMs: undefined,
  failures: 0,
  notBeforeMs: undefined,
  fault: undefined,
  consentEndsAtMs: undefined,
}
