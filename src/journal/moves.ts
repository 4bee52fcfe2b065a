/** Moves of messages along `legalMoves`, and what is one decision with them. */
import { Fault } from '../base/fault.ts'
import type { TroubleKey } from '../base/trouble.ts'
import { listAssignments } from './columns.ts'
import type { Journal } from './journal.ts'
import { messageColumns } from './records.ts'
import type { ClaimAnswer, ImportClaim, ImportRecord, MessageRow, RowPatch, Stage } from './row.ts'
import { findImported, hasDigest, readRow } from './rows.ts'
import { decideImport, findTroubleOfMove, refuseIllegalMove } from './rules.ts'
import type { Database, Statements } from './sql.ts'
import { closeTrouble, openTrouble } from './troubles.ts'

/** Moves one message within a transaction. */
export async function moveRow(sql: Statements, id: number, to: Stage, patch: RowPatch): Promise<void> {
  const from = (await sql.get('SELECT stage FROM message WHERE id = ?', id))?.stage as Stage | undefined
  refuseIllegalMove(id, from, to)
  const { set, values } = listAssignments<MessageRow>(messageColumns, patch)
  await sql.run(`UPDATE message SET ${['stage = ?', ...set].join(', ')} WHERE id = ?`, to, ...values, id)
  await noteTrouble(sql, id, to, patch)
}

/** The move is the evidence: the trouble of a message opens and closes in its transaction. */
async function noteTrouble(sql: Statements, id: number, to: Stage, patch: RowPatch): Promise<void> {
  const trouble = findTroubleOfMove(to, patch)
  if (trouble === undefined) return
  const row = await sql.get(
    `SELECT mailbox, first_failed_at_ms AS since, last_pull_at_ms AS pulled
     FROM message LEFT JOIN mailbox ON mailbox.name = message.mailbox WHERE message.id = ?`,
    id,
  )
  const key: TroubleKey = { scope: 'message', name: String(row?.mailbox), subject: String(id) }
  if ('ended' in trouble) {
    const atMs = patch.importedAtMs ?? patch.retrievedAtMs ?? Number(row?.pulled ?? 0)
    await closeTrouble(sql, key, trouble.ended, atMs)
  } else await openTrouble(sql, key, trouble.opened, Number(row?.since ?? trouble.opened.atMs))
}

type Moves = Pick<Journal, 'move' | 'moveAll' | 'claimImport' | 'recordImport'>

export function makeMoves(database: Database): Moves {
  return {
    move: (id, to, patch = {}) => database.transaction(sql => moveRow(sql, id, to, patch)),
    async moveAll(moves) {
      if (moves.length === 0) return []
      return database.transaction(async sql => {
        const moved: number[] = []
        for (const { id, to, patch, from } of moves) {
          if (from !== undefined && (await readRow(sql, 'id = ?', id))?.stage !== from) continue
          await moveRow(sql, id, to, patch ?? {})
          moved.push(id)
        }
        return moved
      })
    },
    claimImport: claim => database.transaction(sql => claimImport(sql, claim)),
    recordImport: record => database.transaction(sql => recordImport(sql, record)),
  }
}

async function claimImport(sql: Statements, claim: ImportClaim): Promise<ClaimAnswer> {
  const { id, account, sha256, bareSha256, messageId, facts, atMs, waitUntilMs: notBeforeMs } = claim
  const row = await readRow(sql, 'id = ?', id)
  // No message is no stage to begin from.
  if (row === undefined) refuseIllegalMove(id, undefined, 'importing')
  const own = row as MessageRow
  const digests = [account, sha256, bareSha256] as const
  const twin = await findImported(sql, ...digests)
  const importing = await readRow(
    sql,
    `account = ?1 AND stage = 'importing' AND (${hasDigest} OR message_id = ?4) ORDER BY id LIMIT 1`,
    ...digests,
    messageId ?? null,
  )
  const lost = await readRow(
    sql,
    `account = ?1 AND ${hasDigest} AND stage = 'gone' AND outcome_unknown = 1 ORDER BY id LIMIT 1`,
    ...digests,
  )
  const decision = decideImport(own, { twin, importing, lost }, claim)
  const inherit = async (): Promise<void> => {
    if (lost !== undefined) await moveRow(sql, lost.id, lost.stage, { outcomeUnknown: false })
  }
  switch (decision.kind) {
    case 'twin':
      break
    case 'wait':
      // An unknown outcome of this row stays one, and so does what was read of it then.
      if (own.stage === 'importing') await moveRow(sql, id, 'importing', { notBeforeMs })
      else await moveRow(sql, id, 'deferred', { ...facts, notBeforeMs })
      break
    case 'ask':
      await inherit()
      await moveRow(sql, id, 'refused', {
        ...facts,
        outcomeUnknown: true,
        fault: claim.askOwner ?? null,
        notBeforeMs: null,
      })
      break
    case 'look': {
      const unknown = { outcomeUnknown: true, lookUps: 0, importingAtMs: atMs, notBeforeMs: null }
      await moveRow(sql, id, 'importing', { ...facts, ...unknown })
      return { kind: 'wait' }
    }
    case 'begin': {
      await inherit()
      const repeated = own.repeated + (decision.repeats ? 1 : 0)
      const intent = { outcomeUnknown: true, repeated, lookUps: 0, importingAtMs: atMs }
      await moveRow(sql, id, 'importing', { ...facts, ...intent })
    }
  }
  return decision
}

async function recordImport(
  sql: Statements,
  { id, gmailId, sha256, patch }: ImportRecord,
): Promise<MessageRow | undefined> {
  const row = await readRow(sql, 'id = ?', id)
  // The number of a row that the database lost may be another message's by now.
  if (row?.sha256 !== undefined && row.sha256 !== sha256)
    throw new Fault('bug', { facts: { what: `message ${id} is not the one that was imported` } })
  const messageId = row?.messageId
  const namesake = await readRow(
    sql,
    'message_id = ? AND gmail_id = ? AND sha256 <> ? AND merged_into IS NULL ORDER BY id LIMIT 1',
    messageId ?? null,
    gmailId,
    sha256,
  )
  await moveRow(sql, id, 'imported', { ...patch, gmailId, mergedInto: namesake?.id })
  return namesake
}
