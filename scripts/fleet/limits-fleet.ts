/** Starts workers of limits-worker.ts, kills them, stops and wakes them, and hears their reports. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { gmailScopes } from '../../src/google/scopes.ts'
import type { GmailServer } from '../../test/servers/gmail/gmail-server.ts'
import type { LimitsReport, LimitsTask } from './limits-worker.ts'

const script = fileURLToPath(new URL('limits-worker.ts', import.meta.url))

export interface LimitsFleet {
  start(worker: string, task: Omit<LimitsTask, 'url' | 'worker'>): ChildProcess
  /** SIGTERM to all that run. @returns their reports */
  end(): Promise<readonly LimitsReport[]>
  /** SIGKILL to all that run. */
  kill(): Promise<void>
}

/** All workers import into the stand-in's first account. */
export function googleTask(gmail: GmailServer, unitsPerMinute: number): NonNullable<LimitsTask['google']> {
  const { id: clientId, secret: clientSecret } = gmail.client
  const scopes = [gmailScopes.insert, gmailScopes.labels]
  const refreshToken = gmail.oauth.issueRefreshToken('owner@example.test', clientId, scopes)
  const { url: apiRoot, authUrl, tokenUrl, revokeUrl } = gmail
  return {
    endpoints: { apiRoot, authUrl, tokenUrl, revokeUrl },
    clientId,
    clientSecret,
    refreshToken,
    unitsPerMinute,
  }
}

export function startLimitsFleet(url: string): LimitsFleet {
  const running = new Set<ChildProcess>()
  const reports: LimitsReport[] = []
  const signalAll = async (signal: NodeJS.Signals): Promise<void> => {
    await Promise.all(
      [...running].map(async child => {
        const exit = once(child, 'exit')
        child.kill(signal)
        await exit
      }),
    )
  }
  return {
    start(worker, task) {
      const told: LimitsTask = { url, worker, ...task }
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', script, JSON.stringify(told)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      running.add(child)
      child.once('exit', () => running.delete(child))
      createInterface(child.stdout).on('line', line => {
        const said: Partial<LimitsReport> = JSON.parse(line)
        if (said.worker !== undefined) reports.push(said as LimitsReport)
      })
      return child
    },
    async end() {
      await signalAll('SIGTERM')
      return reports
    },
    kill: () => signalAll('SIGKILL'),
  }
}
