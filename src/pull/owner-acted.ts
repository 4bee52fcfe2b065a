/**
 * What the owner did outside of a pull (signed in again, gave a new password, asked for mail now), as far as pulls wait
 * for it: the wait is over, its trouble closed, and a daemon that runs pulls at once.
 */
import type { Journal, MessageRow } from '../journal/journal.ts'

/** Of a mailbox or an account: nothing is wrong, and nothing is waited for. */
export const withoutTrouble = {
  failures: 0,
  failingSinceMs: undefined,
  notBeforeMs: undefined,
  fault: undefined,
} as const

/** A new permission of the account. @param endsAtMs when it ends, where that is known */
export async function endAccountWait(
  journal: Journal,
  account: string,
  endsAtMs: number | undefined,
  nowMs: number,
): Promise<void> {
  await journal.updateAccount(account, { ...withoutTrouble, consentEndsAtMs: endsAtMs })
  const ofPermission =
    /^gmail\.(unauthorized|consent-|scope-missing|client-invalid|app-password-|web-login|imap-disabled)/
  const own = { scope: 'account', name: account, subject: '' } as const
  const open = await journal.troubles.find(own)
  if (ofPermission.test(open?.code ?? '')) await journal.troubles.closed(own, 'owner', nowMs)
}

/** A login that has worked, after refused ones. Other trouble of the mailbox keeps its own waits. */
export async function endLoginWait(journal: Journal, mailbox: string, nowMs: number): Promise<void> {
  const ofLogin = /^source\.login-(refused|doubtful|capped)$/
  await journal.changeMailbox(mailbox, ({ fault }) => (ofLogin.test(fault?.code ?? '') ? withoutTrouble : {}))
  const own = { scope: 'mailbox', name: mailbox, subject: '' } as const
  const open = await journal.troubles.find(own)
  if (ofLogin.test(open?.code ?? '')) await journal.troubles.closed(own, 'owner', nowMs)
}

const askedNote = 'check-now'

/** Asks the daemon that holds this journal for a pull at once. */
export async function askForPull(journal: Pick<Journal, 'setNote'>): Promise<void> {
  await journal.setNote(askedNote, '1')
}

/** @returns whether the owner asked since this was last called */
export async function takeAskedPull(journal: Pick<Journal, 'note' | 'setNote'>): Promise<boolean> {
  if ((await journal.note(askedNote)) !== '1') return false
  await journal.setNote(askedNote, '0')
  return true
}

/** Set aside while the outcome of an upload is unknown: it is looked for first, as it would be anyway. */
const isPoison = (row: MessageRow): boolean =>
  row.stage === 'importing' && row.fault?.code === 'message.poison'

/** A rule of the owner's leaves it at the source. */
const isLeftByRule = ({ stage, wish }: MessageRow): boolean => stage === 'ignored' && wish !== undefined

/** What the owner may have tried again. What a rule leaves is asked for by its number alone. */
export const isAside = (row: MessageRow): boolean =>
  row.stage === 'refused' || row.stage === 'deferred' || isPoison(row) || isLeftByRule(row)

/** Messages of a mailbox that the owner may have tried again. */
export async function findAside(
  journal: Pick<Journal, 'inStages'>,
  mailbox: string,
): Promise<readonly MessageRow[]> {
  const aside = await journal.inStages(mailbox, ['refused', 'deferred'])
  return [...aside, ...(await journal.inStages(mailbox, ['importing'])).filter(isPoison)]
}

/** Another try for messages that are aside. @returns the ids of those that wait for it now */
export async function tryAgain(
  journal: Pick<Journal, 'moveAll'>,
  rows: readonly MessageRow[],
): Promise<readonly number[]> {
  const fresh = { attempts: 0, firstFailedAtMs: null, notBeforeMs: null } as const
  // The daemon may have taken one up meanwhile: then its stage is its own.
  return journal.moveAll(
    rows.map(row => ({
      id: row.id,
      from: row.stage,
      to: row.stage === 'refused' || row.stage === 'ignored' ? 'listed' : row.stage,
      patch: isLeftByRule(row) ? { ...fresh, wish: { rules: [], byOwner: true } } : fresh,
    })),
  )
}
