/** `hikyaku journal check | rebuild`: whether the journal can be relied on, and a new one where it cannot. */

import { existsSync } from 'node:fs'
import { systemClock } from '../base/clock.ts'
import { exitCodes, Fault } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import { type Bridge, openBridge } from '../bridge.ts'
import type { Config } from '../config/config.ts'
import { checkJournal, type JournalCheck, type JournalProblem, refuseNewerJournal } from '../journal/check.ts'
import { isInstanceRunning, lockInstance } from '../journal/lock.ts'
import { removeWorkDir, replaceJournal, sweepWorkDirs, workDirOf } from '../journal/replace.ts'
import { salvageJournal } from '../journal/salvage.ts'
import type { Log } from '../log/log.ts'
import { type RebuildCount, rebuildMailbox } from '../proof/rebuild.ts'
import { withConfig } from './configuration.ts'
import { confirm } from './confirm.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'
import { type JournalWords, journalWords } from './journal-words.ts'
import { makeProgress } from './progress.ts'
import { catchStopSignals } from './stop-signals.ts'

/** Exit code 0 where the journal is sound or there is none yet, else 78. Changes nothing; works beside a daemon. */
export async function journalCheckCommand(invocation: Invocation): Promise<number> {
  const words = journalWords[invocation.language]
  return withConfig(
    invocation,
    async config => {
      const check = checkJournal(config.stateDir)
      const exitCode = check.state === 'unsound' ? exitCodes.configuration : exitCodes.ok
      if (invocation.json) {
        const version = check.version ?? null
        writeJson(invocation, { ok: exitCode === 0, exitCode, ...check, version })
        return exitCode
      }
      if (check.state === 'none') writeLine(invocation, words.none)
      else if (check.state === 'sound')
        writeLine(invocation, words.sound(invocation.words.format.number(check.messages)))
      else {
        writeLine(invocation, words.unsound(check.file))
        for (const problem of check.problems) writeLine(invocation, `  ${describeProblem(words, problem)}`)
        writeLine(invocation, words.next)
      }
      return exitCode
    },
    false,
  )
}

function describeProblem(words: JournalWords, problem: JournalProblem): string {
  switch (problem.problem) {
    case 'missing':
      return words.missing
    case 'damaged':
      return words.damaged(printable(problem.words, 200))
    case 'newer':
      return words.newer(problem.found, problem.known)
    case 'not-conserved':
      return words.notConserved(printable(problem.mailbox, 40), problem.listed, problem.rows)
    default:
      return `${words.rows[problem.problem](problem.count)} ${words.shown(problem.ids.join(', '))}`
  }
}

/** Makes a new journal where the old one is damaged or missing, on the owner's word only. */
export async function journalRebuildCommand(
  invocation: Invocation,
  flags: { readonly yes: boolean },
): Promise<number> {
  const words = journalWords[invocation.language]
  return withConfig(invocation, async (config, log) => {
    if (isInstanceRunning(config.stateDir)) {
      throw new Fault('state.second-instance', { facts: { file: config.stateDir } })
    }
    const check = checkJournal(config.stateDir)
    refuseNewerJournal(check)
    if (check.state === 'sound') {
      if (invocation.json) writeJson(invocation, { ok: true, exitCode: exitCodes.ok, rebuilt: false })
      else writeLine(invocation, words.nothingToDo)
      return exitCodes.ok
    }
    if (!flags.yes) {
      if (invocation.stdin.isTTY !== true)
        throw new Fault('usage.invalid', { facts: { what: words.needsYes } })
      if (!(await confirm(invocation, words.question(check.file, existsSync(check.file))))) {
        invocation.stderr.write(`${words.unchanged}\n`)
        return exitCodes.ok
      }
    }
    const { stopping, dispose } = catchStopSignals(
      () => {},
      () => {},
    )
    let done: Rebuilt
    try {
      done = await rebuild(invocation, config, log, check, stopping)
    } catch (error) {
      if (!stopping.aborted) throw error
      const exitCode = exitCodes.temporary
      if (invocation.json) writeJson(invocation, { ok: false, exitCode, rebuilt: false })
      else invocation.stderr.write(`${words.unchanged}\n`)
      return exitCode
    } finally {
      dispose()
    }
    if (invocation.json) {
      writeJson(invocation, { ok: true, exitCode: exitCodes.ok, rebuilt: true, ...done })
      return exitCodes.ok
    }
    let unknown = 0
    for (const { mailbox, ...count } of done.mailboxes) {
      writeLine(invocation, words.done(printable(mailbox, 40), count))
      unknown += count.unknown
    }
    if (unknown > 0) writeLine(invocation, words.unknown(unknown))
    if (done.aside !== null) writeLine(invocation, words.aside(done.aside))
    writeLine(invocation, words.after)
    return exitCodes.ok
  })
}

interface Rebuilt {
  /** Where the old file is kept; null where there was none. */
  readonly aside: string | null
  readonly salvageableRows: number
  readonly readBack: Readonly<Record<string, boolean>>
  readonly mailboxes: readonly (RebuildCount & { readonly mailbox: string })[]
}

/**
 * The new journal is made in a folder of its own and takes its place only when every mailbox is done: whatever
 * happens before leaves things as they were.
 */
async function rebuild(
  invocation: Invocation,
  config: Config,
  log: Log,
  check: JournalCheck,
  signal: AbortSignal,
): Promise<Rebuilt> {
  const stamp = new Date(systemClock.nowMs()).toISOString().replace(/[:.]/g, '-')
  const workDir = workDirOf(config.stateDir, stamp)
  const lock = lockInstance(config.stateDir)
  try {
    sweepWorkDirs(config.stateDir, workDir)
    const bridge = await openBridge(config, log, systemClock, workDir)
    const done = await prove(invocation, bridge, check.file, workDir, signal).finally(() => bridge.close())
    return { aside: replaceJournal(config.stateDir, workDir, stamp) ?? null, ...done }
  } finally {
    removeWorkDir(config.stateDir, workDir)
    lock.release()
  }
}

async function prove(
  invocation: Invocation,
  { accounts, mailboxes, journal }: Bridge,
  oldFile: string,
  workDir: string,
  signal: AbortSignal,
): Promise<Omit<Rebuilt, 'aside'>> {
  const words = journalWords[invocation.language]
  const tell = (line: string): void => {
    if (!invocation.json) invocation.stderr.write(`${line}\n`)
  }
  const salvage = salvageJournal(oldFile, workDir)
  tell(words.salvage(salvage.rows))
  // What the owner has paused stays so.
  if (salvage.paused !== undefined) await journal.setNote('paused', salvage.paused)
  const readBack: Record<string, boolean> = {}
  for (const [name, gmail] of accounts) {
    readBack[name] = await gmail.canRead(signal)
    tell(words.readBack(printable(name, 40), readBack[name]))
  }
  const counts: Rebuilt['mailboxes'][number][] = []
  for (const ports of mailboxes) {
    const progress = makeProgress(invocation, ports.mailbox.name)
    try {
      const options = { salvage, signal, onProgress: progress.show }
      counts.push({ mailbox: ports.mailbox.name, ...(await rebuildMailbox(ports, options)) })
    } finally {
      progress.end()
    }
  }
  return { salvageableRows: salvage.rows, readBack, mailboxes: counts }
}
