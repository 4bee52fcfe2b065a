/** What is looked for, as it stands in the address of the page: everything bounded, and nothing believed. */
import { type ImportPlace, type SearchStage, type StagePlace, searchStages } from '../../journal/journal.ts'

export interface MailQuestion {
  /** Message-ID, Gmail's id, the begin of a SHA-256, or words of From and Subject; '' for none. */
  readonly text: string
  readonly mailbox: string
  readonly folder: string
  readonly domain: string
  readonly stage: SearchStage
  /** Days of this computer's calendar, `YYYY-MM-DD`; '' for none. */
  readonly from: string
  readonly until: string
  readonly place: ImportPlace | StagePlace | undefined
}

export const longestText = 200
const longestName = 200

/** @param ask the value of a name in the address */
export function readQuestion(ask: (name: string) => string | undefined): MailQuestion {
  const read = (name: string, longest: number): string => (ask(name) ?? '').slice(0, longest).trim()
  const stage = read('stage', 20)
  const day = (name: string): string => {
    const text = read(name, 10)
    return startOfDay(text) === undefined ? '' : text
  }
  return {
    text: read('q', longestText),
    mailbox: read('mailbox', longestName),
    folder: read('folder', longestName),
    domain: read('domain', longestName).toLowerCase().replace(/^@/, ''),
    stage: searchStages.find(known => known === stage) ?? 'imported',
    from: day('from'),
    until: day('until'),
    place: readPlace(read('before', 50)),
  }
}

/** Without it all that reached Gmail is shown. */
export const isAsked = (question: MailQuestion): boolean =>
  question.stage !== 'imported' ||
  [question.text, question.mailbox, question.folder, question.domain, question.from, question.until].some(
    text => text !== '',
  )

/** The address of the same question, at a place of its answer. */
export function writeQuestion(question: MailQuestion, place?: MailQuestion['place']): string {
  const { text, mailbox, folder, domain, stage, from, until } = question
  const all = { q: text, mailbox, folder, domain, stage: stage === 'imported' ? '' : stage, from, until }
  const fields = Object.entries({ ...all, before: place === undefined ? '' : writePlace(place) }).filter(
    ([, value]) => value !== '',
  )
  return fields.length === 0 ? 'messages' : `messages?${new URLSearchParams(fields)}`
}

function writePlace(place: ImportPlace | StagePlace): string {
  return 'importedAtMs' in place
    ? `${place.importedAtMs}-${place.id}`
    : `${place.mailbox}.${place.generation}.${place.id}`
}

function readPlace(text: string): MailQuestion['place'] {
  const [, importedAtMs, id] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? []
  if (importedAtMs !== undefined) return { importedAtMs: Number(importedAtMs), id: Number(id) }
  const [, mailbox, generation, of] = /^(\d{1,6})\.(\d{1,15})\.(\d{1,15})$/.exec(text) ?? []
  return mailbox === undefined
    ? undefined
    : { mailbox: Number(mailbox), generation: Number(generation), id: Number(of) }
}

/** @returns when the day begins on this computer, ms since 1970; undefined for what is no day */
export function startOfDay(text: string, daysLater = 0): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? []
  if (year === undefined) return undefined
  const date = new Date(Number(year), Number(month) - 1, Number(day))
  const isDay = date.getMonth() === Number(month) - 1 && date.getDate() === Number(day)
  if (!isDay) return undefined
  date.setDate(date.getDate() + daysLater)
  return date.getTime()
}
