/** `hikyaku run`: the daemon in the foreground, as a service manager or a terminal starts it. */
import { makeAlerts } from '../alerts.ts'
import { openBridge } from '../bridge.ts'
import { systemClock } from '../clock.ts'
import { runDaemon } from '../daemon.ts'
import { makeLiveness } from '../liveness.ts'
import { makeNotifier, type Notifier } from '../service/notify.ts'
import { readVersion } from '../version.ts'
import { exitCodes, type Invocation, withConfig } from './invocation.ts'
import { catchStopSignals } from './stop-signals.ts'

export async function runCommand(invocation: Invocation): Promise<number> {
  const { words } = invocation
  return withConfig(invocation, async (config, log) => {
    const bridge = await openBridge(config, log, systemClock)
    const signals = catchStopSignals(
      name => log.say('info', 'stopping', words.daemon.stopping(name)),
      () => log.say('warn', 'stoppingNow', words.daemon.stoppingNow),
    )
    const notifier = makeNotifier()
    signals.stopping.addEventListener('abort', () => void notifier.stopping(), { once: true })
    const liveness = makeLiveness(systemClock)
    const alerts = makeAlerts({ config, log, clock: systemClock, mail: true })
    const state = (): string => {
      const names = liveness.troubled()
      return words.daemon.state(config.mailboxes.length, names.length, names.join(', '))
    }
    const tellState = onlyChanges(notifier, state())
    try {
      // The journal is open and locked and every adapter stands: from here on mail is carried.
      void notifier.ready(state())
      notifier.keepAlive(liveness.isAlive)
      log.say('info', 'started', words.daemon.started(readVersion(), config.mailboxes.length))
      await runDaemon(bridge, signals.stopping, signals.signal, {
        beforeAttempt: liveness.beforeAttempt,
        onProgress: liveness.onProgress,
        afterAttempt(ports, made) {
          liveness.afterAttempt(ports, made)
          alerts.afterAttempt(ports, made)
          tellState(state())
        },
      })
      log.say('info', 'stopped', words.daemon.stopped)
      return exitCodes.ok
    } finally {
      signals.dispose()
      await alerts.close(2000)
      await notifier.close()
      await bridge.close()
    }
  })
}

/** Each message to the service manager is a process, so only news is told. */
function onlyChanges(notifier: Notifier, first: string): (state: string) => void {
  let told = first
  return state => {
    if (state === told) return
    told = state
    void notifier.status(state)
  }
}
