/** `hikyaku run`: the daemon in the foreground, as a service manager or a terminal starts it. */
import { openBridge } from '../bridge.ts'
import { systemClock } from '../clock.ts'
import { runDaemon } from '../daemon.ts'
import { makeNotifier } from '../service/notify.ts'
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
    try {
      void notifier.ready()
      notifier.keepAlive(() => true)
      log.say('info', 'started', words.daemon.started(readVersion(), config.mailboxes.length))
      await runDaemon(bridge, signals.stopping, signals.signal, { afterAttempt: () => {} })
      log.say('info', 'stopped', words.daemon.stopped)
      return exitCodes.ok
    } finally {
      signals.dispose()
      await notifier.close()
      await bridge.close()
    }
  })
}
