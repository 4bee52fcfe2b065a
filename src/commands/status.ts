/**
 * `hikyaku status`: does my mail come? What stands where, how quick it was, and what is wrong. Works beside a daemon. What
 * is wrong is the one list of troubles and, since nobody is there to write it down, that nobody looks after a mailbox.
 */

import { findUnattended } from '../alerts/attendance.ts'
import { exitCodeOfTroubles, troublesOf } from '../alerts/trouble-list.ts'
import { timeJson } from '../base/time-json.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import { openJournal } from '../bridge.ts'
import type { Config } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { withConfig } from './configuration.ts'
import { faultJson, type Invocation, writeJson } from './invocation.ts'
import { findStoppedServices } from './service-state.ts'
import { isBroken, type MailboxStatus, readStatus } from './status-facts.ts'
import { writeStatusPage, writeVerdict } from './status-page.ts'
import { troubleJson } from './trouble-blocks.ts'
import { watchJson } from './watch-view.ts'

export interface StatusFlags {
  /** Every number, also where nothing is wrong. */
  readonly verbose?: boolean
  /**
   * The first line and the exit code alone: what a health check asks every few minutes. A single message that is aside
   * makes nothing unwell: the exit code says whether mail comes.
   */
  readonly quick?: boolean
}

export async function statusCommand(
  invocation: Invocation,
  { verbose = false, quick = false }: StatusFlags = {},
): Promise<number> {
  return withConfig(
    invocation,
    async config => {
      const journal = await openJournal(config.stateDir)
      try {
        const running = isInstanceRunning(config.stateDir)
        const list = await listTroubles(invocation, config, journal, running)
        const mailboxes =
          journal === undefined
            ? []
            : await Promise.all(config.mailboxes.map(mailbox => readStatus(journal, list, mailbox, running)))
        const exitCode = exitCodeOfTroubles(quick ? list.filter(holdsUpMail) : list)
        if (invocation.json) answerJson(invocation, { running, mailboxes, list, exitCode })
        else {
          const stopped =
            running || quick ? [] : await findStoppedServices(invocation.env, invocation.language)
          const stateDir = journal === undefined ? undefined : config.stateDir
          const page = { running, mailboxes, list, stopped, stateDir, verbose }
          if (quick) writeVerdict(invocation, page)
          else writeStatusPage(invocation, page)
        }
        return exitCode
      } finally {
        await journal?.close()
      }
    },
    false,
  )
}

/** What costs a message, or what was to be done after it, holds no mail up. */
const holdsUpMail = ({ scope }: TroubleEntry): boolean => scope !== 'message' && scope !== 'wish'

/** The list as far as the configuration goes, and the mailboxes that nobody looks after. */
async function listTroubles(
  { words: { format } }: Invocation,
  config: Config,
  journal: Journal | undefined,
  running: boolean,
): Promise<readonly TroubleEntry[]> {
  const nowMs = Date.now()
  const open = (await journal?.troubles.list()) ?? []
  const mine = new Set(config.mailboxes.flatMap(({ name, account }) => troublesOf(open, name, account)))
  const names = config.mailboxes.map(({ name }) => name)
  const alone = await findUnattended(journal, names, running, nowMs, format.instant)
  return [...open.filter(entry => mine.has(entry)), ...alone]
}

interface Answer {
  readonly running: boolean
  readonly mailboxes: readonly MailboxStatus[]
  readonly list: readonly TroubleEntry[]
  readonly exitCode: number
}

function answerJson(invocation: Invocation, { running, mailboxes, list, exitCode }: Answer): void {
  const { language } = invocation
  writeJson(invocation, {
    ok: exitCode === 0,
    exitCode,
    running,
    troubles: list.map(entry => troubleJson(entry, language)),
    mailboxes: mailboxes.map(standing => {
      const warning = standing.troubles.find(({ scope }) => scope === 'wish' || scope === 'folder')
      return {
        mailbox: standing.mailbox,
        account: standing.account,
        ...timeJson('lastPullAt', standing.state.lastPullAtMs),
        ...timeJson('lastGoodPullAt', standing.state.lastGoodPullAtMs),
        ...timeJson('lastImportAt', standing.lastImportAtMs),
        ...timeJson('failingSince', standing.outage?.sinceMs),
        ...timeJson('notBefore', standing.state.notBeforeMs ?? standing.accountState.notBeforeMs),
        stages: standing.counts,
        conservation: standing.conservation,
        conserved: !isBroken(standing),
        repeated: standing.repeated,
        latencyMs: standing.latencyMs ?? null,
        loginLimit: loginLimitJson(standing),
        watch: standing.watch === undefined ? null : watchJson(standing.watch, language),
        ...timeJson('consentEndsAt', standing.accountState.consentEndsAtMs),
        fault: standing.outage === undefined ? null : faultJson(standing.outage, language),
        warning: warning === undefined ? null : faultJson(warning, language),
        troubles: standing.troubles.length,
      }
    }),
  })
}

/** Logins at the host within `perMs`: the most that it takes, those that were made; and how often this one is pulled. */
function loginLimitJson({ hostLimit }: MailboxStatus): object | null {
  if (hostLimit === undefined) return null
  const { host, everyMs, logins } = hostLimit
  return {
    provider: host.preset.id,
    per: host.limit.per,
    most: host.limit.most,
    perMs: host.limit.perMs,
    logins,
    everyMs: everyMs ?? null,
  }
}
