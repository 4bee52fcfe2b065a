/** `hikyaku run`: the daemon in the foreground, as a service manager or a terminal starts it. */
import { makeAlerts } from '../alerts/alerts.ts'
import { beginAttending } from '../alerts/attendance.ts'
import { makeLiveness } from '../alerts/liveness.ts'
import { troublesOf, withoutPaused } from '../alerts/trouble-list.ts'
import { systemClock } from '../base/clock.ts'
import { collectYoung, makeTidying } from '../base/engine.ts'
import { asFault } from '../base/fault.ts'
import { readVersion } from '../base/version.ts'
import { type Bridge, openBridge } from '../bridge.ts'
import type { Config } from '../config/config.ts'
import type { SettingsInForce } from '../config/in-force.ts'
import { runDaemon } from '../daemon.ts'
import type { Journal } from '../journal/journal.ts'
import { pauseWords } from '../locale/pause-words.ts'
import { type Log, makeLog } from '../log/log.ts'
import { accountsOf } from '../pull/destination.ts'
import { readPauses } from '../pull/paused.ts'
import { makeNotifier, type Notifier } from '../service/notify.ts'
import type { Dashboard } from '../web/dashboard.ts'
import type { Machines } from '../web/machines.ts'
import { logSettings } from './config-show.ts'
import { withConfig } from './configuration.ts'
import { exitCodes, type Invocation } from './invocation.ts'
import { tellTheEnd } from './last-notice.ts'
import { catchStopSignals } from './stop-signals.ts'
import { tellListening } from './tell-listening.ts'

export async function runCommand(asked: Invocation): Promise<number> {
  const { words, env, language, stderr } = asked
  const isJson = env.LOG_FORMAT === 'json'
  // Until the settings are read; a log of whoever sits at a terminal is read there, and so is its end.
  let endLog = makeLog({ language, format: isJson ? 'json' : 'text' })
  const isRead = stderr.isTTY === true && !isJson
  const invocation: Invocation = isRead
    ? asked
    : { ...asked, logFault: fault => endLog.fault(fault, { isEnd: true }) }
  return withConfig(invocation, async (config, log, inForce) => {
    endLog = log
    logSettings(log, inForce, invocation.language)
    const alerts = makeAlerts({ config, log, clock: systemClock, mail: true })
    const liveness = makeLiveness(systemClock)
    const machines = await loadMachines(config, log, liveness.isAlive)
    const bridge = await openBridge(config, machines?.log ?? log, systemClock).catch(async error => {
      await tellTheEnd(alerts, asFault(error), config.stateDir, undefined)
      throw error
    })
    const signals = catchStopSignals(
      name => log.say('info', 'stopping', words.daemon.stopping(name)),
      () => log.say('warn', 'stoppingNow', words.daemon.stoppingNow),
    )
    const notifier = makeNotifier()
    signals.stopping.addEventListener('abort', () => void notifier.stopping(), { once: true })
    if (machines !== undefined)
      signals.stopping.addEventListener('abort', () => machines.stopping(), { once: true })
    const tidying = makeTidying()
    const state = async (): Promise<string> => {
      const { troubled, paused } = await findStates(bridge.journal, config)
      const said = words.daemon.state(config.mailboxes.length, troubled.length, troubled.join(', '))
      return paused === 0 ? said : `${said}; ${pauseWords[invocation.language].state(paused)}`
    }
    const tellState = onlyChanges(notifier, await state())
    let dashboard: Dashboard | undefined
    try {
      await beginAttending(bridge.journal, config, systemClock.nowMs())
      // The journal is open and locked and every adapter stands: from here on mail is carried.
      void notifier.ready(await state())
      notifier.keepAlive(liveness.isAlive)
      dashboard = await openPage(asked, config, inForce, bridge, log)
      log.say('info', 'started', words.daemon.started(readVersion(), config.mailboxes.length))
      await openMachines(machines, bridge, config, log, invocation)
      await runDaemon(showWhatPasses(bridge, dashboard), signals.stopping, signals.signal, {
        beforeAttempt(ports) {
          liveness.beforeAttempt(ports)
          tidying.happened()
        },
        onProgress: liveness.onProgress,
        async afterAttempt(ports, attempt) {
          liveness.afterAttempt(ports)
          alerts.afterAttempt(ports, attempt)
          machines?.afterAttempt(ports.mailbox.name)
          tidying.happened()
          tellState(await state())
          if (attempt.kind === 'pulled' && attempt.result.count.imported > 0) setImmediate(collectYoung)
        },
      })
      log.say('info', 'stopped', words.daemon.stopped)
      return exitCodes.ok
    } catch (error) {
      const fault = asFault(error)
      try {
        const ended = { code: fault.code, retry: fault.retry, facts: fault.facts, atMs: systemClock.nowMs() }
        await bridge.journal.troubles.opened({ scope: 'machine', name: '', subject: '' }, ended)
      } catch {
        // The journal is often what has failed.
      }
      await tellTheEnd(alerts, fault, config.stateDir, bridge.mailboxes[0])
      throw error
    } finally {
      await dashboard?.close()
      tidying.stop()
      signals.dispose()
      await alerts.close(2000)
      await machines?.close()
      await notifier.close()
      await bridge.close()
    }
  })
}

/** What answers monitoring programs; loaded only where it is asked for. */
async function loadMachines(config: Config, log: Log, isAlive: () => boolean): Promise<Machines | undefined> {
  if (config.metrics === undefined) return undefined
  const { makeMachines } = await import('../web/machines.ts')
  return makeMachines(config, log, isAlive)
}

async function openMachines(
  machines: Machines | undefined,
  bridge: Bridge,
  { metrics }: Config,
  log: Log,
  invocation: Invocation,
): Promise<void> {
  if (machines === undefined || metrics === undefined) return
  const { answeringAll } = invocation.words.daemon
  await machines.open(metrics, bridge, tellListening(metrics, log, invocation, answeringAll))
}

/** Which mailboxes are not well, and how many are paused. The journal's own trouble is told by the pulls. */
async function findStates(
  journal: Journal,
  { mailboxes }: Config,
): Promise<{ readonly troubled: readonly string[]; readonly paused: number }> {
  try {
    const pauses = await readPauses(journal)
    const list = withoutPaused(await journal.troubles.list(), pauses)
    const isTroubled = (mailbox: (typeof mailboxes)[number]): boolean =>
      troublesOf(list, mailbox.name, accountsOf(mailbox)).length > 0
    // Asked after each pull: it is not to take longer with each further mailbox while all is well.
    const troubled = list.length === 0 ? [] : mailboxes.filter(isTroubled).map(({ name }) => name)
    const paused = pauses.size === 0 ? 0 : mailboxes.filter(({ name }) => pauses.has(name)).length
    return { troubled, paused }
  } catch {
    return { troubled: [], paused: 0 }
  }
}

/** Loaded where it is asked for: a daemon without it has no web server in its memory. */
async function openPage(
  invocation: Invocation,
  config: Config,
  inForce: SettingsInForce,
  { journal, accounts, changeAfterImport }: Bridge,
  log: Log,
): Promise<Dashboard | undefined> {
  const { dashboard } = config
  if (dashboard === undefined) return undefined
  const { openDashboard } = await import('../web/dashboard.ts')
  return openDashboard({
    config: { ...config, dashboard },
    ...{ inForce, journal, log, quotas: accounts },
    async changeSettle(mailbox, choice) {
      const { writeSettleChoice } = await import('../setup/settle-choice.ts')
      if (inForce.file === undefined) return undefined
      const written = await writeSettleChoice(inForce.file, invocation.env, mailbox, choice)
      if (written !== undefined) changeAfterImport(mailbox, choice)
      return written
    },
    async converse(...asked) {
      const { makeConverse } = await import('./setup-on-page.ts')
      return makeConverse(invocation, { inDaemon: true })(...asked)
    },
    nowMs: () => systemClock.nowMs(),
  })
}

/** The page looks on, where there is one. */
function showWhatPasses(bridge: Bridge, dashboard: Dashboard | undefined): Bridge {
  if (dashboard === undefined) return bridge
  const { showPassed } = dashboard
  const mailboxes = bridge.mailboxes.map(ports => ({
    ...ports,
    showPassed,
    // What its owner changes meanwhile holds from the next pull on: asked for anew, not copied.
    get mailbox() {
      return ports.mailbox
    },
  }))
  return { ...bridge, mailboxes }
}

/** Each message to the service manager is a process, so only news is told. */
function onlyChanges(notifier: Notifier, first: string): (state: string) => void {
  let toldState = first
  return state => {
    if (state === toldState) return
    toldState = state
    void notifier.status(state)
  }
}
