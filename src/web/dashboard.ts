/**
 * The page of a running daemon. Whatever becomes of it, mail is carried: it opens beside the daemon, and where its address
 * is taken it is tried again.
 */
import { Fault } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import type { Config } from '../config/config.ts'
import { writeListenAddress } from '../config/writers.ts'
import type { Journal } from '../journal/journal.ts'
import { describeFault } from '../locale/locale.ts'
import { describeReason } from '../locale/reasons.ts'
import type { Log } from '../log/log.ts'
import type { ShowPassed } from '../pull/context.ts'
import { readPauses } from '../pull/paused.ts'
import { makeApp } from './app.ts'
import { type CertificateFiles, readPair, watchPair } from './certificate.ts'
import { type Events, makeEvents } from './events.ts'
import { keepOpen } from './keep-open.ts'
import type { Listening } from './listen.ts'
import { makePassing, type Passing } from './mail/passing.ts'
import type { OwnerParts } from './owner-pages.ts'
import { makeReach, type PageSettings, type Reach } from './reach.ts'
import { serveApp } from './serve-app.ts'
import { openSessions } from './sessions.ts'
import { type ConverseOnPage, makeSetUps, type SetUps } from './setup/set-ups.ts'
import { webWords } from './words.ts'

export interface Dashboard {
  /** What passes is shown by it. */
  readonly showPassed: ShowPassed
  close(): Promise<void>
}

export interface DashboardParts {
  readonly config: Pick<
    Config,
    'mailboxes' | 'accounts' | 'stateDir' | 'language' | 'dashboardCertificateFile' | 'dashboardKeyFile'
  > &
    PageSettings
  readonly journal: Journal
  readonly log: Log
  readonly inForce: OwnerParts['inForce']
  readonly quotas: OwnerParts['quotas']
  readonly changeSettle: OwnerParts['changeSettle']
  /** The set-up's conversation, loaded when somebody begins it. */
  readonly converse: ConverseOnPage
  nowMs(): number
}

/** Opens it, now or as soon as it can be; throws nothing. */
export async function openDashboard(parts: DashboardParts): Promise<Dashboard> {
  const { log, config } = parts
  const words = webWords[config.language].log
  const address = writeListenAddress(config.dashboard)
  const passing = makePassing(parts.nowMs())
  const events = makeEvents(() => describeChanges(parts, passing))
  passing.onPassed(() => events.lookSoon())
  const setUps = makeSetUps(parts.converse)
  let origin = address
  const open = (): Promise<Listening> =>
    listen(parts, passing, events, setUps, reach => {
      origin = reach.origin
    })
  const listening = await keepOpen(open, {
    opened: () => log.say('info', 'dashboard', words.open(origin)),
    refused(thrown, times) {
      const reason = sayReason(thrown, config.language)
      log.say(times === 1 ? 'warn' : 'debug', 'dashboard', words.notOpen(address, reason))
    },
  })
  return {
    showPassed: passing.show,
    async close() {
      events.close()
      setUps.close()
      await listening.close()
    },
  }
}

/** @param onReach told under which names it will be found, as soon as they are known */
async function listen(
  parts: DashboardParts,
  passing: Passing,
  events: Events,
  setUps: SetUps,
  onReach: (reach: Reach) => void,
): Promise<Listening> {
  const { config, log } = parts
  const files = findCertificateFiles(config)
  const pair = files && (await readPair(files))
  let reach = makeReach(config, pair?.cert)
  onReach(reach)
  const sessions = await openSessions(config.stateDir)
  const app = makeApp({ ...parts, passing, events, setUps, sessions, reach: () => reach })
  const served = await serveApp(app, config.dashboard, pair)
  if (files === undefined) return served
  const words = webWords[config.language].log
  const watch = watchPair(files, {
    renewed(fresh) {
      served.renewPair(fresh)
      reach = makeReach(config, fresh.cert)
      log.say('info', 'dashboard', words.renewed)
    },
    refused: thrown => log.say('warn', 'dashboard', words.notRenewed(sayReason(thrown, config.language))),
  })
  served.onConnection(watch.connected)
  return {
    port: served.port,
    async close() {
      watch.close()
      await served.close()
    },
  }
}

function findCertificateFiles({
  dashboardCertificateFile: certificateFile,
  dashboardKeyFile: keyFile,
}: DashboardParts['config']): CertificateFiles | undefined {
  return certificateFile === undefined || keyFile === undefined ? undefined : { certificateFile, keyFile }
}

function sayReason(thrown: unknown, language: Language): string {
  if (thrown instanceof Fault) return describeFault(thrown, language).what
  return describeReason((thrown as NodeJS.ErrnoException).code ?? (thrown as Error).message, language)
}

/** What open pages show, as far as it changes: sums that the journal keeps, nothing that it would have to look for. */
async function describeChanges({ config, journal }: DashboardParts, passing: Passing): Promise<string> {
  const parts: unknown[] = [
    [...(await readPauses(journal)).keys()],
    passing.count(),
    (await journal.troubles.list()).map(({ code, name, messages }) => [code, name, messages]),
  ]
  for (const { name, account } of config.mailboxes) {
    const { lastGoodPullAtMs, notBeforeMs } = await journal.mailbox(name)
    const accountState = await journal.accountState(account)
    parts.push(await journal.counts(name), lastGoodPullAtMs, notBeforeMs, accountState.notBeforeMs)
  }
  return JSON.stringify(parts)
}
