/**
 * `hikyaku status`: does my mail come? What stands where, how quick it was, and what is wrong. Works beside a daemon. What
 * is wrong is the one list of troubles and, since nobody is there to write it down, that nobody looks after a mailbox.
 */

import { exitCodeOfTroubles, holdsUpMail } from '../alerts/trouble-list.ts'
import type { Language } from '../base/language.ts'
import { timeJson } from '../base/time-json.ts'
import { openJournal } from '../bridge.ts'
import { isInstanceRunning } from '../journal/lock.ts'
import { isBroken, type MailboxStatus } from '../status/mailbox-status.ts'
import { readStanding, type Standing } from '../status/standing.ts'
import type { WatchView } from '../status/watch-view.ts'
import { withConfig } from './configuration.ts'
import { faultJson, type Invocation, writeJson } from './invocation.ts'
import { findStoppedServices } from './service-state.ts'
import { writeStatusPage, writeVerdict } from './status-page.ts'
import { troubleJson } from './trouble-blocks.ts'

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
        const { format } = invocation.words
        const standing = await readStanding(config, journal, running, Date.now(), format.instant)
        const { list } = standing
        const exitCode = exitCodeOfTroubles(quick ? list.filter(holdsUpMail) : list)
        if (invocation.json) answerJson(invocation, standing, exitCode)
        else {
          const stopped =
            running || quick ? [] : await findStoppedServices(invocation.env, invocation.language)
          const stateDir = journal === undefined ? undefined : config.stateDir
          const page = { ...standing, stopped, stateDir, verbose }
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

function answerJson(invocation: Invocation, { running, mailboxes, list }: Standing, exitCode: number): void {
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
        way: standing.way,
        ...timeJson('lastPullAt', standing.state.lastPullAtMs),
        ...timeJson('lastGoodPullAt', standing.state.lastGoodPullAtMs),
        ...timeJson('lastImportAt', standing.lastImportAtMs),
        ...timeJson('failingSince', standing.outage?.sinceMs),
        ...timeJson('pausedSince', standing.pausedSinceMs),
        ...timeJson('notBefore', standing.state.notBeforeMs ?? standing.accountState.notBeforeMs),
        stages: standing.counts,
        conservation: standing.conservation,
        conserved: !isBroken(standing),
        leftByRule: standing.leftByRule,
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

function watchJson(watch: WatchView, language: Language) {
  const { isWatched, sinceMs, told, asked, fault } = watch
  return {
    watched: isWatched,
    ...timeJson('since', sinceMs),
    told,
    asked,
    fault: fault === undefined ? null : faultJson(fault, language),
  }
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
