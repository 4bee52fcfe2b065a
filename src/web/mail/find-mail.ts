/** The rows that a question asks for, a page of them. */
import { parseAuthentication } from '../../authentication/authentication.ts'
import { type Journal, type MessageRow, storedAs } from '../../journal/journal.ts'
import type { Passing } from './passing.ts'
import { type MailQuestion, startOfDay } from './question.ts'

const rowsOfPage = 50
/** Rows of one name that are looked at: a sender may give one Message-ID to as many messages as he likes. */
const mostNamed = 200

export interface FoundMail {
  readonly rows: readonly MessageRow[]
  readonly next: MailQuestion['place']
  /** It ended for its time, and more may lie behind `next`. */
  readonly isCut: boolean
}

/** What a row's time is taken for. */
export const shownAtMs = ({ importedAtMs, listedAtMs }: MessageRow): number => importedAtMs ?? listedAtMs

/** @param mailboxes all that there are, in their order */
export async function findMail(
  journal: Journal,
  passing: Pick<Passing, 'search'>,
  mailboxes: readonly string[],
  question: MailQuestion,
): Promise<FoundMail> {
  if (question.text !== '') return findByText(journal, passing, question)
  const { mailbox, folder, domain, stage, place } = question
  const isOfAll = mailbox === '' && stage === 'imported'
  const { fromMs, beforeMs } = readTimes(question)
  return journal.search({
    stage,
    mailboxes: isOfAll ? undefined : mailbox === '' ? mailboxes : [mailbox],
    folders: folder === '' ? undefined : namesOfFolder(folder),
    senderDomain: domain === '' ? undefined : domain,
    fromMs,
    beforeMs,
    place,
    limit: rowsOfPage,
  })
}

/** POP3's one folder has no name in the journal, and is shown as INBOX. */
const namesOfFolder = (folder: string): readonly string[] => (folder === 'INBOX' ? [folder, ''] : [folder])

const readTimes = ({ from, until }: MailQuestion) => ({
  fromMs: startOfDay(from),
  beforeMs: startOfDay(until, 1),
})

/** By a name or by words, whatever its stage: they are few, so the rest of the question is asked of the rows themselves. */
async function findByText(
  journal: Journal,
  passing: Pick<Passing, 'search'>,
  question: MailQuestion,
): Promise<FoundMail> {
  const { text, mailbox, folder, domain, stage, place } = question
  const { fromMs = 0, beforeMs = Number.MAX_SAFE_INTEGER } = readTimes(question)
  const rows = new Map((await journal.named(text, mostNamed)).map(row => [row.id, row]))
  for (const id of passing.search(text)) {
    const row = rows.has(id) ? undefined : await journal.row(id)
    if (row !== undefined) rows.set(id, row)
  }
  const isWanted = (row: MessageRow): boolean =>
    (mailbox === '' || row.mailbox === mailbox) &&
    (folder === '' || namesOfFolder(folder).includes(row.folder)) &&
    (domain === '' || isUnder(parseAuthentication(row.authentication)?.senderDomain ?? '', domain)) &&
    isAt(row, stage) &&
    shownAtMs(row) >= fromMs &&
    shownAtMs(row) < beforeMs
  const before = place !== undefined && 'importedAtMs' in place ? place : undefined
  const wanted = [...rows.values()]
    .filter(isWanted)
    .sort((a, b) => shownAtMs(b) - shownAtMs(a) || b.id - a.id)
    .filter(
      row =>
        before === undefined ||
        shownAtMs(row) < before.importedAtMs ||
        (shownAtMs(row) === before.importedAtMs && row.id < before.id),
    )
  const shown = wanted.slice(0, rowsOfPage)
  const last = shown.at(-1)
  const next =
    wanted.length > shown.length && last !== undefined
      ? { importedAtMs: shownAtMs(last), id: last.id }
      : undefined
  return { rows: shown, next, isCut: false }
}

const isUnder = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`)

/** What is asked for without a stage is found at any. */
function isAt({ stage, mergedInto }: MessageRow, wanted: MailQuestion['stage']): boolean {
  if (wanted === 'imported') return true
  return wanted === 'merged' ? mergedInto !== undefined : storedAs[wanted].includes(stage)
}
