/**
 * The journal on node:sqlite: write-ahead log, synchronous=FULL (every commit waits for the disk), one file.
 *
 * A journal that is missing, empty, damaged or newer where one should be is refused and never silently begun
 * anew: without it every message on the source would look new. The file `journal.made` beside it says that there
 * should be one.
 */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { replaceFile } from '../base/durable-file.ts'
import { Fault, faultKinds } from '../base/fault.ts'
import { closeSqlite, openSqlite } from '../base/sqlite-file.ts'
import { closeStateFiles, secureStateFolder } from '../base/state-folder.ts'
import type { TroubleBook, TroubleEnd } from '../base/trouble.ts'
import { type Answers, inPromises } from './answers.ts'
import { assignments, type Columns, fromSql, type SqlRow, toSql } from './columns.ts'
import { checkIntegrity, journalFile, lendTroubles, madeFile, migrate, refuseNewer } from './file.ts'
import {
  type AccountPatch,
  type AccountState,
  type ClaimAnswer,
  type Conservation,
  type FolderRecord,
  goneKept,
  type ImportClaim,
  type ImportRecord,
  type Journal,
  legalMoves,
  type MailboxPatch,
  type MailboxState,
  type MessageRow,
  type Move,
  type RowPatch,
  type Stage,
  type StandingRow,
  stages,
} from './journal.ts'
import {
  accountColumns,
  mailboxColumns,
  messageColumns,
  noAccount,
  noMailbox,
  standingColumns,
} from './records.ts'
import { decideImport } from './rules.ts'
import { sqliteFault } from './sqlite-fault.ts'
import { SqliteTroubles } from './troubles.ts'

/** No wait is meant to be longer than a day; one that is was written while the clock was wrong. */
const waitIsOver = `(coalesce(not_before_ms, 0) <= ?2 OR not_before_ms > ?2 + ${24 * 3600_000})`

/** ?2 the digest, ?3 that of the bare message: a row without a bare one of its own is bare itself. */
const hasDigest = '(sha256 = ?2 OR sha256 = ?3 OR bare_sha256 = ?3)'

/**
 * Opens the journal of a state directory, or makes it where there has never been one.
 * @param mode 'run' (one instance at a time) checks the file's integrity and may make or migrate it; 'look' opens an existing one for
 *   `status` and its like beside a running daemon, and gives undefined where there is none yet.
 * @param lock takes the instance lock once the directory exists and before the journal is touched
 */
export async function openJournal(stateDir: string, mode: 'run', lock: () => void): Promise<Journal>
export async function openJournal(stateDir: string, mode: 'look'): Promise<Journal | undefined>
export async function openJournal(
  stateDir: string,
  mode: 'run' | 'look',
  lock?: () => void,
): Promise<Journal | undefined> {
  const path = join(stateDir, journalFile)
  const made = join(stateDir, madeFile)
  if (mode === 'look' && !existsSync(path) && !existsSync(made)) return undefined
  if (mode === 'run') secureStateFolder(stateDir)
  else closeStateFiles(stateDir)
  lock?.()
  const stat = statSync(path, { throwIfNoEntry: false })
  if (existsSync(made) && (stat === undefined || stat.size === 0)) {
    throw new Fault('journal.missing', { facts: { file: path } })
  }
  const walStat = statSync(`${path}-wal`, { throwIfNoEntry: false })
  try {
    const database = openSqlite(path, { timeout: 5000 }, opened => {
      // The order matters: nothing may be written before the version and the integrity are known.
      refuseNewer(opened, path)
      if (mode === 'run' && stat !== undefined && stat.size > 0) {
        checkIntegrity(opened, path, stat.size, existsSync(made), walStat === undefined)
      }
      opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
      if (mode === 'run') migrate(opened)
      else lendTroubles(opened)
      return opened
    })
    try {
      if (mode === 'run' && !existsSync(made)) {
        const words = 'A journal was made here. hikyaku refuses to run without it.\n'
        replaceFile(made, Buffer.from(words), 0o600)
      }
      return promising(new SqliteJournal(database, path))
    } catch (error) {
      closeSqlite(path, database)
      throw error
    }
  } catch (error) {
    throw sqliteFault(error, path)
  }
}

/** Where a message's trouble is over. */
const troubleEnds: Partial<Record<Stage, TroubleEnd>> = {
  imported: 'success',
  merged: 'success',
  gone: 'gone',
  ignored: 'rule',
  baseline: 'rule',
}

function promising(own: SqliteJournal): Journal {
  const methods = inPromises<Omit<Journal, 'path' | 'troubles'>>(own)
  return { ...methods, path: own.path, troubles: inPromises<TroubleBook>(own.troubles) }
}

class SqliteJournal implements Answers<Omit<Journal, 'troubles'>> {
  readonly path: string
  readonly troubles: SqliteTroubles
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #inode: number

  constructor(database: DatabaseSync, path: string) {
    this.#database = database
    this.path = path
    this.#inode = statSync(path).ino
    this.troubles = new SqliteTroubles({
      run: (text, ...values) => this.#run(text, ...values),
      get: (text, ...values) => this.#get(text, ...values),
      all: (text, ...values) => this.#all(text, ...values),
    })
  }

  #sql(text: string): StatementSync {
    const known = this.#statements.get(text)
    if (known !== undefined) return known
    const statement = this.#database.prepare(text)
    this.#statements.set(text, statement)
    return statement
  }

  #run(text: string, ...values: SQLInputValue[]): number {
    try {
      return Number(this.#sql(text).run(...values).changes)
    } catch (error) {
      throw sqliteFault(error, this.path)
    }
  }

  #get(text: string, ...values: SQLInputValue[]): SqlRow | undefined {
    try {
      return this.#sql(text).get(...values)
    } catch (error) {
      throw sqliteFault(error, this.path)
    }
  }

  #all(text: string, ...values: SQLInputValue[]): SqlRow[] {
    try {
      return this.#sql(text).all(...values)
    } catch (error) {
      throw sqliteFault(error, this.path)
    }
  }

  #rows(where: string, ...values: SQLInputValue[]): MessageRow[] {
    return this.#all(`SELECT * FROM message WHERE ${where}`, ...values).map(row =>
      fromSql(messageColumns, row),
    )
  }

  #transaction<T>(work: () => T): T {
    this.#run('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#run('COMMIT')
      return result
    } catch (error) {
      try {
        this.#database.exec('ROLLBACK')
      } catch {
        // SQLite rolls back by itself on a full disk or an I/O error; the first error is the one to tell.
      }
      throw error
    }
  }

  beginPull(mailbox: string, atMs: number): number {
    return this.#transaction(() => {
      this.#run('INSERT INTO mailbox (name) VALUES (?) ON CONFLICT DO NOTHING', mailbox)
      this.#run(
        `UPDATE mailbox SET generation = generation + 1, last_pull_at_ms = ?1,
           first_pull_at_ms = coalesce(first_pull_at_ms, ?1) WHERE name = ?2`,
        atMs,
        mailbox,
      )
      return this.mailbox(mailbox).generation
    })
  }

  mailbox(name: string): MailboxState {
    const row = this.#get('SELECT * FROM mailbox WHERE name = ?', name)
    if (row !== undefined) return fromSql(mailboxColumns, row)
    return { ...noMailbox, name }
  }

  namedBy(mailbox: string, server: string): void {
    const key = `named-by ${mailbox}`
    const before = this.note(key)
    if (before === server) return
    this.#transaction(() => {
      if (before !== undefined) {
        this.#run(
          'UPDATE message SET uid = uid || ? WHERE mailbox = ? AND uid IS NOT NULL',
          ` at ${before}`,
          mailbox,
        )
      }
      this.setNote(key, server)
    })
  }

  updateMailbox(name: string, patch: MailboxPatch): void {
    this.#upsert('mailbox', name, mailboxColumns, patch)
  }

  changeMailbox(name: string, change: (state: MailboxState) => MailboxPatch): void {
    this.#transaction(() => this.updateMailbox(name, change(this.mailbox(name))))
  }

  accountState(name: string): AccountState {
    const row = this.#get('SELECT * FROM account WHERE name = ?', name)
    if (row !== undefined) return fromSql(accountColumns, row)
    return { ...noAccount, name }
  }

  updateAccount(name: string, patch: AccountPatch): void {
    this.#upsert('account', name, accountColumns, patch)
  }

  changeAccount(name: string, change: (state: AccountState) => AccountPatch): void {
    this.#transaction(() => this.updateAccount(name, change(this.accountState(name))))
  }

  /** Here a field that is present and undefined is cleared. */
  #upsert<T>(table: string, name: string, columns: Columns<T>, patch: object): void {
    const { set, values } = assignments(
      columns,
      Object.fromEntries(Object.entries(patch).map(([field, value]) => [field, value ?? null])),
    )
    this.#run(`INSERT INTO ${table} (name) VALUES (?) ON CONFLICT DO NOTHING`, name)
    if (set.length > 0) this.#run(`UPDATE ${table} SET ${set.join(', ')} WHERE name = ?`, ...values, name)
  }

  row(id: number): MessageRow | undefined {
    return this.#rows('id = ?', id)[0]
  }

  byUid(mailbox: string, folder: string, uid: string): MessageRow | undefined {
    return this.#rows('mailbox = ? AND folder = ? AND uid = ?', mailbox, folder, uid)[0]
  }

  standing(mailbox: string, folder: string): readonly StandingRow[] {
    return this.#all(
      `SELECT id, uid, stage, octets_listed, octets, arrived_at_ms FROM message
       WHERE mailbox = ? AND folder = ? AND present = 1 ORDER BY id`,
      mailbox,
      folder,
    ).map(row => fromSql(standingColumns, row))
  }

  foldersOf(mailbox: string): readonly string[] {
    return this.#all('SELECT DISTINCT folder FROM message WHERE mailbox = ?', mailbox).map(row =>
      String(row.folder),
    )
  }

  nameless(mailbox: string, folder: string): readonly MessageRow[] {
    return this.#rows(
      'mailbox = ? AND folder = ? AND uid IS NULL AND present = 1 ORDER BY id',
      mailbox,
      folder,
    )
  }

  importedWith(account: string, sha256: string, bareSha256 = sha256): MessageRow | undefined {
    return this.#rows(
      `account = ?1 AND ${hasDigest} AND gmail_id IS NOT NULL AND merged_into IS NULL
         AND stage IN ('imported', 'settled')
       ORDER BY sha256 <> ?2, id LIMIT 1`,
      account,
      sha256,
      bareSha256,
    )[0]
  }

  importingWith(
    account: string,
    sha256: string,
    messageId: string | undefined,
    bareSha256 = sha256,
  ): MessageRow | undefined {
    const rows = this.#rows(
      `account = ?1 AND stage = 'importing' AND (${hasDigest} OR message_id = ?4) ORDER BY id LIMIT 1`,
      account,
      sha256,
      bareSha256,
      messageId ?? null,
    )
    return rows[0]
  }

  lostOutcome(account: string, sha256: string, bareSha256 = sha256): MessageRow | undefined {
    const rows = this.#rows(
      `account = ?1 AND ${hasDigest} AND stage = 'gone' AND outcome_unknown = 1 ORDER BY id LIMIT 1`,
      account,
      sha256,
      bareSha256,
    )
    return rows[0]
  }

  namesake(gmailId: string, messageId: string, sha256: string): MessageRow | undefined {
    const rows = this.#rows(
      'message_id = ? AND gmail_id = ? AND sha256 <> ? AND merged_into IS NULL ORDER BY id LIMIT 1',
      messageId,
      gmailId,
      sha256,
    )
    return rows[0]
  }

  byEvidence(mailbox: string, headerSha256: string, wholeSha256 = headerSha256): readonly MessageRow[] {
    return this.#rows(
      'mailbox = ? AND header_sha256 IN (?, ?) ORDER BY id',
      mailbox,
      headerSha256,
      wholeSha256,
    )
  }

  byMessageId(messageId: string): readonly MessageRow[] {
    return this.#rows('message_id = ? ORDER BY id', messageId)
  }

  inStages(mailbox: string, wanted: readonly Stage[]): readonly MessageRow[] {
    const marks = wanted.map(() => '?').join(', ')
    return this.#rows(`mailbox = ? AND stage IN (${marks}) ORDER BY generation DESC, id`, mailbox, ...wanted)
  }

  dueIds(mailbox: string, nowMs: number): readonly number[] {
    return this.#all(
      `SELECT id FROM message
       WHERE mailbox = ?1 AND present = 1 AND stage IN ('listed', 'deferred', 'importing') AND ${waitIsOver}
       ORDER BY attempts > 0, generation DESC, id`,
      mailbox,
      nowMs,
    ).map(row => Number(row.id))
  }

  nextDueMs(mailbox: string, folders: readonly string[]): number | undefined {
    const row = this.#get(
      `SELECT min(coalesce(not_before_ms, 0)) AS ms FROM message
       WHERE mailbox = ? AND present = 1 AND stage IN ('listed', 'deferred', 'importing')
         AND folder IN (SELECT value FROM json_each(?))`,
      mailbox,
      JSON.stringify(folders),
    )
    return row?.ms === null || row?.ms === undefined ? undefined : Number(row.ms)
  }

  unsettled(
    mailbox: string,
    settledAs: string,
    importedByMs: number,
    nowMs = Number.MAX_SAFE_INTEGER,
  ): readonly MessageRow[] {
    return this.#rows(
      `mailbox = ?1 AND present = 1
       AND (stage IN ('imported', 'merged') OR (stage = 'settled' AND settled_as <> ?2))
       AND (coalesce(imported_at_ms, retrieved_at_ms, 0) <= ?3 OR coalesce(imported_at_ms, retrieved_at_ms, 0) > ?4)
       ORDER BY id`,
      mailbox,
      settledAs,
      importedByMs,
      nowMs,
    )
  }

  recordFolder(record: FolderRecord): readonly number[] {
    return this.#transaction(() => {
      const { mailbox: name, atMs } = record
      for (const id of record.unnamed) {
        this.#run('UPDATE message SET uid = NULL, present = 0 WHERE id = ?', id)
        this.troubles.closed({ scope: 'message', name, subject: String(id) }, 'gone', atMs)
      }
      for (const { id, stage, patch } of record.vanished) {
        this.#moveRow(id, stage, { ...patch, present: false })
      }
      // A listing is what proves that a deletion or a move was done.
      const done = record.vanished.some(({ patch: { settledAs = 'left' } }) => settledAs !== 'left')
      if (done) this.#endWish(name, record.folder, atMs)
      // Two steps, since a new name may be another row's old one.
      for (const { id } of record.renamed) this.#run('UPDATE message SET uid = NULL WHERE id = ?', id)
      for (const { id, folder, uid, octetsListed, arrivedAtMs } of record.renamed) {
        this.#run(
          `UPDATE message SET folder = ?, uid = ?, octets_listed = ?, present = 1, renamed = 1,
             arrived_at_ms = coalesce(?, arrived_at_ms) WHERE id = ?`,
          folder,
          uid ?? null,
          toSql('integer', octetsListed),
          toSql('integer', arrivedAtMs),
          id,
        )
      }
      for (const id of record.returned) {
        const stage = this.row(id)?.stage
        if (stage === 'gone') this.#moveRow(id, 'listed', { present: true })
        // It was gone, or so it seemed; what the owner chose for the source is to be done once more.
        else if (stage === 'settled')
          this.#moveRow(id, 'settled', { present: true, settledAs: 'left', settleAsks: 0 })
        else this.#run('UPDATE message SET present = 1 WHERE id = ?', id)
      }
      const ids = record.added.map(row => {
        this.#run(
          `INSERT INTO message (mailbox, folder, uid, stage, present, generation, octets_listed, arrived_at_ms,
             seen, header_sha256, listed_at_ms) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
          row.mailbox,
          row.folder,
          row.uid ?? null,
          row.stage,
          record.generation,
          toSql('integer', row.octetsListed),
          toSql('integer', row.arrivedAtMs),
          toSql('boolean', row.seen),
          row.headerSha256 ?? null,
          record.atMs,
        )
        return Number(this.#get('SELECT last_insert_rowid() AS id')?.id)
      })
      if (ids.length > 0) {
        this.#run('INSERT INTO mailbox (name) VALUES (?) ON CONFLICT DO NOTHING', record.mailbox)
        this.#run('UPDATE mailbox SET listed = listed + ? WHERE name = ?', ids.length, record.mailbox)
      }
      if (record.started) {
        const { startedFolders } = this.mailbox(record.mailbox)
        if (!startedFolders.includes(record.folder)) {
          this.updateMailbox(record.mailbox, { startedFolders: [...startedFolders, record.folder] })
        }
      }
      return ids
    })
  }

  /** Not while other messages of the folder are in its way: they were refused by themselves, or are left for good. */
  #endWish(name: string, folder: string, atMs: number): void {
    const key = { scope: 'wish', name, subject: folder } as const
    if (this.troubles.find(key)?.code === 'source.left-there') return
    const stubborn = this.#get(
      `SELECT id FROM message WHERE mailbox = ? AND folder = ? AND present = 1 AND settle_asks >= 2
         AND stage IN ('imported', 'merged', 'settled') LIMIT 1`,
      name,
      folder,
    )
    if (stubborn === undefined) this.troubles.closed(key, 'success', atMs)
  }

  forgetGone(mailbox: string, most: number): number {
    return this.#transaction(() => {
      const removed = this.#run(
        `DELETE FROM message WHERE id IN (
           SELECT id FROM message WHERE mailbox = ?1 AND stage = 'gone' AND generation <= (
             SELECT generation FROM message WHERE mailbox = ?1 AND stage = 'gone'
             ORDER BY generation DESC, id DESC LIMIT 1 OFFSET ?2)
           AND present = 0 AND sha256 IS NULL AND outcome_unknown = 0
           ORDER BY generation, id LIMIT ?3)`,
        mailbox,
        goneKept,
        most,
      )
      if (removed > 0) this.#run('UPDATE mailbox SET listed = listed - ? WHERE name = ?', removed, mailbox)
      return removed
    })
  }

  move(id: number, to: Stage, patch: RowPatch = {}): void {
    this.#transaction(() => this.#moveRow(id, to, patch))
  }

  moveAll(moves: readonly Move[]): readonly number[] {
    if (moves.length === 0) return []
    return this.#transaction(() => {
      const made: number[] = []
      for (const { id, to, patch, from } of moves) {
        if (from !== undefined && this.row(id)?.stage !== from) continue
        this.#moveRow(id, to, patch ?? {})
        made.push(id)
      }
      return made
    })
  }

  #moveRow(id: number, to: Stage, patch: RowPatch): void {
    const from = this.#get('SELECT stage FROM message WHERE id = ?', id)?.stage as Stage | undefined
    if (from === undefined || (from !== to && !legalMoves[from].includes(to))) {
      throw new Fault('bug', {
        facts: { what: `message ${id} may not move from ${from ?? 'nothing'} to ${to}` },
      })
    }
    const { set, values } = assignments<MessageRow>(messageColumns, patch)
    this.#run(`UPDATE message SET ${['stage = ?', ...set].join(', ')} WHERE id = ?`, to, ...values, id)
    this.#noteTrouble(id, to, patch)
  }

  /** The move is the evidence: the trouble of a message opens and closes in its transaction. */
  #noteTrouble(id: number, to: Stage, { fault, importedAtMs, retrievedAtMs }: RowPatch): void {
    const ended = troubleEnds[to]
    if (ended === undefined && !fault) return
    const row = this.#get(
      `SELECT mailbox, first_failed_at_ms AS since, last_pull_at_ms AS pulled
       FROM message LEFT JOIN mailbox ON mailbox.name = message.mailbox WHERE message.id = ?`,
      id,
    )
    const key = { scope: 'message', name: String(row?.mailbox), subject: String(id) } as const
    if (ended !== undefined)
      this.troubles.closed(key, ended, importedAtMs ?? retrievedAtMs ?? Number(row?.pulled ?? 0))
    // What a message met of its account's trouble is the account's.
    else if (fault && faultKinds[fault.code]?.scope !== 'account') {
      const retry = to === 'refused' ? 'owner' : fault.retry
      this.troubles.opened(key, { ...fault, retry }, Number(row?.since ?? fault.atMs))
    }
  }

  claimImport(claim: ImportClaim): ClaimAnswer {
    const { id, account, sha256, bareSha256, messageId, facts, atMs } = claim
    return this.#transaction(() => {
      const row = this.row(id)
      if (row === undefined) throw new Fault('bug', { facts: { what: `no message ${id} to be imported` } })
      const lost = this.lostOutcome(account, sha256, bareSha256)
      const importing = this.importingWith(account, sha256, messageId, bareSha256)
      const twin = this.importedWith(account, sha256, bareSha256)
      const decision = decideImport(row, { twin, importing, lost }, claim)
      switch (decision.kind) {
        case 'twin':
          return decision
        case 'wait':
          // An unknown outcome of this row stays one, and so does what was read of it then.
          if (row.stage === 'importing') this.#moveRow(id, 'importing', { notBeforeMs: claim.waitUntilMs })
          else this.#moveRow(id, 'deferred', { ...facts, notBeforeMs: claim.waitUntilMs })
          return decision
        case 'ask':
          if (lost !== undefined) this.#moveRow(lost.id, lost.stage, { outcomeUnknown: false })
          this.#moveRow(id, 'refused', {
            ...facts,
            outcomeUnknown: true,
            fault: claim.askOwner ?? null,
            notBeforeMs: null,
          })
          return decision
        case 'begin': {
          if (lost !== undefined) this.#moveRow(lost.id, lost.stage, { outcomeUnknown: false })
          const repeated = row.repeated + (decision.repeats ? 1 : 0)
          const intent = { outcomeUnknown: true, repeated, lookUps: 0, importingAtMs: atMs }
          this.#moveRow(id, 'importing', { ...facts, ...intent })
          return decision
        }
      }
    })
  }

  recordImport({ id, gmailId, sha256, patch }: ImportRecord): MessageRow | undefined {
    return this.#transaction(() => {
      const messageId = this.row(id)?.messageId
      const namesake = messageId === undefined ? undefined : this.namesake(gmailId, messageId, sha256)
      this.#moveRow(id, 'imported', { ...patch, gmailId, mergedInto: namesake?.id })
      return namesake
    })
  }

  conservation(mailbox: string): Conservation {
    // A settled row counts by the way its mail got into Gmail, so that settling changes no sum.
    const row = this.#get(
      `SELECT
         coalesce(sum(stage IN ('imported', 'merged', 'settled') AND merged_into IS NULL), 0) AS imported,
         coalesce(sum(stage IN ('imported', 'merged', 'settled') AND merged_into IS NOT NULL), 0) AS merged,
         coalesce(sum(stage = 'refused'), 0) AS refused,
         coalesce(sum(stage IN ('listed', 'importing', 'deferred')), 0) AS pending,
         coalesce(sum(stage IN ('baseline', 'ignored')), 0) AS ignored,
         coalesce(sum(stage = 'gone'), 0) AS gone
       FROM message WHERE mailbox = ?`,
      mailbox,
    )
    const count = (name: string): number => Number(row?.[name] ?? 0)
    return {
      listed: this.mailbox(mailbox).listed,
      imported: count('imported'),
      merged: count('merged'),
      refused: count('refused'),
      pending: count('pending'),
      ignored: count('ignored'),
      gone: count('gone'),
    }
  }

  counts(mailbox: string): Readonly<Record<Stage, number>> {
    const found = new Map(
      this.#all('SELECT stage, count(*) AS n FROM message WHERE mailbox = ? GROUP BY stage', mailbox).map(
        row => [row.stage, Number(row.n)],
      ),
    )
    return Object.fromEntries(stages.map(stage => [stage, found.get(stage) ?? 0])) as Record<Stage, number>
  }

  repeatedCount(mailbox: string): number {
    const row = this.#get('SELECT coalesce(sum(repeated), 0) AS n FROM message WHERE mailbox = ?', mailbox)
    return Number(row?.n ?? 0)
  }

  latenciesMs(mailbox: string, limit: number): readonly number[] {
    return this.#all(
      `SELECT imported_at_ms - max(coalesce(arrived_at_ms, listed_at_ms), 0) AS ms FROM message
       WHERE mailbox = ? AND imported_at_ms IS NOT NULL AND generation > 1 ORDER BY imported_at_ms DESC LIMIT ?`,
      mailbox,
      limit,
    ).map(row => Math.max(0, Number(row.ms)))
  }

  importedSince(atMs: number): readonly MessageRow[] {
    return this.#rows('imported_at_ms >= ? ORDER BY imported_at_ms', atMs)
  }

  note(key: string): string | undefined {
    const value = this.#get('SELECT value FROM note WHERE key = ?', key)?.value
    return value === undefined ? undefined : String(value)
  }

  setNote(key: string, value: string): void {
    this.#run(
      'INSERT INTO note (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2',
      key,
      value,
    )
  }

  changeNote<T>(
    key: string,
    change: (before: string | undefined) => readonly [after: string | undefined, answer: T],
  ): T {
    return this.#transaction(() => {
      const [after, answer] = change(this.note(key))
      if (after !== undefined) this.setNote(key, after)
      return answer
    })
  }

  assertInPlace(): void {
    const stat = statSync(this.path, { throwIfNoEntry: false })
    if (stat === undefined || stat.ino !== this.#inode) {
      throw new Fault('journal.missing', { facts: { file: this.path } })
    }
  }

  close(): void {
    closeSqlite(this.path, this.#database)
  }
}
