/** `hikyaku compare [mailbox...]`: is everything of the source mailbox in Gmail? Changes nothing anywhere. */

import { systemClock } from '../base/clock.ts'
import { exitCodes } from '../base/fault.ts'
import { timeJson } from '../base/time-json.ts'
import { printable } from '../base/untrusted.ts'
import { lookAtJournal, makeAccount, makeSource } from '../bridge.ts'
import type { Config, MailboxConfig } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { describeFault } from '../locale/locale.ts'
import { type Compared, type Comparison, compare, isAccountedFor } from '../proof/compare.ts'
import { otherAccountsOf } from '../pull/destination.ts'
import { type CompareCounts, type CompareWords, compareWords } from './compare-words.ts'
import { chooseMailboxes, withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'
import { makeProgress } from './progress.ts'

interface MailboxAnswer {
  readonly mailbox: MailboxConfig
  readonly comparison: Comparison
  readonly counts: CompareCounts
  readonly missing: readonly Compared[]
}

/**
 * @param names of mailboxes; all of them where there is none
 * @returns 0 where every message at the source is accounted for in Gmail, 1 where one is not
 */
export async function compareCommand(invocation: Invocation, names: readonly string[]): Promise<number> {
  return withConfig(invocation, async config => {
    const chosen = chooseMailboxes(config, names)
    const look = await lookAtJournal(config.stateDir, isInstanceRunning(config.stateDir), false)
    try {
      if (look.fault !== undefined) throw look.fault
      const answers: MailboxAnswer[] = []
      for (const mailbox of chosen) answers.push(await compareOne(invocation, config, mailbox, look.journal))
      const exitCode = answers.some(({ missing }) => missing.length > 0) ? exitCodes.someAside : exitCodes.ok
      if (invocation.json) answerJson(invocation, answers, exitCode)
      else for (const answer of answers) answerPeople(invocation, answer)
      return exitCode
    } finally {
      await look.close()
    }
  })
}

async function compareOne(
  invocation: Invocation,
  config: Config,
  mailbox: MailboxConfig,
  journal: Journal | undefined,
): Promise<MailboxAnswer> {
  const clock = systemClock
  const gmail = await makeAccount(config, mailbox.account, clock)
  const opening = otherAccountsOf(mailbox).map(
    async other => [other, await makeAccount(config, other, clock)] as const,
  )
  const others = new Map(await Promise.all(opening))
  const progress = makeProgress(invocation, mailbox.name)
  if (!invocation.json)
    invocation.stderr.write(`${compareWords[invocation.language].looking(printable(mailbox.name, 60))}\n`)
  try {
    const comparison = await compare(
      {
        mailbox: mailbox.name,
        source: await makeSource({ mailbox, clock }),
        journal,
        gmail,
        others,
        clock,
        onProgress: progress.show,
      },
      new AbortController().signal,
    )
    const missing = comparison.messages.filter(message => !isAccountedFor(message))
    return { mailbox, comparison, counts: count(comparison.messages), missing }
  } finally {
    progress.end()
    await gmail.close()
    for (const other of others.values()) await other.close()
  }
}

function count(messages: readonly Compared[]): CompareCounts {
  const many = (test: (message: Compared) => boolean): number => messages.filter(test).length
  const inJournal = (state: Compared['journal']): number => many(({ journal }) => journal === state)
  const byUs = ({ gmail }: Compared): boolean => gmail === 'ours' || gmail === 'differs'
  return {
    total: messages.length,
    journal: {
      imported: inJournal('imported'),
      merged: inJournal('merged'),
      refused: inJournal('refused'),
      pending: inJournal('pending'),
      left: inJournal('left'),
      new: inJournal('new'),
    },
    ours: many(message => byUs(message) && message.otherCopies === 0),
    both: many(message => byUs(message) && message.otherCopies > 0),
    other: many(({ gmail }) => gmail === 'other'),
    missing: many(message => !isAccountedFor(message)),
    removed: many(({ gmail }) => gmail === 'removed'),
    differs: many(({ gmail }) => gmail === 'differs'),
  }
}

function answerJson(invocation: Invocation, answers: readonly MailboxAnswer[], exitCode: number): void {
  const describe = ({ fault, arrivedAtMs, ...message }: Compared): object => ({
    ...Object.fromEntries(Object.entries(message).map(([key, value]) => [key, value ?? null])),
    ...timeJson('arrivedAt', arrivedAtMs),
    fault: fault?.code ?? null,
  })
  const list = (messages: readonly Compared[]): object[] => messages.map(describe)
  writeJson(invocation, {
    ok: exitCode === 0,
    exitCode,
    mailboxes: answers.map(({ mailbox, comparison, counts, missing }) => ({
      mailbox: mailbox.name,
      account: mailbox.account,
      gmailAsked: comparison.canRead,
      ...counts,
      missingMessages: list(missing),
      removedMessages: list(comparison.messages.filter(({ gmail }) => gmail === 'removed')),
      differingMessages: list(comparison.messages.filter(({ gmail }) => gmail === 'differs')),
    })),
  })
}

const mostShown = 20

function answerPeople(invocation: Invocation, { mailbox, comparison, counts, missing }: MailboxAnswer): void {
  const words = compareWords[invocation.language]
  const say = (line: string): void => writeLine(invocation, line)
  const show = (head: string, messages: readonly Compared[]): void => {
    if (messages.length === 0) return
    say(head)
    for (const message of messages.slice(0, mostShown)) say(line(invocation, words, message))
    if (messages.length > mostShown) say(words.more(messages.length - mostShown))
  }
  const { canRead, messages } = comparison
  say(words.total(printable(mailbox.name, 60), counts.total))
  if (counts.total === 0) {
    say(words.noneThere)
    return
  }
  say(words.journal(counts))
  if (canRead) say(words.gmail(counts))
  show(words.missingHead(missing.length), missing)
  const removed = messages.filter(({ gmail }) => gmail === 'removed')
  show(words.removedHead(removed.length), removed)
  const differing = messages.filter(({ gmail }) => gmail === 'differs')
  show(words.differsHead(differing.length), differing)
  if (!canRead) for (const text of words.notAsked(missing.length)) say(text)
  say(missing.length === 0 ? words.nothingMissing(counts.total) : words.someMissing(missing.length))
  if (missing.some(({ journal }) => journal === 'new' || journal === 'pending')) say(words.pullFirst)
}

function line({ language }: Invocation, words: CompareWords, message: Compared): string {
  const { folder, messageId, uid, arrivedAtMs, journal, gmail, fault } = message
  const reason = fault === undefined ? '' : ` ${describeFault(fault, language).what}`
  const why = gmail === 'unsearchable' ? words.why.unsearchable : `${words.why[journal]}${reason}`
  return words.message(printable(folder, 60), printable(messageId ?? uid ?? '–', 100), arrivedAtMs, why)
}
