/**
 * Tells systemd how we are: sd_notify(3).
 *
 * $NOTIFY_SOCKET is a datagram socket of the local kind (AF_UNIX), which Node cannot open. Every system with
 * systemd has the program `systemd-notify`, so that is started for each message: one short-lived process a minute.
 * It waits until systemd has read the message (sd_notify_barrier), so none is lost because its sender was gone
 * before systemd could look it up; and the unit says NotifyAccess=all, because the sender is a child of ours.
 */
import { spawn } from 'node:child_process'

export interface Notifier {
  /** Ready to work; `status` is one line for `systemctl status`. */
  ready(status?: string): Promise<void>
  status(text: string): Promise<void>
  /** Shutting down on purpose. */
  stopping(): Promise<void>
  /**
   * Sends signs of life three times in each watchdog period for as long as `isAlive` says so; does nothing where
   * systemd asked for none. The timer is the event loop's own: a blocked loop sends nothing, as it should be.
   */
  keepAlive(isAlive: () => boolean): void
  /** Stops the signs of life and waits for messages on their way. */
  close(): Promise<void>
}

const nobody: Notifier = {
  ready: async () => {},
  status: async () => {},
  stopping: async () => {},
  keepAlive: () => {},
  close: async () => {},
}

/** The watchdog period in ms that systemd asked of this process, or undefined: sd_watchdog_enabled(3). */
export function watchdogMs(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const microseconds = Number(env.WATCHDOG_USEC)
  if (!Number.isFinite(microseconds) || microseconds <= 0) return undefined
  if (env.WATCHDOG_PID !== undefined && Number(env.WATCHDOG_PID) !== pid) return undefined
  return microseconds / 1000
}

/** Never throws and never rejects: a service that could not say how it is still carries mail. */
export function makeNotifier(env: NodeJS.ProcessEnv = process.env, pid = process.pid): Notifier {
  const socket = env.NOTIFY_SOCKET
  if (!socket) return nobody

  const run = (assignments: readonly string[]): Promise<void> =>
    new Promise(resolve => {
      const child = spawn('systemd-notify', assignments, {
        stdio: 'ignore',
        env: { PATH: env.PATH, NOTIFY_SOCKET: socket },
        timeout: 10_000, // systemd-notify itself waits 5 s for the barrier
        killSignal: 'SIGKILL',
      })
      child.once('error', () => resolve())
      child.once('close', () => resolve())
    })
  // In order: READY=1 after STOPPING=1 would be a lie.
  let turn: Promise<void> = Promise.resolve()
  const send = (...assignments: string[]): Promise<void> => {
    turn = turn.then(() => run(assignments))
    return turn
  }
  // A line ending would begin another assignment.
  const statusOf = (text: string): string => `STATUS=${text.replace(/\p{Cc}+/gu, ' ').slice(0, 200)}`
  const mainPid = `MAINPID=${pid}`
  let timer: NodeJS.Timeout | undefined
  let waiting = false

  return {
    ready: text => send('READY=1', mainPid, ...(text === undefined ? [] : [statusOf(text)])),
    status: text => send(statusOf(text)),
    stopping: () => send('STOPPING=1'),
    keepAlive: isAlive => {
      const periodMs = watchdogMs(env, pid)
      if (periodMs === undefined || timer !== undefined) return
      const beat = (): void => {
        if (waiting || !isAlive()) return
        waiting = true
        void send('WATCHDOG=1').then(() => {
          waiting = false
        })
      }
      timer = setInterval(beat, periodMs / 3).unref()
      beat()
    },
    close: async () => {
      clearInterval(timer)
      await turn
    },
  }
}
