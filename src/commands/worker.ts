/** `hikyaku worker`: pulls its share of a fleet's mailboxes, in the foreground, as a service manager or a container starts it. */
import { randomUUID } from 'node:crypto'
import { keepTelling } from '../alerts/fleet-alerts.ts'
import { makeLiveness } from '../alerts/liveness.ts'
import { systemClock } from '../base/clock.ts'
import { waitAtMost } from '../base/deadline.ts'
import { keepYoungSpaceSmall, makeTidying } from '../base/engine.ts'
import type { Fault } from '../base/fault.ts'
import { refuseUnusablePlace } from '../base/state-place.ts'
import { readVersion } from '../base/version.ts'
import { openFleetShared } from '../bridge/fleet-shared.ts'
import type { ProgramConfig } from '../config/config.ts'
import { type LoadedProgram, loadProgram } from '../config/load-program.ts'
import { findFleetPlace } from '../config/setting-places.ts'
import { openFleetKey } from '../fleet/fleet-key.ts'
import { fleetLoginKey } from '../fleet/login-key.ts'
import { makeNoticeBooks } from '../fleet/notice-books.ts'
import { type Fleet, openFleet } from '../fleet/open-fleet.ts'
import { type FleetSettings, readFleetSettings } from '../fleet/settings.ts'
import { startSharedClock } from '../fleet/shared-clock.ts'
import { lockInstance } from '../journal/lock.ts'
import { makeFormat } from '../locale/format.ts'
import { useSettingPlaces } from '../locale/locale.ts'
import { workerWords } from '../locale/worker-words.ts'
import { type Log, makeLog } from '../log/log.ts'
import { makeNotifier } from '../service/notify.ts'
import type { WorkerMachines } from '../web/worker-machines.ts'
import { runWorker } from '../worker/worker.ts'
import { tellNotes } from './configuration.ts'
import { exitCodes, type Invocation, runAnswering } from './invocation.ts'
import { catchStopSignals } from './stop-signals.ts'
import { tellListening } from './tell-listening.ts'

/** To the database, for what is of the mailboxes. */
const connections = 4
/** The same trouble of the database is told again after so long, ms. */
const sameFaultMs = 60_000

export async function workerCommand(invocation: Invocation): Promise<number> {
  return runAnswering(invocation, async () => {
    const loaded = await loadProgram({
      env: { ...invocation.env },
      cwd: invocation.cwd,
      onNote: note => tellNotes(invocation, [note]),
    })
    const { program } = loaded
    useSettingPlaces(findFleetPlace)
    const settings = await readFleetSettings(loaded, 'worker')
    await refuseUnusablePlace(program.stateDir)
    const log = makeLog({ ...program.log, language: invocation.language })
    // Its spool lies there; the journal of a machine that went into the fleet may, too.
    const lock = lockInstance(program.stateDir, true)
    try {
      const { endpoints, microsoftLoginRoot } = program
      const options = { endpoints, microsoftLoginRoot, env: loaded.env, connections }
      const fleet = await openFleet(settings, { ...options, onReveal: value => log.hide(value) })
      try {
        // One that opens no password would take mailboxes from those that do.
        await fleet.directory.checkKey()
        return await work(
          { ...invocation, logFault: fault => log.fault(fault, { isEnd: true }) },
          loaded,
          settings,
          fleet,
          log,
        )
      } finally {
        await fleet.close()
      }
    } finally {
      lock.release()
    }
  })
}

async function work(
  invocation: Invocation,
  { program, env }: LoadedProgram,
  settings: FleetSettings,
  fleet: Fleet,
  ownLog: Log,
): Promise<number> {
  const { words, language } = invocation
  const own = workerWords[language]
  const { worker, capacity } = settings
  const instance = randomUUID()
  const liveness = makeLiveness(systemClock)
  const machines = await loadMachines(program, capacity, ownLog, liveness.isAlive)
  const log = machines?.log ?? ownLog
  const onFault = makeFaultTeller(log)
  const ending = new AbortController()
  const onOff = (aheadMs: number): void =>
    log.say('warn', 'clockOff', own.clockOff(aheadMs), { aheadMs: Math.round(aheadMs) })
  const clock = await startSharedClock(
    { own: systemClock, ask: () => fleet.journal.nowMs(), onOff },
    ending.signal,
  )
  const shared = await openFleetShared(program, {
    ...{ settings, budget: fleet.journal.budget, log, clock, onFault },
    loginKey: fleetLoginKey(fleet.journal.journal, () => openFleetKey(settings.keyFile, env)),
    onDay({ key, taken, mostOfDay, perMinute }) {
      const { number } = makeFormat(language)
      const text = own.day(number(taken), number(mostOfDay), number(Math.floor(perMinute)))
      log.say('warn', 'quotaOfDay', text, { limit: key, taken, mostOfDay })
    },
  })
  keepYoungSpaceSmall()
  const signals = catchStopSignals(
    name => log.say('info', 'stopping', own.stopping(name)),
    () => log.say('warn', 'stoppingNow', words.daemon.stoppingNow),
  )
  const notifier = makeNotifier()
  const tidying = makeTidying()
  const cutTelling = new AbortController()
  const books = makeNoticeBooks(fleet.journal, instance)
  const told = keepTelling(
    { alerts: program.alerts, words, clock: systemClock, log, books },
    signals.stopping,
    cutTelling.signal,
  )
  let inHand = 0
  let shownInHand = -1
  const tellState = (): void => {
    if (shownInHand === inHand) return
    shownInHand = inHand
    void notifier.status(own.state(inHand))
  }
  signals.stopping.addEventListener(
    'abort',
    () => {
      void notifier.stopping()
      machines?.stopping()
    },
    { once: true },
  )
  try {
    void notifier.ready(own.state(0))
    notifier.keepAlive(liveness.isAlive)
    log.say('info', 'started', own.started(readVersion(), worker, capacity), { worker })
    await openMachines(machines, fleet, program, log, invocation)
    await runWorker(
      {
        ...{ fleet: fleet.journal, directory: fleet.directory, shared, clock: systemClock },
        ...{ name: worker, instance, capacity },
        hooks: {
          beforeAttempt(ports) {
            liveness.beforeAttempt(ports)
            tidying.happened()
          },
          onProgress: liveness.onProgress,
          afterAttempt(ports) {
            liveness.afterAttempt(ports)
            tidying.happened()
            tellState()
          },
          onOpened({ ports: { mailbox } }) {
            inHand += 1
            machines?.opened(mailbox.name)
            log.say('debug', 'mailboxTaken', own.taken(mailbox.name), { mailbox: mailbox.name })
          },
          onClosed({ ports }) {
            const { name } = ports.mailbox
            inHand -= 1
            liveness.afterAttempt(ports)
            machines?.closed(name)
            log.say('debug', 'mailboxGivenBack', own.givenBack(name), { mailbox: name })
          },
          onFault,
        },
      },
      signals.stopping,
    )
    log.say('info', 'stopped', words.daemon.stopped)
    return exitCodes.ok
  } finally {
    ending.abort()
    tidying.stop()
    signals.dispose()
    await waitAtMost(told, 2000, systemClock)
    cutTelling.abort()
    await told
    await machines?.close()
    await notifier.close()
    await shared.close()
  }
}

/** The database is asked each second: its trouble is one line a minute. */
function makeFaultTeller(log: Log): (fault: Fault) => void {
  const toldAtMs = new Map<string, number>()
  return fault => {
    const nowMs = systemClock.monotonicMs()
    if (nowMs - (toldAtMs.get(fault.code) ?? Number.NEGATIVE_INFINITY) < sameFaultMs) return
    toldAtMs.set(fault.code, nowMs)
    log.fault(fault)
  }
}

async function loadMachines(
  { metrics }: ProgramConfig,
  capacity: number,
  log: Log,
  isAlive: () => boolean,
): Promise<WorkerMachines | undefined> {
  if (metrics === undefined) return undefined
  const { makeWorkerMachines } = await import('../web/worker-machines.ts')
  return makeWorkerMachines({ capacity }, log, isAlive)
}

async function openMachines(
  machines: WorkerMachines | undefined,
  fleet: Fleet,
  { metrics }: ProgramConfig,
  log: Log,
  invocation: Invocation,
): Promise<void> {
  if (machines === undefined || metrics === undefined) return
  const { makeFleetLook } = await import('../fleet/fleet-look.ts')
  const look = makeFleetLook(fleet.journal.database)
  const { answeringAll } = workerWords[invocation.language]
  await machines.open(
    metrics,
    { ...look, limits: () => fleet.journal.budget.look() },
    tellListening(metrics, log, invocation, answeringAll),
  )
}
