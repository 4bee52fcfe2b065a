/** hikyaku itself as a child process, started the way its users start it: a command and environment variables. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { GmailServer } from './gmail/gmail-server.ts'
import { keepOutput, program } from './local.ts'

const sourceCli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly pid: number
  stdout(): string
  stderr(): string
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
  hasEnded(): boolean
}

export interface StartOptions {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Arguments for node itself, such as a preload. */
  readonly nodeArgs?: readonly string[]
  /** In a process group of its own, so that a terminal's Ctrl-C reaches its parent only. */
  readonly ownGroup?: boolean
  /** The kernel ends it with us, where util-linux is at hand, so that nothing is left of a run that is itself killed. */
  readonly endsWithUs?: boolean
  /** The program's own file; default src/cli.ts. The bench measures what is packed, dist/cli.js. */
  readonly cli?: string
}

/** Of this process's own environment: where it finds programs, and what node made of the sources (scripts/test.ts). */
export function environmentOfChild(): Record<string, string> {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env
  return { PATH, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) }
}

/** Starts the command; nothing of this process's own environment reaches it but that and HOME. */
export function startHikyaku(args: readonly string[], options: StartOptions): Running {
  const setpriv = options.endsWithUs === true ? program('setpriv') : undefined
  const node = [process.execPath, ...(options.nodeArgs ?? []), options.cli ?? sourceCli, ...args]
  const [file = '', ...all] = setpriv === undefined ? node : [setpriv, '--pdeathsig', 'KILL', ...node]
  const child = spawn(file, all, {
    cwd: options.cwd,
    env: { ...environmentOfChild(), HOME: process.env.HOME ?? '', HIKYAKU_LANG: 'en', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.ownGroup === true,
  })
  const { stdout, stderr } = keepOutput(child)
  let hasEnded = false
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    hasEnded = true
    return { code, signal, stdout: stdout(), stderr: stderr() }
  })
  return {
    child,
    pid: child.pid ?? 0,
    stdout,
    stderr,
    kill: signal => {
      child.kill(signal)
    },
    ended,
    hasEnded: () => hasEnded,
  }
}

/** The end of a command that is to end by itself; throws with what it said, and kills it, where it does not in time. */
export async function endOf(
  running: Pick<Running, 'ended' | 'kill' | 'stderr'>,
  timeoutMs = 60_000,
): Promise<Ended> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    late.reject(new Error(`it did not end in ${timeoutMs} ms\n${running.stderr().slice(-2000)}`))
    running.kill('SIGKILL')
  }, timeoutMs)
  try {
    return await Promise.race([running.ended, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Runs the command to its end; killed after `timeoutMs`. */
export async function hikyaku(
  args: readonly string[],
  options: StartOptions & { readonly timeoutMs?: number },
): Promise<Ended> {
  const running = startHikyaku(args, options)
  const timer = setTimeout(() => running.kill('SIGKILL'), options.timeoutMs ?? 60_000)
  try {
    return await running.ended
  } finally {
    clearTimeout(timer)
  }
}

/** Where a Gmail stand-in is. */
export const endpointsEnv = ({ url, authUrl, tokenUrl, revokeUrl }: GmailServer) => ({
  GMAIL_API_ROOT: url,
  GOOGLE_AUTH_URL: authUrl,
  GOOGLE_TOKEN_URL: tokenUrl,
  GOOGLE_REVOKE_URL: revokeUrl,
})

/** The GMAIL_* and GOOGLE_* variables for a Gmail stand-in. */
export function gmailEnv(gmail: GmailServer, scopes?: readonly string[]): Record<string, string> {
  return {
    GMAIL_ACCOUNT: 'owner@example.test',
    GOOGLE_CLIENT_ID: gmail.client.id,
    GOOGLE_CLIENT_SECRET: gmail.client.secret ?? '',
    GOOGLE_REFRESH_TOKEN: gmail.grant('owner@example.test', scopes),
    ...endpointsEnv(gmail),
  }
}
