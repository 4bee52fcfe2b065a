/** Moves of messages along `legalMoves`, and what is one decision with them. */
import type { TroubleKey } from '../base/trouble.ts'
import type { Answers } from './answers.ts'
import { listAssignments } from './columns.ts'
import type { Database } from './database.ts'
import type { Journal } from './journal.ts'
import { messageColumns } from './records.ts'
import type { ClaimAnswer, ImportClaim, ImportRecord, MessageRow, RowPatch, Stage } from './row.ts'
import { findImported, hasDigest } from './rows.ts'
import { decideImport, findTroubleOfMove, refuseIllegalMove } from './rules.ts'
import type { SqliteTroubles } from './troubles.ts'

/** Moves one message within a transaction. */
export type MoveRow = (id: number, to: Stage, patch: RowPatch) => void

export function makeMoveRow(database: Database, troubles: SqliteTroubles): MoveRow {
  /** The move is the evidence: the trouble of a message opens and closes in its transaction. */
  const noteTrouble = (id: number, to: Stage, patch: RowPatch): void => {
    const trouble = findTroubleOfMove(to, patch)
    if (trouble === undefined) return
    const row = database.get(
      `SELECT mailbox, first_failed_at_ms AS since, last_pull_at_ms AS pulled
       FROM message LEFT JOIN mailbox ON mailbox.name = message.mailbox WHERE message.id = ?`,
      id,
    )
    const key: TroubleKey = { scope: 'message', name: String(row?.mailbox), subject: String(id) }
    if ('ended' in trouble) {
      const atMs = patch.importedAtMs ?? patch.retrievedAtMs ?? Number(row?.pulled ?? 0)
      troubles.closed(key, trouble.ended, atMs)
    } else troubles.opened(key, trouble.opened, Number(row?.since ?? trouble.opened.atMs))
  }
  return (id, to, patch) => {
    const from = database.get('SELECT stage FROM message WHERE id = ?', id)?.stage as Stage | undefined
    refuseIllegalMove(id, from, to)
    const { set, values } = listAssignments<MessageRow>(messageColumns, patch)
    database.run(`UPDATE message SET ${['stage = ?', ...set].join(', ')} WHERE id = ?`, to, ...values, id)
    noteTrouble(id, to, patch)
  }
}

type Moves = Pick<Journal, 'move' | 'moveAll' | 'claimImport' | 'recordImport'>

export function makeMoves(database: Database, moveRow: MoveRow): Answers<Moves> {
  return {
    move: (id, to, patch = {}) => database.transaction(() => moveRow(id, to, patch)),
    moveAll(moves) {
      if (moves.length === 0) return []
      return database.transaction(() => {
        const moved: number[] = []
        for (const { id, to, patch, from } of moves) {
          if (from !== undefined && database.row(id)?.stage !== from) continue
          moveRow(id, to, patch ?? {})
          moved.push(id)
        }
        return moved
      })
    },
    claimImport: claim => database.transaction(() => claimImport(database, moveRow, claim)),
    recordImport: record => database.transaction(() => recordImport(database, moveRow, record)),
  }
}

function claimImport(database: Database, moveRow: MoveRow, claim: ImportClaim): ClaimAnswer {
  const { id, account, sha256, bareSha256, messageId, facts, atMs, waitUntilMs: notBeforeMs } = claim
  const row = database.row(id)
  // No message is no stage to begin from.
  if (row === undefined) refuseIllegalMove(id, undefined, 'importing')
  const own = row as MessageRow
  const digests = [account, sha256, bareSha256] as const
  const twin = findImported(database, ...digests)
  const [importing] = database.rows(
    `account = ?1 AND stage = 'importing' AND (${hasDigest} OR message_id = ?4) ORDER BY id LIMIT 1`,
    ...digests,
    messageId ?? null,
  )
  const [lost] = database.rows(
    `account = ?1 AND ${hasDigest} AND stage = 'gone' AND outcome_unknown = 1 ORDER BY id LIMIT 1`,
    ...digests,
  )
  const decision = decideImport(own, { twin, importing, lost }, claim)
  const inherit = (): void => {
    if (lost !== undefined) moveRow(lost.id, lost.stage, { outcomeUnknown: false })
  }
  switch (decision.kind) {
    case 'twin':
      break
    case 'wait':
      // An unknown outcome of this row stays one, and so does what was read of it then.
      if (own.stage === 'importing') moveRow(id, 'importing', { notBeforeMs })
      else moveRow(id, 'deferred', { ...facts, notBeforeMs })
      break
    case 'ask':
      inherit()
      moveRow(id, 'refused', {
        ...facts,
        outcomeUnknown: true,
        fault: claim.askOwner ?? null,
        notBeforeMs: null,
      })
      break
    case 'begin': {
      inherit()
      const repeated = own.repeated + (decision.repeats ? 1 : 0)
      const intent = { outcomeUnknown: true, repeated, lookUps: 0, importingAtMs: atMs }
      moveRow(id, 'importing', { ...facts, ...intent })
    }
  }
  return decision
}

function recordImport(
  database: Database,
  moveRow: MoveRow,
  { id, gmailId, sha256, patch }: ImportRecord,
): MessageRow | undefined {
  const messageId = database.row(id)?.messageId
  const [namesake] = database.rows(
    'message_id = ? AND gmail_id = ? AND sha256 <> ? AND merged_into IS NULL ORDER BY id LIMIT 1',
    messageId ?? null,
    gmailId,
    sha256,
  )
  moveRow(id, 'imported', { ...patch, gmailId, mergedInto: namesake?.id })
  return namesake
}
