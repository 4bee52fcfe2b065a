/** What came of `hikyaku pull`, told: for people, as JSON, and by its exit code. */
import type { Fault } from '../base/fault.ts'
import { timeJson } from '../base/time-json.ts'
import type { Conservation, RecordedFault } from '../journal/journal.ts'
import type { Attempt } from '../pull/attempt.ts'
import type { PullPorts } from '../pull/context.ts'
import { addCount, noCount, type PullCount, type PullNumbers, settledAsTold } from '../pull/count.ts'
import { brokenSentence } from './books.ts'
import { faultJson, faultLines, type Invocation, writeJson, writeLine } from './invocation.ts'
import { tellLeftAlone } from './tell-paused.ts'

export interface MailboxAnswer {
  readonly ports: PullPorts
  readonly count: PullCount
  readonly left: number
  readonly fault: Fault | RecordedFault | undefined
  readonly exitCode: number
  readonly conservation: Conservation
  readonly conserved: boolean
  readonly ms: number
  readonly last: Attempt
}

/** Any fault outweighs "some messages aside", which outweighs "all well". */
export const worstOf = (answers: readonly MailboxAnswer[]): number =>
  answers.reduce((worst, { exitCode }) => (worst > 1 || exitCode === 0 ? worst : exitCode), 0)

/** @param quiet the log has not told the faults */
export function answerPull(
  invocation: Invocation,
  answers: readonly MailboxAnswer[],
  quiet: boolean,
): number {
  const { words, language } = invocation
  const exitCode = worstOf(answers)
  if (invocation.json) {
    const total = noCount()
    for (const { count } of answers) addCount(total, count)
    writeJson(invocation, {
      ok: exitCode === 0,
      exitCode,
      ...numbersOf(total),
      left: answers.reduce((sum, { left }) => sum + left, 0),
      mailboxes: answers.map(
        ({ ports, count, left, fault, conservation, conserved, ms, exitCode: code, last }) => ({
          mailbox: ports.mailbox.name,
          account: ports.mailbox.account,
          protocol: ports.mailbox.protocol,
          ok: code === 0,
          ...numbersOf(count),
          left,
          ms,
          conservation,
          conserved,
          fault: fault === undefined ? null : faultJson(fault, language, invocation.describe),
          ...timeJson('pausedSince', last.kind === 'paused' ? last.sinceMs : undefined),
          ...timeJson('waitsUntil', last.kind === 'waiting' ? last.untilMs : undefined),
        }),
      ),
    })
    return exitCode
  }
  for (const { ports, count, fault, conservation, conserved, ms, last } of answers) {
    const name = ports.mailbox.name
    if (last.kind === 'paused') {
      tellLeftAlone(invocation, name, last.sinceMs, ports.clock.nowMs())
      continue
    }
    if ((quiet || last.kind === 'waiting') && fault !== undefined)
      invocation.stderr.write(`${name}: ${faultLines(fault, language, invocation.describe)}\n`)
    const busy = count.fresh + count.imported + count.merged + count.refused + count.settled + count.gone > 0
    if (last.kind === 'waiting')
      writeLine(invocation, words.pull.waits(name, last.untilMs, last.untilMs - ports.clock.nowMs()))
    else if (fault !== undefined) writeLine(invocation, words.pull.failed(name))
    const settled = settledAsTold(count, ports.mailbox.afterImport)
    if (busy || (fault === undefined && conservation.pending > 0))
      writeLine(invocation, words.pull.done(name, { ...count, settled, pending: conservation.pending }, ms))
    else if (fault === undefined && last.kind !== 'waiting')
      writeLine(invocation, words.pull.nothingNew(name, ms))
    writeLine(
      invocation,
      conserved ? words.conservation.sentence(conservation) : brokenSentence(words, conservation),
    )
  }
  return exitCode
}

function numbersOf(count: PullCount): PullNumbers {
  const { deferredIds: _ids, doubtfulIds: _doubtful, lastImportedAtMs: _at, ...numbers } = count
  return numbers
}
