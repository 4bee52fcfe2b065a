/** Moves of messages along `legalMoves`, and what is one decision with them. */
import { Fault } from '../base/fault.ts'
import type { TroubleKey } from '../base/trouble.ts'
import { listAssignments, readRecord } from './columns.ts'
import type { Journal } from './journal.ts'
import { messageColumns } from './records.ts'
import type { ClaimAnswer, ImportClaim, ImportRecord, MessageRow, RowPatch, Stage } from './row.ts'
import { hasDigest, isImported, readRow } from './rows.ts'
import { decideImport, findTroubleOfMove, illegalMove, type Likenesses, refuseIllegalMove } from './rules.ts'
import type { Database, Transaction } from './sql.ts'
import { closeTroubles, openTrouble } from './troubles.ts'

type Standing = Pick<MessageRow, 'stage' | 'mailbox' | 'firstFailedAtMs'>

/**
 * Moves one message within a transaction.
 * @param known what this transaction has read of it `toChange`
 */
export async function moveRow(
  sql: Transaction,
  id: number,
  to: Stage,
  patch: RowPatch,
  known?: Standing,
): Promise<void> {
  const row = known ?? (await readRow(sql, `id = ? ${sql.words.toChange}`, id))
  refuseIllegalMove(id, row?.stage, to)
  const { set, values } = listAssignments<MessageRow>(messageColumns, patch)
  sql.send(`UPDATE message SET ${['stage = ?', ...set].join(', ')} WHERE id = ?`, to, ...values, id)
  await noteTrouble(sql, id, to, patch, row)
}

/** The move is the evidence: the trouble of a message opens and closes in its transaction. */
async function noteTrouble(
  sql: Transaction,
  id: number,
  to: Stage,
  patch: RowPatch,
  { mailbox, firstFailedAtMs }: Standing,
): Promise<void> {
  const trouble = findTroubleOfMove(to, patch)
  if (trouble === undefined) return
  const key: TroubleKey = { scope: 'message', name: mailbox, subject: String(id) }
  if ('ended' in trouble) {
    const atMs = patch.importedAtMs ?? patch.retrievedAtMs ?? (await readPulledAtMs(sql, mailbox))
    await closeTroubles(sql, [key], trouble.ended, atMs)
  } else {
    const { firstFailedAtMs: sinceMs = firstFailedAtMs } = patch
    await openTrouble(sql, key, trouble.opened, sinceMs ?? trouble.opened.atMs)
  }
}

async function readPulledAtMs(sql: Transaction, mailbox: string): Promise<number> {
  const row = await sql.get('SELECT last_pull_at_ms AS ms FROM mailbox WHERE name = ?', mailbox)
  return Number(row?.ms ?? 0)
}

type Moves = Pick<Journal, 'move' | 'moveAll' | 'claimImport' | 'recordImport' | 'lasts'>

export function makeMoves(database: Database): Moves {
  return {
    move: (id, to, patch = {}) => database.transaction(sql => moveRow(sql, id, to, patch)),
    async moveAll(moves) {
      if (moves.length === 0) return []
      return database.transaction(async sql => {
        const moved: number[] = []
        for (const { id, to, patch, from } of moves) {
          const row = await readRow(sql, `id = ? ${sql.words.toChange}`, id)
          if (from !== undefined && row?.stage !== from) continue
          await moveRow(sql, id, to, patch ?? {}, row)
          moved.push(id)
        }
        return moved
      })
    },
    claimImport: claim => database.transaction(sql => claimImport(sql, claim), 'beside'),
    lasts: () => database.lasts(),
    recordImport: record => database.transaction(sql => recordImport(sql, record)),
  }
}

async function claimImport(sql: Transaction, claim: ImportClaim): Promise<ClaimAnswer> {
  const { id, account, facts, atMs, waitUntilMs: notBeforeMs } = claim
  // Of two mailboxes of the account, with the same message at the same time, one begins and the other waits for it.
  sql.lock(`account ${account}`)
  const row = readRow(sql, `id = ? ${sql.words.toChange}`, id)
  const likenesses = findLikenesses(sql, claim)
  likenesses.catch(() => {})
  const own = await row
  // No message is no stage to begin from.
  if (own === undefined) throw illegalMove(id, undefined, 'importing')
  const { lost, ...others } = await likenesses
  const decision = decideImport(own, { ...others, lost }, claim)
  const moveOwn = (to: Stage, patch: RowPatch): Promise<void> => moveRow(sql, id, to, patch, own)
  const inherit = async (): Promise<void> => {
    if (lost !== undefined) await moveRow(sql, lost.id, lost.stage, { outcomeUnknown: false })
  }
  switch (decision.kind) {
    case 'twin':
      break
    case 'wait':
      // An unknown outcome of this row stays one, and so does what was read of it then.
      if (own.stage === 'importing') await moveOwn('importing', { notBeforeMs })
      else await moveOwn('deferred', { ...facts, notBeforeMs })
      break
    case 'ask':
      await inherit()
      await moveOwn('refused', {
        ...facts,
        outcomeUnknown: true,
        fault: claim.askOwner ?? null,
        notBeforeMs: null,
      })
      break
    case 'look': {
      const unknown = { outcomeUnknown: true, lookUps: 0, importingAtMs: atMs, notBeforeMs: null }
      await moveOwn('importing', { ...facts, ...unknown })
      return { kind: 'wait' }
    }
    case 'begin': {
      await inherit()
      const repeated = own.repeated + (decision.repeats ? 1 : 0)
      const intent = { outcomeUnknown: true, repeated, lookUps: 0, importingAtMs: atMs }
      await moveOwn('importing', { ...facts, ...intent })
    }
  }
  return decision
}

/** All in one statement: what is imported meanwhile is found as one or as the other. */
async function findLikenesses(
  sql: Transaction,
  { account, sha256, bareSha256, messageId }: ImportClaim,
): Promise<Likenesses> {
  const likeness = (kind: keyof Likenesses, where: string): string =>
    `SELECT * FROM (SELECT '${kind}' AS likeness, message.* FROM message
       WHERE ${where} LIMIT 1) AS of_kind`
  const rows = await sql.all(
    [
      likeness('twin', isImported),
      likeness(
        'importing',
        `account = ?1 AND stage = 'importing' AND (${hasDigest} OR message_id = ?4) ORDER BY id`,
      ),
      likeness(
        'lost',
        `account = ?1 AND ${hasDigest} AND stage = 'gone' AND outcome_unknown = 1 ORDER BY id`,
      ),
    ].join(' UNION ALL '),
    account,
    sha256,
    bareSha256,
    messageId ?? null,
  )
  const find = (kind: keyof Likenesses): MessageRow | undefined => {
    const row = rows.find(({ likeness: found }) => found === kind)
    return row && readRecord(messageColumns, row)
  }
  return { twin: find('twin'), importing: find('importing'), lost: find('lost') }
}

async function recordImport(
  sql: Transaction,
  { id, gmailId, sha256, patch }: ImportRecord,
): Promise<MessageRow | undefined> {
  // Of two that Gmail gave the same id one is the other's namesake, also where both are recorded at the same time.
  sql.lock(`gmail ${gmailId}`)
  const row = await readRow(sql, `id = ? ${sql.words.toChange}`, id)
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
  await moveRow(sql, id, 'imported', { ...patch, gmailId, mergedInto: namesake?.id }, row)
  return namesake
}
