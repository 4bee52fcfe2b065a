/** `hikyaku run`: the daemon in the foreground, as a service manager or a terminal starts it. */
import { makeAlerts } from '../alerts/alerts.ts'
import { beginAttending } from '../alerts/attendance.ts'
import { makeLiveness } from '../alerts/liveness.ts'
import { troublesOf } from '../alerts/trouble-list.ts'
import { systemClock } from '../base/clock.ts'
import { makeTidying } from '../base/engine.ts'
import { asFault } from '../base/fault.ts'
import { readVersion } from '../base/version.ts'
import { openBridge } from '../bridge.ts'
import type { Config } from '../config/config.ts'
import { runDaemon } from '../daemon.ts'
import type { Journal } from '../journal/journal.ts'
import { makeLog } from '../log/log.ts'
import { makeNotifier, type Notifier } from '../service/notify.ts'
import { logSettings } from './config-show.ts'
import { withConfig } from './configuration.ts'
import { exitCodes, type Invocation } from './invocation.ts'
import { tellTheEnd } from './last-notice.ts'
import { catchStopSignals } from './stop-signals.ts'

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
    const bridge = await openBridge(config, log, systemClock).catch(async error => {
      await tellTheEnd(alerts, asFault(error), config.stateDir, undefined)
      throw error
    })
    const signals = catchStopSignals(
      name => log.say('info', 'stopping', words.daemon.stopping(name)),
      () => log.say('warn', 'stoppingNow', words.daemon.stoppingNow),
    )
    const notifier = makeNotifier()
    signals.stopping.addEventListener('abort', () => void notifier.stopping(), { once: true })
    const liveness = makeLiveness(systemClock)
    const tidying = makeTidying()
    const state = async (): Promise<string> => {
      const names = await troubledNames(bridge.journal, config)
      return words.daemon.state(config.mailboxes.length, names.length, names.join(', '))
    }
    const tellState = onlyChanges(notifier, await state())
    try {
      await beginAttending(bridge.journal, config, systemClock.nowMs())
      // The journal is open and locked and every adapter stands: from here on mail is carried.
      void notifier.ready(await state())
      notifier.keepAlive(liveness.isAlive)
      log.say('info', 'started', words.daemon.started(readVersion(), config.mailboxes.length))
      await runDaemon(bridge, signals.stopping, signals.signal, {
        beforeAttempt(ports) {
          liveness.beforeAttempt(ports)
          tidying.happened()
        },
        onProgress: liveness.onProgress,
        async afterAttempt(ports, attempt) {
          liveness.afterAttempt(ports)
          alerts.afterAttempt(ports, attempt)
          tidying.happened()
          tellState(await state())
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
      tidying.stop()
      signals.dispose()
      await alerts.close(2000)
      await notifier.close()
      await bridge.close()
    }
  })
}

/** Names of the mailboxes that are not well. The journal's own trouble is told by the pulls. */
async function troubledNames(journal: Journal, { mailboxes }: Config): Promise<readonly string[]> {
  try {
    const list = await journal.troubles.list()
    return mailboxes
      .filter(({ name, account }) => troublesOf(list, name, account).length > 0)
      .map(({ name }) => name)
  } catch {
    return []
  }
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
