/** `hikyaku list`: which messages are set aside, waiting, or came last; with date, From and Subject. Changes nothing. */

import { systemClock } from '../base/clock.ts'
import { exitCodes, Fault } from '../base/fault.ts'
import { timeJson } from '../base/time-json.ts'
import type { MessageAbout } from '../base/trouble.ts'
import { printable } from '../base/untrusted.ts'
import { makeSource, openJournal } from '../bridge.ts'
import type { MailboxConfig } from '../config/config.ts'
import type { Journal, MessageRow, Stage } from '../journal/journal.ts'
import { describeFault } from '../locale/locale.ts'
import { readFaces } from '../proof/read-faces.ts'
import { chooseMailboxes, withConfig } from './configuration.ts'
import { faultJson, type Invocation, writeJson, writeLine, writeParagraph } from './invocation.ts'
import { rulesWordsFor } from './rules-words.ts'

export interface ListOptions {
  readonly mailboxes: readonly string[]
  readonly refused: boolean
  readonly waiting: boolean
  /** Those that rules of the owner's leave at the source. */
  readonly byRule: boolean
  /** So many that reached Gmail last. */
  readonly recent: number | undefined
}

/** Of each mailbox; each face costs a command at the source. */
const mostShown = 50
const sourceMs = 30_000

export interface MailboxList {
  readonly mailbox: MailboxConfig
  readonly rows: readonly MessageRow[]
  /** How many more there are. */
  readonly more: number
  readonly faces: ReadonlyMap<number, MessageAbout>
  /** Why the source could not be asked. */
  readonly fault: Fault | undefined
}

/** Without a choice: all that is not in Gmail and might be. */
export async function listCommand(invocation: Invocation, options: ListOptions): Promise<number> {
  const { recent } = options
  if (recent !== undefined && !(Number.isInteger(recent) && recent >= 1 && recent <= 1000))
    throw new Fault('usage.invalid', { facts: { what: invocation.words.list.recentRange, command: 'list' } })
  return withConfig(
    invocation,
    async config => {
      const journal = await openJournal(config.stateDir)
      try {
        const chosen = chooseMailboxes(config, options.mailboxes)
        const lists = await Promise.all(chosen.map(mailbox => listMailbox(journal, mailbox, options)))
        return answerLists(invocation, lists)
      } finally {
        await journal?.close()
      }
    },
    false,
  )
}

/** @returns the exit code */
export function answerLists(invocation: Invocation, lists: readonly MailboxList[]): number {
  if (invocation.json) answerJson(invocation, lists)
  else for (const list of lists) answerPeople(invocation, list)
  return exitCodes.ok
}

/** Which messages of a mailbox it is about, with what their source shows of them. */
export async function listMailbox(
  journal: Journal | undefined,
  mailbox: MailboxConfig,
  { refused, waiting, byRule, recent }: Omit<ListOptions, 'mailboxes'>,
): Promise<MailboxList> {
  const all =
    recent !== undefined
      ? ((await journal?.latestImports(mailbox.name, recent)) ?? [])
      : byRule
        ? ((await journal?.leftByRule(mailbox.name, mostShown)) ?? [])
        : ((await journal?.inStages(mailbox.name, stagesOf(refused, waiting))) ?? [])
  const rows = all.slice(0, Math.max(mostShown, recent ?? 0))
  const total = byRule ? ((await journal?.countLeftByRule(mailbox.name)) ?? 0) : all.length
  const { faces, fault } = mailbox.keepSubjects
    ? await readFaces(
        await makeSource({ mailbox, clock: systemClock }),
        rows.slice(0, mostShown),
        AbortSignal.timeout(sourceMs),
      )
    : { faces: new Map<number, MessageAbout>(), fault: undefined }
  return { mailbox, rows, more: total - rows.length, faces, fault }
}

function stagesOf(refused: boolean, waiting: boolean): readonly Stage[] {
  const both = refused === waiting
  return [
    ...(refused || both ? (['refused'] as const) : []),
    ...(waiting || both ? (['listed', 'deferred', 'importing'] as const) : []),
  ]
}

function answerJson(invocation: Invocation, lists: readonly MailboxList[]): void {
  writeJson(invocation, {
    ok: true,
    exitCode: exitCodes.ok,
    mailboxes: lists.map(({ mailbox, rows, more, faces, fault }) => ({
      mailbox: mailbox.name,
      account: mailbox.account,
      more,
      sourceFault: fault === undefined ? null : faultJson(fault, invocation.language),
      messages: rows.map(row => {
        const about = faces.get(row.id)
        return {
          id: row.id,
          stage: row.stage,
          folder: row.folder,
          octets: row.octets ?? row.octetsListed ?? null,
          messageId: row.messageId ?? about?.messageId ?? null,
          from: about?.from ?? null,
          subject: about?.subject ?? null,
          date: about?.date ?? null,
          ...timeJson('arrivedAt', row.arrivedAtMs),
          ...timeJson('importedAt', row.importedAtMs),
          ...timeJson('notBefore', row.notBeforeMs),
          gmailId: row.gmailId ?? null,
          rules: row.wish?.rules ?? [],
          fault: row.fault === undefined ? null : faultJson(row.fault, invocation.language),
        }
      }),
    })),
  })
}

function answerPeople(invocation: Invocation, { mailbox, rows, more, faces, fault }: MailboxList): void {
  const { words, language } = invocation
  const { list, format } = words
  const own = rulesWordsFor(language)
  const say = (text: string, lead = ''): void => writeParagraph(invocation, text, lead)
  say(list.heading(printable(mailbox.name, 60), rows.length + more))
  if (fault !== undefined) say(list.withoutFaces(describeFault(fault, language).what), '  ')
  const nowMs = Date.now()
  for (const row of rows) {
    const about = faces.get(row.id)
    const size = row.octets ?? row.octetsListed
    const parts = [
      words.stages[row.stage],
      ...(row.folder === '' ? [] : [printable(row.folder, 40)]),
      ...(size === undefined ? [] : [format.size(size)]),
      format.instant(row.importedAtMs ?? row.arrivedAtMs ?? row.listedAtMs),
    ]
    writeLine(invocation, '')
    say(`#${row.id}  ${parts.join(' · ')}`)
    if (about?.subject !== undefined) say(printable(about.subject), '  ')
    if (about?.from !== undefined) say(printable(about.from), '  ')
    const messageId = row.messageId ?? about?.messageId
    if (messageId !== undefined && about?.subject === undefined) say(printable(messageId), '  ')
    if (row.fault !== undefined && row.importedAtMs === undefined) {
      const { what, next } = describeFault(row.fault, language)
      say(what, '  ')
      if (row.stage === 'refused') say(next, '  → ')
    }
    const rules = row.wish?.rules ?? []
    if (row.stage === 'ignored' && rules.length > 0) say(own.taken(rules.map(own.rule)), '  ')
    if (row.notBeforeMs !== undefined && row.notBeforeMs > nowMs)
      say(list.again(row.notBeforeMs - nowMs), '  ')
  }
  if (more > 0) say(list.more(more))
  writeLine(invocation, '')
}
